import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { root } from './build.ts';

/** Each line: a file, and an import in it. The linter, with the project's own configuration, must refuse it. */
const REFUSED = `
  engine/api.ts               import { connect } from './rpc.ts'
  engine/rpc.ts               import { split } from './chunk.ts'
  engine/parse/pdf/text.ts    import { saveDocument } from '../../store/documents.ts'
  engine/parse/docx.ts        import { search } from '../search.ts'
  engine/parse/html.ts        import { openEmbedder } from '../models/embedder.ts'
  engine/chunk.ts             import { openDatabase } from './store/database.ts'
  engine/chunk.ts             import type { Db } from './store/database.ts'
  engine/rank.ts              import { ingest } from './ingest.ts'
  engine/words.ts             import Database from 'better-sqlite3'
  engine/models/embedder.ts   import { nearest } from '../store/vectors.ts'
  engine/nn/session.ts        import { openTokenizer } from '../models/tokenizer.ts'
  engine/models/embedder.ts   import { openEngine } from '../engine.ts'
  engine/llm/local.ts         import { answer } from '../answer.ts'
  engine/store/chunks.ts      import { split } from '../chunk.ts'
  engine/store/documents.ts   import { parse } from '../parse/table.ts'
  engine/search.ts            import { serveEngine } from './server.ts'
  engine/search.ts            import Database from 'better-sqlite3'
  engine/answer.ts            import { InferenceSession } from 'onnxruntime-node'
  engine/ingest.ts            import { App } from '../renderer/App.tsx'
  engine/ingest.ts            import { app } from 'electron'
  renderer/App.tsx            import { openEngine } from '../engine/engine.ts'
  renderer/ask/Ask.tsx        import { placeOf } from '../../engine/parse/document.ts'
  renderer/host.ts            import { ipcRenderer } from 'electron'
  renderer/host.ts            import { readFileSync } from 'node:fs'
  electron/main.ts            import { openEngine } from '../engine/engine.ts'
  electron/host.ts            import { search } from '../engine/search.ts'
  electron/window.ts          import { App } from '../renderer/App.tsx'
`;

const ALLOWED = `
  engine/parse/pdf/text.ts    import type { Box } from '../../api.ts'
  engine/parse/html.ts        import { parse } from 'parse5'
  engine/chunk.ts             import { sentences } from './sentences.ts'
  engine/store/chunks.ts      import type { Chunk } from '../chunk.ts'
  engine/store/chunks.ts      import { EngineError } from '../api.ts'
  engine/store/database.ts    import Database from 'better-sqlite3'
  engine/nn/session.ts        import { InferenceSession } from 'onnxruntime-node'
  engine/models/embedder.ts   import { openSession } from '../nn/session.ts'
  engine/llm/retrieval.ts     import type { Embedder } from '../models/embedder.ts'
  engine/search.ts            import { nearest } from './store/vectors.ts'
  engine/search.ts            import { fuse } from './rank.ts'
  engine/cli.ts               import { serveEngine } from './server.ts'
  engine/rpc.ts               import { EngineError } from './api.ts'
  renderer/engine.tsx         import { connect } from '../engine/rpc.ts'
  renderer/ask/Ask.tsx        import { STREAMS } from '../../engine/api.ts'
  renderer/ask/Ask.tsx        import { useEngine } from '../engine.tsx'
  renderer/host.ts            import type { Host } from '../electron/host-api.ts'
  electron/page.ts            import { openPageFile } from '../engine/page.ts'
  electron/engine.ts          import { utilityProcess } from 'electron'
  engine/search.test.ts       import { openEngine } from './engine.ts'
`;

const project = mkdtempSync(path.join(tmpdir(), 'lodestone-directions-'));
after(() => rmSync(project, { recursive: true }));
copyFileSync(path.join(root, '.oxlintrc.json'), path.join(project, '.oxlintrc.json'));

/** The lines whose import the linter refuses. */
function refused(lines: string[]): string[] {
  return lines.filter((line) => {
    const [file, statement] = line.split(/ {2,}/) as [string, string];
    mkdirSync(path.dirname(path.join(project, file)), { recursive: true });
    writeFileSync(path.join(project, file), `${statement};\n`);
    const { stdout } = spawnSync(process.execPath, [path.join(root, 'node_modules/oxlint/bin/oxlint'), '--format=unix', file], { cwd: project, encoding: 'utf8' });
    return stdout.includes('no-restricted-imports');
  });
}

const linesOf = (block: string): string[] => block.trim().split('\n').map((line) => line.trim());

test('imports against the direction of the house are refused', () => {
  assert.deepEqual(refused(linesOf(REFUSED)), linesOf(REFUSED));
});

test('imports along it are not', () => {
  assert.deepEqual(refused(linesOf(ALLOWED)), []);
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Engine, Turn } from './api.ts';
import { openEngine } from './engine.ts';
import { exportSamples } from './learn-export.ts';
import { parseSamples, type Sample } from './learn/samples.ts';
import { addTown } from './learn/town.ts';
import { openEmbedder, type Embedder } from './models/embedder.ts';
import { familyNamed } from './models/families.ts';
import { openDatabase, type Db } from './store/database.ts';

/** What goes out of a library that was judged in, read as another project would read it. */

const root = mkdtempSync(join(tmpdir(), 'lodestone-export-'));
const dataDir = join(root, 'data');
const resourcesDir = fileURLToPath(new URL('../resources', import.meta.url));
let engine: Engine;
let db: Db;
let embedder: Embedder;

before(async () => {
  engine = await openEngine({ dataDir, resourcesDir });
  await addTown(engine, join(root, 'files'));
  db = openDatabase(join(dataDir, 'library.sqlite'));
  embedder = await openEmbedder(join(resourcesDir, 'models/lodestone-embed-static-v2'));
});
after(async () => {
  await embedder.close();
  db.close();
  await engine.close();
  rmSync(root, { recursive: true, force: true });
});

async function ask(question: string): Promise<Turn> {
  for await (const part of engine.ask({ question })) if (part.kind === 'done') return part.turn;
  throw new Error('There was no answer.');
}

async function samples(model: Embedder = embedder): Promise<Sample[]> {
  return (await exportSamples({ db, embedder: model })).filter(({ path }) => /\/(?:train|holdout)\.json$/.test(path)).flatMap(({ text }) => parseSamples(text));
}

const QUESTION = 'Who pays for repairs of the lantern?';

test('a row says what its question and what answers it are read with by the embedder in use', async () => {
  const turn = await ask(QUESTION);
  await engine.signal({ kind: 'citation-thumb', turn: turn.id, number: turn.answer.sentences[0]!.citations[0]!.number, thumb: 'up' });
  const [plain] = await samples();
  assert.deepEqual([plain!.query, plain!.instruction, plain!.pos_instruction], [QUESTION, '', ''], 'the bundled one puts nothing before either');
  const { tasks } = familyNamed('llm-embedder')!;
  const [prompted] = await samples({ ...embedder, instructionsFor: (task) => tasks[task]! });
  assert.deepEqual([prompted!.instruction, prompted!.pos_instruction], ['Represent this query for retrieving relevant documents: ', 'Represent this document for retrieval: ']);
});

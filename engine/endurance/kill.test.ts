import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openEngine } from '../engine.ts';
import { openDatabase } from '../store/database.ts';
import { problems } from '../store/health.ts';
import { idle } from '../testing.ts';

const ROUNDS = 20;
const resourcesDir = fileURLToPath(new URL('../../resources', import.meta.url));

test(`killed ${ROUNDS} times while it adds, changes and removes, the library stays whole and loses nothing`, { timeout: 600_000 }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'lodestone-kill-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const [dataDir, folder] = [join(root, 'data'), join(root, 'files')];
  mkdirSync(folder);

  for (let round = 0; round < ROUNDS; round++) {
    const child = fork(fileURLToPath(new URL('restless.ts', import.meta.url)), [dataDir, resourcesDir, folder, String(round + 1)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const begun = once(child, 'message');
    const exited = once(child, 'exit');
    await Promise.race([begun, exited]);
    await delay(Math.random() * 1500);
    child.kill('SIGKILL');
    const [, signal] = (await exited) as [number | null, string | null];
    assert.equal(signal, 'SIGKILL', 'the process should have lived until it was killed');
    const db = openDatabase(join(dataDir, 'library.sqlite'));
    assert.deepEqual(problems(db), [], `after kill ${round + 1}`);
    db.close();
  }

  const before = embedded(dataDir);
  const engine = await openEngine({ dataDir, resourcesDir });
  t.after(() => engine.close());
  const [library] = await engine.libraries();
  await engine.add(library!.id, [folder]);
  const names = async () => (await engine.documents({ library: library!.id, offset: 0, limit: 1000 })).documents.map(({ name }) => name).sort();
  // Files that were deleted while nobody looked are noticed in the background.
  for (let i = 0; i < 200 && (await names()).length !== readdirSync(folder).length; i++) await delay(50);
  await idle(engine);
  const { documents } = await engine.documents({ library: library!.id, offset: 0, limit: 1000 });
  assert.deepEqual(await names(), readdirSync(folder).sort(), 'every file once, and no other');
  for (const { id, name, state } of documents) {
    assert.ok(state.kind === 'ready' && state.embedded === state.chunks, `${name}: ${JSON.stringify(state)}`);
    const stored = (await engine.blocks(id)).filter(({ kind }) => kind === 'paragraph').map(({ text }) => text);
    const written = readFileSync(join(folder, name), 'utf8').split('\n\n').filter((part) => !part.startsWith('#'));
    assert.deepEqual(stored, written, `${name} holds what its file holds`);
  }
  assert.deepEqual((await engine.health()).problems, []);

  // A vector that was committed before the kill is not made again as long as its chunk lives.
  const after = embedded(dataDir);
  for (const [chunk, vector] of before) if (after.has(chunk)) assert.equal(after.get(chunk), vector);
});

/** The number of every chunk's vector. */
function embedded(dataDir: string): Map<number, number> {
  const db = openDatabase(join(dataDir, 'library.sqlite'));
  const rows = db.prepare('select chunk_id chunk, id from vector').all() as { chunk: number; id: number }[];
  db.close();
  return new Map(rows.map(({ chunk, id }) => [chunk, id]));
}

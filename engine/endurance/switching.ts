import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openEngine } from '../engine.ts';
import { makeSmallEmbedder } from '../models/testing.ts';
import { openDatabase } from '../store/database.ts';
import { problems } from '../store/health.ts';
import { idle } from '../testing.ts';

const DOCUMENTS = 120;
const LONGEST = 1500;

/** What was seen: how often a kill came while an index grew, and how often the one in use had changed since the last kill. */
export interface Seen { growing: number; switched: number }

/**
 * Kills a process `rounds` times at random moments while it switches embedders, adds documents and asks. After each kill the
 * library is whole, what is in use is one of the two with the choice that belongs to it, and is complete but for documents that
 * had just come. At the end everything is found. Throws where that does not hold.
 */
export async function killWhileSwitching(root: string, rounds: number, told: (round: number) => void = () => undefined): Promise<Seen> {
  const [dataDir, resourcesDir, folder] = [join(root, 'data'), join(root, 'resources'), join(root, 'files')];
  await makeSmallEmbedder(join(resourcesDir, 'models', 'bundled'), { id: 'bundled', dimensions: 16, seed: 1, layers: 10 });
  mkdirSync(folder);
  for (let i = 0; i < DOCUMENTS; i++) writeFileSync(join(folder, `${i}.md`), `# Document ${i}\n\nThe violin number ${i} hangs beside the harbour.\n`);
  const first = await openEngine({ dataDir, resourcesDir });
  const library = await first.createLibrary('Home');
  await first.add(library, [folder]);
  await idle(first);
  const added = await first.addModel(await makeSmallEmbedder(join(root, 'other'), { id: 'other', dimensions: 24, seed: 2, layers: 12 }));
  await first.close();

  const seen: Seen = { growing: 0, switched: 0 };
  let before = 'bundled';
  for (let round = 0; round < rounds; round++) {
    const child = fork(fileURLToPath(new URL('switcher.ts', import.meta.url)), [dataDir, resourcesDir, folder, added], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
    await Promise.race([once(child, 'message'), exited]);
    await delay(Math.random() * LONGEST);
    child.kill('SIGKILL');
    assert.deepEqual(await exited, [null, 'SIGKILL'], 'the process should have lived until it was killed');
    const db = openDatabase(join(dataDir, 'library.sqlite'));
    const value = (sql: string): unknown => db.prepare(sql).pluck().get();
    assert.deepEqual(problems(db), [], `after kill ${round + 1}`);
    const inUse = value(`select model from space join setting on key = 'space' and id = cast(value as integer) where dropped = 0`) as string;
    assert.ok([added, 'bundled'].includes(inUse), `${inUse} is in use`);
    assert.equal(value(`select value from setting where key = 'model.embedder'`) ?? 'bundled', inUse, 'the choice belongs to the index');
    assert.equal(value(`select count(*) from holding where space_id is null and content_id in (select content_id from document where name not like '%-%')`), 0, 'what was found by meaning still is');
    if (value(`select count(*) from setting where key = 'shadow'`) === 1) seen.growing++;
    if (inUse !== before) seen.switched++;
    before = inUse;
    db.close();
    told(round + 1);
  }

  const engine = await openEngine({ dataDir, resourcesDir });
  try {
    await idle(engine);
    for (let i = 0; i < 1200 && (await engine.reindexing()); i++) await delay(25);
    assert.equal(await engine.reindexing(), undefined);
    const model = (await engine.models()).find(({ active, role }) => active && role === 'embedder')!;
    const chunks = (await engine.libraries())[0]!.chunks;
    assert.equal(model.index!.chunks, chunks);
    const { hits } = await engine.search({ question: 'violin number 17', leg: 'vectors' });
    assert.equal(hits.length, 10);
    assert.deepEqual((await engine.health()).problems, []);
  } finally {
    await engine.close();
  }
  return seen;
}

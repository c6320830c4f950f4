import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AdapterId, Engine } from './api.ts';
import { openEngine } from './engine.ts';
import { learnedFrom } from './learn-levels.ts';
import { addTown, QUESTIONS } from './learn/town.ts';
import { modelInUse } from './learn/twins.ts';
import { saveReranker, saveVersion } from './learn/wrecked.ts';
import { takeBack } from './store/adapters.ts';
import { beginRun, endRun } from './store/runs.ts';
import { tablesOf } from './testing.ts';

/** A version for questions is judged over what one reranker says. Over another it rests, and comes back with its own. */

const resourcesDir = fileURLToPath(new URL('../resources', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'lodestone-resting-'));
const dataDir = join(root, 'data');
const modelDirs = [join(resourcesDir, 'models'), join(dataDir, 'models')] as const;

let engine: Engine;
let bundled: string;
let shipped: string[];

before(async () => {
  engine = await openEngine({ dataDir, resourcesDir });
  await addTown(engine, join(root, 'files'));
  bundled = await modelInUse(engine, 'reranker');
  shipped = await rankings();
});
after(async () => {
  await engine.close();
  rmSync(root, { recursive: true, force: true });
});

const withDatabase = tablesOf(dataDir);

const rankings = (how: { adapter?: 'none' } = {}): Promise<string[]> =>
  Promise.all(QUESTIONS.slice(0, 6).map(async (question) => JSON.stringify((await engine.search({ question, limit: 20, taught: false, ...how })).hits)));
const states = async (...ids: AdapterId[]) => {
  const all = await engine.adapters();
  return ids.map((id) => all.find((adapter) => adapter.id === id)!.state);
};
const answeredBy = async () => (await engine.search({ question: QUESTIONS[0]! })).models;

let quick: AdapterId;
let other: AdapterId;
let rankedByQuick: string[];

test('over a reranker that came into use later, a version for questions adds nothing, and learning is offered anew', async () => {
  quick = await withDatabase((db) => saveVersion(db, { share: 5 }, bundled));
  rankedByQuick = await rankings();
  assert.notDeepEqual(rankedByQuick, shipped);
  assert.deepEqual(await states(quick), ['active']);
  const from = (): Promise<number | undefined> => withDatabase((db) => learnedFrom(db, modelDirs));
  await withDatabase((db) => endRun(db, beginRun(db, 'query'), 'done', { adapter: quick }));
  assert.equal(await from(), 36);
  other = await withDatabase((db) => saveReranker(db, modelDirs, 0.5));
  assert.deepEqual(await states(quick, other), ['resting', 'active'], 'it is not gone: it is of another model');
  assert.deepEqual(await rankings(), await rankings({ adapter: 'none' }), 'what no gate saw is not served');
  assert.equal((await answeredBy()).adapter, undefined);
  assert.equal((await engine.learning()).active, undefined);
  assert.equal(await from(), undefined, 'by itself too, where the person lets it: the same questions teach anew');
});

test('what is learned over the other reranker leaves it where it is; each comes back with the reranker it was judged with, bit for bit', async () => {
  const own = (await engine.adapters()).find(({ id }) => id === other)!.model!;
  const second = await withDatabase((db) => saveVersion(db, { coverage: 3 }, own));
  assert.deepEqual(await states(quick, second), ['resting', 'active']);
  const rankedBySecond = await rankings();
  await engine.useModel('reranker', bundled);
  assert.deepEqual(await states(quick, second, other), ['active', 'resting', 'accepted']);
  assert.deepEqual(await rankings(), rankedByQuick);
  await engine.activate(other);
  assert.deepEqual([await states(quick, second), await rankings()], [['resting', 'active'], rankedBySecond]);

  await withDatabase((db) => db.transaction(() => takeBack(db, second, { judged: 9, wrong: 9, judgedBefore: 9, wrongBefore: 0, wins: 0, losses: 0 }))());
  assert.deepEqual([await states(quick, second), (await answeredBy()).adapter], [['resting', 'accepted'], undefined]);
  await engine.deleteAdapters([second]);
  await engine.useModel('reranker', bundled);
  assert.deepEqual([await states(quick), await rankings()], [['active'], rankedByQuick], 'what was taken back or deleted was the other one');
});

test('of two versions for the same models one is in use; as shipped, none is, with either reranker', async () => {
  const newer = await withDatabase((db) => saveVersion(db, { share: 2 }, bundled));
  assert.deepEqual(await states(quick, newer), ['accepted', 'active']);
  await withDatabase((db) => db.transaction(() => takeBack(db, newer, { judged: 9, wrong: 9, judgedBefore: 9, wrongBefore: 0, wins: 0, losses: 0 }))());
  assert.deepEqual(await states(quick, newer), ['active', 'accepted'], 'back to what was before it');
  await engine.activate(other);
  await engine.activate(undefined);
  assert.deepEqual([await modelInUse(engine, 'reranker'), await states(quick), await rankings()], [bundled, ['accepted'], shipped]);
});

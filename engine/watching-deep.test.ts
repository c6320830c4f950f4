import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Adapter, AdapterId, Engine, Library, Thumb, Turn } from './api.ts';
import { openEngine } from './engine.ts';
import { isInterleaved } from './learn/draft.ts';
import { addTown, QUESTIONS, THINGS } from './learn/town.ts';
import { modelInUse, settled } from './learn/twins.ts';
import { REPORT, saveReranker, saveVersion } from './learn/wrecked.ts';
import { makeSmallEmbedder } from './models/testing.ts';
import { keepSignal } from './signals.ts';
import { learnedModels, saveAdapter } from './store/adapters.ts';
import type { Db } from './store/database.ts';
import { chosen } from './store/models.ts';
import { shadow } from './store/spaces.ts';
import { idle, tablesOf } from './testing.ts';
import { takeModelBack } from './watching.ts';

/** A learned reranker or embedder that turns out worse in use is taken back by itself, as a version for questions is. */

const resourcesDir = fileURLToPath(new URL('../resources', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'lodestone-watching-deep-'));
const dataDir = join(root, 'data');
const modelDirs = [join(resourcesDir, 'models'), join(dataDir, 'models')] as const;

let engine: Engine;
let bundled: string;

before(async () => {
  mkdirSync(modelDirs[1], { recursive: true });
  engine = await openEngine({ dataDir, resourcesDir });
  await addTown(engine, join(root, 'files'));
  bundled = await modelInUse(engine, 'reranker');
});
after(async () => {
  await engine.close();
  rmSync(root, { recursive: true, force: true });
});

const withDatabase = tablesOf(dataDir);

async function ask(question: string): Promise<Turn> {
  for await (const part of engine.ask({ question })) if (part.kind === 'done') return part.turn;
  throw new Error('No answer came.');
}

/** Says of an answer whether its own document is cited. */
async function judge(i: number): Promise<void> {
  const turn = await ask(QUESTIONS[i]!);
  const right = turn.answer.sentences.some(({ citations }) => citations.some(({ documentName }) => documentName === `${THINGS[i]}.md`));
  await say(turn, right ? 'up' : 'down');
}
const say = ({ id }: Turn, thumb: Thumb): Promise<unknown> => engine.signal({ kind: 'answer-thumb', turn: id, thumb });

const rankings = (): Promise<string[]> => Promise.all(QUESTIONS.slice(0, 6).map(async (question) => JSON.stringify((await engine.search({ question, limit: 20, taught: false })).hits)));
const version = async (id: AdapterId): Promise<Adapter> => (await engine.adapters()).find((adapter) => adapter.id === id)!;
const standing = async (...ids: AdapterId[]) => Promise.all(ids.map(async (id) => [(await version(id)).state, (await version(id)).takenBack !== undefined]));

/** Until a version is taken back; fails where it never is. */
async function takenBack(id: AdapterId): Promise<Adapter> {
  for (let waited = 0; waited < 20_000; waited += 50) {
    const now = await version(id);
    if (now.takenBack && now.state !== 'active') return now;
    await delay(50);
  }
  throw new Error(`Version ${id} is in use still.`);
}

const BEFORE = 12;
let harmful: AdapterId;
let quick: AdapterId;

test('a reranker that does harm is taken back by itself, with the reason, and the version for questions that rested comes back with the one before it', async () => {
  quick = await withDatabase((db) => saveVersion(db, { length: 0.01 }, bundled));
  for (let i = 0; i < BEFORE; i++) await judge(i);
  const before = await rankings();
  harmful = await withDatabase((db) => saveReranker(db, modelDirs, -1));
  assert.deepEqual(await standing(quick, harmful), [['resting', false], ['active', false]]);
  assert.notDeepEqual(await rankings(), before);
  for (let i = BEFORE; i < BEFORE + 8; i++) await judge(i);
  const { state, takenBack: why } = await takenBack(harmful);
  assert.equal(state, 'accepted');
  assert.deepEqual([why!.judged, why!.judgedBefore, why!.wrongBefore], [8, BEFORE, 0]);
  assert.ok(why!.wrong >= 7, `${why!.wrong}`);
  assert.deepEqual([await modelInUse(engine, 'reranker'), await standing(quick)], [bundled, [['active', false]]]);
  assert.deepEqual(await rankings(), before, 'bit for bit');
  await withDatabase((db) => assert.equal(chosen(db, 'reranker'), undefined, 'as before, nothing is chosen'));
});

test('who puts it back is obeyed, whichever way: only what is said from then on counts', async () => {
  await engine.activate(harmful);
  assert.deepEqual(await standing(harmful), [['active', false]]);
  await engine.useModel('reranker', bundled);
  await withDatabase((db) => db.prepare(`update adapter set taken_back = '{"at":1}' where id = ?`).run(harmful));
  await engine.useModel('reranker', (await version(harmful)).model);
  assert.deepEqual(await standing(harmful), [['active', false]]);
  await judge(20);
  await engine.learning();
  assert.deepEqual(await standing(harmful), [['active', false]]);
});

test('what was said just before the engine was killed is looked at when it is opened again', async () => {
  for (let i = 21; i < 27; i++) await judge(i);
  const last = await ask(QUESTIONS[27]!);
  assert.deepEqual(await standing(harmful), [['active', false]]);
  await engine.close();
  await withDatabase((db) => keepSignal(db, { kind: 'answer-thumb', turn: last.id, thumb: 'down' }));
  engine = await openEngine({ dataDir, resourcesDir });
  assert.equal((await takenBack(harmful)).takenBack!.judged, 8);
});

const WATCHED = { judged: 9, wrong: 9, judgedBefore: 9, wrongBefore: 0, wins: 0, losses: 0 };

test('it goes back to the version before it, in one transaction: broken off, nothing of it is left', async () => {
  const better = await withDatabase((db) => saveReranker(db, modelDirs, 0.5));
  const worse = await withDatabase((db) => saveReranker(db, modelDirs, -1, better));
  const { model } = await version(better);
  await withDatabase((db) => {
    const learned = learnedModels(db).find(({ id }) => id === worse)!;
    const back = (): void => takeModelBack(db, learned, { model: model!, ships: false }, WATCHED);
    assert.throws(db.transaction(() => {
      back();
      throw new Error('killed');
    }), /killed/);
  });
  assert.deepEqual(await standing(better, worse), [['accepted', false], ['active', false]]);
  await engine.useModel('reranker', model);
  for (let i = 28; i < 36; i++) await judge(i);
  await engine.useModel('reranker', (await version(worse)).model);
  for (let i = 0; i < 8; i++) await say(await ask(`${QUESTIONS[i]} ${i}`), 'down');
  const { takenBack: why } = await takenBack(worse);
  assert.deepEqual([why!.judged, why!.wrong, why!.judgedBefore], [8, 8, 8]);
  assert.deepEqual(await standing(better, worse), [['active', false], ['accepted', true]]);
  await withDatabase((db) => db.transaction(() => takeModelBack(db, learnedModels(db).find(({ id }) => id === worse)!, { model: bundled, ships: true }, WATCHED))());
  assert.equal(await modelInUse(engine, 'reranker'), model, 'what is not in use is not taken out of it');
  await engine.useModel('reranker', undefined);
});

/** Shares too little with any other question to be answered by what was said of that. */
const about = (i: number): string => `What of the ${THINGS[i]}?`;

test('an answer from two rerankers says of each hit which read it; each side stands in the order of its own', async () => {
  let id: AdapterId;
  let at: number;
  // Drawn by question and version: a version is found for which a question is drawn that nobody has judged.
  do {
    id = await withDatabase((db) => saveReranker(db, modelDirs, -1));
    at = QUESTIONS.findIndex((question, i) => i >= 36 && isInterleaved(question, id));
  } while (at < 0);
  const { model } = await version(id);
  const newer = await engine.search({ question: QUESTIONS[at]! });
  await engine.useModel('reranker', bundled);
  const older = await engine.search({ question: QUESTIONS[at]! });
  assert.ok(older.models.adapter !== undefined && newer.models.adapter === undefined, 'with the former reranker its version for questions comes back, in the comparison too');
  await engine.useModel('reranker', model);
  const turn = await ask(QUESTIONS[at]!);
  assert.deepEqual([turn.models.reranker, turn.models.adapter], [model, undefined]);
  for (const [side, reader, ranking] of [['new', model, newer], ['old', bundled, older]] as const) {
    const own = turn.hits.filter(({ trace }) => trace.drafted?.side === side);
    assert.ok(own.length >= 4 && own.every(({ trace }) => trace.drafted!.trial === id && trace.rerank!.model === reader));
    assert.ok(own.every((hit) => JSON.stringify({ ...hit, trace: { ...hit.trace, drafted: undefined } }) === JSON.stringify(ranking.hits.find(({ chunk }) => chunk === hit.chunk))), 'scores are those of its own ranking');
    const ranks = own.map(({ chunk }) => ranking.hits.findIndex((hit) => hit.chunk === chunk));
    assert.deepEqual(ranks, ranks.toSorted((a, b) => a - b));
  }
  assert.equal(turn.answer.outcome, 'answered', 'one of the two found it');
  await engine.deleteAdapters([id]);
});

/** Stores a version of an embedder whose folder is there. */
const saveEmbedder = (db: Db, base: string, model: string): AdapterId =>
  saveAdapter(db, { level: 'embedder', space: base, comparisons: [], events: [], contents: [], bytes: new Uint8Array(1), report: { ...REPORT, base, model } });

test('an embedder goes back to the index that was kept, what came meanwhile is added to it, and nothing is mixed', async () => {
  const base = await engine.addModel(await makeSmallEmbedder(join(root, 'letters'), { id: 'letters', dimensions: 16, seed: 1 }));
  await engine.useModel('embedder', base);
  await settled(engine);
  for (let i = 0; i < BEFORE; i++) await say(await ask(about(i)), 'up');
  const before = await rankings();
  const model = 'letters-learned-1';
  await makeSmallEmbedder(join(modelDirs[1], model), { id: model, dimensions: 16, seed: 2 });
  const learned = await withDatabase((db) => saveEmbedder(db, base, model));
  await engine.useModel('embedder', model);
  await settled(engine);
  assert.deepEqual(await standing(learned), [['active', false]]);
  const [{ id: library }] = (await engine.libraries()) as [Library];
  await engine.addFile(library, 'meanwhile.md', new TextEncoder().encode('The xylophone is new.\n'));
  await idle(engine);
  await withDatabase((db) => assert.throws(db.transaction(() => {
    takeModelBack(db, learnedModels(db).find(({ id }) => id === learned)!, { model: base, ships: false }, WATCHED);
    throw new Error('killed');
  }), /killed/));
  assert.equal(await engine.reindexing(), undefined);
  for (let i = BEFORE; i < BEFORE + 8; i++) await say(await ask(about(i)), 'down');
  const { takenBack: why } = await takenBack(learned);
  assert.deepEqual([why!.judged, why!.wrong, why!.judgedBefore, why!.wrongBefore], [8, 8, BEFORE, 0]);
  await settled(engine);
  assert.equal(await modelInUse(engine, 'embedder'), base);
  const added = (await engine.search({ question: 'Xylophone', leg: 'vectors', limit: 100 })).hits.find(({ documentName }) => documentName === 'meanwhile.md')!;
  assert.ok(added.trace.vectors);
  await engine.removeDocuments([added.document]);
  await idle(engine);
  assert.deepEqual(await rankings(), before, 'bit for bit');
  await withDatabase((db) => assert.equal(shadow(db), undefined));
});

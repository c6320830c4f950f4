import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { AdapterId, Document, Engine, Turn } from './api.ts';
import { openEngine } from './engine.ts';
import { isInterleaved } from './learn/draft.ts';
import { addTown, QUESTIONS, THINGS } from './learn/town.ts';
import { saveVersion, WRECKED } from './learn/wrecked.ts';
import { keepSignal } from './signals.ts';
import { takeBack } from './store/adapters.ts';
import { tablesOf } from './testing.ts';

const resourcesDir = fileURLToPath(new URL('../resources', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'lodestone-watching-'));
const dataDir = join(root, 'data');

let engine: Engine;
let documents: Document[];

before(async () => {
  engine = await openEngine({ dataDir, resourcesDir });
  documents = await addTown(engine, join(root, 'files'));
});
after(async () => {
  await engine.close();
  rmSync(root, { recursive: true, force: true });
});

async function ask(question: string): Promise<Turn> {
  for await (const part of engine.ask({ question })) if (part.kind === 'done') return part.turn;
  throw new Error('No answer came.');
}

/** Presses a thumb on every citation; where none is right, shows the right place. */
async function judge(thing: string, turn: Turn): Promise<void> {
  const citations = turn.answer.sentences.flatMap((sentence) => sentence.citations);
  for (const { number, documentName } of new Map(citations.map((citation) => [citation.number, citation])).values()) {
    await engine.signal({ kind: 'citation-thumb', turn: turn.id, number, thumb: documentName === `${thing}.md` ? 'up' : 'down' });
  }
  if (citations.some(({ documentName }) => documentName === `${thing}.md`)) return;
  const document = documents.find(({ name }) => name === `${thing}.md`)!;
  const { place } = (await engine.blocks(document.id)).find(({ text }) => text.startsWith('Repairs'))!;
  await engine.signal({ kind: 'right-place', turn: turn.id, document: document.id, start: place.start, end: place.end });
}

const withDatabase = tablesOf(dataDir);

const learned = (weights: typeof WRECKED): Promise<AdapterId> => withDatabase((db) => saveVersion(db, weights));
const NEUTRAL = { length: 0.01 };

const ranking = async (question: string): Promise<string> => JSON.stringify((await engine.search({ question, limit: 20, taught: false })).hits);
const rankings = (): Promise<string[]> => Promise.all(QUESTIONS.slice(0, 10).map(ranking));
const version = async (id: AdapterId) => (await engine.adapters()).find((adapter) => adapter.id === id)!;

async function takenBack(id: AdapterId): Promise<void> {
  for (let waited = 0; (await version(id)).state === 'active' && waited < 5000; waited += 20) await delay(20);
}
const WATCHED = { judged: 0, wrong: 0, judgedBefore: 0, wrongBefore: 0, wins: 0, losses: 0 };
/** So many questions are judged before any version is there. */
const BEFORE = 12;
let harmful: AdapterId;

test('a version that does harm is taken back by itself, with the reason, and search is as before, bit for bit', async () => {
  for (const [i, question] of QUESTIONS.slice(0, BEFORE).entries()) await judge(THINGS[i]!, await ask(question));
  const shipped = await rankings();
  harmful = await learned(WRECKED);
  assert.notDeepEqual(await rankings(), shipped);
  let judged = 0;
  for (; judged < 12 && (await version(harmful)).state === 'active'; judged++) {
    await judge(THINGS[BEFORE + judged]!, await ask(QUESTIONS[BEFORE + judged]!));
    if (judged >= 7) await takenBack(harmful);
  }
  const { state, takenBack: why } = await version(harmful);
  assert.equal(state, 'accepted', `after ${judged} questions`);
  assert.ok(why && Math.abs(why.at - Date.now()) < 60_000);
  assert.deepEqual([why.judgedBefore, why.wrongBefore, why.judged], [BEFORE, 0, judged]);
  assert.ok(why.wrong >= judged - 2 && why.losses >= why.wins);
  assert.equal((await engine.learning()).active, undefined);
  assert.deepEqual(await rankings(), shipped);
});

test('a person who puts it back is obeyed: only what is said from then on counts', async () => {
  await engine.activate(harmful);
  assert.deepEqual([(await version(harmful)).state, (await version(harmful)).takenBack], ['active', undefined]);
  await judge(THINGS[24]!, await ask(QUESTIONS[24]!));
  await delay(200);
  assert.equal((await version(harmful)).state, 'active');
});

test('a thumb that was stored just before the engine was killed is looked at when it is opened again', async () => {
  let last: Turn | undefined;
  for (let i = 25; i < 32; i++) {
    if (last) await judge(THINGS[i - 1]!, last);
    last = await ask(QUESTIONS[i]!);
  }
  assert.equal((await version(harmful)).state, 'active');
  await engine.close();
  await withDatabase((db) => keepSignal(db, { kind: 'answer-thumb', turn: last!.id, thumb: 'down' }));
  engine = await openEngine({ dataDir, resourcesDir });
  await takenBack(harmful);
  assert.equal((await version(harmful)).takenBack?.judged, 8);
});

test('taking back is one transaction: broken off, nothing of it is left; and it goes back to what was in use before', async () => {
  const [older, newer] = [await learned(NEUTRAL), await learned(WRECKED)];
  const states = async () => Promise.all([older, newer].map(async (id) => [(await version(id)).state, (await version(id)).takenBack !== undefined]));
  await withDatabase((db) => assert.throws(db.transaction(() => {
    takeBack(db, newer, WATCHED);
    throw new Error('killed');
  }), /killed/));
  assert.deepEqual(await states(), [['accepted', false], ['active', false]]);
  await withDatabase((db) => db.transaction(() => takeBack(db, newer, WATCHED))());
  assert.deepEqual(await states(), [['active', false], ['accepted', true]]);
  await withDatabase((db) => db.transaction(() => takeBack(db, newer, WATCHED))());
  assert.deepEqual(await states(), [['active', false], ['accepted', true]], 'what is not in use is not taken out of it');
  await engine.activate(undefined);
});

test('an answer from both rankings says of each hit which put it there, in the event too; a search or what was taught is never mixed', async () => {
  // Drawn by question and version: a version is found for which a question is drawn that nobody has judged.
  let id: AdapterId;
  let question: string | undefined;
  do {
    await engine.activate(undefined);
    id = await learned(WRECKED);
    question = QUESTIONS.slice(32).find((each) => isInterleaved(each, id));
  } while (question === undefined);
  const [newer, older] = [await engine.search({ question }), await engine.search({ question, adapter: 'none' })];
  assert.ok([...newer.hits, ...older.hits].every(({ trace }) => !trace.drafted));
  const turn = await ask(question);
  const { hits, models } = turn;
  assert.equal(models.adapter, id);
  for (const { side, adapter, ranking } of [{ side: 'new', adapter: id, ranking: newer }, { side: 'old', adapter: undefined, ranking: older }]) {
    const own = hits.filter(({ trace }) => trace.drafted?.side === side);
    assert.ok(own.length >= 4 && own.every(({ trace }) => trace.drafted!.adapter === adapter));
    const ranks = own.map(({ chunk }) => ranking.hits.findIndex((hit) => hit.chunk === chunk));
    assert.deepEqual(ranks, ranks.toSorted((a, b) => a - b));
    assert.ok(own.every((hit) => JSON.stringify({ ...hit, trace: { ...hit.trace, drafted: undefined } }) === JSON.stringify(ranking.hits.find(({ chunk }) => chunk === hit.chunk))), 'scores are those of its own ranking');
  }
  assert.equal(turn.answer.outcome, 'answered', 'one of the two found it');
  const thing = THINGS[QUESTIONS.indexOf(question)]!;
  await judge(thing, turn);
  const event = (await engine.exportFeedback()).trim().split('\n').map((line) => JSON.parse(line) as { context: { turn: Turn } }).at(-1)!;
  assert.deepEqual(event.context.turn.hits.map(({ trace }) => trace.drafted), hits.map(({ trace }) => trace.drafted));
  const again = await ask(question);
  assert.ok(again.hits.every(({ trace }) => !trace.drafted), 'what was said of this very question goes before any trial');
});

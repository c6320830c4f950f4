import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ConversationId, Engine, Turn } from './api.ts';
import { PROMPT } from './answer/prompt.ts';
import { openEngine } from './engine.ts';
import { RECIPE } from './reading.ts';
import { groupOf } from './learn/holdout.ts';
import type { Sample } from './learn/samples.ts';
import { addTown } from './learn/town.ts';
import { openDatabase } from './store/database.ts';
import type { EventContext } from './store/feedback.ts';
import { idle } from './testing.ts';

/** What a person does, told to the engine as the window tells it, and what comes of it: a sample, or nothing. */

const root = mkdtempSync(join(tmpdir(), 'lodestone-signals-'));
const dataDir = join(root, 'data');
let engine: Engine;

before(async () => {
  engine = await openEngine({ dataDir, resourcesDir: fileURLToPath(new URL('../resources', import.meta.url)) });
  await addTown(engine, join(root, 'files'));
});
afterEach(async () => engine.deleteFeedback((await engine.feedback()).map(({ id }) => id)));
after(async () => {
  await engine.close();
  rmSync(root, { recursive: true, force: true });
});

async function ask(question: string, conversation?: ConversationId): Promise<Turn> {
  for await (const part of engine.ask({ question, ...(conversation !== undefined && { conversation }) })) if (part.kind === 'done') return part.turn;
  throw new Error('There was no answer.');
}

async function samples(): Promise<Sample[]> {
  const files = await engine.exportSamples();
  return files.filter(({ path }) => /\/(?:train|holdout)\.json$/.test(path)).flatMap(({ text }) => text.trimEnd().split('\n').map((line) => JSON.parse(line) as Sample));
}

/** The judged chunks of each question's sample, as `+ weight` or `- weight` and the rank it had among the hits of a turn. */
async function learnedFrom({ hits }: Turn): Promise<Record<string, string[]>> {
  const ranks = new Map(hits.map(({ contentHash, place: { start, end } }, i) => [`${contentHash}#${start}-${end}`, i + 1]));
  const said = (sign: string, ids: string[], weights: number[], judged: (weight: number) => boolean) => ids.flatMap((id, i) => (judged(weights[i]!) ? [`${sign}${Number(weights[i]!.toFixed(6))} of ${ranks.get(id)}`] : []));
  // What was mined weighs a half or one; what was passed over less.
  return Object.fromEntries((await samples()).filter(({ task }) => task === 'qa').map((row) => [row.query, [...said('+', row.pos_ids, row.pos_weights, () => true), ...said('-', row.neg_ids, row.neg_weights, (weight) => weight < 0.5)].sort()]));
}

const QUESTION = 'Who pays for repairs of the lantern?';

test('a question is kept aside by the group that feedback on it first came under; as many are as is said', async () => {
  const [first, better, again] = ['Who repairs the old lantern?', 'Who repairs the lantern for money?', 'Who repairs the lantern for the money?'];
  assert.deepEqual([first, better].map((question) => groupOf(question, []).heldOut), [false, true]);
  const turn = await ask(first);
  await engine.signal({ kind: 'answer-thumb', turn: turn.id, thumb: 'down' });
  // What answers it when it is put better answers it as it was put at first.
  for (const question of [better, again]) {
    const { id, hits } = await ask(question, turn.conversation);
    await engine.signal({ kind: 'opened', turn: id, chunk: hits[0]!.chunk, dwell: 20 });
  }
  const kept = (await samples()).filter(({ task }) => task === 'qa').map(({ query, split }) => [query, split]);
  assert.deepEqual(kept, [[first, 'train'], [better, 'holdout']], 'the third means the same as the second');
  const { questions, heldOut } = await engine.learning();
  assert.deepEqual([questions, heldOut], [2, 1]);
  assert.ok(!(await engine.testQuestions()).some(({ question }) => question === first), 'nor is anything tested on what is learned from');
});

test('a passage that was open for twenty seconds answers, what was in view before it was passed over, and what was never in view was not', async () => {
  const turn = await ask(QUESTION);
  const [first, , third] = turn.hits.map(({ chunk }) => chunk);
  await engine.signal({ kind: 'opened', turn: turn.id, chunk: third!, dwell: 20, passed: [first!] });
  assert.deepEqual(await learnedFrom(turn), { [QUESTION]: ['+0.9 of 3', '-0.15 of 1'] });
  const [told] = (await engine.exportFeedback()).trim().split('\n').map((line) => JSON.parse(line) as { context: EventContext });
  assert.deepEqual(told!.context.versions, { prompt: PROMPT, chunker: RECIPE });
  assert.deepEqual((await engine.feedback()).map(({ signal, documentName }) => [signal.kind, documentName]), [['opened', turn.hits[2]!.documentName]]);
  await assert.rejects(engine.signal({ kind: 'opened', turn: turn.id, chunk: 9999 as typeof first & number, dwell: 20 }), { code: 'invalid' });
});

test('the citation itself, as well', async () => {
  const turn = await ask(QUESTION);
  const { number, chunk } = turn.answer.sentences[0]!.citations[0]!;
  await engine.signal({ kind: 'opened', turn: turn.id, number, dwell: 60 });
  assert.deepEqual(await learnedFrom(turn), { [QUESTION]: [`+0.3 of ${turn.hits.findIndex((hit) => hit.chunk === chunk) + 1}`] });
});

test('opened and back tells nothing, nor what was left before it could be read', async () => {
  const turn = await ask(QUESTION);
  const [first, second] = turn.hits.map(({ chunk }) => chunk);
  for (const dwell of [0.4, 4.9, 19.9]) await engine.signal({ kind: 'opened', turn: turn.id, chunk: second!, dwell, passed: [first!] });
  assert.deepEqual(await learnedFrom(turn), {});
  const { signals, answers, rejects } = await engine.learning();
  assert.deepEqual([signals, answers, rejects], [3, 0, 0]);
});

test('a copied answer points at what its sentences cite; a copied word at nothing', async () => {
  const turn = await ask(QUESTION);
  await engine.signal({ kind: 'copied', turn: turn.id, text: 'lantern' });
  assert.deepEqual(await learnedFrom(turn), {});
  const [sentence] = turn.answer.sentences;
  await engine.signal({ kind: 'copied', turn: turn.id, text: `${sentence!.text}[1]\n\n[1] ${sentence!.citations[0]!.documentName}\n` });
  const rank = turn.hits.findIndex(({ chunk }) => chunk === sentence!.citations[0]!.chunk) + 1;
  assert.deepEqual(await learnedFrom(turn), { [QUESTION]: [`+0.5 of ${rank}`] });
});

test('not in the library is kept as a question that is not answered there', async () => {
  const turn = await ask('Who pays for the concerts in the violin?');
  await engine.signal({ kind: 'answer-thumb', turn: turn.id, thumb: 'down' });
  await engine.signal({ kind: 'answer-reason', turn: turn.id, reason: 'not-in-library' });
  const { unanswerable, questions } = await engine.learning();
  assert.deepEqual([unanswerable, questions], [1, 0]);
});

/** Asks one question and then another in the same conversation, so many seconds later; there the second hit of before is right. */
async function twice(first: string, second: string, seconds: number, look?: (turn: Turn) => Promise<unknown>): Promise<{ earlier: Turn; later: Turn }> {
  const earlier = await ask(first);
  await look?.(earlier);
  const later = await ask(second, earlier.conversation);
  const db = openDatabase(join(dataDir, 'library.sqlite'), 'engine');
  db.prepare('update turn set asked = ? where id = ?').run(later.asked - seconds * 1000, earlier.id);
  db.close();
  const { document, place } = earlier.hits[1]!;
  await engine.signal({ kind: 'right-place', turn: later.id, document, start: place.start, end: place.end });
  return { earlier, later };
}

const [VAGUE, BETTER] = ['Lantern repairs?', 'Who pays for the repairs of the lantern?'];

test('asked again within a minute in some of the same words: what answers there answers the first wording too, before what stood first', async () => {
  const { earlier } = await twice(VAGUE, BETTER, 59);
  assert.deepEqual(await learnedFrom(earlier), { [VAGUE]: ['+0.3 of 2', '-0.15 of 1'], [BETTER]: ['+1 of 2'] });
  const [better, ...more] = (await samples()).filter(({ task }) => task === 'rewrite');
  assert.deepEqual([better!.query, better!.answers, better!.pos, better!.neg, better!.weight, more.length], [VAGUE, [BETTER], [], [], 0.3, 0]);
  assert.deepEqual(better!.event_ids, (await engine.feedback()).map(({ id }) => id));
});

test('what stood first and was opened was not passed over', async () => {
  const { earlier } = await twice(VAGUE, BETTER, 59, ({ id, hits }) => engine.signal({ kind: 'opened', turn: id, chunk: hits[0]!.chunk, dwell: 6 }));
  assert.deepEqual((await learnedFrom(earlier))[VAGUE], ['+0.3 of 2']);
});

test('not after more than a minute, and not where it is another question', async () => {
  assert.deepEqual(Object.keys(await learnedFrom((await twice(VAGUE, BETTER, 61)).earlier)), [BETTER]);
  await engine.deleteFeedback((await engine.feedback()).map(({ id }) => id));
  const other = 'When is the dairy open?';
  assert.deepEqual(Object.keys(await learnedFrom((await twice('Lantern repairs?', other, 5)).earlier)), [other]);
});

const UNSAID = 'The lantern was painted purple by twelve visiting astronauts.';

test('an answer put right teaches the passage that says so, at once and as a sample, and what was written is to be learned from', async () => {
  const turn = await ask('When was the old lantern made?');
  await engine.signal({ kind: 'answer-thumb', turn: turn.id, thumb: 'down' });
  const says = turn.hits.find(({ documentName, text }) => documentName === 'lantern.md' && text.includes('built in'))!;
  await engine.signal({ kind: 'corrected', turn: turn.id, text: 'The lantern of the old town was built in 1705.' });
  const rows = await samples();
  assert.deepEqual([rows.length, rows[0]!.answers, rows[0]!.pos_ids, rows[0]!.pos_weights], [1, ['The lantern of the old town was built in 1705.'], [`${says.contentHash}#${says.place.start}-${says.place.end}`], [0.8]]);
  const [hit] = (await engine.search({ question: turn.question })).hits;
  assert.deepEqual([hit!.chunk, hit!.trace.taught?.thumb], [says.chunk, 'up']);
  const [{ thumbs }] = (await engine.turns(turn.conversation)) as [Turn];
  assert.deepEqual(thumbs, { answer: 'down', citations: {}, corrected: 'The lantern of the old town was built in 1705.' });
  assert.deepEqual((await engine.learning()).gaps, []);
});

test('a passage that only the correction finds is found', async () => {
  const turn = await ask('Who may enter without paying anything?');
  const text = 'The sawmill of the old town was built in 1737 and is kept by 39 people.';
  assert.ok(!turn.hits.some(({ documentName }) => documentName === 'sawmill.md'), 'not by the question');
  await engine.signal({ kind: 'corrected', turn: turn.id, text });
  const [row] = await samples();
  assert.match(row!.pos[0]!, /^The sawmill of the old town was built in 1737/m);
});

test('what an answer cited against the correction is wrong', async () => {
  const folder = join(root, 'prices');
  mkdirSync(folder);
  writeFileSync(join(folder, 'prices.md'), '# Prices\n\nA ticket for the steamboat costs 12 euros.\n');
  writeFileSync(join(folder, 'council.md'), '# Council\n\nIt was decided that a ticket for the steamboat costs 14 euros.\n');
  await engine.add(await engine.createLibrary('Prices'), [folder]);
  await idle(engine);
  const turn = await ask('How much is a ticket for the steamboat?');
  const cited = turn.answer.sentences.flatMap(({ citations }) => citations.map(({ documentName }) => documentName));
  assert.ok(cited.includes('prices.md'));
  await engine.signal({ kind: 'corrected', turn: turn.id, text: 'A ticket for the steamboat costs 14 euros.' });
  const { answers, rejects } = await engine.learning();
  assert.deepEqual([answers, rejects], [1, 1]);
  const [row] = await samples();
  assert.match(row!.pos[0]!, /14 euros/);
  assert.deepEqual([row!.neg_weights[0], row!.neg[0]!.includes('12 euros')], [0.5, true]);
  const { documents } = await engine.documents({ library: turn.hits.find(({ documentName }) => documentName === 'prices.md')!.library, offset: 0, limit: 10 });
  await engine.removeDocuments(documents.map(({ id }) => id));
  assert.doesNotMatch(await engine.exportFeedback(), /It was decided/, 'what was found with the correction goes with its document');
});

test('a correction that nothing says is a gap in the library and no sample, until it goes with its event', async () => {
  const turn = await ask(QUESTION);
  await assert.rejects(engine.signal({ kind: 'corrected', turn: turn.id, text: ' ' }), { code: 'invalid' });
  await engine.signal({ kind: 'corrected', turn: turn.id, text: UNSAID });
  const { gaps, answers, rejects, unanswerable } = await engine.learning();
  assert.deepEqual([gaps, answers, rejects, unanswerable], [[{ question: QUESTION, correction: UNSAID }], 0, 0, 0]);
  assert.deepEqual(await samples(), []);
  await engine.deleteFeedback((await engine.feedback()).map(({ id }) => id));
  assert.deepEqual((await engine.learning()).gaps, []);
});

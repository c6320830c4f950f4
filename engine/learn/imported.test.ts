import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openEmbedder, type Embedder } from '../models/embedder.ts';
import { makeSmallEmbedder } from '../models/testing.ts';
import { saveReading } from '../store/contents.ts';
import { sql } from '../store/database.ts';
import { saveImported, saveWritten } from '../store/judged.ts';
import { memoryDatabase, queue, readingOf } from '../store/testing.ts';
import { saveTestQuestion } from '../store/test-questions.ts';
import { importedLessons, importedRows, lessonsOfSamples } from './imported.ts';
import { keyOf } from './judgements.ts';
import { effective } from './reward.ts';
import { parseSamples } from './samples.ts';
import { Vectors } from './vectors.ts';

const root = mkdtempSync(join(tmpdir(), 'lodestone-imported-'));
let embedder: Embedder;
before(async () => { embedder = await openEmbedder(await makeSmallEmbedder(join(root, 'small'), { id: 'small', dimensions: 32, seed: 1 })); });
after(async () => {
  await embedder.close();
  rmSync(root, { recursive: true, force: true });
});

const lessonsOf = (...rows: object[]) => lessonsOfSamples(parseSamples(rows.map((row) => JSON.stringify(row)).join('\n')), new Set(['here']));
const rest = async (): Promise<void> => undefined;
const near = (a: readonly number[], b: readonly number[]): void => {
  assert.equal(a.length, b.length);
  a.forEach((x, i) => assert.ok(Math.abs(x - b[i]!) < 1e-6, `${a} against ${b}`));
};

test('what a sample says of its texts reaches the lesson: scores of either project, weights, task, kind, instruction', () => {
  const [llm, flag, weighed] = lessonsOf(
    { query: 'q', pos: ['a'], neg: ['b', 'c'], teacher_scores: [-3, -1, -2], task: 'tool', teacher: 'x' },
    { query: 'q', pos: ['a'], neg: ['b'], pos_scores: [0.5], neg_scores: [2], prompt: 'Find the passage', type: 'symmetric_sts', teacher: 'y' },
    { query: 'q', pos: ['a', 'b'], neg: ['c'], pos_weights: [1, 0.25], neg_weights: [0.5], instruction: 'Look it up', weight: 0.3, pos_ids: ['here#0-5', 'gone#0-5'], neg_ids: ['here#9-12'] },
  );
  assert.deepEqual([llm!.task, llm!.set, llm!.texts, llm!.target, llm!.counts, llm!.instruction], ['tool', 'tool', ['a', 'b', 'c'], [1, 0, 0], [1, 1, 1], undefined]);
  const [first, second, third] = llm!.rewards!;
  assert.ok(second! > third! && third! > first!, 'the teacher’s order, though the label is another');
  assert.deepEqual([flag!.instruction, flag!.type, flag!.set, flag!.rewards![1]! > flag!.rewards![0]!], ['Find the passage', 'symmetric_sts', 'qa symmetric_sts', true]);
  assert.deepEqual([weighed!.weights, weighed!.target, weighed!.counts, weighed!.weight, weighed!.instruction, weighed!.rewards], [[1, 0.25, 0.5], [0.8, 0.2, 0], [1, 1, 0.5], 0.3, 'Look it up', undefined]);
  assert.deepEqual(weighed!.contents, ['here']);
});

test('scores are measured by their own teacher: each one’s median row has about two texts that count', () => {
  const rows = (teacher: string, times: number) => Array.from({ length: 9 }, (_, i) => ({ query: `q${i}`, pos: ['a'], neg: ['b', 'c', 'd'], teacher, teacher_scores: [3, 2.5 + i / 30, 1, 0].map((score) => score * times) }));
  const lessons = lessonsOf(...rows('small', 0.01), ...rows('large', 10));
  for (const { rewards } of lessons) assert.ok(Math.abs(effective(rewards!, 1) - 2) < 0.1, `${rewards}`);
  near(lessons[0]!.rewards!, lessons[9]!.rewards!);
});

test('a person’s word stands above the teacher’s', () => {
  const [said, guessed] = lessonsOf({ query: 'q', pos: ['a'], neg: ['b', 'c'], teacher_scores: [-3, -1, -2], source: 'feedback' }, { query: 'q', pos: ['a'], neg: ['b', 'c'], teacher_scores: [-3, -1, -2] });
  assert.equal(Math.max(...said!.rewards!), said!.rewards![0]);
  assert.equal(Math.min(...guessed!.rewards!), guessed!.rewards![0]);
});

test('an earlier turn of a conversation, of which only the teacher says what it is worth, is learned from; one negative is one', () => {
  const [chat, one] = lessonsOf({ query: 'q', history: ['t1', 't2'], teacher_scores: [-2, -1], task: 'chat' }, { query: 'q', pos: ['a'], neg: ['b', 'c'], pos_scores: [2], neg_scores: [1, 0], type: 'only_1neg' });
  assert.deepEqual([chat!.texts, chat!.target], [['t1', 't2'], [0, 0]]);
  near(chat!.rewards!, [-20, -10]);
  assert.deepEqual([one!.texts, one!.rewards!.length], [['a', 'b'], 2]);
});

test('the rows of the question’s side have the teacher’s shares for their target, and texts of symmetric rows are questions', async () => {
  const { db } = memoryDatabase();
  saveImported(db, parseSamples(['{"query":"green tea","pos":["tea is green"],"neg":["coffee is black"],"teacher_scores":[1,2]}', '{"query":"green tea","pos":["tea is green"],"neg":["coffee is black"],"type":"symmetric_sts"}', '{"query":"nothing to tell apart","pos":["x"],"neg":[]}', '{"query":"kept aside","pos":["x"],"neg":["y"],"split":"holdout"}'].join('\n')).map((row) => JSON.stringify(row)));
  const vectors = new Vectors(embedder.dimensions);
  const lessons = await importedLessons(db, embedder, [], rest);
  const [scored, symmetric, ...others] = await importedRows(lessons, embedder, vectors, rest);
  assert.equal(others.length, 0);
  const [a, b] = scored!.target;
  assert.ok(b! > a! && Math.abs(a! + b! - 1) < 1e-6);
  assert.deepEqual([...symmetric!.target], [1, 0]);
  assert.notEqual(scored!.candidates[0], symmetric!.candidates[0]);
  const [tool] = await importedRows(lessonsOf({ query: 'green tea', pos: ['a'], neg: ['b'], teacher_scores: [1, 2], task: 'tool' }), embedder, vectors, rest);
  assert.deepEqual([...tool!.target], [1, 0], 'of actions only what was accepted counts');
});

test('DM-4: no sample is learned from that gives away the answer to a question that is judged by, whichever way it came', async () => {
  const { db, library } = memoryDatabase();
  const reading = readingOf('green tea is brewed for two minutes', 'black coffee is roasted at night', 'the mill was built in spring', 'the ferry goes on Mondays');
  saveReading(db, queue(db, library, 'a.txt'), reading);
  const [tea, coffee, mill, ferry] = reading.chunks.chunks.map(({ start, end }) => ({ contentHash: reading.hash, start, end }));
  sql(db, `insert into event values (1, 'e1', 1, 1, '{}', '{}')`).run();
  sql(db, `insert into question_group values ('e1', 'how long is green tea brewed', 'aaaaaaa5')`).run();
  saveTestQuestion(db, { library, question: 'When does the ferry go?', from: 'own', ...ferry!, quote: 'on Mondays' });
  const [asked] = await embedder.embed(['how long is green tea brewed'], 'query');
  const [again] = await embedder.embed(['brewed long is how green tea the'], 'query');
  const judged = [{ chunks: [keyOf(tea!)], vector: asked! }];
  const sample = (query: string, pos: string, rest: object = {}): string => JSON.stringify(parseSamples(JSON.stringify({ query, pos: [pos], neg: ['something else'], ...rest }))[0]);
  saveWritten(db, sample('What is done with the leaves?', 'x', { pos_ids: [keyOf(tea!)], source: 'synthetic' }));
  saveWritten(db, sample('What of half of it?', 'x', { pos_ids: [keyOf({ ...tea!, start: tea!.end - 3, end: tea!.end + 20 })], source: 'synthetic' }));
  saveWritten(db, sample('Which day is it?', 'x', { pos_ids: [keyOf(ferry!)], source: 'synthetic' }));
  saveWritten(db, sample('What is done at night?', reading.chunks.chunks[1]!.text, { pos_ids: [keyOf(coffee!)], source: 'synthetic' }));
  saveImported(db, [
    sample('How long is green tea brewed?', 'for ever'), sample('for how long is GREEN tea brewed', 'for ever'), sample('when does the ferry go', 'never'),
    sample('Anything', ` ${reading.chunks.chunks[0]!.text}\n`), sample('brewed long is how green tea the', 'for ever'), sample('When was the mill built?', reading.chunks.chunks[2]!.text, { pos_ids: [keyOf(mill!)] }),
  ]);
  assert.ok(asked!.reduce((sum, x, d) => sum + x * again![d]!, 0) >= 0.97, 'the same in other words');
  assert.deepEqual((await importedLessons(db, embedder, judged, rest)).map(({ question }) => question), ['What is done at night?', 'When was the mill built?']);
  await assert.rejects(importedLessons(db, embedder, judged, () => Promise.reject(new Error('cancelled'))), /cancelled/);
  assert.equal((await importedLessons(db, embedder, [], rest)).length, 5, 'what is not judged by gives nothing away');
});

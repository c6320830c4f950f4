import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FusedHit } from '../rank.ts';
import type { JudgedRow } from './gate.ts';
import { habitsOf } from './habits.ts';
import { next } from './train-query.ts';
import { fitWeighing, levelOf, weighedRow, weighedScores, weighingOf, WEIGHING, WordList } from './train-weighing.ts';
import { additionOf, CLUES, numbersOf, reweigh, wordsOf } from './weighing.ts';

const made = { evidence: 1, share: 0.5, coverage: 0.8, above: 3, across: false, unspaced: 0 };
const hit = (id: number, score: number): FusedHit<number> => ({ id, rank: id, score, relevance: 0.5, slope: 2, made });

test('the words that may count are those of title and headings, and the one a passage opens with', () => {
  assert.deepEqual(wordsOf({ title: 'FAQ', headings: ['FAQ', 'Invoices'], text: 'Invoices\n\nEvery month.' }), ['heading faq', 'heading invoice', 'opening every']);
  assert.deepEqual(wordsOf({ headings: ['常见问题'], text: '不可以。' }), ['heading 常见', 'heading 见问', 'heading 问题', 'opening 不可']);
  assert.deepEqual(wordsOf({ headings: [], text: '' }), []);
});

test('a passage in another language has its own weights, and a Chinese character is about a sixth of an English word', () => {
  const at = (numbers: number[], clue: (typeof CLUES)[number]) => numbers[CLUES.indexOf(clue)]!;
  const own = numbersOf(hit(1, 2), { text: 'x'.repeat(600) });
  const other = numbersOf({ score: 2, made: { ...made, across: true, unspaced: 1 } }, { text: '字'.repeat(100) });
  assert.deepEqual([at(own, 'meaning'), at(own, 'meaningAcross'), at(other, 'meaning'), at(other, 'meaningAcross')], [0.6, 0, 0, 0.6]);
  assert.ok(Math.abs(at(own, 'length') - at(other, 'length')) < 1e-9);
});

test('what was weighed moves passages by as much as it says, by how much the question is of the kind', () => {
  const weighing = { numbers: CLUES.map(() => 0), words: new Map([['heading faq', 3]]), level: 1, alpha: 0.5 };
  const passages = [{ text: 'x', headings: [] }, { text: 'y', headings: ['FAQ'] }];
  assert.equal(additionOf(weighing, { numbers: CLUES.map(() => 0), words: ['heading faq'] }), 1);
  const hits = reweigh([hit(0, 2), hit(1, 1.5)], weighing, 0.5, (id) => passages[id]!);
  assert.deepEqual(hits.map(({ id, rank, score, learned }) => [id, rank, score, learned]), [[1, 1, 2, 0.5], [0, 2, 1.75, -0.25]]);
  assert.deepEqual(reweigh([hit(0, 2)], { ...weighing, alpha: 0 }, 1, (id) => passages[id]!)[0]!.score, 2);
});

/** Rows in which the right passage is told by a word and by nothing else. */
const random = { random: 4 };
const words = new WordList();
const rows = Array.from({ length: 60 }, (): JudgedRow => {
  const at = Math.floor(next(random) * 12);
  const ones = Array.from({ length: 12 }, (_, i) => i);
  const score = Float32Array.from(ones, () => 2 * next(random));
  return {
    question: 'q', query: new Float32Array(2), weight: 1, found: 12, positives: [at], candidates: Int32Array.from(ones), score, fixed: score.map((x) => x - 0.5), slope: new Float32Array(12).fill(2),
    target: Float32Array.from(ones, (i) => (i === at ? 1 : 0)), counts: new Float32Array(12).fill(1), standing: new Uint8Array(12).fill(1),
    clues: { numbers: Float32Array.from({ length: 12 * CLUES.length }, () => next(random) - 0.5), words: ones.map((i) => Int32Array.of(words.number(i === at || next(random) < 0.1 ? 'heading faq' : `heading ${i % 3}`))) },
  };
});
const list = words.words;
const loss = (weights: Float64Array, { ridge, ridgeOfWords } = WEIGHING) => rows.reduce((sum, row) => {
  const { score } = weighedScores(row, { weights, level: 0, alpha: 1 }, 1);
  return sum + Math.log(score.reduce((all, x) => all + Math.exp(x), 0)) - score[row.positives[0]!]!;
}, weights.reduce((sum, weight, i) => sum + (i < CLUES.length ? ridge : ridgeOfWords) * weight * weight, 0));

test('the fit is at its minimum: no weight, moved either way, lowers the loss', () => {
  const { weights, curve } = fitWeighing(rows, rows, list.length, { ...WEIGHING, most: 200, precision: 1e-9 });
  const best = loss(weights);
  for (let i = 0; i < weights.length; i++) for (const step of [0.02, -0.02]) assert.ok(loss(weights.map((weight, j) => (j === i ? weight + step : weight))) > best, `weight ${i}`);
  assert.ok(curve.at(-1)!.loss < curve[0]!.loss && curve.at(-1)!.loss === curve.at(-1)!.aside);
  assert.equal(list[[...weights.subarray(CLUES.length)].indexOf(Math.max(...weights.subarray(CLUES.length)))], 'heading faq');
  const quick = fitWeighing(rows, [], list.length, WEIGHING).weights;
  assert.ok(loss(quick) < 1.03 * best, `sixty steps come to ${loss(quick)}, the least is ${best}`);
  assert.ok(weighingOf({ weights, level: 0, alpha: 1 }, list).words.get('heading faq')! > 1);
});

test('a first hit is on average as sure as it was, and a row’s lines go through its scores', () => {
  const { weights } = fitWeighing(rows, [], list.length, WEIGHING);
  const weighed = { weights, level: levelOf(rows, weights), alpha: 1 };
  const highest = (some: readonly JudgedRow[]) => some.reduce((sum, { score }) => sum + Math.max(...score), 0) / some.length;
  assert.ok(Math.abs(highest(rows.map((row) => weighedScores(row, weighed, 1))) - highest(rows)) < 1e-4);
  const row = weighedRow(rows[0]!, weighed, 0.7, { deviation: 0.08 });
  // In these rows every similarity is a quarter: (score − fixed) / slope.
  row.score.forEach((score, i) => assert.ok(Math.abs(row.fixed[i]! + row.slope[i]! * 0.25 - score) < 1e-5));
});

test('what was weighed is told in words', () => {
  const weighing = { numbers: CLUES.map((clue) => (clue === 'length' ? -0.6 : 0)), words: new Map([['heading 见问', 0.7], ['heading faq', 1.7], ['heading 常见', 0.68], ['heading 问题', 0.75], ['heading api', -0.4], ['opening a', 2], ['heading x', 0.1]]), level: 0, alpha: 1 };
  assert.deepEqual(habitsOf(weighing, CLUES.indexOf('length')), [{ kind: 'headings-more', words: ['faq', '常见问题'] }, { kind: 'headings-less', words: ['api'] }, { kind: 'short-passages', words: [] }]);
});

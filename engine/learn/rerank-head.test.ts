import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MEASURES } from '../nn/late.ts';
import { Random } from '../nn/random.ts';
import { RELEVANT } from '../rank.ts';
import { calibrate, fitHead, qualityOf, scoresOf, topsOf, type Measured } from './rerank-head.ts';

/** Questions of a world where in one language the near stretch tells the answer, in two the logarithm does, and the prior nothing. */
function world(set: string, across: number, seed: number): Measured[] {
  const random = new Random(seed);
  const telling = MEASURES.indexOf(across ? 'logarithm' : 'near');
  return Array.from({ length: 60 }, (_, question) => {
    const right = random.below(8);
    const documents = Array.from({ length: 8 }, (_, i) => `d${i}`);
    // Every sixth question has no answer among its candidates.
    const grades = new Map(question % 6 === 5 ? [['elsewhere', 1]] : [[documents[right]!, 1]]);
    return {
      set, question: `q${question}`, grades, rest: [],
      candidates: documents.map((document) => ({ document, text: '', prior: random.normal() })),
      across: new Float32Array(8).fill(across),
      measures: Float32Array.from({ length: 8 * MEASURES.length }, (_, i) => 0.2 * random.normal() + (i % MEASURES.length === telling && Math.floor(i / MEASURES.length) === right && question % 6 !== 5 ? 1 : 0)),
    };
  });
}

const OPTIONS = { trust: 0.3, ridge: 1e-3, steps: 200, rate: 0.05 };
const EVEN = { steps: 600, rate: 0.05 };
const WEIGHTS = { same: 1, across: 1 };
const seen = [...world('same', 0, 1), ...world('across', 1, 2)];
const unseen = [...world('same', 0, 3), ...world('across', 1, 4)];
const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

test('a head learns what tells the answer in each language, and holds on questions it has not seen', async () => {
  const head = await fitHead(seen, WEIGHTS, OPTIONS);
  const prior = mean(unseen.map((asked) => qualityOf(asked, asked.candidates.map((candidate) => candidate.prior))));
  const reranked = mean(unseen.map((asked) => qualityOf(asked, scoresOf(head, asked))));
  // A sixth of the questions cannot be answered at all.
  assert.ok(prior < 0.5 && reranked > 0.8, `${prior} → ${reranked}`);
  const weight = (row: number, name: (typeof MEASURES)[number]): number => head['head.weight'].data[row * MEASURES.length + MEASURES.indexOf(name)]!;
  assert.ok(weight(0, 'near') > 3 * Math.abs(weight(0, 'logarithm')) && weight(1, 'logarithm') > 3 * Math.abs(weight(1, 'near')));
});

test('calibrated scores keep the threshold: as many right hits pass as were asked for, and few others', async () => {
  const head = await calibrate(await fitHead(seen, WEIGHTS, OPTIONS), seen, WEIGHTS, { ...EVEN, refused: [0.1, 0.2] });
  const tops = seen.flatMap((asked) => topsOf(asked, scoresOf(head, asked)));
  const passing = (of: (top: (typeof tops)[number]) => boolean): number => mean(tops.filter(of).map(({ score }) => Number(1 / (1 + Math.exp(-score)) >= RELEVANT)));
  for (const [across, share] of [[0, 0.9], [1, 0.8]] as const) {
    assert.ok(Math.abs(passing((top) => top.kind === 'right' && top.across === across) - share) < 0.05);
    assert.ok(passing((top) => top.kind !== 'right' && top.across === across) < 0.1);
  }
});

test('calibration keeps the order', async () => {
  const head = await fitHead(seen, WEIGHTS, OPTIONS);
  const even = await calibrate(head, seen, WEIGHTS, { ...EVEN, refused: [0, 0] });
  const order = (scores: number[]): number[] => scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  for (const asked of unseen) assert.deepEqual(order(scoresOf(even, asked)), order(scoresOf(head, asked)));
});

test('the same questions give the same head, bit for bit', async () => {
  assert.deepEqual(await fitHead(seen, WEIGHTS, OPTIONS), await fitHead(seen, WEIGHTS, OPTIONS));
});

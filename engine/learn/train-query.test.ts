import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adapt, decodeAdapter, encodeAdapter, fitKind, ofKind, reportIn, weightCount } from './query-adapter.ts';
import { beginTraining, lossOf, next, STANDARD, trainPass, type Matrix, type Row, type Training, type TrainOptions } from './train-query.ts';

const D = 12;
const random = { random: 5 };
const normal = (): number => next(random) + next(random) + next(random) + next(random) - 2;
function unit(make: () => number = normal): Float32Array {
  const vector = Float32Array.from({ length: D }, make);
  const norm = Math.hypot(...vector);
  return vector.map((x) => x / norm);
}
const matrix: Matrix = { dimensions: D, data: Float32Array.from(Array.from({ length: 40 }, () => [...unit()]).flat()) };
const MEAN = unit();
const KIND = Float32Array.from({ length: D + 1 }, normal);
const rowOf = (positives: number[], query = unit()): Row => ({
  question: 'q', query, candidates: Int32Array.from({ length: 40 }, (_, i) => i), fixed: Float32Array.from({ length: 40 }, normal),
  slope: new Float32Array(40).fill(4), target: Float32Array.from({ length: 40 }, (_, i) => (positives.includes(i) ? 1 / positives.length : 0)),
  counts: Float32Array.from({ length: 40 }, (_, i) => [1, 1, 0.5, 0][positives.includes(i) ? 0 : i % 4]!), weight: 0.7,
});
const options: TrainOptions = { ...STANDARD, rank: 3, passes: 200, patience: 200, replay: 0, anchor: 0.05 };

test('the gradient is that of the loss, by finite differences, for every kind of weight', () => {
  const row = rowOf([2, 9]);
  // float32 weights would hide the difference: the same numbers, held in float64, stand in for them.
  const weights = Float64Array.from({ length: weightCount(D, 3) }, () => 0.3 * normal());
  const at = (w: Float64Array) => ({ dimensions: D, rank: 3, alpha: 0.75, weights: w as unknown as Float32Array, mean: MEAN, kind: KIND });
  const gradient = new Float64Array(weights.length);
  lossOf(at(weights), matrix, row, options, { gradient, share: 1 });
  for (let i = 0; i < weights.length; i++) {
    const [up, down] = [1e-6, -1e-6].map((step) => lossOf(at(weights.map((w, j) => (j === i ? w + step : w))), matrix, row, options)) as [number, number];
    const expected = (up - down) / 2e-6;
    assert.ok(Math.abs(gradient[i]! - expected) < 1e-6 * Math.max(1, Math.abs(expected)), `weight ${i}: ${gradient[i]} instead of ${expected}`);
  }
});

test('the loss of a single positive is the logarithm of its share of the softmax', () => {
  const row = { ...rowOf([1]), weight: 1, counts: new Float32Array(40).fill(1), fixed: new Float32Array(40) };
  const shares = Array.from({ length: 40 }, (_, i) => Math.exp((4 * row.query.reduce((sum, x, d) => sum + x * matrix.data[i * D + d]!, 0)) / options.temperature));
  const expected = -Math.log(shares[1]! / shares.reduce((a, b) => a + b));
  assert.ok(Math.abs(lossOf({ dimensions: D, rank: 3, alpha: 1, weights: beginTraining(D, options).weights }, matrix, row, options) - expected) < 1e-5);
});

function trained(passes: number, from: Training = beginTraining(D, options), rows = RUN): Training {
  for (let i = 0; i < passes; i++) trainPass(from, { matrix, mean: MEAN, rows, replay: [], aside: rows }, options);
  return from;
}
const RUN = Array.from({ length: 8 }, (_, i) => ({ ...rowOf([i]), counts: new Float32Array(40).fill(1) }));

test('TG-1: eight questions can be learned by heart', () => {
  const rows = RUN.map((row) => ({ ...row, fixed: new Float32Array(40), slope: new Float32Array(40).fill(20) }));
  const free = { ...options, anchor: 0, rate: 0.02, rateOfPrior: 0.02, rank: 8, temperature: 1 };
  const training = beginTraining(D, free);
  for (let i = 0; i < 200; i++) trainPass(training, { matrix, mean: MEAN, rows, replay: [], aside: rows }, free);
  assert.ok(training.best.loss < 0.01, `${training.best.loss}`);
});

test('TG-2: the same seed gives the same bytes', () => {
  assert.deepEqual(trained(10).weights, trained(10).weights);
});

test('TG-3: gone on with after a stop it is as if there had been none', () => {
  const stopped = structuredClone(trained(4));
  assert.deepEqual(trained(6, stopped), trained(10));
});

test('the curve is of the person’s own questions, whatever is drawn beside them', () => {
  const still = { ...options, rate: 0, rateOfPrior: 0, replay: 2 };
  const training = beginTraining(D, still);
  const drawn = [20, 21, 22].map((i) => ({ ...rowOf([i]), weight: 9 }));
  for (let i = 0; i < 3; i++) trainPass(training, { matrix, mean: MEAN, rows: RUN, replay: drawn, aside: RUN }, still);
  const expected = RUN.reduce((sum, row) => sum + lossOf({ dimensions: D, rank: 3, alpha: 1, weights: training.weights, mean: MEAN }, matrix, row, still), 0) / RUN.length;
  for (const { loss } of training.curve) assert.ok(Math.abs(loss - expected) < 1e-9, `${loss} instead of ${expected}`);
});

test('TG-4: an untrained adapter changes no question, one of alpha 0 not a bit', () => {
  const query = unit();
  const { weights } = beginTraining(D, options);
  const mean = unit();
  const fresh = adapt({ dimensions: D, rank: 3, alpha: 1, weights, mean, kind: new Float32Array(D + 1) }, query);
  fresh.direction.forEach((x, d) => assert.ok(Math.abs(x * fresh.length - query[d]!) < 1e-6));
  const off = adapt({ dimensions: D, rank: 3, alpha: 0, weights: trained(5).weights, mean, kind: new Float32Array(D + 1) }, query);
  assert.deepEqual(off, { direction: query, length: 1, offset: 0 });
});

test('a passage like any other keeps its similarity', () => {
  const adapter = { dimensions: D, rank: 3, alpha: 1, weights: trained(50).weights, mean: matrix.data.slice(0, D), kind: new Float32Array(D + 1).fill(9, D) };
  const query = unit();
  const { direction, length, offset } = adapt(adapter, query);
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, d) => sum + x * b[d]!, 0);
  assert.ok(length !== 1 && Math.abs(length * dot(direction, adapter.mean) - offset - dot(query, adapter.mean)) < 1e-5);
});

test('questions of the kind that was learned from are told from others, and others are left as they were', () => {
  const around = (centre: Float32Array) => Array.from({ length: 40 }, () => new Float32Array(D).map((_, d) => centre[d]! + 0.15 * normal()));
  const [mine, others] = [unit(), unit()];
  const kind = fitKind(around(mine), around(others), D);
  assert.ok(ofKind(kind, mine) > 0.8 && ofKind(kind, others) < 0.2);
  assert.equal(ofKind(fitKind(around(mine), [], D), others), 1);
});

test('a pass that no longer helps the rows kept aside ends it, and the best weights stay', () => {
  const training = beginTraining(D, { ...options, patience: 3 });
  while (!training.done) trainPass(training, { matrix, mean: MEAN, rows: RUN, replay: [], aside: [rowOf([39])] }, { ...options, patience: 3 });
  assert.ok(training.pass <= training.best.pass + 3 && training.pass < options.passes);
});

test('an adapter survives as bytes; other bytes are refused', () => {
  const adapter = { dimensions: D, rank: 3, alpha: 0.25, weights: trained(2).weights, mean: unit(), kind: new Float32Array(D + 1) };
  assert.deepEqual(decodeAdapter(encodeAdapter(adapter)), adapter);
  const weighing = { numbers: [0.5, -1.25], words: new Map([['heading 常见', 1.5], ['opening a', -0.25]]), level: 0.75, alpha: 0.5 };
  assert.deepEqual(decodeAdapter(encodeAdapter({ ...adapter, weighing })), { ...adapter, weighing });
  const report = { snapshot: 'abc', metrics: { bound: 0.1 }, words: 'these are not the weighing’s' };
  for (const one of [adapter, { ...adapter, weighing }]) {
    const bytes = encodeAdapter(one, report);
    assert.deepEqual([decodeAdapter(bytes), reportIn(bytes), reportIn(encodeAdapter(one))], [one, report, undefined], 'a report changes nothing of what it does');
  }
  assert.throws(() => decodeAdapter(encodeAdapter(adapter).slice(0, -4)), RangeError);
  assert.throws(() => decodeAdapter(new Uint8Array(7)), RangeError);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { denseGradients } from '../nn/gradient.ts';
import { Program } from '../nn/program.ts';
import { Tensor } from '../nn/session.ts';
import { input } from '../nn/value.ts';
import { divergence, MASKED, NOT_OWN, stabilised } from './losses.ts';
import { divergenceLoss, inOrderOfReward, lessonLoss, stabilisedLoss } from './stabilised.ts';
import { batchLoss, type BatchRow } from './text-batch.ts';
import { listLoss } from './trainee.ts';

/** Distillation as the deep levels train by it: in closed form, held against the graph, differences and values worked out by hand. */

function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 2e-6): void {
  assert.equal(actual.length, expected.length);
  Array.from(actual).forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) <= tolerance, `${Array.from(actual).join(' ')} is not ${Array.from(expected).join(' ')}`));
}

type Rewards = readonly (number | undefined)[];
const ONES = [1, 1, 1, 1];
/** Two questions, (1, 0) and (0, 1), with four keys of which two are each one's own, at temperature 0.1; what a teacher thinks of these. */
const KEYS = [[0.8, 0.6], [0.6, 0.8], [0, 1], [-0.6, 0.8]];
const SCORES = [0, 1].map((d) => Float32Array.from(KEYS, (key) => key[d]! / 0.1));
const of = (...rewards: Rewards): Rewards[] => [[rewards[0], rewards[1], undefined, undefined], [undefined, undefined, rewards[2], rewards[3]]];
const REWARDS = of(-1, -2, -0.5, -3);
const both = (rewards: Rewards[]) => {
  const found = rewards.map((row, i) => stabilisedLoss(SCORES[i]!, { rewards: row, counts: ONES, weight: 0.5 }));
  return { loss: found[0]!.loss + found[1]!.loss, slope: found.flatMap(({ slope }) => [...slope]) };
};

test('LE-1 and LE-2: loss and slope as worked out by hand', () => {
  const { loss, slope } = both(REWARDS);
  near([loss, 0.2 * 0.19054 + loss], [0.192911, 0.231019]);
  near(slope, [-0.043667, 0.043226, 0.00044, 0.000001, 0.00897, 0.066277, -0.103595, 0.028348]);
});

test('LE-3: rewards count by their differences; all weight on the first is InfoNCE, equal weights of one question are ListMLE', () => {
  near([both(of(6.3, 5.3, 6.8, 4.3)).loss, both(of(-2, -4, -1, -6)).loss], [0.192911, 0.184794]);
  near([both(of(0, -1e9, 0, -1e9)).loss], [0.19054]);
  near([stabilisedLoss(Float32Array.of(1, 0.5, -0.2), { rewards: [0, 0, 0], counts: [1, 1, 1], weight: 1 }).loss], [0.349699]);
});

test('LE-3: texts are sorted by reward, so the order they come in is no part of the loss', () => {
  const [scores, rewards] = [[1, 0.5, -0.2], [-1, -2, -0.3]];
  assert.deepEqual(inOrderOfReward([undefined, ...rewards]), [3, 1, 2]);
  for (const places of [[0, 1, 2], [0, 2, 1], [2, 0, 1], [1, 2, 0]]) {
    const { loss } = stabilisedLoss(Float32Array.from(places, (place) => scores[place]!), { rewards: places.map((place) => rewards[place]!), counts: [1, 1, 1], weight: 1 });
    near([loss], [1.239], 5e-4);
  }
});

test('LE-1: what is remembered is taught by shares, at the teacher’s temperature of 0.1, over its own texts alone', () => {
  const scaled = (by: number) => REWARDS.map((row) => row.map((reward) => reward === undefined ? undefined : reward / by));
  const by = (temperature: number) => scaled(temperature).reduce((sum, rewards, i) => sum + divergenceLoss(SCORES[i]!, { rewards, weight: 0.5 }).loss, 0);
  near([by(1), by(0.1)], [0.046358, 0.126724]);
  const rewards = scaled(0.1)[0]!;
  const loss = (task: string | undefined) => lessonLoss(SCORES[0]!, { target: [0, 0, 0, 0], counts: ONES, weight: 1, rewards, ...(task !== undefined && { task }) });
  for (const task of ['chat', 'lrlm']) {
    near([loss(task).loss], [divergenceLoss(SCORES[0]!, { rewards, weight: 1 }).loss]);
    near(loss(task).slope.subarray(2), [0, 0]);
  }
  for (const task of ['qa', 'icl', undefined]) near([loss(task).loss], [stabilisedLoss(SCORES[0]!, { rewards, counts: ONES, weight: 1 }).loss]);
});

test('shares taught in closed form are the graph, loss and slope', async () => {
  const scores = Float32Array.of(0.3, 1.2, -0.7);
  const rewards = [-1.5, -0.2, -3];
  const all = input('scores', 'float32', [1, 3]);
  const loss = divergence(all, input('rewards', 'float32', [1, 3]), { scores: 0.5 });
  const program = await Program.open({ loss, slope: denseGradients(loss, [all])[0]! });
  const row = (values: ArrayLike<number>) => new Tensor('float32', Float32Array.from(values), [1, values.length]);
  const expected = await program.run({ scores: row(scores), rewards: row(rewards) });
  const found = divergenceLoss(Float32Array.of(9, ...scores), { rewards: [undefined, ...rewards], weight: 3 }, 0.5);
  near([found.loss], [3 * (expected['loss']!.data as Float32Array)[0]!], 1e-5);
  near(found.slope, [0, ...(expected['slope']!.data as Float32Array).map((slope) => 3 * slope)], 1e-5);
  await program.close();
});

test('with texts no teacher was asked about, it is the graph, loss and slope', async () => {
  const scores = Float32Array.of(0.3, 1.2, -0.7, 0.4, 0.9);
  const rewards = [-1.5, undefined, -0.2, -3, undefined];
  const all = input('scores', 'float32', [1, 5]);
  const loss = stabilised(all, input('ranks', 'float32', [1, 5]), input('rewards', 'float32', [1, 4]));
  const program = await Program.open({ loss, slope: denseGradients(loss, [all])[0]! });
  const row = (values: readonly number[]) => new Tensor('float32', Float32Array.from(values), [1, values.length]);
  const expected = await program.run({ scores: row([...scores]), ranks: row([1, NOT_OWN, 0, 2, NOT_OWN]), rewards: row([-0.2, -1.5, -3, MASKED]) });
  const found = stabilisedLoss(scores, { rewards, counts: [1, 1, 1, 0, 1], weight: 3 });
  near([found.loss], [3 * (expected['loss']!.data as Float32Array)[0]!], 1e-5);
  near(found.slope, (expected['slope']!.data as Float32Array).map((slope) => 3 * slope), 1e-5);
  await program.close();
});

/** A slope held against central differences. */
function differs(loss: (scores: Float32Array) => { loss: number; slope: Float32Array }, scores: Float32Array): void {
  const { slope } = loss(scores);
  const step = 1 / 64;
  const found = scores.map((_, i) => (loss(scores.with(i, scores[i]! + step)).loss - loss(scores.with(i, scores[i]! - step)).loss) / (2 * step));
  near(slope, found, 3e-4);
}

test('slopes are those of differences: half counted texts, a temperature, several that answer', () => {
  const scores = Float32Array.of(0.25, 1.25, -0.75, 0.5);
  differs((x) => stabilisedLoss(x, { rewards: [0.3, undefined, 1.1, undefined], counts: [1, 0.5, 1, 0], weight: 2 }, 0.5), scores);
  differs((x) => listLoss(x, { target: [0.75, 0, 0.25, 0], counts: [1, 0.5, 1, 0.25], weight: 2 }, 0.5), scores);
  const half = listLoss(scores, { target: [1, 0, 0, 0], counts: [1, 0.5, 0, 0], weight: 1 });
  near([half.loss], [Math.log(1 + 0.5 * Math.exp(1))], 1e-6);
});

test('a lesson with a teacher learns its order, one without what answers it; RR-1 by hand', () => {
  const lesson = { target: [1, 0, 0, 0], counts: ONES, weight: 1 };
  const logits = Float32Array.of(2, 1, 0, -1);
  near([lessonLoss(logits, lesson).loss, lessonLoss(logits.map((x) => x + 11), lesson).loss], [0.44019, 0.44019]);
  near([listLoss(logits, { ...lesson, target: [3, 1, 1, 0].map((t) => Math.exp(t) / (Math.exp(3) + 2 * Math.exp(1) + 1)) }).loss], [0.860777]);
  const rewards = [0, 1, undefined, undefined];
  near([lessonLoss(logits, { ...lesson, rewards }).loss], [stabilisedLoss(logits, { ...lesson, rewards }).loss]);
  assert.ok(lessonLoss(logits, { ...lesson, rewards }).slope[1]! < 0, 'the teacher’s best goes up, whatever the label');
  near([lessonLoss(logits, { ...lesson, rewards: [undefined, undefined, undefined, undefined] }).loss], [0.44019]);
});

test('a batch of vectors passes a teacher’s slope on to both sides, through what search adds', () => {
  const width = 3;
  const vectors = Float32Array.from({ length: 5 * width }, (_, i) => Math.sin(i * 1.7));
  const rows: BatchRow[] = [
    { question: 0, keys: [1, 2], target: [0, 0], counts: [1, 1], weight: 1, rewards: [-0.5, 0.5] },
    { question: 3, keys: [4, 1], target: [1, 0], counts: [1, 1], weight: 2, rewards: [2, -1], priors: [0.3, 0.9], slopes: [4, 2] },
  ];
  const { gradient } = batchLoss(vectors, width, rows);
  const step = 1 / 512;
  const found = vectors.map((_, i) => (batchLoss(vectors.with(i, vectors[i]! + step), width, rows).loss - batchLoss(vectors.with(i, vectors[i]! - step), width, rows).loss) / (2 * step));
  assert.ok(gradient.some((value) => Math.abs(value) > 0.1));
  near(gradient, found, 0.02);
});

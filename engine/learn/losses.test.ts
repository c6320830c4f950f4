import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gradients } from '../nn/gradient.ts';
import * as g from '../nn/graph.ts';
import { Program } from '../nn/program.ts';
import { Tensor } from '../nn/session.ts';
import { input, type Value } from '../nn/value.ts';
import { contrastive, divergence, mask, MASKED, NOT_OWN, pointwise, similarity, stabilised } from './losses.ts';

type Rows = number[][];

/** A loss of the named inputs, and its gradient for the first of them. */
async function compute(feeds: Record<string, Rows | number[]>, build: (inputs: Record<string, Value>) => Value): Promise<{ loss: number; gradient: number[] }> {
  const shape = (value: Rows | number[]): number[] => (Array.isArray(value[0]) ? [value.length, value[0].length] : [value.length]);
  const inputs = Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, input(name, 'float32', shape(value))]));
  const loss = build(inputs);
  const [gradient] = gradients(loss, [Object.values(inputs)[0]!]);
  const program = await Program.open({ loss, gradient: gradient!.dense! });
  const results = await program.run(Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, new Tensor('float32', Float32Array.from(value.flat()), shape(value))])));
  await program.close();
  return { loss: (results['loss']!.data as Float32Array)[0]!, gradient: Array.from(results['gradient']!.data as Float32Array) };
}

function near(actual: number | readonly number[], expected: number | readonly number[], tolerance = 2e-6): void {
  const [a, b] = [[actual].flat(), [expected].flat()];
  assert.equal(a.length, b.length);
  a.forEach((value, i) => assert.ok(Math.abs(value - b[i]!) <= tolerance, `${a.join(' ')} is not ${b.join(' ')}`));
}

/** Two questions with two candidates each, all four of which count for both; the teacher's rewards (worked out by hand). */
const queries = [[1, 0], [0, 1]];
const keys = [[0.8, 0.6], [0.6, 0.8], [0, 1], [-0.6, 0.8]];
const rewards = [[-1, -2], [-0.5, -3]];
const ranks = [[0, 1, NOT_OWN, NOT_OWN], [NOT_OWN, NOT_OWN, 0, 1]];
const targets = [[1, 0, 0, 0], [0, 0, 1, 0]];
const scores = queries.map((q) => keys.map((k) => (q[0]! * k[0]! + q[1]! * k[1]!) / 0.1));
/** Each question's own scores. */
const own = [scores[0]!.slice(0, 2), scores[1]!.slice(2)];

const stable = (scores: Rows, ranks: Rows, rewards: Rows) => compute({ scores, ranks, rewards }, (x) => stabilised(x['scores']!, x['ranks']!, x['rewards']!));

test('the contrastive loss, from vectors or from scores', async () => {
  near((await compute({ queries, keys, targets }, (x) => contrastive(similarity(x['queries']!, x['keys']!, 0.1), x['targets']!))).loss, 0.19054);
  near((await compute({ scores, targets }, (x) => contrastive(x['scores']!, x['targets']!))).loss, 0.19054);
});

test('the stabilised loss and its gradient', async () => {
  const { loss, gradient } = await stable(scores, ranks, rewards);
  near(loss, 0.192911);
  near(gradient, [-0.043667, 0.043226, 0.00044, 0.000001, 0.00897, 0.066277, -0.103595, 0.028348]);
  near(0.2 * 0.19054 + loss, 0.231019);
});

test('the divergence from a teacher, as it is and sharpened', async () => {
  near((await compute({ own, rewards }, (x) => divergence(x['own']!, x['rewards']!))).loss, 0.046358);
  near((await compute({ own, rewards }, (x) => divergence(x['own']!, x['rewards']!, { teacher: 0.1 }))).loss, 0.126724);
});

test("FlagEmbedding's distillation, alone and with the contrastive loss", async () => {
  const distilled = await compute({ own, rewards }, (x) => contrastive(x['own']!, g.softmax(x['rewards']!)));
  near(distilled.loss, 0.471728);
  near(distilled.loss + 0.19054, 0.662268);
});

test('rewards count by their differences: adding to them changes nothing, doubling them does', async () => {
  near((await stable(scores, ranks, rewards.map((row) => row.map((r) => r + 7.3)))).loss, 0.192911);
  near((await stable(scores, ranks, rewards.map((row) => row.map((r) => 2 * r)))).loss, 0.184794);
});

test('all weight on the first candidate is the contrastive loss; equal weights of one question are ListMLE', async () => {
  near((await stable(scores, ranks, [[0, MASKED], [0, MASKED]])).loss, 0.19054);
  near((await stable([[1, 0.5, -0.2]], [[0, 1, 2]], [[0, 0, 0]])).loss, 0.349699);
});

test('the order of candidates is part of the loss', async () => {
  const [s, r] = [[1, 0.5, -0.2], [-1, -2, -0.3]];
  const inOrder = (places: number[]) => stable([places.map((place) => s[place]!)], [[0, 1, 2]], [places.map((place) => r[place]!)]);
  for (const [places, loss] of [[[0, 1, 2], 0.235], [[0, 2, 1], 0.848], [[2, 0, 1], 1.239], [[1, 2, 0], 0.996]] as const) near((await inOrder([...places])).loss, loss, 5e-4);
});

test('a group that is not full loses its empty places and nothing else', async () => {
  const short = await stable([[1, 0.5, -5]], [[0, 1, NOT_OWN]], [[-1, -2, MASKED]]);
  const whole = await stable([[1, 0.5, -5]], [[0, 1, NOT_OWN]], [[-1, -2]]);
  near(short.loss, whole.loss);
  near(short.gradient, whole.gradient);
});

test('a candidate that is masked has a gradient of exactly 0', async () => {
  const counts = [[1, 1, 0, 0], [0, 0, 1, 1]];
  const { loss, gradient } = await compute({ scores, counts, targets }, (x) => contrastive(mask(x['scores']!, x['counts']!), x['targets']!));
  assert.deepEqual([2, 3, 4, 5].map((i) => gradient[i]! + 0), [0, 0, 0, 0]);
  near(loss, own.reduce((sum, [a, b]) => sum + Math.log(1 + Math.exp(b! - a!)), 0) / 2);
});

test('a question of weight 0 counts for nothing', async () => {
  const weighted = await compute({ scores, targets, weights: [0, 2] }, (x) => contrastive(x['scores']!, x['targets']!, x['weights']!));
  const alone = await compute({ scores: scores.slice(1), targets: targets.slice(1) }, (x) => contrastive(x['scores']!, x['targets']!));
  near(weighted.loss, alone.loss);
  assert.deepEqual(weighted.gradient.slice(0, 4).map(Math.abs), [0, 0, 0, 0]);
});

test('rerankers learn within a group, by label and by teacher', async () => {
  const [logits, teacher] = [[[2, 1, 0, -1]], [[3, 1, 1, 0]]];
  const first = [[1, 0, 0, 0]];
  const labelled = await compute({ logits, first }, (x) => contrastive(x['logits']!, x['first']!));
  const taught = await compute({ logits, teacher }, (x) => contrastive(x['logits']!, g.softmax(x['teacher']!)));
  near([labelled.loss, taught.loss, labelled.loss + taught.loss], [0.44019, 0.860777, 1.300966]);
  near((await compute({ logits: logits.map((row) => row.map((x) => x + 11)), first }, (x) => contrastive(x['logits']!, x['first']!))).loss, 0.44019);
});

test('single judgements', async () => {
  const single = await compute({ logits: [2, -1], labels: [1, 0] }, (x) => pointwise(x['logits']!, x['labels']!));
  near(single.loss, (Math.log(1 + Math.exp(-2)) + Math.log(1 + Math.exp(-1))) / 2);
});

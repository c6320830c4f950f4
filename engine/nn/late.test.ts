import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gradients } from './gradient.ts';
import * as g from './graph.ts';
import { lateHead, lateMeasures, MEASURES } from './late.ts';
import { Program } from './program.ts';
import { Random } from './random.ts';
import type { Checkpoint } from './safetensors.ts';
import { Tensor } from './session.ts';
import { applicationsBehind, input } from './value.ts';
import { Weights } from './weights.ts';

/** Late interaction on made-up tokens, held against what its measures say in words. */

const WIDTH = 8;
const random = new Random(5);

const unit = (): number[] => {
  const values = Array.from({ length: WIDTH }, () => random.normal());
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
};

const question = [unit(), unit(), unit()];
const weights = [0.5, 0.3, 0.2];
const whole = unit();
/** The second passage says the question's first token; the third is shorter than the others. */
const passages = [[unit(), unit(), unit(), unit()], [unit(), question[0]!, unit(), unit()], [unit(), unit()]];
const weighing = [[1, 0.4, 0.7, 0.2], [0.3, 1, 0.5, 0.5], [0.6, 0.9]];
const LENGTH = 4;
/** Stretches of two tokens. */
const near = [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1], [0, 0, 0, 1]];
const wide = [[1, 1, 1, 1], [0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1]];

const tensor = (shape: number[], values: number[]): Tensor => new Tensor('float32', Float32Array.from(values), shape);
const feeds = {
  question: tensor([3, WIDTH], question.flat()), weights: tensor([3, 1], weights), whole: tensor([WIDTH, 1], whole),
  passages: tensor([3, LENGTH, WIDTH], passages.flatMap((tokens) => [...tokens.flat(), ...Array<number>((LENGTH - tokens.length) * WIDTH).fill(0)])),
  weighing: tensor([3, LENGTH, 1], weighing.flatMap((values) => [...values, ...Array<number>(LENGTH - values.length).fill(0)])),
  near: tensor([4, LENGTH], near.flat()), wide: tensor([4, LENGTH], wide.flat()),
  length: tensor([3, 1], [4.5, 4.1, 5]), across: tensor([3, 1], [0, 0, 1]),
};

const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** One passage's measures, by plain loops in float64. */
function expected(at: number): number[] {
  const tokens = passages[at]!;
  const likeness = question.map((asked) => tokens.map((token) => dot(asked, token)));
  const overall = (of: (row: number[]) => number): number => likeness.reduce((sum, row, i) => sum + weights[i]! * of(row), 0);
  const best = (row: number[]): number => Math.max(0.02, ...row);
  const stretch = (belongs: number[][]): number => Math.max(0, ...belongs.map((row) => {
    const sum = Array.from({ length: WIDTH }, (_, d) => tokens.reduce((total, token, i) => total + row[i]! * weighing[at]![i]! * token[d]!, 0));
    return dot(sum, whole) / Math.max(1e-6, Math.hypot(...sum));
  }));
  return [
    [4.5, 4.1, 5][at]!, overall(best), overall((row) => Math.log(best(row))),
    overall((row) => Math.log(0.05 + row.reduce((sum, x) => sum + Math.exp(-((x - 1) ** 2) / (2 * 0.1 ** 2)), 0))),
    stretch(near), stretch(wide),
  ];
}

/** A head with a number of its own in every place. */
const HEAD: Record<string, { shape: number[]; data: Float32Array }> = {
  'head.weight': { shape: [2, MEASURES.length], data: Float32Array.from({ length: 2 * MEASURES.length }, (_, i) => 0.3 * i - 1) },
  'head.bias': { shape: [2], data: Float32Array.of(0.7, -2) },
};
const checkpoint: Checkpoint = {
  folder: '', metadata: {}, names: Object.keys(HEAD), has: (name) => name in HEAD, shape: (name) => HEAD[name]!.shape, read: (name) => HEAD[name]!.data,
  tensor: (name) => ({ type: 'float32', shape: HEAD[name]!.shape, data: HEAD[name]!.data }),
};

test('what is measured of a passage is what its tokens have in common with the question', async () => {
  const program = await Program.open({ measures: lateMeasures(WIDTH) });
  const measures = [...(await program.run(feeds))['measures']!.data as Float32Array];
  await program.close();
  measures.forEach((value, i) => {
    const wanted = expected(Math.floor(i / MEASURES.length))[i % MEASURES.length]!;
    assert.ok(Math.abs(value - wanted) < 1e-5, `${MEASURES[i % MEASURES.length]} of passage ${Math.floor(i / MEASURES.length)}: ${value}, not ${wanted}`);
  });
});

test('each language has its own row of the head', async () => {
  const program = await Program.open({ logits: lateHead(lateMeasures(WIDTH), new Weights(checkpoint)) });
  const logits = [...(await program.run(feeds))['logits']!.data as Float32Array];
  await program.close();
  logits.forEach((logit, at) => {
    const row = at === 2 ? 1 : 0;
    const wanted = expected(at).reduce((sum, value, k) => sum + value * HEAD['head.weight']!.data[row * MEASURES.length + k]!, HEAD['head.bias']!.data[row]!);
    assert.ok(Math.abs(logit - wanted) < 1e-4, `${logit}, not ${wanted}`);
  });
});

test('the head is trained by its rows, and the tokens have gradients too', async () => {
  const learned = new Weights(checkpoint, { trains: () => true });
  const logits = lateHead(input('measures', 'float32', ['all', MEASURES.length]), learned);
  const loss = g.reduceSum(g.multiply(logits, logits));
  const [gradient] = gradients(loss, [learned.get('head.weight')]);
  const measures = tensor([3, MEASURES.length], [0, 1, 2].flatMap(expected));
  const program = await Program.open({ gradient: gradient!.dense!, logits });
  const results = await program.run({ measures, across: feeds.across, 'head.weight': tensor([2, MEASURES.length], [...HEAD['head.weight']!.data]), 'head.bias': tensor([2], [0.7, -2]) });
  await program.close();
  const values = [...results['logits']!.data as Float32Array];
  [...results['gradient']!.data as Float32Array].forEach((value, i) => {
    const [row, k] = [Math.floor(i / MEASURES.length), i % MEASURES.length];
    const wanted = values.reduce((sum, logit, at) => sum + (Number(at === 2) === row ? 2 * logit * expected(at)[k]! : 0), 0);
    assert.ok(Math.abs(value - wanted) < 1e-3 * Math.max(1, Math.abs(wanted)), `${value}, not ${wanted}`);
  });

  const of = g.reduceSum(lateHead(lateMeasures(WIDTH), new Weights(checkpoint)));
  const tokens = applicationsBehind([of]).leaves.filter(({ source }) => source.kind === 'input' && source.name === 'passages');
  const slope = await Program.open({ slope: gradients(of, tokens)[0]!.dense!, of });
  const at = { ...feeds };
  const first = await slope.run(at);
  const place = WIDTH + 3;
  const moved = async (step: number): Promise<number> => {
    const changed = (feeds.passages.data as Float32Array).slice();
    changed[place]! += step;
    return ((await slope.run({ ...at, passages: new Tensor('float32', changed, feeds.passages.dims) }))['of']!.data as Float32Array)[0]!;
  };
  const difference = ((await moved(1e-2)) - (await moved(-1e-2))) / 2e-2;
  await slope.close();
  assert.ok(Math.abs((first['slope']!.data as Float32Array)[place]! - difference) < 0.02 * Math.max(1, Math.abs(difference)));
});

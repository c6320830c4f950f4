import { ndcg } from '../evaluate/metrics.ts';
import { gradientOutputs, GradientSum } from '../nn/accumulate.ts';
import { weightFeeds } from '../nn/gradcache.ts';
import * as g from '../nn/graph.ts';
import { lateHead, MEASURES } from '../nn/late.ts';
import { advance, linear, newState } from '../nn/optimizer.ts';
import { Program } from '../nn/program.ts';
import type { Checkpoint, Weight } from '../nn/safetensors.ts';
import { Tensor } from '../nn/session.ts';
import { input, type Value } from '../nn/value.ts';
import { Weights } from '../nn/weights.ts';
import { RELEVANT } from '../rank.ts';
import { contrastive, mask, pointwise } from './losses.ts';
import type { Asked } from './rerank-sets.ts';

/** A question with its candidates measured: numbers one after the other, in the order of the candidates. */
export interface Measured extends Asked { set: string; /** [candidates, MEASURES] */ measures: Float32Array; /** 1 where a candidate is in another language. */ across: Float32Array }

export interface HeadOptions {
  /** How much the prior counts beside the head while that is fitted. */
  trust: number;
  /** Of the sum of squares of the head's weights, for measures of deviation 1. */
  ridge: number;
  steps: number;
  rate: number;
}

/** Sets of several kinds in one count as much of a set, each. */
export type SetWeights = Readonly<Record<string, number>>;

/** The head as it is stored: `head.weight` [2, MEASURES], `head.bias` [2], `trust` [1]. */
export type Head = Record<'head.weight' | 'head.bias' | 'trust', Weight>;

const N = MEASURES.length;
/** `RELEVANT` as log-odds. */
const THRESHOLD = Math.log(RELEVANT / (1 - RELEVANT));
/** As many right as wrong; of what is left, half may answer too. */
const KIND_WEIGHT: Record<TopKind, number> = { right: 1, left: 0.5, stranger: 0.5 };

/**
 * Fits a head by localized contrastive estimation (https://arxiv.org/abs/2101.08751) over each question's own candidates,
 * graded ones sharing the mass. Few numbers, all questions at every step; every set counts by its weight.
 */
export async function fitHead(questions: readonly Measured[], weightOf: SetWeights, options: HeadOptions): Promise<Head> {
  const group = Math.max(...questions.map(({ candidates }) => candidates.length));
  const usable = questions.filter((question) => gradesOf(question).some((grade) => grade > 0));
  const sizes = new Map<string, number>();
  for (const { set } of usable) sizes.set(set, (sizes.get(set) ?? 0) + 1);
  const deviations = deviationsOf(usable);
  const rows = usable.length;
  const filled = (width: number, of: (question: Measured) => ArrayLike<number>): Float32Array => {
    const all = new Float32Array(rows * group * width);
    usable.forEach((question, row) => all.set(Array.from(of(question)), row * group * width));
    return all;
  };
  const feeds = {
    measures: new Tensor('float32', filled(N, ({ measures }) => measures.map((value, i) => value / deviations[i % N]!)), [rows * group, N]),
    across: new Tensor('float32', filled(1, ({ across }) => across), [rows * group, 1]),
    priors: new Tensor('float32', filled(1, ({ candidates }) => candidates.map(({ prior }) => options.trust * prior)), [rows, group]),
    counts: new Tensor('float32', filled(1, ({ candidates }) => candidates.map(() => 1)), [rows, group]),
    targets: new Tensor('float32', filled(1, (question) => shares(gradesOf(question))), [rows, group]),
    rows: new Tensor('float32', Float32Array.from(usable, ({ set }) => (weightOf[set] ?? 1) / sizes.get(set)!), [rows]),
  };
  const weights = new Weights(inMemory({ 'head.weight': zeros([2, N]), 'head.bias': zeros([2]) }), { trains: () => true });
  const logits = g.reshape(lateHead(input('measures', 'float32', [rows * group, N]), weights), [rows, group]);
  const scores = mask(g.add(logits, input('priors', 'float32', [rows, group])), input('counts', 'float32', [rows, group]));
  const head = weights.get('head.weight');
  const loss = g.add(contrastive(scores, input('targets', 'float32', [rows, group]), input('rows', 'float32', [rows])), g.scale(g.reduceSum(g.multiply(head, head)), options.ridge));
  const found = await minimise(loss, weights, feeds, options);
  return {
    'head.weight': { shape: [2, N], data: found['head.weight']!.data.map((value, i) => value / deviations[i % N]!) },
    'head.bias': found['head.bias']!,
    trust: { shape: [1], data: Float32Array.of(options.trust) },
  };
}

/**
 * Brings logits to log-odds of an answer, in each of the two languages: Platt's line over best candidates that are right,
 * those that are left when what answers is taken away, and those for strangers to the library, moved so far that a given share of right hits passes.
 */
export async function calibrate(head: Head, questions: readonly Measured[], weightOf: SetWeights, options: Pick<HeadOptions, 'steps' | 'rate'> & {
  /** Share of right hits, in one language and in two, that may fall below `RELEVANT`. */
  refused: readonly [same: number, across: number];
}): Promise<Head> {
  const tops = questions.flatMap((question) => topsOf(question, scoresOf(head, question)).map((top) => ({ ...top, set: question.set })));
  const sizes = new Map<string, number>();
  const sizeOf = ({ set, kind }: { set: string; kind: TopKind }): string => `${set} ${kind}`;
  for (const top of tops) sizes.set(sizeOf(top), (sizes.get(sizeOf(top)) ?? 0) + 1);
  const weights = new Weights(inMemory({ line: { shape: [3, 1], data: Float32Array.of(1, 0, 0) } }), { trains: () => true });
  const column = (name: string): Value => input(name, 'float32', [tops.length]);
  const logits = g.reshape(g.gemm(input('tops', 'float32', [tops.length, 3]), weights.get('line')), [tops.length]);
  const { line } = await minimise(pointwise(logits, column('labels'), column('weights')), weights, {
    tops: new Tensor('float32', Float32Array.from(tops.flatMap(({ score, across }) => [score, 1 - across, across])), [tops.length, 3]),
    labels: new Tensor('float32', Float32Array.from(tops, ({ kind }) => Number(kind === 'right')), [tops.length]),
    weights: new Tensor('float32', Float32Array.from(tops, (top) => (weightOf[top.set] ?? 1) * KIND_WEIGHT[top.kind] / sizes.get(sizeOf(top))!), [tops.length]),
  }, options);
  const slope = line!.data[0]!;
  // How often a library has the answer at all nobody knows; right hits pass as often as by words and vectors, so `RELEVANT` keeps its meaning.
  const constants = [0, 1].map((row) => {
    const right = tops.filter((top) => top.across === row && top.kind === 'right').map((top) => ({ ...top, weight: (weightOf[top.set] ?? 1) / sizes.get(sizeOf(top))! }));
    const total = right.reduce((sum, { weight }) => sum + weight, 0);
    let refused = total * options.refused[row]!;
    const lowest = right.sort((a, b) => a.score - b.score).find(({ weight }) => (refused -= weight) < 0);
    return lowest === undefined ? line!.data[1 + row]! : THRESHOLD - slope * lowest.score;
  });
  return {
    'head.weight': { shape: [2, N], data: head['head.weight'].data.map((value) => value * slope) },
    'head.bias': { shape: [2], data: head['head.bias'].data.map((value, row) => value * slope + constants[row]!) },
    trust: { shape: [1], data: Float32Array.of(head.trust.data[0]! * slope) },
  };
}

/** What a best candidate may be: right; the best that is left when what answers is taken away; the best for a question nothing answers. */
export type TopKind = 'right' | 'left' | 'stranger';

/** A question's best candidates: the first, where that is right or nothing answers, and the first that is not right. */
export function topsOf(question: Measured, scores: readonly number[]): { score: number; across: number; kind: TopKind }[] {
  const order = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const answers = gradesOf(question).map((grade) => grade > 0);
  const top = (i: number, kind: TopKind) => ({ score: scores[i]!, across: question.across[i]!, kind });
  if (question.grades.size === 0) return order.slice(0, 1).map((i) => top(i, 'stranger'));
  return [...order.slice(0, 1).filter((i) => answers[i]).map((i) => top(i, 'right')), ...order.filter((i) => !answers[i]).slice(0, 1).map((i) => top(i, 'left'))];
}

/** Logits of a question's candidates, as the opened reranker gives them. */
export function scoresOf(head: Head, { measures, across, candidates }: Measured): number[] {
  const { 'head.weight': { data: weight }, 'head.bias': { data: bias }, trust } = head;
  return candidates.map(({ prior }, i) => {
    const row = across[i]!;
    let score = trust.data[0]! * prior + bias[row]!;
    for (let k = 0; k < N; k++) score += weight[row * N + k]! * measures[i * N + k]!;
    return score;
  });
}

/** nDCG@10 of a question's documents with the candidates in the order of these scores. */
export function qualityOf({ candidates, rest, grades }: Asked, scores: readonly number[]): number {
  const order = candidates.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  return ndcg([...new Set([...order.map((i) => candidates[i]!.document), ...rest])], grades, 10);
}

function gradesOf({ candidates, grades }: Asked): number[] {
  return candidates.map(({ document }) => Math.max(0, grades.get(document) ?? 0));
}

function shares(grades: readonly number[]): number[] {
  const total = grades.reduce((sum, grade) => sum + grade, 0);
  return grades.map((grade) => grade / total);
}

/** How far each measure scatters within a question, on average. */
function deviationsOf(questions: readonly Measured[]): Float32Array {
  const squares = new Float32Array(N);
  let count = 0;
  for (const { measures, candidates: { length } } of questions) {
    for (let k = 0; k < N; k++) {
      let mean = 0;
      for (let i = 0; i < length; i++) mean += measures[i * N + k]! / length;
      for (let i = 0; i < length; i++) squares[k]! += (measures[i * N + k]! - mean) ** 2;
    }
    count += length;
  }
  return squares.map((sum) => Math.sqrt(sum / count) + 1e-6);
}

async function minimise(loss: Value, weights: Weights, feeds: Record<string, Tensor>, { steps, rate }: Pick<HeadOptions, 'steps' | 'rate'>): Promise<Record<string, Weight>> {
  const program = await Program.open({ loss, ...gradientOutputs(loss, weights.trained) });
  let state = newState(weights.initial(0));
  const sum = new GradientSum(Object.keys(program.model.outputs), state.weights);
  const schedule = linear(steps, Math.round(steps / 20));
  while (state.step < steps) {
    sum.add(await program.run({ ...feeds, ...weightFeeds(state.weights) }, sum.into));
    state = advance(state, sum.total(), { learningRate: rate, schedule, weightDecay: 0 }).state;
    sum.clear();
  }
  await program.close();
  return state.weights;
}

const zeros = (shape: number[]): Weight => ({ shape, data: new Float32Array(shape.reduce((product, length) => product * length, 1)) });

/** Weights to begin with, as a checkpoint. */
function inMemory(weights: Readonly<Record<string, Weight>>): Checkpoint {
  const read = (name: string): Float32Array => weights[name]!.data.slice();
  const shape = (name: string): number[] => [...weights[name]!.shape];
  return { folder: '', metadata: {}, names: Object.keys(weights), has: (name) => name in weights, shape, read, tensor: (name) => ({ type: 'float32', shape: shape(name), data: read(name) }) };
}

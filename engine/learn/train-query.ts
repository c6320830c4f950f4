import { backward, forward, weightCount, type Turning } from './query-adapter.ts';

/**
 * One question with the chunks it chooses among, as training sees it. A candidate's score is the fusion's, written as a
 * line in its similarity: `fixed` + `slope`·similarity, in log-odds. So what is trained is what is served, words and all.
 */
export interface Row {
  question: string;
  /** As the embedder gave it, unit length. */
  query: Float32Array;
  /** Rows of the matrix of document vectors. */
  candidates: Int32Array;
  fixed: Float32Array;
  slope: Float32Array;
  /** Where the candidate should stand: shares that sum to 1. */
  target: Float32Array;
  /** How much a candidate counts as an alternative: 1, less where it may answer too, 0 where it is not compared at all. */
  counts: Float32Array;
  /** Of the row among all rows. */
  weight: number;
}

/** Unit vectors of documents, one after the other. */
export interface Matrix { dimensions: number; data: Float32Array }

/** An adapter, of which the mean may be left away: zeros. */
type Weights = Turning & { mean?: Float32Array };

export interface TrainOptions {
  seed: number;
  rank: number;
  /** Passes over the rows, at most. */
  passes: number;
  batch: number;
  /** Of A and B; of c and s. */
  rate: number;
  rateOfPrior: number;
  /** Below 1 the softmax is sharper than the log-odds say. */
  temperature: number;
  /** λ of λ·‖u − q‖²: what a question's vector pays for being moved. */
  anchor: number;
  /** Replayed rows for each row of the person's. */
  replay: number;
  /** Passes without a lower loss on the rows kept aside, after which it ends. */
  patience: number;
}

export const STANDARD: TrainOptions = {
  seed: 1, rank: 4, passes: 30, batch: 32, rate: 0.001, rateOfPrior: 0.005, temperature: 0.35, anchor: 0.3, replay: 0.4, patience: 8,
};

/** A training between two passes: everything it takes to go on as if nothing had happened. */
export interface Training {
  pass: number;
  step: number;
  random: number;
  weights: Float32Array;
  /** AdamW's moments. */
  first: Float64Array;
  second: Float64Array;
  best: { loss: number; pass: number; weights: Float32Array };
  /** By pass: loss on the training rows, and on those kept aside. */
  curve: { loss: number; aside: number }[];
  done: boolean;
}

/** Fresh weights: A small and random, everything else 0, so that nothing changes yet. */
export function beginTraining(dimensions: number, options: TrainOptions): Training {
  const count = weightCount(dimensions, options.rank);
  const random = { random: options.seed >>> 0 };
  const weights = new Float32Array(count);
  const spread = 2 / Math.sqrt(dimensions);
  for (let i = 0; i < options.rank * dimensions; i++) weights[i] = (next(random) + next(random) + next(random) - 1.5) * spread;
  return {
    pass: 0, step: 0, random: random.random, weights, first: new Float64Array(count), second: new Float64Array(count),
    best: { loss: Infinity, pass: 0, weights: weights.slice() }, curve: [], done: false,
  };
}

/** Rows to learn from, replayed rows of general matter, and rows kept aside to see when to stop. */
export interface TrainingData { matrix: Matrix; /** Of the library's vectors. */ mean: Float32Array; /** Tells the person's questions from others, if it is to. */ kind?: Float32Array; rows: readonly Row[]; replay: readonly Row[]; aside: readonly Row[] }

/** One pass over the rows in a new order, with replayed rows among them. Changes `training`. */
export function trainPass(training: Training, { matrix, mean, kind, rows, replay, aside }: TrainingData, options: TrainOptions): void {
  const { dimensions } = matrix;
  if (training.pass === 0) training.best.loss = meanLoss({ dimensions, rank: options.rank, alpha: 0, weights: training.weights, mean, ...(kind && { kind }) }, matrix, aside, options);
  const drawn = Array.from({ length: replay.length === 0 ? 0 : Math.ceil(rows.length * options.replay) }, () => replay[Math.floor(next(training) * replay.length)]!);
  const order = shuffled([...rows, ...drawn], training);
  const gradient = new Float64Array(training.weights.length);
  const adapter = { dimensions, rank: options.rank, alpha: 1, weights: training.weights, mean, ...(kind && { kind }) };
  const own = new Set(rows);
  let loss = 0;
  for (let from = 0; from < order.length; from += options.batch) {
    const batch = order.slice(from, from + options.batch);
    gradient.fill(0);
    for (const row of batch) {
      const surprise = lossOf(adapter, matrix, row, options, { gradient, share: 1 / batch.length });
      if (own.has(row)) loss += surprise / rows.length;
    }
    descend(training, gradient, options, dimensions);
  }
  const asideLoss = meanLoss(adapter, matrix, aside, options);
  training.pass++;
  training.curve.push({ loss, aside: asideLoss });
  if (asideLoss < training.best.loss) training.best = { loss: asideLoss, pass: training.pass, weights: training.weights.slice() };
  training.done = training.pass >= options.passes || training.pass - training.best.pass >= options.patience;
}

/** Mean loss over rows, by their weights; 0 of none. */
export function meanLoss(adapter: Weights, matrix: Matrix, rows: readonly Row[], options: Pick<TrainOptions, 'temperature' | 'anchor'>): number {
  const total = rows.reduce((sum, { weight }) => sum + weight, 0);
  return total === 0 ? 0 : rows.reduce((sum, row) => sum + lossOf(adapter, matrix, row, { ...options, anchor: 0 }), 0) / total;
}

/**
 * Cross-entropy of the target under softmax(score / temperature) over the candidates, plus the anchor, times the row's
 * weight. With several positives this is the KL divergence to their shares, up to a constant (LLM-Embedder's L_kl).
 * @param back where to add the gradient, times a share
 */
export function lossOf(
  adapter: Weights, { dimensions, data }: Matrix, row: Row, { temperature, anchor }: Pick<TrainOptions, 'temperature' | 'anchor'>,
  back?: { gradient: Float64Array; share: number },
): number {
  const way = forward(adapter, row.query);
  const { out } = way;
  const { mean } = adapter;
  let offset = 0;
  if (mean) for (let d = 0; d < dimensions; d++) offset += (out[d]! - row.query[d]!) * mean[d]!;
  const n = row.candidates.length;
  const logits = new Float64Array(n);
  let highest = -Infinity;
  for (let i = 0; i < n; i++) {
    if (row.counts[i] === 0) { logits[i] = -Infinity; continue; }
    let similarity = -offset;
    for (let d = 0, at = row.candidates[i]! * dimensions; d < dimensions; d++) similarity += data[at + d]! * out[d]!;
    logits[i] = (row.fixed[i]! + row.slope[i]! * similarity) / temperature + Math.log(row.counts[i]!);
    if (logits[i]! > highest) highest = logits[i]!;
  }
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.exp(logits[i]! - highest);
  const logSum = highest + Math.log(sum);
  let loss = 0;
  for (let i = 0; i < n; i++) if (row.target[i]! > 0) loss -= row.target[i]! * (logits[i]! - logSum);
  let moved = 0;
  for (let d = 0; d < dimensions; d++) moved += (out[d]! - row.query[d]!) ** 2;
  if (back) {
    const toOut = new Float64Array(dimensions);
    const share = back.share * row.weight;
    let toOffset = 0;
    for (let i = 0; i < n; i++) {
      const g = (Math.exp(logits[i]! - logSum) - row.target[i]!) * (row.slope[i]! / temperature) * share;
      if (g === 0) continue;
      toOffset += g;
      for (let d = 0, at = row.candidates[i]! * dimensions; d < dimensions; d++) toOut[d]! += g * data[at + d]!;
    }
    for (let d = 0; d < dimensions; d++) toOut[d]! += 2 * anchor * (out[d]! - row.query[d]!) * share - toOffset * (mean?.[d] ?? 0);
    backward(adapter, way, toOut, back.gradient);
  }
  return row.weight * (loss + anchor * moved);
}

/** One step of AdamW (Loshchilov & Hutter 2019) without decay: the anchor holds the weights, by what they do. */
function descend(training: Training, gradient: Float64Array, { rank, rate, rateOfPrior }: TrainOptions, dimensions: number): void {
  const step = ++training.step;
  const { weights, first, second } = training;
  const prior = 2 * rank * dimensions;
  const unbias = [1 - 0.9 ** step, 1 - 0.999 ** step] as const;
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i]!;
    first[i] = 0.9 * first[i]! + 0.1 * g;
    second[i] = 0.999 * second[i]! + 0.001 * g * g;
    weights[i]! -= ((i < prior ? rate : rateOfPrior) * (first[i]! / unbias[0])) / (Math.sqrt(second[i]! / unbias[1]) + 1e-8);
  }
}

/** A number from 0 to below 1 (mulberry32); the state is one number, so that it can be kept. */
export function next(state: { random: number }): number {
  state.random = (state.random + 0x6d2b79f5) >>> 0;
  let t = state.random;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

/** A copy in random order. */
export function shuffled<Item>(items: readonly Item[], state: { random: number }): Item[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(next(state) * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

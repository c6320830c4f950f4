import type { Weighing } from './weighing.ts';

/**
 * An adapter on the question's side: u = q + α·γ(q)·(B·A·q + s·q + c), and a chunk's similarity is ⟨u, d⟩ − ⟨u − q, m⟩.
 * B·A is a low-rank residual (LoRA, Hu et al. 2021, on a projection that is the identity): questions of this kind mean
 * that. c is what passages that answer this person look like, whatever is asked. s is how much meaning is to weigh. m is
 * the mean of the library's vectors: a passage like any other keeps its similarity, so relevance keeps its scale. γ, 0…1,
 * says how much a question is of the kind that was learned from: questions on other matters stay as they were.
 * Documents' vectors stay as they are, so nothing is embedded anew and an adapter goes on or off between two questions.
 */
export interface QueryAdapter {
  dimensions: number;
  rank: number;
  /** Share of what was trained that is applied, 0…1; 0 is the model as it shipped. */
  alpha: number;
  /** A [rank, dimensions], then B [dimensions, rank], then c [dimensions], then s. */
  weights: Float32Array;
  /** m, [dimensions]. */
  mean: Float32Array;
  /** γ is the logistic function of ⟨kind, q⟩ plus the number after it, [dimensions + 1]. */
  kind: Float32Array;
  /** What counts in this person's documents; by γ too. */
  weighing?: Weighing;
}

/** All that `forward` needs; without `kind` every question is of the kind. */
export type Turning = Pick<QueryAdapter, 'dimensions' | 'rank' | 'alpha' | 'weights'> & { kind?: Float32Array };

/** A question's vector after the adapter: similarity to a unit vector d is `length`·⟨direction, d⟩ − `offset`. */
export interface Adapted { direction: Float32Array; length: number; offset: number }

/** How many weights an adapter has. */
export const weightCount = (dimensions: number, rank: number): number => 2 * rank * dimensions + dimensions + 1;

/** The adapted question. @throws RangeError where the dimensions differ */
export function adapt(adapter: QueryAdapter, query: Float32Array): Adapted {
  if (query.length !== adapter.dimensions) throw new RangeError(`A query of ${query.length} numbers does not fit an adapter over ${adapter.dimensions}.`);
  // Exactly the model as it shipped, not nearly: no rounding by a norm.
  if (adapter.alpha === 0) return { direction: query, length: 1, offset: 0 };
  const { out } = forward(adapter, query);
  let squares = 0;
  let offset = 0;
  for (let d = 0; d < out.length; d++) {
    squares += out[d]! * out[d]!;
    offset += (out[d]! - query[d]!) * adapter.mean[d]!;
  }
  const length = Math.sqrt(squares) || 1;
  return { direction: Float32Array.from(out, (value) => value / length), length, offset };
}

/** What `backward` needs to know of a question's way through the adapter; `out` is u. */
export interface Forward { query: Float32Array; hidden: Float64Array; /** α·γ(q). */ share: number; out: Float64Array }

export function forward({ dimensions, rank, alpha, weights, kind }: Turning, query: Float32Array): Forward {
  const share = kind ? alpha * ofKind(kind, query) : alpha;
  const b = rank * dimensions;
  const c = 2 * b;
  const scale = 1 + share * weights[c + dimensions]!;
  const hidden = new Float64Array(rank);
  for (let r = 0; r < rank; r++) {
    let sum = 0;
    for (let d = 0, at = r * dimensions; d < dimensions; d++) sum += weights[at + d]! * query[d]!;
    hidden[r] = sum;
  }
  const out = new Float64Array(dimensions);
  for (let d = 0; d < dimensions; d++) {
    let sum = weights[c + d]!;
    for (let r = 0, at = b + d * rank; r < rank; r++) sum += weights[at + r]! * hidden[r]!;
    out[d] = scale * query[d]! + share * sum;
  }
  return { query, hidden, share, out };
}

/**
 * Adds to `gradient` the gradient of a loss in the weights.
 * @param toOut the gradient of the loss in u, [dimensions]
 */
export function backward({ dimensions, rank, weights }: Turning, { query, hidden, share }: Forward, toOut: Float64Array, gradient: Float64Array): void {
  const b = rank * dimensions;
  const c = 2 * b;
  const toHidden = new Float64Array(rank);
  let toScale = 0;
  for (let d = 0; d < dimensions; d++) {
    const g = share * toOut[d]!;
    gradient[c + d]! += g;
    toScale += g * query[d]!;
    for (let r = 0, at = b + d * rank; r < rank; r++) {
      gradient[at + r]! += g * hidden[r]!;
      toHidden[r]! += g * weights[at + r]!;
    }
  }
  gradient[c + dimensions]! += toScale;
  for (let r = 0; r < rank; r++) {
    const g = toHidden[r]!;
    for (let d = 0, at = r * dimensions; d < dimensions; d++) gradient[at + d]! += g * query[d]!;
  }
}

/** γ(q). */
export function ofKind(kind: Float32Array, query: Float32Array): number {
  let sum = kind[query.length]!;
  for (let d = 0; d < query.length; d++) sum += kind[d]! * query[d]!;
  return 1 / (1 + Math.exp(-sum));
}

const FIT_STEPS = 1000;
const FIT_RATE = 2;
const FIT_DECAY = 1e-4;

/**
 * Tells questions of a kind from others: logistic regression, both sides weighing the same, with a little decay. Without
 * others every question is of the kind.
 */
export function fitKind(mine: readonly Float32Array[], others: readonly Float32Array[], dimensions: number): Float32Array {
  const kind = new Float32Array(dimensions + 1);
  if (others.length === 0) return kind.fill(100, dimensions);
  for (let step = 0; step < FIT_STEPS; step++) {
    const gradient = new Float64Array(dimensions + 1);
    for (const [queries, label] of [[mine, 1], [others, 0]] as const) {
      for (const query of queries) {
        const g = (ofKind(kind, query) - label) / queries.length;
        for (let d = 0; d < dimensions; d++) gradient[d]! += g * query[d]!;
        gradient[dimensions]! += g;
      }
    }
    for (let d = 0; d < kind.length; d++) kind[d]! -= FIT_RATE * (gradient[d]! + (d < dimensions ? FIT_DECAY * kind[d]! : 0));
  }
  return kind;
}

/**
 * An adapter as bytes: five numbers, then the weights, the mean and the kind, little-endian float32, then the weighing as JSON.
 *
 * @param report what it takes along when it leaves this machine
 */
export function encodeAdapter({ dimensions, rank, alpha, weights, mean, kind, weighing }: QueryAdapter, report?: object): Uint8Array {
  const text = weighing || report ? JSON.stringify({ ...(weighing && { ...weighing, words: [...weighing.words] }), ...(report && { report }) }) : '';
  const json = new TextEncoder().encode(text.padEnd(text.length + ((4 - (Buffer.byteLength(text) % 4)) % 4)));
  const numbers = Float32Array.of(VERSION, dimensions, rank, alpha, json.length, ...weights, ...mean, ...kind);
  const bytes = new Uint8Array(numbers.byteLength + json.length);
  bytes.set(new Uint8Array(numbers.buffer));
  bytes.set(json, numbers.byteLength);
  return bytes;
}

const VERSION = 2;
/** Numbers before the weights; the first version had no weighing, and no length of it. */
const HEADS: Record<number, number> = { 1: 4, 2: 5 };

/** @throws RangeError where the bytes are no adapter */
export function decodeAdapter(bytes: Uint8Array): QueryAdapter {
  const all = bytes.byteLength % 4 === 0 ? new Float32Array(bytes.slice().buffer) : new Float32Array();
  const [version = 0, dimensions = 0, rank = 0, alpha = 0] = all;
  const head = HEADS[version];
  const length = version === 1 ? 0 : (all[4] ?? 0);
  const numbers = all.subarray(0, all.length - length / 4);
  const count = weightCount(dimensions, rank);
  if (head === undefined || numbers.length !== head + count + 2 * dimensions + 1) throw new RangeError('These bytes are no query adapter of a kind known here.');
  const weights = numbers.slice(head, head + count);
  const mean = numbers.slice(head + count, head + count + dimensions);
  const kind = numbers.slice(head + count + dimensions);
  if (length === 0) return { dimensions, rank, alpha, weights, mean, kind };
  const { words, report: _, ...weighing } = noted(bytes, length) as Omit<Weighing, 'words'> & { words?: [string, number][]; report?: object };
  return { dimensions, rank, alpha, weights, mean, kind, ...(words && { weighing: { ...weighing, words: new Map(words) } }) };
}

const noted = (bytes: Uint8Array, length: number): unknown => JSON.parse(new TextDecoder().decode(bytes.subarray(bytes.byteLength - length)));

/** The report that an exported adapter came with. */
export function reportIn(bytes: Uint8Array): object | undefined {
  const [version, , , , length = 0] = new Float32Array(bytes.slice().buffer);
  return version === VERSION && length > 0 ? (noted(bytes, length) as { report?: object }).report : undefined;
}

import { openKernels, STRIDE, type Kernels } from './kernels.ts';

/**
 * A static embedder while it learns: a vector and a weight for every token; a text is the weighted sum of its tokens
 * (its length drops out when the sum is normalised). Gradients are exact and touch only the rows of the batch.
 */
export interface BagTable {
  /** A multiple of `STRIDE`. */
  dimensions: number;
  /** [tokens, dimensions] */
  vectors: Float32Array;
  /** Natural logarithm of each token's weight. */
  logWeights: Float32Array;
  /** Sums of squared gradients so far, one per row, of the vectors and of the weights (row-wise Adagrad). */
  vectorHistory: Float32Array;
  weightHistory: Float32Array;
  /** The memory that `vectors` lies in. */
  kernels: Kernels;
  /** For sums of texts, in the same memory. */
  scratch: Float32Array;
}

/**
 * Texts as token ids one after another; text i is `ids.slice(offsets[i], offsets[i + 1])`. `shares`, where given, says how much
 * each of them counts; otherwise each counts once.
 */
export interface Bags { ids: Int32Array; offsets: Int32Array; shares?: Float32Array }

/**
 * A table to begin with: random directions, and weights a / (a + p) that make frequent tokens light
 * (smooth inverse frequency, Arora 2017). `counts` are token counts of the training text.
 */
export function newTable(counts: Float64Array, dimensions: number, random: () => number): BagTable {
  const rows = counts.length;
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (dimensions % STRIDE !== 0) throw new Error(`A vector has a multiple of ${STRIDE} numbers, not ${dimensions}.`);
  const kernels = openKernels();
  const vectors = kernels.floats(rows * dimensions);
  // The sum of four uniform numbers is near enough to a normal one; scaled to rows of length near one.
  const scale = Math.sqrt(3 / dimensions);
  for (let i = 0; i < vectors.length; i++) vectors[i] = (random() + random() + random() + random() - 2) * scale;
  const logWeights = Float32Array.from(counts, (count) => Math.log(SMOOTHING / (SMOOTHING + count / total)));
  return { dimensions, vectors, logWeights, vectorHistory: new Float32Array(rows), weightHistory: new Float32Array(rows), kernels, scratch: kernels.floats(0) };
}

const SMOOTHING = 1e-3;

/** The weighted sums of the texts, [texts, dimensions]. */
export function forward(table: BagTable, bags: Bags): Float32Array {
  const { dimensions, vectors, logWeights, kernels } = table;
  const texts = bags.offsets.length - 1;
  const sums = scratchOf(table, texts * dimensions).fill(0);
  for (let text = 0; text < texts; text++) {
    const sum = sums.byteOffset + text * dimensions * 4;
    for (let at = bags.offsets[text]!; at < bags.offsets[text + 1]!; at++) {
      const id = bags.ids[at]!;
      kernels.add(sum, vectors.byteOffset + id * dimensions * 4, dimensions, Math.exp(logWeights[id]!) * (bags.shares?.[at] ?? 1));
    }
  }
  return new Float32Array(sums);
}

/**
 * As `forward`, but a token counts the more the less its direction is that of the plain sum: e^(novelty · (1 − cosine)). What
 * a text says all along needs no saying again; what it says once would be lost. For texts to be found, not for training:
 * trained with it, weights only make up for it.
 */
export function forwardNovel(table: BagTable, bags: Bags, novelty: number): Float32Array {
  const plain = forward(table, bags);
  if (novelty === 0) return plain;
  const { dimensions, vectors, kernels } = table;
  const shares = new Float32Array(bags.ids.length);
  const sums = scratchOf(table, plain.length);
  for (let text = 0; text < bags.offsets.length - 1; text++) {
    const sum = sums.byteOffset + text * dimensions * 4;
    const length = Math.sqrt(kernels.dot(sum, sum, dimensions));
    for (let at = bags.offsets[text]!; at < bags.offsets[text + 1]!; at++) {
      const row = vectors.byteOffset + bags.ids[at]! * dimensions * 4;
      const cosine = kernels.dot(row, sum, dimensions) / (Math.sqrt(kernels.dot(row, row, dimensions)) * length + 1e-12);
      shares[at] = (bags.shares?.[at] ?? 1) * Math.exp(novelty * (1 - cosine));
    }
  }
  return forward(table, { ...bags, shares });
}

function scratchOf(table: BagTable, length: number): Float32Array {
  if (table.scratch.length < length) table.scratch = table.kernels.floats(length);
  return table.scratch.subarray(0, length);
}

/** For every token of a batch, the gradient of its row in the sum, before its weight: `rows[i]` of token `tokens[i]`. */
export interface Gradient { tokens: Int32Array; rows: Float32Array }

/** Collects gradients of several sets of texts over the tokens they share. */
export class GradientCollector {
  private readonly slots: Int32Array;
  private tokens: Int32Array = new Int32Array(1024);
  private rows: Float32Array;
  private count = 0;
  private readonly table: BagTable;

  constructor(table: BagTable) {
    this.table = table;
    this.slots = new Int32Array(table.logWeights.length).fill(-1);
    this.rows = table.kernels.floats(1024 * table.dimensions);
  }

  /** Adds the gradient of `forward`: `sums` is the loss's gradient with respect to its result. */
  add(bags: Bags, sums: Float32Array): void {
    const { dimensions, kernels } = this.table;
    const texts = bags.offsets.length - 1;
    const given = scratchOf(this.table, sums.length);
    given.set(sums);
    for (let text = 0; text < texts; text++) {
      const sum = given.byteOffset + text * dimensions * 4;
      for (let at = bags.offsets[text]!; at < bags.offsets[text + 1]!; at++) {
        const row = this.slot(bags.ids[at]!) * dimensions;
        kernels.add(this.rows.byteOffset + row * 4, sum, dimensions, bags.shares?.[at] ?? 1);
      }
    }
  }

  /** What was collected; the collector is empty afterwards and the arrays are valid until the next `add`. */
  take(): Gradient {
    const tokens = this.tokens.subarray(0, this.count);
    for (const token of tokens) this.slots[token] = -1;
    this.count = 0;
    return { tokens, rows: this.rows };
  }

  private slot(token: number): number {
    const known = this.slots[token]!;
    if (known >= 0) return known;
    if (this.count === this.tokens.length) {
      const tokens = new Int32Array(this.count * 2);
      tokens.set(this.tokens);
      this.tokens = tokens;
      const rows = this.table.kernels.floats(this.rows.length * 2);
      rows.set(this.rows);
      this.rows = rows;
    }
    const slot = this.count++;
    this.slots[token] = slot;
    this.tokens[slot] = token;
    const { dimensions } = this.table;
    this.rows.fill(0, slot * dimensions, (slot + 1) * dimensions);
    return slot;
  }
}

export interface Rates { vectors: number; weights: number }

/**
 * One step of row-wise Adagrad (as in large embedding tables): every row moves by its gradient over the root of the mean
 * squares it has seen, so rare tokens keep large steps. Rows without a gradient do not change.
 */
export function update(table: BagTable, gradient: Gradient, rates: Rates): void {
  const { dimensions, vectors, logWeights, vectorHistory, weightHistory, kernels } = table;
  for (let i = 0; i < gradient.tokens.length; i++) {
    const token = gradient.tokens[i]!;
    const row = vectors.byteOffset + token * dimensions * 4;
    const from = gradient.rows.byteOffset + i * dimensions * 4;
    const weight = Math.exp(logWeights[token]!);
    const squares = kernels.dot(from, from, dimensions);
    const along = kernels.dot(from, row, dimensions);
    vectorHistory[token]! += (squares * weight * weight) / dimensions;
    const step = (rates.vectors * weight) / (Math.sqrt(vectorHistory[token]!) + 1e-10);
    kernels.add(row, from, dimensions, -step);
    const weightGradient = along * weight;
    weightHistory[token]! += weightGradient * weightGradient;
    logWeights[token]! -= (rates.weights * weightGradient) / (Math.sqrt(weightHistory[token]!) + 1e-10);
  }
}

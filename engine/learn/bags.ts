/**
 * A static embedder while it learns: a vector and a weight for every token; a text is the weighted sum of its tokens
 * (its length drops out when the sum is normalised). Gradients are exact and touch only the rows of the batch.
 */
export interface BagTable {
  dimensions: number;
  /** [tokens, dimensions] */
  vectors: Float32Array;
  /** Natural logarithm of each token's weight. */
  logWeights: Float32Array;
  /** Sums of squared gradients so far, one per row, of the vectors and of the weights (row-wise Adagrad). */
  vectorHistory: Float32Array;
  weightHistory: Float32Array;
}

/** Texts as token ids one after another; text i is `ids.slice(offsets[i], offsets[i + 1])`. */
export interface Bags { ids: Int32Array; offsets: Int32Array }

/**
 * A table to begin with: random directions, and weights a / (a + p) that make frequent tokens light
 * (smooth inverse frequency, Arora 2017). `counts` are token counts of the training text.
 */
export function newTable(counts: Float64Array, dimensions: number, random: () => number): BagTable {
  const rows = counts.length;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const vectors = new Float32Array(rows * dimensions);
  // The sum of four uniform numbers is near enough to a normal one; scaled to rows of length near one.
  const scale = Math.sqrt(3 / dimensions);
  for (let i = 0; i < vectors.length; i++) vectors[i] = (random() + random() + random() + random() - 2) * scale;
  const logWeights = Float32Array.from(counts, (count) => Math.log(SMOOTHING / (SMOOTHING + count / total)));
  return { dimensions, vectors, logWeights, vectorHistory: new Float32Array(rows), weightHistory: new Float32Array(rows) };
}

const SMOOTHING = 1e-3;

/** The weighted sums of the texts, [texts, dimensions]. */
export function forward(table: BagTable, bags: Bags): Float32Array {
  const { dimensions, vectors, logWeights } = table;
  const texts = bags.offsets.length - 1;
  const sums = new Float32Array(texts * dimensions);
  for (let text = 0; text < texts; text++) {
    const sum = text * dimensions;
    for (let at = bags.offsets[text]!; at < bags.offsets[text + 1]!; at++) {
      const id = bags.ids[at]!;
      const row = id * dimensions;
      const weight = Math.exp(logWeights[id]!);
      for (let d = 0; d < dimensions; d++) sums[sum + d]! += weight * vectors[row + d]!;
    }
  }
  return sums;
}

/** For every token of a batch, the gradient of its row in the sum, before its weight: `rows[i]` of token `tokens[i]`. */
export interface Gradient { tokens: Int32Array; rows: Float32Array }

/** Collects gradients of several sets of texts over the tokens they share. */
export class GradientCollector {
  private readonly slots: Int32Array;
  private tokens: Int32Array = new Int32Array(1024);
  private rows: Float32Array;
  private count = 0;
  private readonly dimensions: number;

  constructor(tokens: number, dimensions: number) {
    this.slots = new Int32Array(tokens).fill(-1);
    this.rows = new Float32Array(1024 * dimensions);
    this.dimensions = dimensions;
  }

  /** Adds the gradient of `forward`: `sums` is the loss's gradient with respect to its result. */
  add(bags: Bags, sums: Float32Array): void {
    const { dimensions } = this;
    const texts = bags.offsets.length - 1;
    for (let text = 0; text < texts; text++) {
      const sum = text * dimensions;
      for (let at = bags.offsets[text]!; at < bags.offsets[text + 1]!; at++) {
        const row = this.slot(bags.ids[at]!) * dimensions;
        const rows = this.rows;
        for (let d = 0; d < dimensions; d++) rows[row + d]! += sums[sum + d]!;
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
      const rows = new Float32Array(this.rows.length * 2);
      rows.set(this.rows);
      this.rows = rows;
    }
    const slot = this.count++;
    this.slots[token] = slot;
    this.tokens[slot] = token;
    this.rows.fill(0, slot * this.dimensions, (slot + 1) * this.dimensions);
    return slot;
  }
}

export interface Rates { vectors: number; weights: number }

/**
 * One step of row-wise Adagrad (as in large embedding tables): every row moves by its gradient over the root of the mean
 * squares it has seen, so rare tokens keep large steps. Rows without a gradient do not change.
 */
export function update(table: BagTable, gradient: Gradient, rates: Rates): void {
  const { dimensions, vectors, logWeights, vectorHistory, weightHistory } = table;
  for (let i = 0; i < gradient.tokens.length; i++) {
    const token = gradient.tokens[i]!;
    const row = token * dimensions;
    const from = i * dimensions;
    const weight = Math.exp(logWeights[token]!);
    let squares = 0;
    let along = 0;
    for (let d = 0; d < dimensions; d++) {
      const g = gradient.rows[from + d]!;
      squares += g * g;
      along += g * vectors[row + d]!;
    }
    vectorHistory[token]! += (squares * weight * weight) / dimensions;
    const step = (rates.vectors * weight) / (Math.sqrt(vectorHistory[token]!) + 1e-10);
    for (let d = 0; d < dimensions; d++) vectors[row + d]! -= step * gradient.rows[from + d]!;
    const weightGradient = along * weight;
    weightHistory[token]! += weightGradient * weightGradient;
    logWeights[token]! -= (rates.weights * weightGradient) / (Math.sqrt(weightHistory[token]!) + 1e-10);
  }
}

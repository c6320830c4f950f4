/**
 * An adapter on the question's side: u = q + α·(B·A·q + s·q + c), and a chunk's similarity is ⟨u, d⟩ − ⟨u − q, m⟩.
 * B·A is a low-rank residual (LoRA, Hu et al. 2021, on a projection that is the identity): questions of this kind mean
 * that. c is what passages that answer this person look like, whatever is asked. s is how much meaning is to weigh. m is
 * the mean of the library's vectors: a passage like any other keeps its similarity, so relevance keeps its scale.
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
}

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
export interface Forward { query: Float32Array; hidden: Float64Array; out: Float64Array }

export function forward({ dimensions, rank, alpha, weights }: Omit<QueryAdapter, 'mean'>, query: Float32Array): Forward {
  const b = rank * dimensions;
  const c = 2 * b;
  const scale = 1 + alpha * weights[c + dimensions]!;
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
    out[d] = scale * query[d]! + alpha * sum;
  }
  return { query, hidden, out };
}

/**
 * Adds to `gradient` the gradient of a loss in the weights.
 * @param toOut the gradient of the loss in u, [dimensions]
 */
export function backward({ dimensions, rank, alpha, weights }: Omit<QueryAdapter, 'mean'>, { query, hidden }: Forward, toOut: Float64Array, gradient: Float64Array): void {
  const b = rank * dimensions;
  const c = 2 * b;
  const toHidden = new Float64Array(rank);
  let toScale = 0;
  for (let d = 0; d < dimensions; d++) {
    const g = alpha * toOut[d]!;
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

/** An adapter as bytes: four numbers, then the weights and the mean, little-endian float32. */
export function encodeAdapter({ dimensions, rank, alpha, weights, mean }: QueryAdapter): Uint8Array {
  return new Uint8Array(Float32Array.of(1, dimensions, rank, alpha, ...weights, ...mean).buffer);
}

/** @throws RangeError where the bytes are no adapter */
export function decodeAdapter(bytes: Uint8Array): QueryAdapter {
  const numbers = bytes.byteLength % 4 === 0 ? new Float32Array(bytes.slice().buffer) : new Float32Array();
  const [version, dimensions = 0, rank = 0, alpha = 0] = numbers;
  const count = weightCount(dimensions, rank);
  if (version !== 1 || numbers.length !== 4 + count + dimensions) throw new RangeError('These bytes are no query adapter of a kind known here.');
  return { dimensions, rank, alpha, weights: numbers.slice(4, 4 + count), mean: numbers.slice(4 + count) };
}

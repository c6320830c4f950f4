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

/**
 * One adapter that turns a question by the mean of what several of one kind do: their residuals side by side. Its α is the
 * mean of theirs, of which each has taken its own share already; 0 only where all are.
 */
export function meanAdapter(members: readonly QueryAdapter[]): QueryAdapter {
  const { dimensions, mean, kind } = members[0]!;
  const rank = members.reduce((sum, member) => sum + member.rank, 0);
  const alpha = members.reduce((sum, member) => sum + member.alpha, 0) / members.length;
  const weights = new Float32Array(weightCount(dimensions, rank));
  const [b, c] = [rank * dimensions, 2 * rank * dimensions];
  let first = 0;
  for (const member of members) {
    const share = alpha === 0 ? 0 : member.alpha / alpha / members.length;
    const [ownB, ownC] = [member.rank * dimensions, 2 * member.rank * dimensions];
    weights.set(member.weights.subarray(0, ownB), first * dimensions);
    for (let d = 0; d < dimensions; d++) {
      for (let r = 0; r < member.rank; r++) weights[b + d * rank + first + r] = share * member.weights[ownB + d * member.rank + r]!;
    }
    for (let d = 0; d <= dimensions; d++) weights[c + d]! += share * member.weights[ownC + d]!;
    first += member.rank;
  }
  return { dimensions, rank, alpha, weights, mean, kind };
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

/** An adapter as bytes: four numbers, then the weights, the mean and the kind, little-endian float32. */
export function encodeAdapter({ dimensions, rank, alpha, weights, mean, kind }: QueryAdapter): Uint8Array {
  return new Uint8Array(Float32Array.of(1, dimensions, rank, alpha, ...weights, ...mean, ...kind).buffer);
}

/** @throws RangeError where the bytes are no adapter */
export function decodeAdapter(bytes: Uint8Array): QueryAdapter {
  const numbers = bytes.byteLength % 4 === 0 ? new Float32Array(bytes.slice().buffer) : new Float32Array();
  const [version, dimensions = 0, rank = 0, alpha = 0] = numbers;
  const count = weightCount(dimensions, rank);
  if (version !== 1 || numbers.length !== 4 + count + 2 * dimensions + 1) throw new RangeError('These bytes are no query adapter of a kind known here.');
  return { dimensions, rank, alpha, weights: numbers.slice(4, 4 + count), mean: numbers.slice(4 + count, 4 + count + dimensions), kind: numbers.slice(4 + count + dimensions) };
}

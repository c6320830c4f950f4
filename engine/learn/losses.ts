import * as g from '../nn/graph.ts';
import { scalar, type Value } from '../nn/value.ts';

/**
 * What training makes small, as graphs. A row is one question; its columns are scores of candidates (cosine over temperature,
 * or a reranker's logits), float32 [questions, candidates]. Every loss is a mean over rows, weighted where weights [questions]
 * are given: a row of weight 0 counts for nothing. Candidates that must not count are masked, and get a gradient of exactly 0.
 */

/** Far below every score, but finite, so that 0 times its logarithm is 0. */
export const MASKED = -1e9;

/** cos(q, k) / temperature of every question [questions, width] with every key [keys, width]. */
export function similarity(queries: Value, keys: Value, temperature: number): Value {
  return g.scale(g.matmul(g.l2Normalise(queries), g.l2Normalise(keys), { transposeB: true }), 1 / temperature);
}

/** Scores where `counts` is 1, masked where it is 0 (float32, of the scores' shape). */
export function mask(scores: Value, counts: Value): Value {
  return g.where(g.greater(counts, scalar(0.5)), scores, scalar(MASKED));
}

/**
 * −Σ target · log softmax(scores): InfoNCE (https://arxiv.org/abs/1807.03748) with in-batch and hard negatives where `targets`
 * has one 1 a row; with targets softmax(teacher) it is FlagEmbedding's distillation.
 */
export function contrastive(scores: Value, targets: Value, weights?: Value): Value {
  return mean(g.negate(g.reduceSum(g.multiply(targets, g.logSoftmax(scores)), [1])), weights);
}

/** Σ t (log t − log p), t = softmax(teacher / T_t), p = softmax(scores / T_s), over one question's own candidates. */
export function divergence(scores: Value, teacher: Value, temperatures: { teacher?: number; scores?: number } = {}, weights?: Value): Value {
  const wanted = g.logSoftmax(g.scale(teacher, 1 / (temperatures.teacher ?? 1)));
  const found = g.logSoftmax(g.scale(scores, 1 / (temperatures.scores ?? 1)));
  return mean(g.reduceSum(g.multiply(g.exp(wanted), g.subtract(wanted, found)), [1]), weights);
}

/**
 * LLM-Embedder's stabilised distillation (https://arxiv.org/abs/2310.07554, eq. 6): each of a question's own candidates in turn
 * against all that come after it and everyone else's, weighted by softmax(reward).
 *
 * `ranks` (float32, of the scores' shape) is 0, 1, … by reward, highest first (`stabilised.ts`), for the question's own candidates and
 * `NOT_OWN` for all others. `rewards` [questions, group] is in that same order; a group that is not full has MASKED at its end.
 */
export function stabilised(scores: Value, ranks: Value, rewards: Value, weights?: Value): Value {
  const group = rewards.shape[1];
  if (typeof group !== 'number') throw new Error('The size of a group has to be known when the graph is built.');
  const shares = g.softmax(rewards);
  let sum: Value | undefined;
  for (let rank = 0; rank < group; rank++) {
    const left = g.where(g.greater(scalar(rank), ranks), scalar(MASKED), scores);
    const chosen = g.cast(g.equal(ranks, scalar(rank)), scores.type);
    const share = g.reshape(g.slice(shares, 1, rank, 1), [rewards.shape[0]!]);
    const term = g.multiply(share, g.negate(g.reduceSum(g.multiply(chosen, g.logSoftmax(left)), [1])));
    sum = sum === undefined ? term : g.add(sum, term);
  }
  return mean(sum!, weights);
}

export const NOT_OWN = 1e6;

/** Cross-entropy of sigmoid(logit) with labels between 0 and 1, both [rows]: keeps a reranker's threshold where it is. */
export function pointwise(logits: Value, labels: Value, weights?: Value): Value {
  return mean(g.subtract(g.softplus(logits), g.multiply(logits, labels)), weights);
}

function mean(rows: Value, weights: Value | undefined): Value {
  return weights === undefined ? g.reduceMean(rows) : g.divide(g.reduceSum(g.multiply(rows, weights)), g.reduceSum(weights));
}

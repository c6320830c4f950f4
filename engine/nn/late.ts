import * as g from './graph.ts';
import { input, scalar, type Value } from './value.ts';
import type { Weights } from './weights.ts';

/**
 * Late interaction: every token of a question looks for its like among the tokens of a passage, one vector each. What is
 * found is summed up in a few measures, in the manner of ColBERT (https://arxiv.org/abs/2004.12832) and K-NRM
 * (https://arxiv.org/abs/1706.06613), and a head of two rows turns these into a logit: one row for passages in the language
 * of the question, one for passages in another, where likeness means something else.
 */

/** In the order of the head's columns. */
export const MEASURES = ['length', 'strongest', 'logarithm', 'exact', 'near', 'wide'] as const;
/** Rows of the head. */
export const SAME = 0;
export const ACROSS = 1;

/** A likeness below this is none; it keeps the logarithm finite and hides padding, whose vectors are zero. */
const FLOOR = 0.02;
/** The kernel of tokens that are the same or nearly so, and what is added to its sum before the logarithm. */
const KERNEL = 0.1;
const FAINT = 0.05;

/**
 * What is measured of every passage: [passages, measures]. Inputs, all float32, vectors as rows of unit length:
 * - `question` [asked, width] the question's tokens, `weights` [asked, 1] how much each says (they sum to 1), `whole` [width, 1]
 *   the unit vector of the question as a whole
 * - `passages` [passages, tokens, width], zeros where a passage is shorter, and `weighing` [passages, tokens, 1] the weights
 * - `near` and `wide` [starts, tokens]: stretches of neighbouring tokens, 1 for those that belong to it
 * - `length` [passages, 1]: the logarithm of the number of tokens
 */
export function lateMeasures(width: number): Value {
  const question = input('question', 'float32', ['asked', width]);
  const weights = input('weights', 'float32', ['asked', 1]);
  const whole = input('whole', 'float32', [width, 1]);
  const passages = input('passages', 'float32', ['passages', 'tokens', width]);
  const length = input('length', 'float32', ['passages', 1]);

  const likeness = g.reshape(g.gemm(g.reshape(passages, ['passages*tokens', width]), question, { transposeB: true }), ['passages', 'tokens', 'asked']);
  const best = g.add(g.relu(g.subtract(g.reduceMax(likeness, [1]), scalar(FLOOR))), scalar(FLOOR));
  const distance = g.subtract(likeness, scalar(1));
  const same = g.reduceSum(g.exp(g.scale(g.multiply(distance, distance), -1 / (2 * KERNEL * KERNEL))), [1]);
  const overall = (x: Value): Value => g.gemm(x, weights);

  const weighted = g.multiply(passages, input('weighing', 'float32', ['passages', 'tokens', 1]));
  const stretch = (name: string): Value => {
    const starts = `${name}Starts`;
    const sums = g.l2Normalise(g.matmul(input(name, 'float32', [starts, 'tokens']), weighted), 1e-6);
    return g.relu(g.reduceMax(g.reshape(g.matmul(sums, whole), ['passages', starts]), [1], true));
  };
  return g.concat([length, overall(best), overall(g.log(best)), overall(g.log(g.add(same, scalar(FAINT)))), stretch('near'), stretch('wide')], 1);
}

/**
 * Logits [passages] from measures [passages, measures]. `across` float32 [passages, 1] is 1 where the passage is in another
 * language. The head is the linear layer `head` [2, measures] of the checkpoint.
 */
export function lateHead(measures: Value, weights: Weights): Value {
  const passages = measures.shape[0]!;
  const across = input('across', 'float32', [passages, 1]);
  const both = weights.linear(measures, 'head');
  const row = (at: number): Value => g.slice(both, 1, at, 1);
  return g.reshape(g.add(row(SAME), g.multiply(across, g.subtract(row(ACROSS), row(SAME)))), [passages]);
}

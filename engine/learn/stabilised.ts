import { selectionOf } from './selection.ts';
import { listLoss, type TextLesson } from './trainee.ts';

type Rewarded = Pick<TextLesson, 'counts' | 'weight'> & { rewards: readonly (number | undefined)[] };

/** The places of texts that a teacher scored, best first; equal ones as they came. */
export function inOrderOfReward(rewards: readonly (number | undefined)[]): number[] {
  return rewards.flatMap((reward, place) => (reward === undefined ? [] : [place])).sort((a, b) => rewards[b]! - rewards[a]! || a - b);
}

/**
 * LLM-Embedder's stabilised distillation of one question (https://arxiv.org/abs/2310.07554, eq. 6), and its slope for every
 * score: each text with a reward in turn, best first, against all that come after it and those without one, weighted by
 * softmax(reward). With w the weights and p⁽ⁱ⁾ the softmax without the first i, ∂L/∂s = Σ w⁽ⁱ⁾ (p⁽ⁱ⁾ − 1 where it is the i-th).
 * In closed form: `losses.ts` has it as a graph.
 */
export function stabilisedLoss(scores: Float32Array, { rewards, counts, weight }: Rewarded, temperature = 1): { loss: number; slope: Float32Array } {
  const order = inOrderOfReward(rewards);
  const slope = new Float32Array(scores.length);
  const best = rewards[order[0] ?? 0] ?? 0;
  const powers = order.map((place) => Math.exp(rewards[place]! - best));
  const total = powers.reduce((sum, power) => sum + power, 0);
  // A teacher's word on a text is no guess, so it counts whole.
  const left = Float64Array.from(scores, (_, place) => (rewards[place] === undefined ? counts[place]! : 1));
  let loss = 0;
  for (const [i, chosen] of order.entries()) {
    const share = (weight * powers[i]!) / total;
    let highest = -Infinity;
    scores.forEach((score, place) => (highest = left[place]! > 0 ? Math.max(highest, score / temperature) : highest));
    const masses = left.map((count, place) => (count > 0 ? count * Math.exp(scores[place]! / temperature - highest) : 0));
    const sum = masses.reduce((all, mass) => all + mass, 0);
    loss -= share * (scores[chosen]! / temperature - highest - Math.log(sum));
    masses.forEach((mass, place) => (slope[place]! += (share * (mass / sum - Number(place === chosen))) / temperature));
    left[chosen] = 0;
  }
  return { loss, slope };
}

/**
 * Σ t (log t − log p) with t = softmax(reward) and p = softmax(score / temperature), over the texts that a teacher scored and no
 * others, and its slope for every score: (p − t) / temperature. In closed form: `losses.ts` has it as a graph (`divergence`).
 */
export function divergenceLoss(scores: Float32Array, { rewards, weight }: Pick<Rewarded, 'rewards' | 'weight'>, temperature = 1): { loss: number; slope: Float32Array } {
  const places = inOrderOfReward(rewards);
  const wanted = logSoftmax(places.map((place) => rewards[place]!));
  const found = logSoftmax(places.map((place) => scores[place]! / temperature));
  const slope = new Float32Array(scores.length);
  let loss = 0;
  places.forEach((place, i) => {
    const share = Math.exp(wanted[i]!);
    loss += weight * share * (wanted[i]! - found[i]!);
    slope[place] = (weight * (Math.exp(found[i]!) - share)) / temperature;
  });
  return { loss, slope };
}

function logSoftmax(values: readonly number[]): number[] {
  const best = Math.max(...values);
  const total = Math.log(values.reduce((sum, value) => sum + Math.exp(value - best), 0));
  return values.map((value) => value - best - total);
}

/**
 * What a lesson is trained by: where it has a teacher that teacher's order, or of a task that is taught shares these, as
 * LLM-Embedder was trained; else what answers it against the rest.
 */
export function lessonLoss(scores: Float32Array, lesson: Pick<TextLesson, 'target' | 'counts' | 'weight' | 'rewards' | 'task'>, temperature = 1): { loss: number; slope: Float32Array } {
  const { rewards, task } = lesson;
  if (!rewards?.some((reward) => reward !== undefined)) return listLoss(scores, lesson, temperature);
  const distilled = selectionOf(task).temperature === undefined ? stabilisedLoss : divergenceLoss;
  return distilled(scores, { ...lesson, rewards }, temperature);
}

import type { JudgedRow } from './gate.ts';
import { CLUES, DEVIATIONS, SCORE, type Weighing } from './weighing.ts';

/** Words by number, each once: rows share them. */
export class WordList {
  readonly words: string[] = [];
  readonly #numbers = new Map<string, number>();

  number(word: string): number {
    let number = this.#numbers.get(word);
    if (number === undefined) {
      this.#numbers.set(word, (number = this.words.length));
      this.words.push(word);
    }
    return number;
  }
}

/** What is known of a row's candidates: `CLUES.length` numbers each, and words by their number in a list that all rows share. */
export interface RowClues { numbers: Float32Array; words: readonly Int32Array[] }

/** Of rows about which nothing but similarity is known. */
export const noClues = (candidates: number): RowClues => ({ numbers: new Float32Array(candidates * CLUES.length), words: Array.from({ length: candidates }, () => new Int32Array()) });

export interface WeighingOptions {
  /** Ridges: what a weight pays for leaving 0, times its square, against the summed loss of all questions. */
  ridge: number;
  ridgeOfWords: number;
  steps: number;
  rate: number;
  /** Candidates compared for each question, beside those that were judged. */
  depth: number;
}

export const WEIGHING: WeighingOptions = { ridge: 32, ridgeOfWords: 8, steps: 60, rate: 0.08, depth: 30 };

/** Weights of `CLUES`, then of the word list; and the loss by tenth step, on the rows and on those kept aside. */
export interface Fitted { weights: Float64Array; curve: { loss: number; aside: number }[] }

/** A row's candidates that are compared, flat. */
interface Flat { base: Float64Array; target: Float64Array; numbers: Float64Array; words: Int32Array; /** Where each candidate's words end. */ ends: Int32Array; weight: number }

/**
 * Fits weights of clues: the least cross-entropy of what was called right among a question's candidates, plus the ridges.
 * One minimum, so no seed and no order; full-batch Adam with a falling rate finds it. (McFadden 1974, conditional logit.)
 */
export function fitWeighing(rows: readonly JudgedRow[], aside: readonly JudgedRow[], words: number, { ridge, ridgeOfWords, steps, rate, depth }: WeighingOptions): Fitted {
  const [train, held] = [rows, aside].map((some) => some.map((row) => flatten(row, depth))) as [Flat[], Flat[]];
  const size = CLUES.length + words;
  const weights = new Float64Array(size);
  const first = new Float64Array(size);
  const second = new Float64Array(size);
  const gradient = new Float64Array(size);
  const curve: Fitted['curve'] = [];
  const meanOf = (some: readonly Flat[]): number => some.reduce((sum, row) => sum + lossOf(row, weights), 0) / Math.max(1, some.length);
  for (let step = 1; step <= steps; step++) {
    if (step % 10 === 1) curve.push({ loss: meanOf(train), aside: meanOf(held) });
    gradient.fill(0);
    for (const row of train) lossOf(row, weights, gradient);
    const now = rate * Math.min(1, 2 * (1 - step / (steps + 1)));
    const unbias = [1 - 0.9 ** step, 1 - 0.99 ** step] as const;
    for (let i = 0; i < size; i++) {
      const g = gradient[i]! + 2 * (i < CLUES.length ? ridge : ridgeOfWords) * weights[i]!;
      first[i] = 0.9 * first[i]! + 0.1 * g;
      second[i] = 0.99 * second[i]! + 0.01 * g * g;
      weights[i]! -= (now * (first[i]! / unbias[0])) / (Math.sqrt(second[i]! / unbias[1]) + 1e-6);
    }
  }
  curve.push({ loss: meanOf(train), aside: meanOf(held) });
  return { weights, curve };
}

function flatten(row: JudgedRow, depth: number): Flat {
  const { candidates, counts, found, target, standing, score, clues, weight } = row;
  const used: number[] = [];
  for (let i = 0; i < candidates.length; i++) if (counts[i]! > 0 && ((i < depth && i < found) || target[i]! > 0 || standing[i]! > 0)) used.push(i);
  const numbers = new Float64Array(used.length * CLUES.length);
  used.forEach((from, to) => { for (let j = 0; j < CLUES.length; j++) numbers[to * CLUES.length + j] = clues.numbers[from * CLUES.length + j]!; });
  const ends = new Int32Array(used.length);
  let end = 0;
  used.forEach((from, to) => { ends[to] = end += clues.words[from]!.length; });
  const words = new Int32Array(end);
  used.forEach((from, to) => words.set(clues.words[from]!, ends[to]! - clues.words[from]!.length));
  return {
    base: Float64Array.from(used, (i) => score[i]! + Math.log(counts[i]!)), target: Float64Array.from(used, (i) => target[i]!),
    numbers, words, ends, weight,
  };
}

/** A candidate this far from mattering moves no weight. */
const NEGLIGIBLE = 1e-4;

/** Cross-entropy of the target under softmax(score), times the row's weight; adds to `gradient` where there is one. */
function lossOf({ base, target, numbers, words, ends, weight }: Flat, weights: Float64Array, gradient?: Float64Array): number {
  const n = base.length;
  const count = CLUES.length;
  const scores = new Float64Array(n);
  let highest = -Infinity;
  for (let i = 0; i < n; i++) {
    let score = base[i]!;
    for (let j = 0; j < count; j++) score += weights[j]! * numbers[i * count + j]!;
    for (let j = i === 0 ? 0 : ends[i - 1]!; j < ends[i]!; j++) score += weights[count + words[j]!]!;
    scores[i] = score;
    if (score > highest) highest = score;
  }
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.exp(scores[i]! - highest);
  const logSum = highest + Math.log(sum);
  let loss = 0;
  for (let i = 0; i < n; i++) {
    if (target[i]! > 0) loss -= target[i]! * (scores[i]! - logSum);
    if (!gradient) continue;
    const g = weight * (Math.exp(scores[i]! - logSum) - target[i]!);
    if (g < NEGLIGIBLE && g > -NEGLIGIBLE) continue;
    for (let j = 0; j < count; j++) gradient[j]! += g * numbers[i * count + j]!;
    for (let j = i === 0 ? 0 : ends[i - 1]!; j < ends[i]!; j++) gradient[count + words[j]!]! += g;
  }
  return weight * loss;
}

/** Mean cross-entropy of rows by their own scores, at a temperature. */
export function surpriseOf(rows: readonly JudgedRow[], temperature: number): number {
  const sum = rows.reduce((total, { score, counts, target }) => {
    let highest = -Infinity;
    for (let i = 0; i < score.length; i++) if (counts[i]! > 0 && score[i]! > highest) highest = score[i]!;
    let [all, right] = [0, 0];
    for (let i = 0; i < score.length; i++) {
      if (counts[i] === 0) continue;
      const above = (score[i]! - highest) / temperature;
      all += counts[i]! * Math.exp(above);
      if (target[i]! > 0) right += target[i]! * (above + Math.log(counts[i]!));
    }
    return total + Math.log(all) - right;
  }, 0);
  return sum / Math.max(1, rows.length);
}

/** What `weights` add to each candidate's score, for a question wholly of the kind, before the level is taken off. */
export function additionsOf(row: JudgedRow, weights: Float64Array): Float64Array {
  const count = CLUES.length;
  const { numbers, words } = row.clues;
  const additions = new Float64Array(row.candidates.length);
  for (let i = 0; i < additions.length; i++) {
    let sum = 0;
    for (let j = 0; j < count; j++) sum += weights[j]! * numbers[i * count + j]!;
    const own = words[i]!;
    for (let j = 0; j < own.length; j++) sum += weights[count + own[j]!]!;
    additions[i] = sum;
  }
  return additions;
}

/** How much surer of their first hits questions would be: the level. */
export function levelOf(rows: readonly JudgedRow[], weights: Float64Array): number {
  const sum = rows.reduce((total, row) => {
    const additions = additionsOf(row, weights);
    let [before, after] = [-Infinity, -Infinity];
    for (let i = 0; i < row.found; i++) {
      before = Math.max(before, row.score[i]!);
      after = Math.max(after, row.score[i]! + additions[i]!);
    }
    return total + (row.found > 0 ? after - before : 0);
  }, 0);
  return sum / Math.max(1, rows.length);
}

/** Weights fitted, with their level and the share that is applied. */
export interface Weighed { weights: Float64Array; level: number; alpha: number }

/** A row with the scores that weighed clues give it. `share`, 0…1: how much the question is of the kind that was learned from. */
export function weighedScores(row: JudgedRow, { weights, level, alpha }: Weighed, share: number): JudgedRow {
  const by = share * alpha;
  if (by === 0) return row;
  const additions = additionsOf(row, weights);
  return { ...row, score: row.score.map((value, i) => value + by * (additions[i]! - level)) };
}

/**
 * The same with the lines in the similarity that the scores lie on, steeper where meaning weighs more: what a turn of the
 * question's vector is trained and judged on.
 * @param background of the embedder
 */
export function weighedRow(row: JudgedRow, weighed: Weighed, share: number, background: { deviation: number }): JudgedRow {
  const by = share * weighed.alpha;
  const { score } = weighedScores(row, weighed, share);
  const [meaning, meaningAcross, sure] = (['meaning', 'meaningAcross', 'score'] as const).map((clue) => weighed.weights[CLUES.indexOf(clue)]!) as [number, number, number];
  const slope = row.slope.map((value, i) => {
    const across = row.clues.numbers[i * CLUES.length + CLUES.indexOf('across')]! > 0;
    return value + by * ((across ? meaningAcross : meaning) / (DEVIATIONS * background.deviation) + (sure * value) / SCORE);
  });
  const fixed = score.map((value, i) => value - (slope[i]! * (row.score[i]! - row.fixed[i]!)) / row.slope[i]!);
  return { ...row, score, slope, fixed };
}

/** Weights as search takes them; the smallest words are left out. */
export function weighingOf({ weights, level, alpha }: Weighed, words: readonly string[]): Weighing {
  const kept = words.flatMap((word, i): [string, number][] => (Math.abs(weights[CLUES.length + i] ?? 0) >= 1e-3 ? [[word, weights[CLUES.length + i]!]] : []));
  return { numbers: [...weights.subarray(0, CLUES.length)], words: new Map(kept), level, alpha };
}

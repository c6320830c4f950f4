import { mean, ranking, scored, type JudgedRow } from './gate.ts';
import { minimise, type MinimiseOptions } from './minimise.ts';
import type { Row } from './train-query.ts';
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

export interface WeighingOptions extends MinimiseOptions {
  /** Ridges: what a weight pays for leaving 0, times its square, against the summed loss of all questions. */
  ridge: number;
  ridgeOfWords: number;
  /** Candidates compared for each question, beside those that were judged. */
  depth: number;
}

export const WEIGHING: WeighingOptions = { ridge: 32, ridgeOfWords: 8, most: 40, precision: 1e-3, depth: 30 };

/** Weights of `CLUES`, then of the word list; and by step, where rows are kept aside, the loss on both and nDCG@10 on those. */
export interface Fitted { weights: Float64Array; curve: { loss: number; aside: number; quality: number }[] }

/** A row's candidates that are compared: which, and what is known of them. */
interface Compared { used: Int32Array; base: Float64Array; target: Float64Array; clues: RowClues; weight: number }

/**
 * Fits weights of clues: the least cross-entropy of what was called right among a question's candidates, plus the ridges.
 * One minimum, so no seed and no order. (McFadden 1974, conditional logit.)
 */
export function fitWeighing(rows: readonly JudgedRow[], aside: readonly JudgedRow[], words: number, { ridge, ridgeOfWords, depth, ...options }: WeighingOptions): Fitted {
  const [train, held] = [rows, aside].map((some) => some.map((row) => comparedOf(row, depth))) as [Compared[], Compared[]];
  const weights = new Float64Array(CLUES.length + words);
  const curve: Fitted['curve'] = [];
  const meanOf = (some: readonly Compared[]): number => some.reduce((sum, row) => sum + lossOf(row, weights), 0) / Math.max(1, some.length);
  const keep = (): void => void curve.push({ loss: meanOf(train), aside: meanOf(held), quality: mean(aside.map((row) => scored(ranking(weighedScores(row, { weights, level: 0, alpha: 1 }, 1)), row.positives).ndcg)) });
  if (held.length > 0) keep();
  minimise((at, gradient) => {
    let loss = 0;
    for (let i = 0; i < at.length; i++) {
      const pays = i < CLUES.length ? ridge : ridgeOfWords;
      loss += pays * at[i]! ** 2;
      gradient[i] = 2 * pays * at[i]!;
    }
    for (const row of train) loss += lossOf(row, at, gradient);
    return loss;
  }, weights, options, held.length > 0 ? keep : undefined);
  return { weights, curve };
}

/** Positions of the candidates that training compares: the first `depth`, and whatever the person saw or pointed at. */
function usedOf({ candidates, counts, found, target, standing }: JudgedRow, depth: number): Int32Array {
  const used: number[] = [];
  for (let i = 0; i < candidates.length; i++) if (counts[i]! > 0 && ((i < depth && i < found) || target[i]! > 0 || standing[i]! > 0)) used.push(i);
  return Int32Array.from(used);
}

function comparedOf(row: JudgedRow, depth: number): Compared {
  const used = usedOf(row, depth);
  const { score, counts, target, clues, weight } = row;
  return { used, clues, weight, base: Float64Array.from(used, (i) => score[i]! + Math.log(counts[i]!)), target: Float64Array.from(used, (i) => target[i]!) };
}

/** A row with only the candidates that are compared, for what is trained by similarity. */
export function shortened(row: JudgedRow, depth: number): Row {
  const { question, query, weight } = row;
  const used = usedOf(row, depth);
  const taken = (values: Float32Array): Float32Array => Float32Array.from(used, (i) => values[i]!);
  return {
    question, query, weight, candidates: Int32Array.from(used, (i) => row.candidates[i]!),
    fixed: taken(row.fixed), slope: taken(row.slope), target: taken(row.target), counts: taken(row.counts),
  };
}

/** A candidate this far from mattering moves no weight. */
const NEGLIGIBLE = 1e-4;

/** Cross-entropy of the target under softmax(score), times the row's weight; adds to `gradient` where there is one. */
function lossOf({ used, base, target, clues: { numbers, words }, weight }: Compared, weights: Float64Array, gradient?: Float64Array): number {
  const n = used.length;
  const count = CLUES.length;
  const scores = new Float64Array(n);
  let highest = -Infinity;
  for (let i = 0; i < n; i++) {
    const at = used[i]!;
    let score = base[i]!;
    for (let j = 0; j < count; j++) score += weights[j]! * numbers[at * count + j]!;
    const own = words[at]!;
    for (let j = 0; j < own.length; j++) score += weights[count + own[j]!]!;
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
    const at = used[i]!;
    for (let j = 0; j < count; j++) gradient[j]! += g * numbers[at * count + j]!;
    const own = words[at]!;
    for (let j = 0; j < own.length; j++) gradient[count + own[j]!]! += g;
  }
  return weight * loss;
}

/** What of a row says how surely its candidates are ranked. */
export type Scores = Pick<JudgedRow, 'counts' | 'target'> & { score: ArrayLike<number> };

/** Mean cross-entropy of rows by their own scores, at a temperature. */
export function surpriseOf(rows: readonly Scores[], temperature: number): number {
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

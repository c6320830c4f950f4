import { adapt, type QueryAdapter } from './query-adapter.ts';
import { next, type Matrix, type Row } from './train-query.ts';
import type { RowClues } from './train-weighing.ts';

/** A row with what is needed to judge a ranking of it. */
export interface JudgedRow extends Row {
  /** The first so many candidates were found by search; any others were added to learn from and cannot be ranked. */
  found: number;
  /** Positions of the candidates that answer. */
  positives: number[];
  /** The fused score of every candidate, as shipped. */
  score: Float32Array;
  clues: RowClues;
  /** Of every candidate: whether the person saw it. */
  standing: Uint8Array;
  /** Hashes of the contents its candidates stand in: of these it is learned. */
  contents?: readonly string[];
}

/** A judged question with its group: those of one are nearly the same, or one passage answers them. */
export interface GroupedRow { row: JudgedRow; group: string }

/** A candidate was not shown, was shown, or was leant on by the answer. */
export const UNSEEN = 0;
export const SHOWN = 1;
export const CITED = 2;

/** How well a question is answered, 0…1. */
export interface Scored { ndcg: number; mrr: number }

/** nDCG@10 and MRR@10 of every row with an adapter; without one by the row's own scores. */
export function quality(rows: readonly JudgedRow[], matrix: Matrix, adapter?: QueryAdapter): Scored[] {
  return rows.map((row) => scored(ranking(row, matrix, adapter), row.positives));
}

/** How well a ranking answers, where `positives` are right. */
export function scored<Item>(ranking: readonly Item[], positives: readonly Item[]): Scored {
  const relevant = new Set(positives);
  const best = ranking.slice(0, 10);
  let dcg = 0;
  let ideal = 0;
  best.forEach((candidate, i) => { if (relevant.has(candidate)) dcg += 1 / Math.log2(i + 2); });
  for (let i = 0; i < Math.min(10, relevant.size); i++) ideal += 1 / Math.log2(i + 2);
  const first = best.findIndex((candidate) => relevant.has(candidate));
  return { ndcg: ideal === 0 ? 0 : dcg / ideal, mrr: first < 0 ? 0 : 1 / (first + 1) };
}

/**
 * Gain in nDCG@10 among what the person saw, of each question with a right passage there. Only there can labels be dealt out
 * anew and be as likely as the true ones.
 */
export function gainsOfShown(before: readonly JudgedRow[], after: readonly JudgedRow[], matrix: Matrix, adapter?: QueryAdapter): number[] {
  return before.flatMap((row, i) => {
    const positives = row.positives.filter((position) => row.standing[position] !== UNSEEN);
    if (positives.length === 0) return [];
    const seen = (order: number[]): number[] => order.filter((position) => row.standing[position] !== UNSEEN);
    return [scored(seen(ranking(after[i]!, matrix, adapter)), positives).ndcg - scored(seen(ranking(row, matrix)), positives).ndcg];
  });
}

/** Positions of the found candidates, best first. */
export function ranking(row: JudgedRow, matrix?: Matrix, adapter?: QueryAdapter): number[] {
  const scores = matrix ? scoresOf(row, matrix, adapter) : row.score;
  return Array.from({ length: row.found }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
}

/** The score of every candidate: the row's own, or by the question as an adapter turns it. */
export function scoresOf(row: JudgedRow, { dimensions, data }: Matrix, adapter?: QueryAdapter): Float64Array {
  if (!adapter || adapter.alpha === 0) return Float64Array.from(row.score);
  const { direction, length, offset } = adapt(adapter, row.query);
  return Float64Array.from(row.candidates, (candidate, i) => {
    let cosine = 0;
    for (let d = 0, at = candidate * dimensions; d < dimensions; d++) cosine += data[at + d]! * direction[d]!;
    return row.fixed[i]! + row.slope[i]! * (length * cosine - offset);
  });
}

export const mean = (values: readonly number[]): number => (values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length);

const RESAMPLED = 2000;

/**
 * The lower bound of a paired bootstrap: the mean of the differences is above it in 19 of 20 resamples. Whole groups are drawn,
 * since the questions of one rise and fall together (cluster bootstrap: Field & Welsh, “Bootstrapping clustered data”, JRSS B
 * 69, 2007), and the bound is moved out by what few groups do not know of their own scatter (the expanded percentiles of
 * Hesterberg, “What teachers should know about the bootstrap”, The American Statistician 69, 2015).
 *
 * @param groups of each difference; absent: each is its own
 * @returns −1, below which no mean of differences in nDCG lies, where there are fewer than two groups to tell
 */
export function lowerBound(differences: readonly number[], groups: readonly string[] = differences.map((_, i) => `${i}`), seed = 1): number {
  const clusters = clustersOf(groups);
  const free = clusters.length - 1;
  if (free < 1) return -1;
  const random = { random: seed };
  const means = Array.from({ length: RESAMPLED }, () => {
    const places = resampled(clusters, random);
    return places.reduce((sum, place) => sum + differences[place]!, 0) / places.length;
  });
  const bound = means.sort((a, b) => a - b)[Math.floor(RESAMPLED * 0.05)]!;
  const middle = mean(differences);
  return middle - (middle - bound) * Math.sqrt(clusters.length / free) * (1 + T_OVER_NORMAL / free);
}

/** The places of each group. */
export function clustersOf(groups: readonly string[]): number[][] {
  const places = new Map<string, number[]>();
  groups.forEach((group, place) => {
    const known = places.get(group);
    if (known) known.push(place);
    else places.set(group, [place]);
  });
  return [...places.values()];
}

/** The places of as many groups as there are, drawn with replacement. */
export function resampled(clusters: readonly (readonly number[])[], random: { random: number }): number[] {
  const places: number[] = [];
  for (let i = 0; i < clusters.length; i++) for (const place of clusters[Math.floor(next(random) * clusters.length)]!) places.push(place);
  return places;
}

/** By so much over the degrees of freedom Student's t lies further out than the normal distribution, where one in twenty is beyond. */
const T_OVER_NORMAL = 0.93;

/** A question before and after. */
export interface JudgedOf { group: string; before: Scored; after: Scored }

/**
 * Share of questions the library does not answer that would be answered, and of resamples of all questions the share in which it is
 * higher after than before.
 */
export interface FalseAccepts { before: number; after: number; rises: number }

/** How many questions pass a threshold only before, and how many only after. */
export interface Passing { lost: number; won: number }

/** What a candidate is judged by: each question before and after, never one it was trained on. */
export interface Trial {
  /** Whether anything is applied at all. */
  applied: boolean;
  mine: JudgedOf[];
  guard: { before: Scored; after: Scored }[];
  falseAccepts: FalseAccepts;
  /**
   * Of a model of its own: how many answered questions pass the threshold in use no more, and how many newly. Where a library's
   * line stands is not measured anew for it (`calibrate.ts`), so its scores have to stay where they were.
   */
  passing?: Passing;
  finite: boolean;
  /** Of an embedder: the mean cosine of random chunks with each other. */
  alike?: { before: number; after: number };
}

/** Why a candidate does not come into use. */
export type Refusal = 'no-gain' | 'unsure' | 'first-hit-worse' | 'guard-worse' | 'answers-unanswerable' | 'answers-fewer' | 'collapsed' | 'control-passed';

const GUARD_MAY_FALL = 0.01;
/**
 * The share of false answers may not be higher; and of a few dozen questions that a library does not answer, some cross a threshold,
 * which other questions set, by chance: of candidates that are no worse by construction a half have a higher share. So refused
 * is what is higher in nine of ten resamples. With nineteen of twenty, as for a gain, more of what is worse would pass.
 */
const RISES_IN = 0.9;
/** Chunks that all mean the same are found for everything. */
const LIKENESS_MAY_RISE = 0.05;

/**
 * All that speaks against a candidate; empty: it may come into use. A candidate of which nothing is applied is the shipped
 * model and no gain. (On the query side documents' vectors stay where they are, so they cannot collapse; questions that all came
 * to ask the same would fail on the gain and the guard.)
 */
export function refusals({ applied, mine, guard, falseAccepts, passing, finite, alike }: Trial): Refusal[] {
  const gains = mine.map(({ before, after }) => after.ndcg - before.ndcg);
  const fell = (rows: Trial['guard'], of: keyof Scored): number => mean(rows.map(({ before, after }) => before[of] - after[of]));
  const found: Refusal[] = [];
  if (!applied || !(mean(gains) > 0)) found.push('no-gain');
  else if (lowerBound(gains, mine.map(({ group }) => group)) < 0) found.push('unsure');
  if (fell(mine, 'mrr') > 0) found.push('first-hit-worse');
  if (fell(guard, 'ndcg') > GUARD_MAY_FALL) found.push('guard-worse');
  if (falseAccepts.rises >= RISES_IN) found.push('answers-unanswerable');
  if (passing && fallsBeyondChance(passing)) found.push('answers-fewer');
  if (!finite || (alike && !(alike.after < alike.before + LIKENESS_MAY_RISE))) found.push('collapsed');
  return found;
}

/** McNemar's test with Edwards' correction, one-sided: lost and won are as likely where nothing changed. */
const fallsBeyondChance = ({ lost, won }: Passing): boolean => lost - won - 1 > ONE_IN_TWENTY * Math.sqrt(lost + won);
/** Deviations of a normal distribution. */
const ONE_IN_TWENTY = 1.645;

/**
 * Whether a gain stands out from those of controls, which learned from labels without sense: above every one, and by so many
 * of their deviations above their mean.
 */
export function standsOut(gain: number, controls: readonly number[]): boolean {
  const middle = mean(controls);
  const deviation = Math.sqrt(mean(controls.map((value) => (value - middle) ** 2)));
  return controls.every((value) => gain > value) && gain > middle + DEVIATIONS_ABOVE * deviation;
}

/** One in two hundred of normally scattered chances. */
const DEVIATIONS_ABOVE = 2.6;

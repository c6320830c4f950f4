import { adapt, type QueryAdapter } from './query-adapter.ts';
import { next, type Matrix, type Row } from './train-query.ts';

/** A row with what is needed to judge a ranking of it. */
export interface JudgedRow extends Row {
  /** The first so many candidates were found by search; any others were added to learn from and cannot be ranked. */
  found: number;
  /** Positions of the candidates that answer. */
  positives: number[];
}

/** How well a question is answered, 0…1. */
export interface Scored { ndcg: number; mrr: number }

/** nDCG@10 and MRR@10 of every row with an adapter; without one as shipped. */
export function quality(rows: readonly JudgedRow[], matrix: Matrix, adapter?: QueryAdapter): Scored[] {
  return rows.map((row) => {
    const relevant = new Set(row.positives);
    const best = ranking(row, matrix, adapter).slice(0, 10);
    let dcg = 0;
    let ideal = 0;
    best.forEach((candidate, i) => { if (relevant.has(candidate)) dcg += 1 / Math.log2(i + 2); });
    for (let i = 0; i < Math.min(10, row.positives.length); i++) ideal += 1 / Math.log2(i + 2);
    const first = best.findIndex((candidate) => relevant.has(candidate));
    return { ndcg: ideal === 0 ? 0 : dcg / ideal, mrr: first < 0 ? 0 : 1 / (first + 1) };
  });
}

/** Positions of the found candidates, best first. */
export function ranking(row: JudgedRow, matrix: Matrix, adapter?: QueryAdapter): number[] {
  const scores = scoresOf(row, matrix, adapter);
  return Array.from({ length: row.found }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
}

/** The fused score of every candidate. */
export function scoresOf(row: Row, { dimensions, data }: Matrix, adapter?: QueryAdapter): Float64Array {
  const { direction, length, offset } = adapter ? adapt(adapter, row.query) : { direction: row.query, length: 1, offset: 0 };
  return Float64Array.from(row.candidates, (candidate, i) => {
    let cosine = 0;
    for (let d = 0, at = candidate * dimensions; d < dimensions; d++) cosine += data[at + d]! * direction[d]!;
    return row.fixed[i]! + row.slope[i]! * (length * cosine - offset);
  });
}

export const mean = (values: readonly number[]): number => (values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length);

const RESAMPLED = 2000;

/** The lower bound of a paired bootstrap: the mean of the differences is above it in 19 of 20 resamples. */
export function lowerBound(differences: readonly number[], seed = 1): number {
  if (differences.length === 0) return 0;
  const random = { random: seed };
  const means = Array.from({ length: RESAMPLED }, () => {
    let sum = 0;
    for (let i = 0; i < differences.length; i++) sum += differences[Math.floor(next(random) * differences.length)]!;
    return sum / differences.length;
  });
  return means.sort((a, b) => a - b)[Math.floor(RESAMPLED * 0.05)]!;
}

/** What a candidate is judged by: each question before and after, never one it was trained on. */
export interface Trial {
  alpha: number;
  mine: { before: Scored; after: Scored }[];
  guard: { before: Scored; after: Scored }[];
  /** Share of questions the library does not answer that would be answered. */
  falseAccepts: { before: number; after: number };
  /** Mean cosine of pairs of questions' vectors. */
  alike: { before: number; after: number };
  finite: boolean;
}

/** Why a candidate does not come into use. */
export type Refusal = 'no-gain' | 'unsure' | 'first-hit-worse' | 'guard-worse' | 'answers-unanswerable' | 'collapsed' | 'control-passed';

const GUARD_MAY_FALL = 0.01;
const FALSE_ACCEPTS_MAY_RISE = 0.02;
/** Chunks stay where they are; of questions, what suits this person in every passage moves all a little the same way. */
const ALIKE_MAY_RISE = 0.2;

/** All that speaks against a candidate; empty: it may come into use. An adapter of alpha 0 is the shipped model and no gain. */
export function refusals({ alpha, mine, guard, falseAccepts, alike, finite }: Trial): Refusal[] {
  const gains = mine.map(({ before, after }) => after.ndcg - before.ndcg);
  const fell = (rows: Trial['mine'], of: keyof Scored): number => mean(rows.map(({ before, after }) => before[of] - after[of]));
  const found: Refusal[] = [];
  if (alpha === 0 || !(mean(gains) > 0)) found.push('no-gain');
  else if (lowerBound(gains) < 0) found.push('unsure');
  if (fell(mine, 'mrr') > 0) found.push('first-hit-worse');
  if (fell(guard, 'ndcg') > GUARD_MAY_FALL) found.push('guard-worse');
  if (falseAccepts.after > falseAccepts.before + FALSE_ACCEPTS_MAY_RISE) found.push('answers-unanswerable');
  if (!finite || alike.after > alike.before + ALIKE_MAY_RISE) found.push('collapsed');
  return found;
}

/** Mean cosine of pairs of adapted questions; 1 would mean that all questions ask the same. */
export function alikeness(queries: readonly Float32Array[], adapter?: QueryAdapter): { alike: number; finite: boolean } {
  const vectors = queries.map((query) => (adapter ? adapt(adapter, query).direction : query));
  const dimensions = vectors[0]?.length ?? 0;
  const sum = new Float64Array(dimensions);
  for (const vector of vectors) for (let d = 0; d < dimensions; d++) sum[d]! += vector[d]!;
  const n = vectors.length;
  let squares = 0;
  for (const value of sum) squares += value * value;
  return { alike: n < 2 ? 0 : (squares - n) / (n * (n - 1)), finite: Number.isFinite(squares) };
}

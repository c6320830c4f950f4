import { overlaps, type ChunkName } from './judgements.ts';

/** A chunk as negatives are mined from it. `relevance` is what the present ranking thinks of it, 0…1. */
export interface Ranked extends ChunkName { parent?: number; text: string; relevance: number; vector?: Float32Array }

/** Ranks mined from, counted from 1: above them stand too many that answer and nobody has said so. */
const FIRST = 10;
const LAST = 200;
const KEPT = 15;
/** The ranking is this sure of a chunk: perhaps an answer nobody judged. Below the second it is surely none. */
const LIKELY = 0.9;
const UNLIKELY = 0.1;
/** Cosine from which two texts say the same. */
const DUPLICATE = 0.98;
/** Shorter answers stand in many chunks by chance. */
const SHORTEST_ANSWER = 4;

/**
 * Whether a chunk cannot be called wrong for a question: it overlaps a positive, stands in the same parent, says the same, or
 * holds an accepted answer.
 */
export function clashes(candidate: Ranked, positives: readonly Ranked[], answers: readonly string[]): boolean {
  return positives.some((positive) =>
    overlaps(candidate, positive) ||
    (candidate.contentHash === positive.contentHash && candidate.parent !== undefined && candidate.parent === positive.parent) ||
    candidate.text.trim() === positive.text.trim() || cosine(candidate.vector, positive.vector) >= DUPLICATE,
  ) || answers.some((answer) => answer.trim().length >= SHORTEST_ANSWER && candidate.text.includes(answer.trim()));
}

/**
 * Hard negatives of a question out of its present ranking, best first: what a person would have been shown next, without
 * what may be right after all. (Ranks 10–200, fifteen kept; near-positives weigh half: seeds of FlagEmbedding and NV-Retriever.)
 */
export function hardNegatives<Candidate extends Ranked>(ranking: readonly Candidate[], positives: readonly Ranked[], answers: readonly string[]): { chunk: Candidate; weight: number }[] {
  return ranking.slice(FIRST - 1, LAST)
    .filter((candidate) => candidate.relevance <= LIKELY && !clashes(candidate, positives, answers))
    .slice(0, KEPT)
    .map((chunk) => ({ chunk, weight: chunk.relevance < UNLIKELY ? 1 : 0.5 }));
}

function cosine(a: Float32Array | undefined, b: Float32Array | undefined): number {
  if (!a || !b) return 0;
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!;
  return sum;
}

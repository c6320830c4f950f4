import type { ChunkName } from './judgements.ts';

/** A chunk, and by how much it makes a correction more probable than one that says nothing of it (`correction.ts`). */
export type Gain = ChunkName & { gain: number };

/**
 * A chunk that gives a correction so much says it, or the better half of it; one that takes so much speaks against it. Of 38 right
 * sentences of `answer/testing/citations.json` that nothing was fitted on, 37 then lead to their passage and none to another, of 38
 * wrong ones 35 are gaps, and the ten passages that speak against a sentence are those that say otherwise.
 */
export const SAYS = 0.4;
export const AGAINST = -0.3;

/**
 * What a correction says of chunks: the one that gives most to it answers the question, and what the answer cited and speaks against
 * it does not. Undefined where none says it: that is a gap in the library, and nothing is to be learned from it.
 */
export function supportOf(gains: readonly Gain[], cited: readonly ChunkName[]): { right: ChunkName; wrong: ChunkName[] } | undefined {
  const best = gains.reduce<Gain | undefined>((a, b) => (a && a.gain >= b.gain ? a : b), undefined);
  if (!best || best.gain < SAYS) return undefined;
  const isCited = ({ contentHash, start, end }: ChunkName): boolean => cited.some((chunk) => chunk.contentHash === contentHash && chunk.start === start && chunk.end === end);
  return { right: named(best), wrong: gains.filter((one) => one.gain < AGAINST && isCited(one)).map(named) };
}

const named = ({ contentHash, start, end }: ChunkName): ChunkName => ({ contentHash, start, end });

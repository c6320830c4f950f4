import type { Hit } from '../../engine/api.ts';

/**
 * Whether a hit owes its place to what the person said of it, or of passages like it: without that another would stand
 * before it, or it would more likely than not have been no answer at all. Scores are log-odds.
 */
export function lifted(hit: Hit, hits: readonly Hit[]): boolean {
  const { taught, learned } = hit.trace;
  if (taught ? taught.thumb !== 'up' : (learned?.addition ?? 0) <= 0) return false;
  const own = untaught(hit);
  return own < 0 || hits.some((other) => score(other) < score(hit) && untaught(other) > own);
}

function score({ trace: { fused, rerank } }: Hit): number {
  return rerank?.score ?? fused.score;
}

function untaught(hit: Hit): number {
  return score(hit) - (hit.trace.taught?.addition ?? 0) - (hit.trace.learned?.addition ?? 0);
}

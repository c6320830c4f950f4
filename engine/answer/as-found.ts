import type { Hit } from '../api.ts';

/**
 * Hits by how sure search is of each, best first: of two rankings interleaved either may have found what answers, and a document
 * that is called outdated stands further down but answers as it did.
 */
export function asFound(hits: readonly Hit[]): readonly Hit[] {
  if (!hits.some(({ trace }) => trace.drafted ?? trace.outdated)) return hits;
  return hits.map((hit): Hit => {
    const { trace } = hit;
    if (!trace.outdated) return hit;
    const without = <Scored extends { score: number }>(scored: Scored): Scored => ({ ...scored, score: scored.score - trace.outdated!.addition });
    const now = trace.rerank ? { ...trace, rerank: without(trace.rerank) } : { ...trace, fused: without(trace.fused) };
    return { ...hit, trace: now, relevance: 1 / (1 + Math.exp(-(now.rerank ?? now.fused).score)) };
  }).sort((a, b) => b.relevance - a.relevance);
}

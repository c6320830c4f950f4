import type { ChunkId } from '../api.ts';
import { rank, type SearchParts } from '../search.ts';
import type { PresentChunk } from '../store/judged.ts';
import { vectorsOf } from '../store/vectors.ts';
import type { JudgedQuestion } from './judgements.ts';
import { hardNegatives, type Ranked } from './negatives.ts';

/** So many of the present ranking's first are looked at. */
const DEPTH = 200;

/**
 * Hard negatives of a question by chunk, and how much each counts: out of what search with everything now in use finds, so that
 * another version in use gives others. What people said of this very question is left away: it is the label, not the ranking.
 */
export async function minedFor(production: SearchParts, { question, libraries, answers }: Pick<JudgedQuestion, 'question' | 'libraries' | 'answers'>, positives: readonly PresentChunk[]): Promise<Map<ChunkId, number>> {
  const { hits, chunks, asked } = await rank(production, { question, limit: DEPTH, taught: false, ...(libraries.length > 0 && { libraries }) });
  const first = hits.slice(0, DEPTH);
  const vectors = asked ? vectorsOf(production.db, asked.space, [...first.map(({ id }) => id), ...positives.map(({ chunk }) => chunk)]) : new Map<ChunkId, Float32Array>();
  const withVector = (chunk: ChunkId) => { const vector = vectors.get(chunk); return vector && { vector }; };
  const ranking = first.map(({ id, relevance }): Ranked & { id: ChunkId } => {
    const { parent, contentHash, start, end, text, documentName } = chunks.get(id)!;
    return { id, parent, contentHash, start, end, text, documentName, relevance, ...withVector(id) };
  });
  const right = positives.map((chunk): Ranked => ({ ...chunk, relevance: 1, ...withVector(chunk.chunk) }));
  return new Map(hardNegatives(ranking, right, answers).map(({ chunk, weight }) => [chunk.id, weight]));
}

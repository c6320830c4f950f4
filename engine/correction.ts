import type { ChunkId, Hit, TurnId } from './api.ts';
import { openAligner } from './answer/align.ts';
import { statementsOf } from './extract/statements.ts';
import { search, type SearchParts } from './search.ts';
import { sentences } from './sentences.ts';
import { visibleChunks } from './store/chunks.ts';
import { bodyWhile } from './store/contents.ts';
import { librariesAsked, turn as turnOf } from './store/conversations.ts';
import { libraries } from './store/libraries.ts';
import { documentFrequency, wordStatistics } from './store/words.ts';

/** What the library says to an answer as a person corrected it. */
export interface Correction {
  /** Found with the correction, and not with the question. */
  hits: Hit[];
  /**
   * Of the hits of the turn and of these: by how much each makes the correction's sentences more probable, on the mean, than a
   * passage that says nothing of them. From 1, it says them all, to below 0, it says otherwise.
   */
  gains: { chunk: ChunkId; gain: number }[];
}

/** So many of what was found with the question and with the correction are compared, and all that the answer cites. */
const COMPARED = 8;

/**
 * Looks for what supports a correction, among what was found for the question and what is found with the correction itself
 * (LLM-Embedder's candidates), and measures each as citations are: `answer/align.ts`.
 *
 * @throws EngineError 'not-found' when the turn is gone
 */
export async function correctionOf(parts: SearchParts, id: TurnId, correction: string): Promise<Correction> {
  const { db, embedder } = parts;
  const turn = turnOf(db, id);
  const among = librariesAsked(db, id) ?? libraries(db).map((library) => library.id);
  const cited = new Set(turn.answer.sentences.flatMap(({ citations }) => citations.map(({ chunk }) => chunk)));
  const present = visibleChunks(db, turn.hits.map(({ chunk }) => chunk), among);
  const before = turn.hits.filter(({ chunk }, i) => present.has(chunk) && (i < COMPARED || cited.has(chunk)));
  const found = (await search(parts, { question: correction, libraries: among, limit: COMPARED, taught: false })).hits;
  const hits = found.filter(({ chunk }) => !turn.hits.some((hit) => hit.chunk === chunk));
  const candidates = [...before, ...hits];

  const aligner = await openAligner(candidates.flatMap((hit, i) => statementsOf(hit, i, bodyWhile(db, hit.document, hit.contentHash)?.blocks ?? [])), {
    statistics: { df: (token) => documentFrequency(db, token), total: wordStatistics(db).total },
    ...(embedder && { embed: (texts) => embedder.embed(texts, 'document') }), ...(embedder?.background && { background: embedder.background }),
  });
  const claims: Map<number, number>[] = [];
  for (const { start, end } of sentences(correction, 0, correction.length, true)) {
    const gains = await aligner.gains(correction.slice(start, end).trim());
    if (gains) claims.push(gains);
  }
  const mean = (i: number): number => claims.reduce((sum, gains) => sum + (gains.get(i) ?? 0), 0) / Math.max(1, claims.length);
  return { hits, gains: candidates.map(({ chunk }, i) => ({ chunk, gain: mean(i) })) };
}

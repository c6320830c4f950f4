import type { DocumentId, Explanation, TurnId } from './api.ts';
import { EngineError } from './api.ts';
import { search, type SearchParts } from './search.ts';
import { standingOf } from './store/chunks.ts';
import { librariesAsked, turn as turnOf } from './store/conversations.ts';
import { spaceOf } from './store/spaces.ts';

/** So deep a ranking is looked through for the passage that was pointed at. */
const DEPTH = 1000;

/**
 * Why the passage at a span of a document is, or is not, among the hits of a turn: its chunk in the ranking as it is now, deep
 * enough to find nearly everything that shares anything with the question; and where it is not in it, what keeps it out.
 *
 * @throws EngineError 'not-found' when the turn or the document is gone
 */
export async function explain(parts: SearchParts, id: TurnId, document: DocumentId, start: number, end: number): Promise<Explanation> {
  const { db, embedder } = parts;
  const turn = turnOf(db, id);
  const among = librariesAsked(db, id);
  const { hits } = await search(parts, { question: turn.standalone ?? turn.question, ...(among && { libraries: among }), limit: DEPTH });
  const last = turn.hits.at(-1);
  const common = { candidates: hits.length, ...(last && { last: hits.find(({ chunk }) => chunk === last.chunk) ?? last }) };

  const space = embedder && spaceOf(db, embedder.space)?.id;
  const standing = standingOf(db, document, start, end, space);
  if (!standing) throw new EngineError('not-found', 'That document is gone or has not been read yet.');
  if (standing.chunk === undefined) return { ...common, reason: 'no-chunk' };
  // The same content in another document may be the one that is shown, though this one is hidden.
  const rank = hits.findIndex(({ chunk }) => chunk === standing.chunk);
  const hit = hits[rank];
  const shown = turn.hits.some(({ chunk }) => chunk === standing.chunk);
  if (hit) return { ...common, hit, rank: rank + 1, reason: shown ? 'shown' : 'outranked' };
  if (standing.hidden) return { ...common, reason: 'excluded' };
  if (among && !among.includes(standing.library)) return { ...common, reason: 'other-library' };
  return { ...common, reason: embedder && !standing.embedded ? 'not-embedded' : 'not-proposed' };
}

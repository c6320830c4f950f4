import type { Answer, ConversationId, Hit, LibraryId, TurnId } from '../api.ts';
import { sql, type Db } from './database.ts';

/** A turn of an earlier conversation, its answer as plain text, and the libraries its hits are of. */
export interface PastTurn { id: TurnId; conversation: ConversationId; asked: number; question: string; answer: string; libraries: LibraryId[] }

/** The latest turns that were answered, in the order they were said. */
export function answeredTurns(db: Db, limit: number): TurnId[] {
  return sql<{ id: TurnId }>(db, `select id from (
      select id, conversation_id from turn where json_extract(answer, '$.outcome') = 'answered' order by id desc limit ?)
    order by conversation_id, id`).all(limit).map(({ id }) => id);
}

/** Those of the turns whose answer a person accepted (its last thumb is up) or put right, with the text they put in its place. */
export function acceptedAmong(db: Db, turns: readonly TurnId[]): Map<TurnId, { corrected?: string }> {
  const rows = sql<{ turn: TurnId; thumb: string | null; text: string | null }>(db, `
    select e.turn_id turn, json_extract(e.signal, '$.thumb') thumb, json_extract(e.signal, '$.text') text from json_each(?) t join event e on e.turn_id = t.value
    where json_extract(e.signal, '$.kind') in ('answer-thumb', 'corrected') order by e.number`).all(JSON.stringify(turns));
  const accepted = new Map<TurnId, { corrected?: string }>();
  for (const { turn, thumb, text } of rows) {
    if (text !== null) accepted.set(turn, { corrected: text });
    else if (thumb === 'up') accepted.set(turn, {});
    // A thumb down says nothing against what the person wrote themselves.
    else if (thumb === 'none' || accepted.get(turn)?.corrected === undefined) accepted.delete(turn);
  }
  return accepted;
}

export function pastTurn(db: Db, id: TurnId): PastTurn {
  const { answer, hits, ...row } = sql<Omit<PastTurn, 'answer' | 'libraries'> & { answer: string; hits: string }>(db, `
    select id, conversation_id conversation, asked, coalesce(standalone, question) question, answer, hits from turn where id = ?`).get(id)!;
  return {
    ...row, answer: (JSON.parse(answer) as Answer).sentences.map(({ text }) => text).join(' '),
    libraries: [...new Set((JSON.parse(hits) as Hit[]).map(({ library }) => library))],
  };
}

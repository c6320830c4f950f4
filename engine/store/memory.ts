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

/** Those of the turns whose answer's last thumb is up. */
export function acceptedAmong(db: Db, turns: readonly TurnId[]): Set<TurnId> {
  const rows = sql<{ id: TurnId }>(db, `
    select t.value id from json_each(?) t where (
      select json_extract(signal, '$.thumb') from event where turn_id = t.value and json_extract(signal, '$.kind') = 'answer-thumb'
      order by number desc limit 1) = 'up'`).all(JSON.stringify(turns));
  return new Set(rows.map(({ id }) => id));
}

export function pastTurn(db: Db, id: TurnId): PastTurn {
  const { answer, hits, ...row } = sql<Omit<PastTurn, 'answer' | 'libraries'> & { answer: string; hits: string }>(db, `
    select id, conversation_id conversation, asked, coalesce(standalone, question) question, answer, hits from turn where id = ?`).get(id)!;
  return {
    ...row, answer: (JSON.parse(answer) as Answer).sentences.map(({ text }) => text).join(' '),
    libraries: [...new Set((JSON.parse(hits) as Hit[]).map(({ library }) => library))],
  };
}

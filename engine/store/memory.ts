import type { Answer, AppAction, ConversationId, Hit, LibraryId, Signal, TurnId } from '../api.ts';
import { sql, type Db } from './database.ts';

/** A turn of an earlier conversation, its answer as plain text, the libraries its hits are of, and the contents it cites, by hash. */
export interface PastTurn { id: TurnId; conversation: ConversationId; asked: number; question: string; answer: string; libraries: LibraryId[]; contents: string[] }

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

/** Undefined where its conversation was removed. */
export function pastTurn(db: Db, id: TurnId): PastTurn | undefined {
  const row = sql<Omit<PastTurn, 'answer' | 'libraries' | 'contents'> & { answer: string; hits: string }>(db, `
    select id, conversation_id conversation, asked, coalesce(standalone, question) question, answer, hits from turn where id = ?`).get(id);
  if (!row) return undefined;
  const { sentences } = JSON.parse(row.answer) as Answer;
  const hits = JSON.parse(row.hits) as Hit[];
  const cited = new Set(sentences.flatMap(({ citations }) => citations.map(({ chunk }) => chunk)));
  return {
    ...row, answer: sentences.map(({ text }) => text).join(' '), libraries: [...new Set(hits.map(({ library }) => library))],
    contents: [...new Set(hits.filter(({ chunk }) => cited.has(chunk)).map(({ contentHash }) => contentHash))],
  };
}

/** The answered turn that came next in its conversation. */
export function turnAfter(db: Db, { id, conversation }: Pick<PastTurn, 'id' | 'conversation'>): PastTurn | undefined {
  const next = sql<{ id: TurnId }>(db, `
    select id from turn where conversation_id = ? and id > ? and json_extract(answer, '$.outcome') = 'answered' order by id limit 1`).get(conversation, id);
  return next && pastTurn(db, next.id);
}

/** The contents that documents have now, by hash. */
export function presentContents(db: Db): Set<string> {
  return new Set(sql<{ hash: string }>(db, `select distinct c.hash from content c join document d on d.content_id = c.id where d.state <> 'removed'`).all().map(({ hash }) => hash));
}

/** Those of some contents, by hash, that may be shown: some document has them, is included and was not removed. */
export function visibleContents(db: Db, hashes: readonly string[]): Set<string> {
  return new Set(sql<{ hash: string }>(db, `
    select c.hash from json_each(?) i cross join content c on c.hash = i.value
    where exists (select 1 from document d where d.content_id = c.id and d.included = 1 and d.state <> 'removed')`).all(JSON.stringify(hashes)).map(({ hash }) => hash));
}

/** What a person said of an earlier turn that went along, or of an action that was offered, at a question as it was typed. */
export type SaidBeside = { question: string } & ({ recalled: TurnId; dismissed: boolean } | { action: AppAction; refused: boolean });

/** The latest word on each thing that stood beside an answer, in the order of the answers; what was taken back is not there. */
export function saidBeside(db: Db): SaidBeside[] {
  const rows = sql<{ turn: TurnId; signal: string; question: string }>(db, `
    select turn_id turn, signal, json_extract(context, '$.turn.question') question from event
    where json_extract(signal, '$.kind') in ('recalled-turn', 'action') order by turn_id, number`).all();
  const latest = new Map<string, SaidBeside>();
  for (const { turn, question, ...row } of rows) {
    const signal = JSON.parse(row.signal) as Signal;
    if (signal.kind === 'recalled-turn') {
      latest.delete(`${turn} ${signal.recalled}`);
      if (signal.thumb !== 'none') latest.set(`${turn} ${signal.recalled}`, { question, recalled: signal.recalled, dismissed: signal.thumb === 'down' });
    } else if (signal.kind === 'action') {
      latest.delete(`${turn} ${signal.action}`);
      if (signal.said !== 'none') latest.set(`${turn} ${signal.action}`, { question, action: signal.action, refused: signal.said === 'refused' });
    }
  }
  return [...latest.values()];
}

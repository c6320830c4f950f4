import type { Answer, AnswerDetails, AppAction, Conversation, ConversationId, Hit, LibraryId, ModelsInUse, Turn, TurnId } from '../api.ts';
import { EngineError } from '../api.ts';
import { sql, type Db } from './database.ts';
import { thumbsOf } from './feedback.ts';

export interface TokenColumns { words: string; characters: string }

/** Conversations, newest first; with an FTS5 query only those in which a turn matches. */
export function conversations(db: Db, query?: string): Conversation[] {
  return sql<Conversation>(db, `
    select c.id, c.title, c.begun, c.latest, (select count(*) from turn t where t.conversation_id = c.id) turns
    from conversation c
    ${query === undefined ? '' : 'where c.id in (select conversation_id from turn where id in (select rowid from turn_words where turn_words match @query))'}
    order by c.latest desc limit 500`).all({ query });
}

export function createConversation(db: Db, title: string): ConversationId {
  const now = Date.now();
  return Number(sql(db, 'insert into conversation (title, begun, latest) values (?, ?, ?)').run(title, now, now).lastInsertRowid) as ConversationId;
}

export function renameConversation(db: Db, conversation: ConversationId, title: string): void {
  const clean = title.trim().slice(0, 200);
  if (clean === '') throw new EngineError('invalid', 'A conversation needs a title.');
  const { changes } = sql(db, 'update conversation set title = ? where id = ?').run(clean, conversation);
  if (changes === 0) throw new EngineError('not-found', 'That conversation is gone.');
}

/** Deletes a conversation with its turns; feedback given in it stays until it is deleted as feedback. */
export function removeConversation(db: Db, conversation: ConversationId): void {
  sql(db, 'delete from turn_words where rowid in (select id from turn where conversation_id = ?)').run(conversation);
  sql(db, 'delete from conversation where id = ?').run(conversation);
}

interface Row {
  id: TurnId; conversation: ConversationId; asked: number; question: string; standalone: string | null; answer: string; hits: string; models: string; milliseconds: number;
  details: string | null; actions: string | null;
}

const SELECT = 'select id, conversation_id conversation, asked, question, standalone, answer, hits, models, milliseconds, details, actions from turn';

/** The turns of a conversation in order. @throws EngineError 'not-found' */
export function turns(db: Db, conversation: ConversationId): Turn[] {
  if (!sql(db, 'select 1 from conversation where id = ?').get(conversation)) throw new EngineError('not-found', 'That conversation is gone.');
  return sql<Row>(db, `${SELECT} where conversation_id = ? order by id`).all(conversation).map((row) => fromRow(db, row));
}

/** @throws EngineError 'not-found' */
export function turn(db: Db, id: TurnId): Turn {
  const row = sql<Row>(db, `${SELECT} where id = ?`).get(id);
  if (!row) throw new EngineError('not-found', 'That answer is gone.');
  return fromRow(db, row);
}

function fromRow(db: Db, row: Row): Turn {
  const { standalone, details, actions, ...rest } = row;
  const thumbs: Turn['thumbs'] = thumbsOf(db, row.id);
  const turn: Turn = { ...rest, answer: JSON.parse(row.answer) as Answer, hits: JSON.parse(row.hits) as Hit[], models: JSON.parse(row.models) as ModelsInUse, thumbs };
  if (standalone !== null) turn.standalone = standalone;
  if (details !== null) turn.details = JSON.parse(details) as AnswerDetails;
  if (actions !== null) turn.actions = JSON.parse(actions) as AppAction[];
  return turn;
}

/** A turn as it begins: stopped and empty, which is what a crash leaves of it. */
export function beginTurn(db: Db, conversation: ConversationId, question: string, libraries: readonly LibraryId[] | undefined, tokens: TokenColumns): TurnId {
  const now = Date.now();
  const empty: Answer = { outcome: 'stopped', sentences: [] };
  const { changes } = sql(db, 'update conversation set latest = ? where id = ?').run(now, conversation);
  if (changes === 0) throw new EngineError('not-found', 'That conversation is gone.');
  const id = Number(sql(db, `
    insert into turn (conversation_id, asked, question, libraries, answer, hits, models, milliseconds) values (?, ?, ?, ?, ?, '[]', '{"answerer":"none"}', 0)`)
    .run(conversation, now, question, libraries ? JSON.stringify(libraries) : null, JSON.stringify(empty)).lastInsertRowid) as TurnId;
  sql(db, 'insert into turn_words (rowid, words, characters) values (?, ?, ?)').run(id, tokens.words, tokens.characters);
  return id;
}

/** What a turn comes to; what is absent stays unknown. */
export type Ended = Pick<Turn, 'answer' | 'hits' | 'models' | 'milliseconds' | 'standalone' | 'details' | 'actions'>;

/** The turn as it ended. Nothing happens when its conversation was removed meanwhile. */
export function endTurn(db: Db, id: TurnId, { answer, hits, models, milliseconds, standalone, details, actions }: Ended, tokens: TokenColumns): void {
  const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
  const { changes } = sql(db, 'update turn set answer = ?, hits = ?, models = ?, milliseconds = ?, standalone = ?, details = ?, actions = ? where id = ?')
    .run(json(answer), json(hits), json(models), milliseconds, standalone ?? null, json(details), json(actions), id);
  if (changes === 0) return;
  sql(db, 'delete from turn_words where rowid = ?').run(id);
  sql(db, 'insert into turn_words (rowid, words, characters) values (?, ?, ?)').run(id, tokens.words, tokens.characters);
}

/** The libraries a turn's question was asked of; undefined for a turn of an earlier release. */
export function librariesAsked(db: Db, turn: TurnId): LibraryId[] | undefined {
  const row = sql<{ libraries: string | null }>(db, 'select libraries from turn where id = ?').get(turn);
  return row?.libraries ? (JSON.parse(row.libraries) as LibraryId[]) : undefined;
}

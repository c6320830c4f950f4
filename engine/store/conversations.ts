import type { Answer, Conversation, ConversationId, Hit, ModelsInUse, Turn, TurnId } from '../api.ts';
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

interface Row { id: TurnId; conversation: ConversationId; asked: number; question: string; standalone: string | null; answer: string; hits: string; models: string; milliseconds: number }

const SELECT = 'select id, conversation_id conversation, asked, question, standalone, answer, hits, models, milliseconds from turn';

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
  const { standalone, ...rest } = row;
  const thumbs: Turn['thumbs'] = thumbsOf(db, row.id);
  const turn: Turn = { ...rest, answer: JSON.parse(row.answer) as Answer, hits: JSON.parse(row.hits) as Hit[], models: JSON.parse(row.models) as ModelsInUse, thumbs };
  if (standalone !== null) turn.standalone = standalone;
  return turn;
}

/** A turn as it begins: stopped and empty, which is what a crash leaves of it. */
export function beginTurn(db: Db, conversation: ConversationId, question: string, standalone: string | undefined, tokens: TokenColumns): TurnId {
  const now = Date.now();
  const empty: Answer = { outcome: 'stopped', sentences: [] };
  const { changes } = sql(db, 'update conversation set latest = ? where id = ?').run(now, conversation);
  if (changes === 0) throw new EngineError('not-found', 'That conversation is gone.');
  const id = Number(sql(db, `
    insert into turn (conversation_id, asked, question, standalone, answer, hits, models, milliseconds) values (?, ?, ?, ?, ?, '[]', '{"answerer":"none"}', 0)`)
    .run(conversation, now, question, standalone ?? null, JSON.stringify(empty)).lastInsertRowid) as TurnId;
  sql(db, 'insert into turn_words (rowid, words, characters) values (?, ?, ?)').run(id, tokens.words, tokens.characters);
  return id;
}

/** The turn as it ended. Nothing happens when its conversation was removed meanwhile. */
export function endTurn(db: Db, id: TurnId, made: Pick<Turn, 'answer' | 'hits' | 'models' | 'milliseconds'>, tokens: TokenColumns): void {
  const { changes } = sql(db, 'update turn set answer = ?, hits = ?, models = ?, milliseconds = ? where id = ?')
    .run(JSON.stringify(made.answer), JSON.stringify(made.hits), JSON.stringify(made.models), made.milliseconds, id);
  if (changes === 0) return;
  sql(db, 'delete from turn_words where rowid = ?').run(id);
  sql(db, 'insert into turn_words (rowid, words, characters) values (?, ?, ?)').run(id, tokens.words, tokens.characters);
}


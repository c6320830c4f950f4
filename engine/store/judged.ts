import type { ChunkId, DocumentId, EventId, LibraryId, TurnId } from '../api.ts';
import type { ChunkName, StoredEvent } from '../learn/judgements.ts';
import { sql, type Db } from './database.ts';

/** Changes whenever an event was written or deleted: how many there are, and which is the last. */
export function eventsVersion(db: Db): string {
  const { n, last } = sql<{ n: number; last: number | null }>(db, 'select (select count(*) from event) n, (select max(number) from event) last').get()!;
  return `${n} ${last}`;
}

/** In the order in which they came. */
export function eventIds(db: Db): EventId[] {
  return sql<{ id: EventId }>(db, 'select id from event order by number').all().map(({ id }) => id);
}

/** The events on turns whose answer was faulted as outdated, and those that say that a document still holds, in the order in which they came. */
export function eventsOnOutdated(db: Db): EventId[] {
  return sql<{ id: EventId }>(db, `
    select id from event where json_extract(signal, '$.kind') = 'up-to-date'
      or turn_id in (select turn_id from event where json_extract(signal, '$.reason') = 'outdated') and json_extract(signal, '$.kind') in ('answer-thumb', 'answer-reason')
    order by number`).all().map(({ id }) => id);
}

/** The turn of the latest event on a turn, as it was frozen with it: there even when its conversation was removed. */
export function frozenTurn(db: Db, turn: TurnId): StoredEvent['context']['turn'] | undefined {
  const row = sql<{ context: string }>(db, 'select context from event where turn_id = ? order by number desc limit 1').get(turn);
  return row && (JSON.parse(row.context) as StoredEvent['context']).turn;
}

/** When each event was, in milliseconds. */
export function eventTimes(db: Db): Map<EventId, number> {
  return new Map(sql<{ id: EventId; at: number }>(db, 'select id, at from event').all().map(({ id, at }) => [id, at]));
}

/** An event with everything frozen with it; undefined when it was deleted. */
export function storedEvent(db: Db, id: EventId): StoredEvent | undefined {
  const row = sql<{ at: number; signal: string; context: string }>(db, 'select at, signal, context from event where id = ?').get(id);
  return row && { id, at: row.at, signal: JSON.parse(row.signal) as StoredEvent['signal'], context: JSON.parse(row.context) as StoredEvent['context'] };
}

/** A chunk that a chunk's name leads to now. */
export interface PresentChunk extends ChunkName {
  chunk: ChunkId;
  parent: number;
  document: DocumentId;
  documentName: string;
  library: LibraryId;
  text: string;
  header?: string;
  headings: string[];
  title?: string;
}

interface Row extends Omit<PresentChunk, 'headings' | 'header' | 'title'> { headings: string; header: string | null; title: string | null }

/**
 * The chunks that now stand where a chunk stood: those of the same content that share at least half of the shorter of the
 * two spans, else the one that shares most. None when no document has the content any more.
 */
export function chunksAt(db: Db, { contentHash, start, end }: ChunkName): PresentChunk[] {
  const rows = sql<Row>(db, `
    select k.id chunk, k.parent_id parent, min(d.id) document, d.name documentName, d.library_id library, c.hash contentHash, k.start, k.end, k.text, k.header, k.headings, c.title
    from content c join chunk k on k.content_id = c.id join document d on d.content_id = c.id and d.state <> 'removed'
    where c.hash = ? and k.start < ? and k.end > ? group by k.id order by k.start`).all(contentHash, end, start);
  const shared = (row: Row): number => Math.min(row.end, end) - Math.max(row.start, start);
  const good = rows.filter((row) => 2 * shared(row) >= Math.min(row.end - row.start, end - start));
  return (good.length > 0 ? good : rows.sort((a, b) => shared(b) - shared(a)).slice(0, 1)).map(({ headings, header, title, ...row }) => ({
    ...row, headings: JSON.parse(headings) as string[], ...(header !== null && { header }), ...(title !== null && { title }),
  }));
}

/** The groups that questions were put in when they got feedback, one row a question. */
export function questionGroups(db: Db): { plain: string; group: string }[] {
  return sql<{ plain: string; group: string }>(db, 'select plain, min(name) "group" from question_group group by plain').all();
}

/** Freezes the group of the question an event is about. */
export function saveGroup(db: Db, event: EventId, plain: string, group: string): void {
  sql(db, 'insert into question_group (event_id, plain, name) values (?, ?, ?)').run(event, plain, group);
}

/** The group that an event's question was put in. */
export function groupOfEvent(db: Db, event: EventId): string | undefined {
  return sql<{ name: string }>(db, 'select name from question_group where event_id = ?').get(event)?.name;
}

/** Some content that a sample names, and that was in the library then, is in no document any more. */
const FORGOTTEN = `exists (select 1 from sample_content n where n.sample_id = s.id and not exists (
  select 1 from content c join document d on d.content_id = c.id and d.state <> 'removed' where c.hash = n.hash))`;

/** The contents that a sample's chunks are of, by their names: hash, `#`, span. */
function contentsNamed(line: string): Set<string> {
  const { pos_ids, neg_ids } = JSON.parse(line) as { pos_ids?: unknown; neg_ids?: unknown };
  return new Set([pos_ids, neg_ids].flat().flatMap((name) => (typeof name === 'string' && name.includes('#') ? [name.slice(0, name.indexOf('#'))] : [])));
}

/** Samples that came from elsewhere or were written by a language model, as lines of JSON; none of what stood in a document that is gone. */
export function importedSamples(db: Db): string[] {
  return sql<{ line: string }>(db, `select line from imported_sample s where not ${FORGOTTEN} order by id`).all().map(({ line }) => line);
}

/** The contents of this library that those samples name. */
export function contentsOfSamples(db: Db): Set<string> {
  return new Set(sql<{ hash: string }>(db, 'select distinct hash from sample_content').all().map(({ hash }) => hash));
}

export function importedCount(db: Db): number {
  return sql<{ n: number }>(db, `select count(*) n from imported_sample s where not ${FORGOTTEN}`).get()!.n;
}

/** Keeps samples. Those that name contents of this library are forgotten with them; names from elsewhere mean nothing here. */
export function saveImported(db: Db, lines: readonly string[]): void {
  for (const line of lines) {
    const id = insertSample(db, line);
    for (const hash of contentsNamed(line)) sql(db, 'insert into sample_content select ?, hash from content where hash = ?').run(id, hash);
  }
}

/** Keeps a sample made of this library's own chunks, unless one of their documents went away while it was made; call within one transaction. */
export function saveWritten(db: Db, line: string): void {
  const id = insertSample(db, line);
  for (const hash of contentsNamed(line)) sql(db, 'insert into sample_content values (?, ?)').run(id, hash);
  sql(db, `delete from imported_sample as s where id = ? and ${FORGOTTEN}`).run(id);
}

const insertSample = (db: Db, line: string): number | bigint => sql(db, 'insert into imported_sample (line) values (?)').run(line).lastInsertRowid;

export function removeImported(db: Db): void {
  sql(db, 'delete from imported_sample').run();
}

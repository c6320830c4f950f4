import type { Document, DocumentId, DocumentQuery, DocumentState, DocumentType, FailureCode, LibraryId, Outdated } from '../api.ts';
import { EngineError } from '../api.ts';
import { sql, type Db } from './database.ts';

/** A document that waits in the queue. */
export interface Waiting { id: DocumentId; library: LibraryId; name: string; path: string; bytes: number; modified: number; kept: boolean }

/** What is known of a file before it is read. `kept`: its bytes lie inside Lodestone. */
export interface FileFacts { name: string; path: string; bytes: number; modified: number; kept?: boolean }

interface Row {
  id: number; library: number; name: string; path: string; kept: number; bytes: number; added: number; included: number;
  state: 'waiting' | 'ready' | 'failed'; code: string | null; reason: string | null;
  type: DocumentType | null; pages: number | null; chunks: number | null; embedded: number | null; hash: string | null;
}

/** Contents that people call outdated, by hash. */
type OutdatedContents = ReadonlyMap<string, Outdated>;

const SELECT = `
  select d.id, d.library_id library, d.name, d.path, d.kept, d.bytes, d.added, d.included, d.state, d.code, d.reason,
    c.type, c.pages, c.chunks, c.hash, h.embedded
  from document d left join content c on c.id = d.content_id
    left join holding h on h.content_id = d.content_id and h.library_id = d.library_id`;

function fromRow(row: Row, outdated: OutdatedContents): Document {
  const document: Document = {
    id: row.id as DocumentId, library: row.library as LibraryId, name: row.name,
    bytes: row.bytes, added: row.added, included: row.included === 1, state: stateOf(row),
  };
  if (!row.kept) document.path = row.path;
  if (row.type) document.type = row.type;
  const said = row.hash === null ? undefined : outdated.get(row.hash);
  if (said) document.outdated = said;
  return document;
}

function stateOf(row: Row): DocumentState {
  switch (row.state) {
    case 'waiting': return { kind: 'waiting' };
    case 'failed': return { kind: 'failed', code: row.code as FailureCode, reason: row.reason ?? '', kept: row.chunks !== null };
    case 'ready': {
      const state: DocumentState = { kind: 'ready', chunks: row.chunks ?? 0, embedded: row.embedded ?? 0 };
      if (row.pages !== null) state.pages = row.pages;
      return state;
    }
  }
}

/** @throws EngineError 'not-found' */
export function document(db: Db, id: DocumentId, outdated: OutdatedContents = new Map()): Document {
  const row = sql<Row>(db, `${SELECT} where d.id = ? and d.state <> 'removed'`).get(id);
  if (!row) throw new EngineError('not-found', 'That document is no longer in the library.');
  return fromRow(row, outdated);
}

/** One page of a library's documents by name, and how many there are in all. */
export function documents(db: Db, query: DocumentQuery, outdated: OutdatedContents = new Map()): { total: number; documents: Document[] } {
  const where = [`d.library_id = @library`, query.state ? 'd.state = @state' : `d.state <> 'removed'`];
  if (query.name) where.push(`d.name like '%' || @name || '%' escape '\\'`);
  const values = { library: query.library, state: query.state, name: query.name?.replace(/[\\%_]/g, '\\$&') };
  const condition = where.join(' and ');
  const { total } = sql<{ total: number }>(db, `select count(*) total from document d where ${condition}`).get(values)!;
  const rows = sql<Row>(db, `${SELECT} where ${condition} order by d.library_id, d.name collate nocase, d.id limit @limit offset @offset`)
    .all({ ...values, limit: Math.min(query.limit, 1000), offset: query.offset });
  return { total, documents: rows.map((row) => fromRow(row, outdated)) };
}

/**
 * Puts a file in the queue unless it is there unchanged. A changed file keeps its content answerable until it is read
 * again. Returns its document, and whether anything had to be done.
 */
export function enqueue(db: Db, library: LibraryId, file: FileFacts): { id: DocumentId; changed: boolean } {
  const known = sql<{ id: number; bytes: number; modified: number; state: string }>(db,
    'select id, bytes, modified, state from document where library_id = ? and path = ?').get(library, file.path);
  if (known && known.state !== 'removed' && known.bytes === file.bytes && known.modified === file.modified) {
    return { id: known.id as DocumentId, changed: false };
  }
  const { id } = sql<{ id: number }>(db, `
    insert into document (library_id, name, path, kept, bytes, modified, added, state)
    values (@library, @name, @path, @kept, @bytes, @modified, @now, 'waiting')
    on conflict (library_id, path) do update set
      state = 'waiting', bytes = excluded.bytes, modified = excluded.modified, name = excluded.name, code = null, reason = null,
      added = case state when 'removed' then excluded.added else added end,
      included = case state when 'removed' then 1 else included end
    returning id`).get({ ...file, kept: file.kept ? 1 : 0, library, now: Date.now() })!;
  return { id: id as DocumentId, changed: true };
}

/** A document's file has another name or place from now on, and is read again. False where that place is a document's already, or this one was removed. */
export function rename(db: Db, id: DocumentId, { name, path }: Pick<FileFacts, 'name' | 'path'>): boolean {
  return sql(db, `update or ignore document set name = @name, path = @path, state = 'waiting', code = null, reason = null where id = @id and state <> 'removed'`)
    .run({ id, name, path }).changes === 1;
}

/** The first documents of the queue. */
export function waiting(db: Db, limit: number): Waiting[] {
  return sql<Omit<Waiting, 'kept'> & { kept: number }>(db, `
    select id, library_id library, name, path, bytes, modified, kept from document where state = 'waiting' order by id limit ?`)
    .all(limit).map((row) => ({ ...row, kept: row.kept === 1 }));
}

/** Whether a document still waits for the very file that was read; if not, what was read is of no use. */
export function stillWaiting(db: Db, { id, path, modified, bytes }: Waiting): boolean {
  return sql(db, `select 1 from document where id = ? and path = ? and modified = ? and bytes = ? and state = 'waiting'`).get(id, path, modified, bytes) !== undefined;
}

export function countWaiting(db: Db): number {
  return sql<{ n: number }>(db, `select count(*) n from document where state = 'waiting'`).get()!.n;
}

/** Marks a document as failed; content it had before stays answerable. */
export function fail(db: Db, id: DocumentId, code: FailureCode, reason: string): void {
  sql(db, `update document set state = 'failed', code = ?, reason = ? where id = ? and state <> 'removed'`).run(code, reason, id);
}

export function include(db: Db, ids: DocumentId[], included: boolean): void {
  for (const id of ids) sql(db, 'update document set included = ? where id = ?').run(included ? 1 : 0, id);
}

/** Back into the queue. */
export function requeue(db: Db, ids: DocumentId[]): void {
  for (const id of ids) sql(db, `update document set state = 'waiting', code = null, reason = null where id = ? and state in ('ready', 'failed')`).run(id);
}

/** From now on they answer nothing; `sweep` (contents.ts) takes their rows away. */
export function remove(db: Db, ids: DocumentId[]): void {
  for (const id of ids) sql(db, `update document set state = 'removed' where id = ?`).run(id);
}

/** Removes documents because a person said so: the files of watched folders among them do not come back by themselves. */
export function dismiss(db: Db, ids: DocumentId[]): void {
  for (const id of ids) sql(db, 'insert or ignore into dismissed (library_id, path) select library_id, path from document where id = ? and kept = 0').run(id);
  remove(db, ids);
}

/** Whether the library is still there and nobody took this file out of it. */
export function isWanted(db: Db, library: LibraryId, path: string): boolean {
  return sql(db, `select 1 from library where id = @library and removed = 0
    and not exists (select 1 from dismissed where library_id = @library and path = @path)`).get({ library, path }) !== undefined;
}

/** A person adds a file, or a folder with all that is below it, once more. */
export function readmit(db: Db, library: LibraryId, path: string, separator: string): void {
  const below = path.endsWith(separator) ? path : path + separator;
  sql(db, 'delete from dismissed where library_id = ? and (path = ? or substr(path, 1, length(?)) = ?)').run(library, path, below, below);
}

export function removed(db: Db, limit: number): Waiting[] {
  return sql<Omit<Waiting, 'kept'> & { kept: number }>(db, `
    select id, library_id library, name, path, bytes, modified, kept from document where state = 'removed' order by id limit ?`)
    .all(limit).map((row) => ({ ...row, kept: row.kept === 1 }));
}

/** A file on disk that a library knows. */
export interface KnownFile { id: DocumentId; library: LibraryId; path: string; bytes: number; modified: number; state: string; code: FailureCode | null }

/** Files on disk that the library knows, for looking them over again. */
export function files(db: Db, after: DocumentId, limit: number): KnownFile[] {
  return sql<KnownFile>(db, `
    select id, library_id library, path, bytes, modified, state, code from document
    where kept = 0 and state <> 'removed' and id > ? order by id limit ?`).all(after, limit);
}

/** Whether the bytes of a document of this library are kept below this folder. By the index: it is asked of every folder there is. */
export function isKept(db: Db, library: LibraryId, folder: string): boolean {
  return sql(db, 'select 1 from document where library_id = @library and path between @folder and @folder || char(0x10ffff) and kept = 1 limit 1').get({ library, folder }) !== undefined;
}

export function nameOf(db: Db, id: DocumentId): string | undefined {
  return sql<{ name: string }>(db, 'select name from document where id = ?').get(id)?.name;
}

/** Where the file of a document lies. */
export function fileOf(db: Db, id: DocumentId): { path: string; kept: boolean; name: string } {
  const row = sql<{ path: string; kept: number; name: string }>(db, `select path, kept, name from document where id = ? and state <> 'removed'`).get(id);
  if (!row) throw new EngineError('not-found', 'That document is no longer in the library.');
  return { ...row, kept: row.kept === 1 };
}

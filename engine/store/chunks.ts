import type { ChunkId, DocumentId, DocumentType, LibraryId } from '../api.ts';
import { sql, type Db } from './database.ts';

/** A stored chunk together with the document it is shown as. */
export interface StoredChunk {
  chunk: ChunkId;
  parent: number;
  document: DocumentId;
  library: LibraryId;
  documentName: string;
  type: DocumentType;
  contentHash: string;
  text: string;
  header?: string;
  headings: string[];
  title?: string;
  page?: number;
  start: number;
  end: number;
}

interface Row extends Omit<StoredChunk, 'headings' | 'header' | 'title' | 'page'> {
  headings: string; header: string | null; title: string | null; page: number | null;
}

/**
 * Those of the given chunks that may be shown: some document of the libraries has them, is included, and was not
 * removed. Order is not kept; a chunk that several documents have comes once, as the oldest of them.
 */
export function visibleChunks(db: Db, ids: readonly ChunkId[], libraries: readonly LibraryId[]): Map<ChunkId, StoredChunk> {
  const rows = sql<Row>(db, `
    select k.id chunk, k.parent_id parent, min(d.id) document, d.library_id library, d.name documentName, c.type, c.hash contentHash,
      k.text, k.header, k.headings, c.title, k.page, k.start, k.end
    from json_each(?) i cross join chunk k on k.id = i.value join content c on c.id = k.content_id
      join document d on d.content_id = c.id
    where d.included = 1 and d.state <> 'removed' and d.library_id in (select value from json_each(?))
    group by k.id`).all(JSON.stringify(ids), JSON.stringify(libraries));
  return new Map(rows.map((row) => [row.chunk, fromRow(row)]));
}

function fromRow({ headings, header, title, page, ...row }: Row): StoredChunk {
  const chunk: StoredChunk = { ...row, headings: JSON.parse(headings) as string[] };
  if (header !== null) chunk.header = header;
  if (title !== null) chunk.title = title;
  if (page !== null) chunk.page = page;
  return chunk;
}

/** The span of the parent of each chunk. */
export function parentsOf(db: Db, chunks: readonly ChunkId[]): Map<ChunkId, { start: number; end: number }> {
  const rows = sql<{ chunk: ChunkId; start: number; end: number }>(db, `
    select k.id chunk, p.start, p.end from json_each(?) i cross join chunk k on k.id = i.value join parent p on p.id = k.parent_id`).all(JSON.stringify(chunks));
  return new Map(rows.map(({ chunk, ...span }) => [chunk, span]));
}

/** What decides whether a span of a document can be found: the chunk that holds most of it, and where its document stands. */
export interface Standing { chunk?: ChunkId; contentHash: string; library: LibraryId; hidden: boolean; embedded: boolean }

/** Undefined where the document is gone or has not been read. `space` is the id of the space that is searched by meaning. */
export function standingOf(db: Db, document: DocumentId, start: number, end: number, space: number | undefined): Standing | undefined {
  const row = sql<{ content: number; contentHash: string; library: LibraryId; hidden: number }>(db, `
    select c.id content, c.hash contentHash, d.library_id library, d.included = 0 or d.state = 'removed' hidden
    from document d join content c on c.id = d.content_id where d.id = ?`).get(document);
  if (!row) return undefined;
  const held = sql<{ chunk: ChunkId; embedded: number }>(db, `
    select k.id chunk, exists (select 1 from vector v where v.chunk_id = k.id and v.space_id = @space and v.library_id = @library) embedded
    from chunk k where k.content_id = @content and k.start < @end and k.end > @start order by min(k.end, @end) - max(k.start, @start) desc limit 1`)
    .get({ content: row.content, library: row.library, space: space ?? null, start, end: Math.max(end, start + 1) });
  return { contentHash: row.contentHash, library: row.library, hidden: row.hidden === 1, embedded: held?.embedded === 1, ...(held && { chunk: held.chunk }) };
}

import type { ChunkId, LibraryId } from '../api.ts';
import { sql, type Db } from './database.ts';
import type { ContentId } from './contents.ts';
import { countersOf, type Space } from './spaces.ts';

/**
 * Vectors lie in sqlite-vec's vec0, one table per dimension, partitioned by library and space. They are float32 of unit
 * length compared by L2 (cosine in vec0 recomputes both norms for every row; its int8 L2 overflows on ARM Macs in 0.1.9).
 * The scan is exhaustive; a faster one (sign bits, then exact rescoring) would replace `nearest` alone.
 */

/** vec0 refuses a larger k. */
const MOST_NEIGHBOURS = 4096;

/** A chunk of a library that has no vector in the space yet. */
export interface Unembedded { chunk: ChunkId; library: LibraryId; content: ContentId; text: string; headings: string[]; header?: string; title?: string }

/** Some chunks to embed next, all of one content, or none: also where the space neither is in use nor grows. */
export function unembedded(db: Db, space: Space, limit: number): Unembedded[] {
  const counters = countersOf(db, space);
  const holding = counters && sql<{ library: LibraryId; content: ContentId }>(db,
    `select library_id library, content_id content from holding where ${counters.whole} is null order by library_id, content_id limit 1`).get();
  if (!holding) return [];
  return sql<ChunkRow>(db, `
    select k.id chunk, @library library, k.content_id content, k.text, k.headings, k.header, c.title
    from chunk k join content c on c.id = k.content_id
    where k.content_id = @content and not exists (
      select 1 from vector v where v.chunk_id = k.id and v.space_id = @space and v.library_id = @library)
    order by k.id limit @limit`).all({ ...holding, space: space.id, limit }).map(fromRow);
}

/** Some chunks from all over the libraries, as they are embedded: for a probe. */
export function sampleChunks(db: Db, count: number): Unembedded[] {
  const { last } = sql<{ last: number | null }>(db, 'select max(id) last from chunk').get()!;
  const at = sql<ChunkRow>(db, `
    select k.id chunk, h.library_id library, k.content_id content, k.text, k.headings, k.header, c.title
    from chunk k join content c on c.id = k.content_id join holding h on h.content_id = c.id where k.id >= ? order by k.id limit 1`);
  const rows = last === null ? [] : Array.from({ length: count }, (_, i) => at.get(1 + Math.floor((i * last) / count)));
  return [...new Map(rows.flatMap((row) => (row ? [[row.chunk, fromRow(row)]] : []))).values()];
}

/** How many chunks there are over all libraries, without those that have a vector in the space. */
export function countChunks(db: Db, without?: Space): number {
  const { n } = sql<{ n: number }>(db, 'select coalesce(sum(c.chunks), 0) n from holding h join content c on c.id = h.content_id').get()!;
  return without === undefined ? n : n - sql<{ n: number }>(db, 'select count(*) n from vector where space_id = ?').get(without.id)!.n;
}

type ChunkRow = Omit<Unembedded, 'headings' | 'header' | 'title'> & { headings: string; header: string | null; title: string | null };

function fromRow({ headings, header, title, ...row }: ChunkRow): Unembedded {
  const chunk: Unembedded = { ...row, headings: JSON.parse(headings) as string[] };
  if (header !== null) chunk.header = header;
  if (title !== null) chunk.title = title;
  return chunk;
}

/** Chunks without a vector in the space in use, over all libraries. */
export function countUnembedded(db: Db): number {
  return sql<{ n: number }>(db, `
    select coalesce(sum(c.chunks - h.embedded), 0) n from holding h join content c on c.id = h.content_id where h.space_id is null`).get()!.n;
}

/** A vector of the space that equal content already has in another library. */
export function twin(db: Db, space: Space, chunk: ChunkId): Float32Array | undefined {
  const row = sql<{ embedding: Buffer }>(db, `
    select t.embedding from vector v join ${space.table} t on t.rowid = v.id where v.chunk_id = ? and v.space_id = ? limit 1`).get(chunk, space.id);
  return row && floats(row.embedding);
}

/**
 * Stores vectors of chunks of one content and counts them; call within one transaction. Chunks that were deleted since
 * they were handed out are passed over, and all of them where the space neither is in use nor grows any more.
 */
export function saveVectors(db: Db, space: Space, library: LibraryId, content: ContentId, vectors: Map<ChunkId, Float32Array>): void {
  const counters = countersOf(db, space);
  if (!counters || !sql(db, 'select 1 from holding where library_id = ? and content_id = ?').get(library, content)) return;
  const number = sql(db, 'insert or ignore into vector (chunk_id, library_id, space_id) values (?, ?, ?)');
  const store = sql(db, `insert into ${space.table} (rowid, library, space, embedding) values (?, ?, ?, ?)`);
  let added = 0;
  for (const [chunk, vector] of vectors) {
    if (vector.length !== space.dimensions) throw new Error(`A vector of ${vector.length} numbers does not belong in a space of ${space.dimensions}.`);
    const { changes, lastInsertRowid } = number.run(chunk, library, space.id);
    if (changes === 0) continue;
    store.run(BigInt(lastInsertRowid), BigInt(library), BigInt(space.id), Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength));
    added++;
  }
  sql(db, `update holding set ${counters.count} = ${counters.count} + ? where library_id = ? and content_id = ?`).run(added, library, content);
  sql(db, `update holding set ${counters.whole} = @space where library_id = @library and content_id = @content
    and ${counters.count} >= (select chunks from content where id = @content)`).run({ space: space.id, library, content });
}

/** The nearest chunks of a library, best first; similarity is the cosine. */
export function nearest(db: Db, space: Space, library: LibraryId, query: Float32Array, k: number): { chunk: ChunkId; similarity: number }[] {
  if (query.length !== space.dimensions) throw new Error(`A query of ${query.length} numbers cannot be compared in a space of ${space.dimensions}.`);
  return sql<{ chunk: ChunkId; distance: number }>(db, `
    select v.chunk_id chunk, t.distance from (
      select rowid, distance from ${space.table} where embedding match ? and k = ? and library = ? and space = ?) t
    join vector v on v.id = t.rowid order by t.distance`)
    .all(Buffer.from(query.buffer, query.byteOffset, query.byteLength), BigInt(Math.min(k, MOST_NEIGHBOURS)), BigInt(library), BigInt(space.id))
    .map(({ chunk, distance }) => ({ chunk, similarity: 1 - (distance * distance) / 2 }));
}

/** The stored vectors of some chunks; chunks that are not embedded yet are left out. */
export function vectorsOf(db: Db, space: Space, chunks: readonly ChunkId[]): Map<ChunkId, Float32Array> {
  const rows = sql<{ chunk: ChunkId; embedding: Buffer }>(db, `
    select v.chunk_id chunk, t.embedding from json_each(?) i
      cross join vector v on v.chunk_id = i.value and v.space_id = ? join ${space.table} t on t.rowid = v.id group by v.chunk_id`)
    .all(JSON.stringify(chunks), space.id);
  return new Map(rows.map(({ chunk, embedding }) => [chunk, floats(embedding)]));
}

/** A chunk that is embedded in a space, so far (0…1) along all that are; undefined where none is. */
export function chunkNear(db: Db, identity: string, share: number): ChunkId | undefined {
  return sql<{ chunk: ChunkId }>(db, `
    select v.chunk_id chunk from vector v join space s on s.id = v.space_id
    where s.identity = ? and v.id >= 1 + cast(? * (select max(id) from vector) as integer) order by v.id limit 1`).get(identity, share)?.chunk;
}

/** SQLite's bytes need not lie where a Float32Array may begin, so they are copied. */
const floats = (bytes: Buffer): Float32Array => new Float32Array(new Uint8Array(bytes).buffer);

/** Deletes the vectors, in every space, that a library has of a content. */
export function dropVectors(db: Db, library: LibraryId, content: ContentId): void {
  const rows = sql<{ id: number; dimensions: number }>(db, `
    select v.id, s.dimensions from vector v join space s on s.id = v.space_id
    where v.library_id = ? and v.chunk_id in (select id from chunk where content_id = ?)`).all(library, content);
  for (const { id, dimensions } of rows) {
    sql(db, `delete from vectors_${dimensions} where rowid = ?`).run(BigInt(id));
    sql(db, 'delete from vector where id = ?').run(id);
  }
}

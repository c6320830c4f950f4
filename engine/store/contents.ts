import { deflateSync, inflateSync } from 'node:zlib';
import type { DocumentId, LibraryId } from '../api.ts';
import { EngineError } from '../api.ts';
import type { Chunks } from '../chunk.ts';
import type { ParsedDocument, Placed } from '../parse/document.ts';
import { sql, type Db } from './database.ts';
import { dropVectors } from './vectors.ts';

export type ContentId = number & { readonly of: 'content' };

/** A read file, ready to be stored: `words[i]` and `pages[i]` are the tokens and the first page of `chunks.chunks[i]`. */
export interface Reading {
  hash: string;
  recipe: string;
  parsed: ParsedDocument;
  chunks: Chunks;
  words: { words: string; characters: string; length: number }[];
  pages: (number | undefined)[];
}

/** The stored content of equal bytes, if it was made by the same parsers and chunker. */
export function contentOf(db: Db, hash: string, recipe: string): ContentId | undefined {
  return sql<{ id: ContentId }>(db, 'select id from content where hash = ? and recipe = ?').get(hash, recipe)?.id;
}

/**
 * Stores what a document holds and makes the document answerable by words; call within one transaction. Content that
 * nothing refers to any more is deleted. A document that was removed meanwhile stays removed.
 */
export function saveReading(db: Db, document: DocumentId, reading: Reading): void {
  attach(db, document, contentOf(db, reading.hash, reading.recipe) ?? insertContent(db, reading));
}

/** Points a document at content that is stored already. */
export function attach(db: Db, document: DocumentId, content: ContentId): void {
  const row = sql<{ library: LibraryId; content: ContentId | null; state: string }>(db,
    'select library_id library, content_id content, state from document where id = ?').get(document);
  if (!row || row.state === 'removed') return discardIfUnused(db, content);
  sql(db, `update document set content_id = ?, state = 'ready', code = null, reason = null where id = ?`).run(content, document);
  sql(db, 'insert or ignore into holding (library_id, content_id) values (?, ?)').run(row.library, content);
  if (row.content !== null && row.content !== content) release(db, row.library, row.content);
}

/** Deletes a removed document's row and whatever only it referred to; call within one transaction. */
export function sweep(db: Db, document: DocumentId): void {
  const row = sql<{ library: LibraryId; content: ContentId | null }>(db,
    `select library_id library, content_id content from document where id = ? and state = 'removed'`).get(document);
  if (!row) return;
  sql(db, 'delete from document where id = ?').run(document);
  if (row.content !== null) release(db, row.library, row.content);
}

/** Takes from a document its content, so that it answers nothing; call within one transaction. */
export function detach(db: Db, document: DocumentId): void {
  const row = sql<{ library: LibraryId; content: ContentId | null }>(db, 'select library_id library, content_id content from document where id = ?').get(document);
  if (!row || row.content === null) return;
  sql(db, 'update document set content_id = null where id = ?').run(document);
  release(db, row.library, row.content);
}

/** Documents whose content was made by another recipe are read again; what they held answers until then. */
export function requeueOutdated(db: Db, recipe: string): void {
  sql(db, `update document set state = 'waiting' where state = 'ready' and content_id in (select id from content where recipe <> ?)`).run(recipe);
}

/** The blocks and runs of a document. @throws EngineError 'not-found' when it has not been read. */
export function bodyOf(db: Db, document: DocumentId): Placed {
  const row = sql<{ body: Buffer }>(db, `select c.body from document d join content c on c.id = d.content_id where d.id = ? and d.state <> 'removed'`).get(document);
  if (!row) throw new EngineError('not-found', 'That document is gone or has not been read yet.');
  return unpacked(row.body);
}

const unpacked = (body: Buffer): Placed => JSON.parse(inflateSync(body).toString('utf8')) as Placed;

/** What `bodyOf` gives, as long as the document still holds the content with this hash; undefined where it was removed or read anew since. */
export function bodyWhile(db: Db, document: DocumentId, contentHash: string): Placed | undefined {
  const row = sql<{ body: Buffer }>(db, `select c.body from document d join content c on c.id = d.content_id where d.id = ? and c.hash = ? and d.state <> 'removed'`).get(document, contentHash);
  return row && unpacked(row.body);
}

/** SHA-256 of a document's bytes. @throws EngineError 'not-found' */
export function contentHashOf(db: Db, document: DocumentId): string {
  const row = sql<{ hash: string }>(db, 'select c.hash from document d join content c on c.id = d.content_id where d.id = ?').get(document);
  if (!row) throw new EngineError('not-found', 'That document is gone or has not been read yet.');
  return row.hash;
}

/** By which parsers and chunker contents were made: one version, or several between spaces while files are read anew. */
export function recipesOf(db: Db, hashes: readonly string[]): string {
  const rows = sql<{ recipe: string }>(db, 'select distinct recipe from content where hash in (select value from json_each(?)) order by recipe').all(JSON.stringify(hashes));
  return rows.map(({ recipe }) => recipe).join(' ');
}

function insertContent(db: Db, { hash, recipe, parsed, chunks, words, pages }: Reading): ContentId {
  // The same bytes read by an older recipe: its documents move over one by one, so the old row gives up the hash.
  sql(db, `update content set hash = hash || ' ' || id where hash = ?`).run(hash);
  const body = deflateSync(JSON.stringify({ blocks: parsed.blocks, runs: parsed.runs } satisfies Placed), { level: 3 });
  const count = words.reduce((sum, { length }) => sum + length, 0);
  const content = Number(sql(db, `
    insert into content (hash, recipe, type, title, pages, body, warnings, chunks, words) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
    .run(hash, recipe, parsed.type, parsed.title ?? null, parsed.pages ?? null, body, JSON.stringify(parsed.warnings), chunks.chunks.length, count)
    .lastInsertRowid) as ContentId;
  const insertParent = sql(db, 'insert into parent (content_id, start, end) values (?, ?, ?)');
  const parents = chunks.parents.map(({ start, end }) => insertParent.run(content, start, end).lastInsertRowid);
  const insertChunk = sql(db, `
    insert into chunk (content_id, parent_id, start, end, page, text, headings, header, tokens) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const insertWords = sql(db, 'insert into chunk_words (rowid, words, characters) values (?, ?, ?)');
  chunks.chunks.forEach((chunk, i) => {
    const { lastInsertRowid } = insertChunk.run(content, parents[chunk.parent], chunk.start, chunk.end, pages[i] ?? null,
      chunk.text, JSON.stringify(chunk.headings), chunk.header ?? null, chunk.tokens);
    insertWords.run(lastInsertRowid, words[i]!.words, words[i]!.characters);
  });
  return content;
}

/** A library lets go of a content unless another of its documents has it too. */
function release(db: Db, library: LibraryId, content: ContentId): void {
  if (sql(db, 'select 1 from document where content_id = ? and library_id = ? limit 1').get(content, library)) return;
  dropVectors(db, library, content);
  sql(db, 'delete from holding where library_id = ? and content_id = ?').run(library, content);
  discardIfUnused(db, content);
}

function discardIfUnused(db: Db, content: ContentId): void {
  if (sql(db, 'select 1 from holding where content_id = ? limit 1').get(content)) return;
  sql(db, 'delete from chunk_words where rowid in (select id from chunk where content_id = ?)').run(content);
  sql(db, 'delete from chunk where content_id = ?').run(content);
  // What was made of its text to learn from goes with it.
  sql(db, 'delete from imported_sample where id in (select n.sample_id from sample_content n join content c on c.hash = n.hash where c.id = ?)').run(content);
  sql(db, 'delete from content where id = ?').run(content);
}

import { sql, type Db } from './database.ts';

/**
 * Compares chunks, words, vectors and holdings, and asks SQLite and FTS5 about their own integrity. Empty when all is
 * well; each problem is a sentence. Reads the whole file, so it belongs on a thread that may take its time.
 */
export function problems(db: Db): string[] {
  const found: string[] = [];
  const integrity = db.pragma('integrity_check(5)') as { integrity_check: string }[];
  for (const { integrity_check: line } of integrity) if (line !== 'ok') found.push(`The database file is damaged: ${line}.`);
  const count = (text: string): number => sql<{ n: number }>(db, text).get()!.n;
  const expectNone = (text: string, sentence: (n: number) => string): void => {
    const n = count(text);
    if (n > 0) found.push(sentence(n));
  };
  expectNone(`select count(*) n from content c where chunks <> (select count(*) from chunk k where k.content_id = c.id)`, (n) => `${n} contents have lost or doubled chunks.`);
  expectNone(`select count(*) n from chunk where id not in (select rowid from chunk_words)`, (n) => `${n} chunks cannot be found by words.`);
  expectNone(`select count(*) n from (select rowid from chunk_words except select id from chunk)`, (n) => `${n} entries of the word index belong to no chunk.`);
  expectNone(`select count(*) n from content where not exists (select 1 from holding h where h.content_id = content.id)`, (n) => `${n} contents belong to no library.`);
  expectNone(`select count(*) n from holding h where not exists (select 1 from document d where d.content_id = h.content_id and d.library_id = h.library_id)`, (n) => `${n} contents belong to no document.`);
  expectNone(`select count(*) n from document d where content_id is not null and not exists (select 1 from holding h where h.content_id = d.content_id and h.library_id = d.library_id)`, (n) => `${n} documents point at content their library does not hold.`);
  expectNone(`select count(*) n from document where state = 'ready' and content_id is null`, (n) => `${n} documents are called ready but hold nothing.`);
  expectNone(`select count(*) n from vector v where not exists (select 1 from chunk k join holding h on h.content_id = k.content_id and h.library_id = v.library_id where k.id = v.chunk_id)`, (n) => `${n} vectors belong to no chunk.`);
  for (const { dimensions } of sql<{ dimensions: number }>(db, 'select distinct dimensions from space').all()) {
    const numbered = count(`select count(*) n from vector v join space s on s.id = v.space_id where s.dimensions = ${dimensions}`);
    const stored = count(`select count(*) n from vectors_${dimensions}`);
    if (numbered !== stored) found.push(`${numbered} vectors of ${dimensions} dimensions are numbered but ${stored} are stored.`);
  }
  for (const [key, counter] of [['space', 'embedded'], ['shadow', 'shadow_embedded']] as const) {
    expectNone(`
      select count(*) n from holding h join setting on key = '${key}' where h.${counter} <> (
        select count(*) from chunk k join vector v on v.chunk_id = k.id and v.library_id = h.library_id and v.space_id = cast(value as integer) where k.content_id = h.content_id)`,
      (n) => `${n} contents miscount their vectors.`);
  }
  return found;
}

/** Size of the library file in bytes. */
export function databaseBytes(db: Db): number {
  return (db.pragma('page_count', { simple: true }) as number) * (db.pragma('page_size', { simple: true }) as number);
}

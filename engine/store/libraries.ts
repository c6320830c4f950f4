import type { Library, LibraryId } from '../api.ts';
import { EngineError } from '../api.ts';
import { sql, type Db } from './database.ts';

/** All libraries with what is in them, oldest first. */
export function libraries(db: Db): Library[] {
  return sql<Library>(db, `
    select l.id, l.name,
      (select count(*) from document d where d.library_id = l.id and d.state <> 'removed') documents,
      (select count(*) from document d where d.library_id = l.id and d.state = 'ready') ready,
      (select count(*) from document d where d.library_id = l.id and d.state = 'waiting') waiting,
      (select count(*) from document d where d.library_id = l.id and d.state = 'failed') failed,
      (select coalesce(sum(c.chunks), 0) from holding h join content c on c.id = h.content_id where h.library_id = l.id) chunks,
      (select coalesce(sum(h.embedded), 0) from holding h where h.library_id = l.id) embedded
    from library l where l.removed = 0 order by l.id`).all();
}

export function createLibrary(db: Db, name: string): LibraryId {
  const clean = named(name);
  return Number(sql(db, 'insert into library (name, created) values (?, ?)').run(clean, Date.now()).lastInsertRowid) as LibraryId;
}

export function renameLibrary(db: Db, library: LibraryId, name: string): void {
  const { changes } = sql(db, 'update library set name = ? where id = ? and removed = 0').run(named(name), library);
  if (changes === 0) throw new EngineError('not-found', 'That library is gone.');
}

/** @throws EngineError 'not-found' */
export function mustHaveLibrary(db: Db, library: LibraryId): void {
  if (!sql(db, 'select 1 from library where id = ? and removed = 0').get(library)) throw new EngineError('not-found', 'That library is gone.');
}

/**
 * Takes a library away: it is no longer listed and answers nothing from now on. Its documents are swept one by one, and
 * the row with the last of them (`deleteEmptied`).
 */
export function removeLibrary(db: Db, library: LibraryId): void {
  sql(db, 'delete from folder where library_id = ?').run(library);
  sql(db, `update document set state = 'removed' where library_id = ?`).run(library);
  sql(db, 'update library set removed = 1 where id = ?').run(library);
  deleteEmptied(db);
}

/** Deletes the rows of removed libraries of which nothing is left. */
export function deleteEmptied(db: Db): void {
  sql(db, 'delete from library where removed = 1 and id not in (select library_id from document)').run();
}

/** Folders whose files belong to a library; they are looked over again at every start and when they change. */
export function folders(db: Db): { library: LibraryId; path: string }[] {
  return sql<{ library: LibraryId; path: string }>(db, 'select library_id library, path from folder').all();
}

export function addFolder(db: Db, library: LibraryId, path: string): void {
  sql(db, 'insert or ignore into folder (library_id, path) values (?, ?)').run(library, path);
}

function named(name: string): string {
  const clean = name.trim();
  if (clean === '') throw new EngineError('invalid', 'A library needs a name.');
  return clean.slice(0, 200);
}

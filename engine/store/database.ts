import Database from 'better-sqlite3';
import * as sqliteVec from 'sqlite-vec';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EngineError } from '../api.ts';
import { migrate } from './migrations.ts';

export type Db = Database.Database;

/** How a thread uses the library file. `engine` never waits for a lock (see `write`), `ingest` does, `search` only reads. */
export type Access = 'engine' | 'ingest' | 'search';

/**
 * Opens the library file, creating and migrating it where needed. WAL lets the search thread read while the ingest
 * thread writes; `synchronous = normal` survives a killed process and may lose the last commits to a power cut.
 *
 * @throws EngineError 'damaged' when the file is not a library of Lodestone, 'unreadable' when it cannot be written where it is.
 */
export function openDatabase(file: string, access: Access = 'ingest'): Db {
  if (access === 'search' && !existsSync(file)) throw new EngineError('missing', `There is no library at ${file}.`);
  try {
    mkdirSync(dirname(file), { recursive: true });
    // While it is opened, everyone waits: another process may just be making the file, or closing it.
    const db = new Database(file, { readonly: access === 'search', timeout: 10_000 });
    // A packaged app keeps native libraries beside its archive, where the system can load them.
    db.loadExtension(sqliteVec.getLoadablePath().replace('app.asar', 'app.asar.unpacked'));
    db.pragma('cache_size = -32000');
    db.pragma('mmap_size = 268435456');
    if (access === 'search') return db;
    db.pragma('page_size = 8192');
    db.pragma('journal_mode = wal');
    db.pragma('synchronous = normal');
    db.pragma('foreign_keys = on');
    migrate(db);
    if (access === 'engine') db.pragma('busy_timeout = 0');
    return db;
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    if (code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT') {
      throw new EngineError('damaged', `${file} is damaged or is not a Lodestone library. Move it away to start anew, or put a backup in its place.`);
    }
    if (UNUSABLE.test(code)) throw new EngineError('unreadable', `${dirname(file)} cannot be used for a library (${code}). Check that it is a folder you may write to, or name another one.`);
    throw error;
  }
}

/** Why a file cannot be made or written in a place. */
const UNUSABLE = /^(?:SQLITE_(?:CANTOPEN|READONLY|PERM)\w*|EACCES|EPERM|EROFS|EEXIST|ENOTDIR)$/;

/**
 * Runs `change` in one write transaction. Where another thread is writing it waits without blocking this thread, so
 * the engine's thread keeps answering while the ingest thread commits a large document.
 *
 * @throws EngineError 'busy' when no lock was had within ten seconds.
 */
export async function write<T>(db: Db, change: () => T): Promise<T> {
  const transaction = db.transaction(change);
  for (let attempt = 0; ; attempt++) {
    try {
      return transaction.immediate();
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_BUSY') throw error;
      if (attempt > 1500) throw new EngineError('busy', 'The library is busy; try again in a moment.');
      await delay(attempt < 50 ? 2 : 8);
    }
  }
}

/** Prepared statements by their text, kept as long as the connection: preparing costs more than most of our queries. */
const prepared = new WeakMap<Db, Map<string, Database.Statement>>();

/** The prepared statement of `sql` on this connection. */
export function sql<Row = unknown, Parameters extends unknown[] = unknown[]>(db: Db, text: string): Database.Statement<Parameters, Row> {
  let statements = prepared.get(db);
  if (!statements) prepared.set(db, (statements = new Map()));
  let statement = statements.get(text);
  if (!statement) statements.set(text, (statement = db.prepare(text)));
  return statement as Database.Statement<Parameters, Row>;
}

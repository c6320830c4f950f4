import Database from 'better-sqlite3';

/** Locks that were not given back: one that nobody holds on to would go with the next collection of garbage. */
const held = new Set<Database.Database>();

/**
 * Takes a lock that only one can have, of all threads and processes on this machine, and that goes with whoever has it however
 * that ends: SQLite's own, on a file beside the library. Takes nothing where another one has it.
 *
 * @returns what gives the lock back
 */
export function takeLock(file: string): (() => void) | undefined {
  const db = new Database(file, { timeout: 0 });
  try {
    db.exec('begin exclusive');
    held.add(db);
    return () => {
      held.delete(db);
      db.close();
    };
  } catch (error) {
    db.close();
    if ((error as { code?: string }).code !== 'SQLITE_BUSY') throw error;
    return undefined;
  }
}

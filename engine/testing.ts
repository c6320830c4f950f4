import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import type { Engine, LibraryId } from './api.ts';
import { startIngest, type Ingest, type IngestParts } from './ingest.ts';
import { openParser, type Parser } from './parse/sandbox.ts';
import { openDatabase, type Db } from './store/database.ts';
import { createLibrary } from './store/libraries.ts';

/** Waits until nothing is left to look for, read, embed or clear away; for tests and benchmarks. */
export async function idle(engine: Pick<Engine, 'progress'>): Promise<void> {
  for (;;) {
    const { waiting, unembedded, resting } = await engine.progress();
    if (resting && waiting + unembedded === 0) return;
    await delay(20);
  }
}

const STILL_MILLISECONDS = 1000;

/**
 * What is seen once it no longer changes: the step that was under way when something was paused may end yet, soon or late.
 * @throws AssertionError where it goes on and on
 */
export async function atRest<T>(look: () => Promise<T>): Promise<T> {
  let seen = await look();
  for (let looked = 0; looked < 30; looked++) {
    await delay(STILL_MILLISECONDS);
    const now = await look();
    if (JSON.stringify(now) === JSON.stringify(seen)) return now;
    seen = now;
  }
  assert.fail('it did not come to rest within half a minute');
}

/**
 * A library and the loop that reads it without a model, in one thread but as two threads have it: each with a connection of its
 * own. Neither waits for the other's lock, so a test that holds it (`db.exec('begin immediate')`) decides what comes in between.
 */
export function ingesting(t: TestContext, options: Partial<Pick<IngestParts, 'lookedAgain' | 'parser' | 'patience'>> = {}): { db: Db; own: Db; library: LibraryId; root: string; ingest: Ingest; parser: Parser; parsed(): number; rested(): Promise<void> } {
  const root = mkdtempSync(join(tmpdir(), 'lodestone-ingesting-'));
  const [db, own] = [openDatabase(join(root, 'library.sqlite'), 'engine'), openDatabase(join(root, 'library.sqlite'), 'engine')];
  const limits = { parseSeconds: 60, parseMegabytes: 1024, fileMegabytes: 4096 };
  const opened = openParser(() => ({ seconds: limits.parseSeconds, megabytes: limits.parseMegabytes, fileMegabytes: limits.fileMegabytes }));
  let parsed = 0;
  const parser: Parser = { ...opened, parse: (...file) => (parsed++, opened.parse(...file)) };
  const ingest = startIngest({ db: own, parser, limits: () => limits, model: async () => undefined, changed: () => undefined, ...options });
  t.after(async () => {
    await ingest.close();
    await parser.close();
    own.close();
    db.close();
    rmSync(root, { recursive: true, force: true });
  });
  return {
    db, /** The connection of the loop itself. */ own, library: createLibrary(db, 'Home'), root, ingest, parser,
    /** How many files were given to the parser by now. */
    parsed: () => parsed,
    async rested() {
      ingest.wake();
      do await setImmediate(); while (!ingest.progress().resting);
    },
  };
}

/** The tables of a library, for a look or a change beside the engine that has it open. */
export function tablesOf(dataDir: string): <T>(use: (db: Db) => T | Promise<T>) => Promise<T> {
  return async (use) => {
    const db = openDatabase(join(dataDir, 'library.sqlite'));
    try {
      return await use(db);
    } finally {
      db.close();
    }
  };
}

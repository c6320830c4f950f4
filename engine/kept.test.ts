import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { LibraryId } from './api.ts';
import { startIngest } from './ingest.ts';
import { addBytes, forgetStrays } from './kept.ts';
import { openParser } from './parse/sandbox.ts';
import { openDatabase, sql } from './store/database.ts';
import { dismiss, document, enqueue, fileOf } from './store/documents.ts';
import { createLibrary, removeLibrary } from './store/libraries.ts';

/** Files without a path of their own are kept inside: their bytes come and go with their documents, whatever else happens at the time. */

const YESTERDAY = Date.now() / 1000 - 86_400;
const LEASE = new TextEncoder().encode('# Lease\n\nThe monthly rent is 1,250 euros.\n');

/** A library with the loop that reads it, as two threads have it: each with a connection of its own that never waits for a lock. */
function house(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'lodestone-kept-'));
  const filesDir = join(root, 'files');
  const db = openDatabase(join(root, 'library.sqlite'), 'engine');
  const library = createLibrary(db, 'Home');
  const limits = { parseSeconds: 60, parseMegabytes: 512, fileMegabytes: 10 };
  const parser = openParser(() => ({ seconds: limits.parseSeconds, megabytes: limits.parseMegabytes, fileMegabytes: limits.fileMegabytes }));
  const own = openDatabase(join(root, 'library.sqlite'), 'engine');
  const ingest = startIngest({ db: own, parser, limits: () => limits, model: async () => undefined, changed: () => undefined });
  t.after(async () => {
    await ingest.close();
    await parser.close();
    own.close();
    db.close();
    rmSync(root, { recursive: true, force: true });
  });
  const rested = async (): Promise<void> => {
    ingest.wake();
    do await setImmediate(); while (!ingest.progress().resting);
  };
  return { db, library, filesDir, ingest, rested, add: (name: string, to: LibraryId = library) => addBytes(db, filesDir, to, name, LEASE) };
}

test('a file that is dropped again before its removal is swept keeps its bytes', async (t) => {
  const { db, library, ingest, rested, add } = house(t);
  const { documents: [id] } = await add('lease.md');
  await rested();
  const { path, name } = fileOf(db, id!);
  dismiss(db, [id!]);
  // The sweep knows of the removal and waits for the lock, which is ours until the file is back.
  db.exec('begin immediate');
  ingest.wake();
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  enqueue(db, library, { name, path, kept: true, bytes: LEASE.length, modified: 0 });
  db.exec('commit');
  await rested();
  assert.ok(existsSync(path));
  assert.equal(document(db, id!).state.kind, 'ready');
});

test('a library that is removed while a file arrives stays empty, and goes', async (t) => {
  const { db, filesDir, rested, add } = house(t);
  const [swept, unswept] = [createLibrary(db, 'Swept'), createLibrary(db, 'Unswept')];
  await add('lease.md', unswept);
  await rested();
  const refused = [swept, unswept].map((library) => assert.rejects(add('other.md', library), { code: 'not-found' }));
  removeLibrary(db, swept);
  removeLibrary(db, unswept);
  await Promise.all(refused);
  await rested();
  assert.equal(sql<{ n: number }>(db, 'select count(*) n from library').get()!.n, 1);
  assert.deepEqual(readdirSync(filesDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()), []);
});

test('a file that cannot be deleted is left for another start, and stops nothing', async (t) => {
  const { db, filesDir, rested, add } = house(t);
  const { documents: [id] } = await add('lease.md');
  await rested();
  // As of a file that another program holds open on Windows, nobody may delete it.
  const { path } = fileOf(db, id!);
  rmSync(path);
  mkdirSync(join(path, 'held'), { recursive: true });
  dismiss(db, [id!]);
  const { documents: [other] } = await add('other.md');
  await rested();
  assert.equal(document(db, other!).state.kind, 'ready');
  assert.ok(existsSync(path));
  rmSync(fileOf(db, other!).path);
  dismiss(db, [other!]);
  await rested();
  utimesSync(dirname(path), YESTERDAY, YESTERDAY);
  await forgetStrays(db, filesDir);
  assert.ok(!existsSync(path));
});

test('what goes while strays are looked for is none of them', async (t) => {
  const { db, library, filesDir } = house(t);
  const folder = join(filesDir, String(library));
  mkdirSync(folder, { recursive: true });
  const STRAYS = 60;
  for (let i = 0; i < STRAYS; i++) {
    writeFileSync(join(folder, `stray-${i}`), '');
    utimesSync(join(folder, `stray-${i}`), YESTERDAY, YESTERDAY);
  }
  const looking = forgetStrays(db, filesDir);
  while (readdirSync(folder).length === STRAYS) await setImmediate();
  rmSync(folder, { recursive: true });
  await looking;
});

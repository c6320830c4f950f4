import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { LibraryId } from './api.ts';
import { addBytes, forgetStrays } from './kept.ts';
import { sql } from './store/database.ts';
import { dismiss, document, enqueue, fileOf } from './store/documents.ts';
import { createLibrary, removeLibrary } from './store/libraries.ts';
import { ingesting } from './testing.ts';

/** Files without a path of their own are kept inside: their bytes come and go with their documents, whatever else happens at the time. */

const YESTERDAY = Date.now() / 1000 - 86_400;
const LEASE = new TextEncoder().encode('# Lease\n\nThe monthly rent is 1,250 euros.\n');

/** A library, the loop that reads it, and a way to drop the lease into it. */
function house(t: TestContext) {
  const made = ingesting(t);
  const filesDir = join(made.root, 'files');
  return { ...made, filesDir, add: (name: string, to: LibraryId = made.library) => addBytes(made.db, filesDir, to, name, LEASE) };
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

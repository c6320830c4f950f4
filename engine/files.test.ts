import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import type { DocumentId } from './api.ts';
import { addPaths, lookOver } from './files.ts';
import { bodyOf, saveReading, sweep } from './store/contents.ts';
import { openDatabase } from './store/database.ts';
import { dismiss, document, fail, files, include, removed, type KnownFile } from './store/documents.ts';
import { createLibrary, removeLibrary } from './store/libraries.ts';
import { readingOf } from './store/testing.ts';

/** What a person takes out of a library stays out, also where its watched folder is being looked over in that moment. */

const FILES = 150;

function watchedFolder() {
  const root = mkdtempSync(join(tmpdir(), 'lodestone-files-'));
  const folder = join(root, 'papers');
  mkdirSync(folder);
  for (let i = 0; i < FILES; i++) writeFileSync(join(folder, `${i}.md`), `Paper ${i}`);
  const db = openDatabase(join(root, 'library.sqlite'));
  const library = createLibrary(db, 'Papers');
  return { db, library, folder, end: () => (db.close(), rmSync(root, { recursive: true })) };
}

test('documents that are removed while their folder is looked over do not come back', async () => {
  const { db, library, folder, end } = watchedFolder();
  assert.equal((await addPaths(db, library, [folder])).documents.length, FILES);
  const known = files(db, 0 as DocumentId, FILES);
  let looked = false;
  const looking = lookOver(db).then(() => { looked = true; });
  const left = [...known];
  while (!looked) {
    if (left.length > 1) {
      const { id } = left.shift()!;
      dismiss(db, [id]);
      sweep(db, id);
    }
    await delay(1);
  }
  await looking;
  const out = known.length - left.length;
  assert.ok(out > 3, `${out} were removed meanwhile`);
  assert.deepEqual(files(db, 0 as DocumentId, FILES).map(({ path }) => path), left.map(({ path }) => path));
  assert.equal((await addPaths(db, library, [folder])).documents.length, out, 'until the person adds the folder once more');
  end();
});

test('nor does anything of a library that is removed then', async () => {
  const { db, library, folder, end } = watchedFolder();
  await addPaths(db, library, [folder]);
  const looking = lookOver(db);
  await setImmediate();
  removeLibrary(db, library);
  await looking;
  assert.deepEqual(files(db, 0 as DocumentId, FILES), []);
  end();
});

test('nothing is added to a library that is removed meanwhile, and nobody is told that it was', async () => {
  const { db, library, folder, end } = watchedFolder();
  const adding = addPaths(db, library, [folder]);
  removeLibrary(db, library);
  await assert.rejects(adding, { code: 'not-found' });
  end();
});

test('a file that is renamed, or moved within a watched folder, stays the document it is', async () => {
  const { db, library, folder, end } = watchedFolder();
  await addPaths(db, library, [folder]);
  const [first, second, third] = files(db, 0 as DocumentId, FILES);
  for (const { id } of [first!, second!, third!]) saveReading(db, id, readingOf(`Text ${id}`));
  include(db, [first!.id, second!.id], false);
  mkdirSync(join(folder, 'old'));
  const moved = [join(folder, 'lease.md'), join(folder, 'old', '1.md')];
  renameSync(first!.path, moved[0]!);
  renameSync(second!.path, moved[1]!);
  rmSync(third!.path);
  assert.equal(await lookOver(db), true);
  assert.deepEqual([first!, second!].map(({ id }) => document(db, id)).map(({ name, path, included, state }) => [name, path, included, state.kind]),
    [['lease.md', moved[0], false, 'waiting'], ['1.md', moved[1], false, 'waiting']]);
  assert.equal(bodyOf(db, first!.id).blocks[0]!.text, `Text ${first!.id}`, 'it answers meanwhile');
  assert.deepEqual(removed(db, 10).map(({ id }) => id), [third!.id]);
  assert.equal(files(db, 0 as DocumentId, FILES).length, FILES - 1);
  assert.equal(await lookOver(db), false);
  end();
});

test('a file that is put in the place of one that was just deleted is the same document', async () => {
  const { db, library, folder, end } = watchedFolder();
  await addPaths(db, library, [folder]);
  const [{ id, path }] = files(db, 0 as DocumentId, 1) as [KnownFile];
  include(db, [id], false);
  for (let turns = 0; turns < 12; turns++) {
    rmSync(path);
    const looking = lookOver(db);
    for (let turn = 0; turn < turns; turn++) await setImmediate();
    writeFileSync(path, `Saved ${turns}`);
    await looking;
    assert.equal(document(db, id).included, false);
  }
  end();
});

test('a file that another program held open is read when that has let go of it', async () => {
  const { db, library, folder, end } = watchedFolder();
  await addPaths(db, library, [folder]);
  const [{ id }] = files(db, 0 as DocumentId, 1) as [KnownFile];
  fail(db, id, 'unreadable', 'It cannot be opened (EBUSY).');
  assert.equal(await lookOver(db), true);
  assert.equal(document(db, id).state.kind, 'waiting');
  fail(db, id, 'damaged', 'It is broken.');
  assert.equal(await lookOver(db), false, 'what was read in vain is not read again and again');
  end();
});

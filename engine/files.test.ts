import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import type { DocumentId } from './api.ts';
import { addPaths, lookOver } from './files.ts';
import { sweep } from './store/contents.ts';
import { openDatabase } from './store/database.ts';
import { dismiss, files } from './store/documents.ts';
import { createLibrary, removeLibrary } from './store/libraries.ts';

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

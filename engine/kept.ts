import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, renameSync } from 'node:fs';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Added, LibraryId } from './api.ts';
import { EngineError } from './api.ts';
import { write, type Db } from './store/database.ts';
import { enqueue, isKept } from './store/documents.ts';
import { mustHaveLibrary } from './store/libraries.ts';

/**
 * Keeps the bytes of a file without a path inside Lodestone, below `filesDir`, and puts it in the queue. The same name
 * with the same bytes is the same document.
 *
 * @throws EngineError 'invalid' for a name without a file name in it, 'not-found' when the library is gone, or goes meanwhile
 */
export async function addBytes(db: Db, filesDir: string, library: LibraryId, name: string, bytes: Uint8Array): Promise<Added> {
  const clean = basename(name.replaceAll('\\', '/')).replace(/[\u0000-\u001f<>:"|?*]/g, '_').trim();
  if (clean === '' || clean === '.' || clean === '..') throw new EngineError('invalid', `“${name}” is not the name of a file.`);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  const folder = join(filesDir, String(library), hash);
  const path = join(folder, ending(clean));
  const arriving = `${folder}.${randomUUID()}`;
  await mkdir(dirname(folder), { recursive: true });
  try {
    await writeFile(arriving, bytes);
    // In the transaction, so that the sweep of an earlier copy cannot delete the file between its arrival and its row.
    const { id, changed } = await write(db, () => {
      mustHaveLibrary(db, library);
      mkdirSync(folder, { recursive: true });
      renameSync(arriving, path);
      return enqueue(db, library, { name: clean, path, kept: true, bytes: bytes.length, modified: 0 });
    });
    return { documents: changed ? [id] : [], unchanged: changed ? 0 : 1, refused: [] };
  } finally {
    await rm(arriving, { force: true });
  }
}

/** As much of the end of a name, where its extension is, as every file system has room for: 143 bytes in an encrypted home. */
function ending(name: string): string {
  const characters = [...name].slice(-140);
  while (Buffer.byteLength(characters.join('')) > 140) characters.shift();
  return characters.join('');
}

/** Bytes that arrived this lately may be on the way to their row. */
const ARRIVING_MILLISECONDS = 60_000;

/**
 * Deletes bytes below `filesDir` that no document knows: what a killed process left between their arrival and their row, and
 * what could not be deleted with its document. What cannot be deleted now is left for the next start.
 */
export async function forgetStrays(db: Db, filesDir: string): Promise<void> {
  for (const library of await readdir(filesDir).catch(() => [])) {
    for (const name of await readdir(join(filesDir, library)).catch(() => [])) {
      const path = join(filesDir, library, name);
      const changed = await stat(path).then(({ mtimeMs }) => mtimeMs, () => Infinity);
      if (isKept(db, Number(library) as LibraryId, path) || Date.now() - changed < ARRIVING_MILLISECONDS) continue;
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

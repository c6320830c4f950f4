import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { hashFile } from './manifest.ts';

/** SHA-256 of files that are gigabytes long: computed once, and again only when a file changed by its size, time or place. */
export interface Hashes { of(path: string): Promise<string> }

interface Known { size: number; changed: number; place: number; sha256: string }

/** Hashes that are remembered in a JSON file, which may not be there yet; in memory only where none is named. */
export function openHashes(file?: string): Hashes {
  let known: Promise<Map<string, Known>> | undefined;
  return {
    async of(path) {
      const whole = resolve(path);
      const { size, mtimeMs: changed, ino: place } = await stat(whole);
      const entries = await (known ??= read(file));
      const before = entries.get(whole);
      if (before?.size === size && before.changed === changed && before.place === place) return before.sha256;
      const sha256 = await hashFile(whole);
      entries.set(whole, { size, changed, place, sha256 });
      if (file !== undefined) await save(file, entries);
      return sha256;
    },
  };
}

/** What was remembered; nothing where the file is missing or was damaged, since all of it can be computed again. */
async function read(file: string | undefined): Promise<Map<string, Known>> {
  if (file === undefined) return new Map();
  try {
    return new Map(Object.entries(JSON.parse(await readFile(file, 'utf8')) as Record<string, Known>));
  } catch {
    return new Map();
  }
}

async function save(file: string, entries: Map<string, Known>): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  // Files are hashed side by side, and threads open the same model: each writes its own.
  const written = `${file}.${randomUUID()}`;
  await writeFile(written, JSON.stringify(Object.fromEntries(entries)));
  await rename(written, file);
}

import { open, stat } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import type { Added, DocumentId, LibraryId } from './api.ts';
import { EngineError } from './api.ts';
import { factsOf, filesBelow, isBelow } from './folders.ts';
import { detach } from './store/contents.ts';
import { write, type Db } from './store/database.ts';
import { enqueue, fail, files, isWanted, readmit, remove, rename, requeue, type FileFacts, type KnownFile } from './store/documents.ts';
import { addFolder, folders, mustHaveLibrary } from './store/libraries.ts';

/** Rows written in one transaction: short enough that the thread stays responsive. */
const BATCH = 200;

/**
 * Puts files, and the files below folders, in the queue of a library. Folders are remembered, to be watched.
 *
 * @throws EngineError 'not-found' when the library is gone, or goes meanwhile
 */
export async function addPaths(db: Db, library: LibraryId, paths: readonly string[]): Promise<Added> {
  const added: Added = { documents: [], unchanged: 0, refused: [] };
  for (const path of paths) {
    try {
      const facts = await factsOf(path);
      await write(db, () => {
        mustHaveLibrary(db, library);
        readmit(db, library, path, sep);
        if (facts.folder) addFolder(db, library, path);
      });
      await enqueueAll(db, library, facts.folder ? filesBelow(path) : [facts], added);
    } catch (error) {
      if (!('syscall' in (error as object))) throw error;
      added.refused.push({ path, reason: sentence(path, error as NodeJS.ErrnoException) });
    }
  }
  return added;
}

/** A range of a file's bytes; shorter where the file ends. @throws EngineError 'missing' */
export async function readRange(path: string, start: number, end: number): Promise<Uint8Array> {
  const file = await open(path).catch(() => { throw gone(path); });
  try {
    const bytes = new Uint8Array(Math.max(0, Math.min(end, (await file.stat()).size) - start));
    await file.read(bytes, 0, bytes.length, start);
    return bytes;
  } finally {
    await file.close();
  }
}

export async function sizeOf(path: string): Promise<number> {
  return stat(path).then(({ size }) => size, () => { throw gone(path); });
}

const gone = (path: string): EngineError => new EngineError('missing', `${path} is no longer there. Put it back, or remove it from the library.`);

/**
 * Looks over every file and folder the libraries know: changed and new files go in the queue, files that were deleted
 * leave, those that were renamed or moved within watched folders stay the documents they are. A watched folder or a drive that is
 * missing leaves everything as it is. What could not be opened is tried again once it can. Returns whether anything changed.
 */
export async function lookOver(db: Db): Promise<boolean> {
  const added: Added = { documents: [], unchanged: 0, refused: [] };
  let others = 0;
  const roots = folders(db);
  const gone = new Gone();
  for (let after = 0 as DocumentId; ;) {
    const known = files(db, after, BATCH);
    if (known.length === 0) break;
    after = known.at(-1)!.id;
    for (const file of known) {
      const facts = await factsOf(file.path).catch((error: NodeJS.ErrnoException) => error.code);
      if (typeof facts === 'object') {
        if (facts.bytes !== file.bytes || facts.modified !== file.modified) await enqueueAll(db, file.library, [facts], added);
        else if (file.code === 'missing' || (file.code === 'unreadable' && (await opens(file.path)))) {
          others++;
          await write(db, () => requeue(db, [file.id]));
        }
      } else if (facts === 'ENOENT' || facts === 'ENOTDIR') {
        const within = roots.filter((root) => root.library === file.library && isBelow(file.path, root.path));
        if (within.length === 0 && file.state === 'failed') continue;
        const around = within.length > 0 ? within.map(({ path }) => path) : [dirname(file.path)];
        if (!(await Promise.all(around.map(exists))).includes(true)) continue;
        if (within.length > 0) {
          gone.add(file);
          continue;
        }
        others++;
        await write(db, () => {
          detach(db, file.id);
          fail(db, file.id, 'missing', `${file.path} is no longer there. Put it back, or remove it from the library.`);
        });
      }
    }
  }
  for (const { library, path } of roots) {
    if (!(await exists(path))) continue;
    try {
      await enqueueAll(db, library, filesBelow(path), added, gone);
    } catch (error) {
      // It went away, or may no longer be read: as a folder that is missing.
      if (!('syscall' in (error as object))) throw error;
    }
  }
  for (const { id, path } of gone.left()) {
    // Programs that save put a new file in the place of the old one.
    if (await exists(path)) continue;
    others++;
    await write(db, () => remove(db, [id]));
  }
  return added.documents.length + others > 0;
}

/** Documents whose files are not where they were. */
class Gone {
  readonly #files = new Map<string, KnownFile[]>();

  static #likeness(library: LibraryId, { bytes, modified }: FileFacts | KnownFile): string { return `${library} ${bytes} ${modified}`; }

  add(file: KnownFile): void {
    const likeness = Gone.#likeness(file.library, file);
    this.#files.set(likeness, [...(this.#files.get(likeness) ?? []), file]);
  }

  left(): KnownFile[] { return [...this.#files.values()].flat(); }

  /** A file that nobody knows yet and that is as large and as old as one that is gone is that one under another name; it is read again to be sure. */
  follow(db: Db, library: LibraryId, found: FileFacts): { id: DocumentId; changed: true } | undefined {
    const [like, ...others] = this.#files.get(Gone.#likeness(library, found)) ?? [];
    if (!like || !rename(db, like.id, found)) return undefined;
    this.#files.set(Gone.#likeness(library, found), others);
    return { id: like.id, changed: true };
  }
}

/** Queues what was found, except what a person took out of the library: before, or while it was looked for. */
async function enqueueAll(db: Db, library: LibraryId, found: Iterable<FileFacts> | AsyncIterable<FileFacts>, added: Added, gone = new Gone()): Promise<void> {
  let batch: FileFacts[] = [];
  const flush = async (): Promise<void> => {
    const facts = batch;
    batch = [];
    const results = await write(db, () => facts.filter(({ path }) => isWanted(db, library, path)).map((file) => gone.follow(db, library, file) ?? enqueue(db, library, file)));
    for (const { id, changed } of results) {
      if (changed) added.documents.push(id);
      else added.unchanged++;
    }
  };
  for await (const file of found) {
    batch.push(file);
    if (batch.length === BATCH) await flush();
  }
  if (batch.length > 0) await flush();
}

async function opens(path: string): Promise<boolean> {
  return open(path).then((file) => file.close()).then(() => true, () => false);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}

function sentence(path: string, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT': return `There is no file or folder at ${path}.`;
    case 'EACCES':
    case 'EPERM': return `Lodestone is not allowed to read ${path}. Check its permissions.`;
    default: return `${path} cannot be opened (${error.code ?? error.message}).`;
  }
}

import { watch, type FSWatcher } from 'node:fs';
import { opendir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, sep } from 'node:path';
import type { FileFacts } from './store/documents.ts';

/** Folders of programs, not of people. */
const PASSED_OVER = new Set(['node_modules', '__pycache__', '$RECYCLE.BIN', 'System Volume Information']);

/** Inside a folder these are passed over in silence; dropped one by one they become a document that says why it failed. */
const NOT_DOCUMENTS = new Set(
  ('.exe .dll .so .dylib .o .a .bin .iso .img .dmg .msi .deb .rpm .zip .gz .bz2 .xz .zst .7z .rar .tar .tgz .jar .class .pyc .wasm .node ' +
   '.png .jpg .jpeg .gif .webp .bmp .ico .tif .tiff .heic .svg .psd .mp3 .wav .flac .ogg .m4a .mp4 .mkv .mov .avi .webm .ttf .otf .woff .woff2 ' +
   '.db .sqlite .sqlite3 .lock .tmp .bak .swp .map .css').split(' '));

/** What is known of the file at a path. @throws the file system's error, such as ENOENT */
export async function factsOf(path: string): Promise<FileFacts & { folder: boolean }> {
  const facts = await stat(path);
  return { name: basename(path), path, bytes: facts.size, modified: Math.floor(facts.mtimeMs), folder: facts.isDirectory() };
}

/** The files below a folder that may be documents; hidden ones and programs' own are passed over, loops are not entered. */
export async function* filesBelow(root: string, entered = new Set<string>()): AsyncGenerator<FileFacts> {
  const isRoot = entered.size === 0;
  let entries;
  try {
    const real = await realpath(root);
    if (entered.has(real)) return;
    entered.add(real);
    entries = await opendir(root);
  } catch (error) {
    // A folder inside that may not be read, or went away since it was listed, does not hold up the others.
    if (!isRoot) return;
    throw error;
  }
  for await (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name.startsWith('~$') || PASSED_OVER.has(entry.name)) continue;
    const path = join(root, entry.name);
    const facts = await factsOf(path).catch(() => undefined);
    if (!facts) continue;
    if (facts.folder) yield* filesBelow(path, entered);
    else if (!NOT_DOCUMENTS.has(extname(entry.name).toLowerCase())) yield facts;
  }
}

/** Whether a path lies inside a folder. */
export function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

export interface Watched { folders: readonly string[]; files: readonly string[] }

/** A burst of changes (a checkout, a sync) is looked at once it has been quiet for this long. */
const QUIET_MILLISECONDS = 400;
/** Where it never is, since a program writes on and on, it is looked at every so often. */
const LONGEST_MILLISECONDS = 15_000;
/** Single files beyond this many folders are only looked over at the start, to spare the system's watches. */
const MOST_PARENTS = 200;

/**
 * Calls `changed` some time after anything changed in one of the folders or beside one of the files; with `true` where a
 * folder itself came or went, because then it has to be watched anew. Returns the function that ends it.
 */
export function watchFiles({ folders, files }: Watched, changed: (folders: boolean) => void, longest = LONGEST_MILLISECONDS): () => void {
  const watchers: FSWatcher[] = [];
  let timer: NodeJS.Timeout | undefined;
  let since: number | undefined;
  let moved = false;
  const later = (): void => {
    clearTimeout(timer);
    since ??= performance.now();
    timer = setTimeout(() => {
      since = undefined;
      changed(moved);
    }, Math.min(QUIET_MILLISECONDS, Math.max(0, since + longest - performance.now())));
  };
  const start = (path: string, recursive: boolean, listener: (event: string, name: string | null) => void = later): void => {
    try {
      const watcher = watch(path, { recursive, persistent: false }, listener);
      watcher.on('error', () => watcher.close());
      watchers.push(watcher);
    } catch {
      // Not there at the moment; the next start looks again.
    }
  };
  for (const folder of folders) {
    start(folder, true);
    // A folder that goes away (a drive that is unplugged) takes its watch with it; its return is seen from above.
    start(dirname(folder), false, (event, name) => {
      if (event !== 'rename' || name !== basename(folder)) return;
      moved = true;
      later();
    });
  }
  const parents = new Set(files.filter((file) => !folders.some((folder) => isBelow(file, folder))).map((file) => dirname(file)));
  for (const parent of [...parents].slice(0, MOST_PARENTS)) start(parent, false);
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}

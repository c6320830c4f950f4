import { EngineError, type Added, type DocumentId, type Engine, type LibraryId } from '../engine/api.ts';

/**
 * Files a person gave: by path where the desktop shell can name one, else the bytes themselves, to be uploaded.
 */
export interface Gift { paths: string[]; files: File[] }

/** Asks for files to read the text of; empty if the person thought better of it. */
export async function chooseTexts(accept: string): Promise<string[]> {
  const files = await chooseInPage(false, accept);
  return Promise.all(files.map((file) => file.text()));
}

/** Asks for a file to hand on whole; empty if the person thought better of it. */
export function chooseFiles(accept: string): Promise<File[]> {
  return chooseInPage(false, accept);
}

/** Kinds of files taken out of a folder in the browser; the engine decides for itself about folders it walks. */
const READABLE = /\.(pdf|docx|pptx|xlsx|od[tps]|rtf|epub|eml|mbox|mht|mhtml|ipynb|md|markdown|mdown|html?|xhtml|fb2|txt|text|log|csv|tsv|rst|org)$/i;

/** Asks for files or for a folder. Empty if the person thought better of it. */
export async function choose(what: 'files' | 'folder'): Promise<Gift> {
  const host = window.lodestone;
  if (host) return { paths: what === 'files' ? await host.pickFiles() : await host.pickFolder(), files: [] };
  const files = await chooseInPage(what === 'folder');
  return { paths: [], files: what === 'folder' ? files.filter((file) => READABLE.test(file.name)) : files };
}

/** Whether what is chosen comes with its path, as in the desktop shell; a browser gives bytes alone. */
export function namesPaths(): boolean {
  return window.lodestone !== undefined;
}

function chooseInPage(folder: boolean, accept = ''): Promise<File[]> {
  return new Promise((resolve) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.multiple = true;
    input.webkitdirectory = folder;
    input.accept = accept;
    input.addEventListener('change', () => resolve([...(input.files ?? [])]));
    input.addEventListener('cancel', () => resolve([]));
    input.click();
  });
}

/** What was dropped. Must be called within the drop event: the browser takes the list back afterwards. */
export function dropped(transfer: DataTransfer): Promise<Gift> {
  const host = window.lodestone;
  if (host) {
    const paths = [...transfer.files].map((file) => host.pathOf(file)).filter((path) => path !== '');
    return Promise.resolve({ paths, files: [] });
  }
  const loose = [...transfer.files];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  return walk(entries, loose).then((files) => ({ paths: [], files }));
}

async function walk(entries: (FileSystemEntry | null)[], loose: File[]): Promise<File[]> {
  if (entries.every((entry) => entry === null)) return loose;
  const files: File[] = [];
  for (const entry of entries) if (entry) await collect(entry, files, true);
  return files;
}

async function collect(entry: FileSystemEntry, into: File[], chosen: boolean): Promise<void> {
  if (entry.isFile) {
    if (!chosen && !READABLE.test(entry.name)) return;
    into.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader gives a hundred at a time, and none when it is through.
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return;
    for (const child of batch) if (!child.name.startsWith('.')) await collect(child, into, false);
  }
}

export interface Taken { documents: DocumentId[]; unchanged: number; refused: { name: string; error: unknown }[] }

/** A browser sends a file as one message; a larger one than the door takes would cost the connection. */
const MOST_UPLOADED = 480 * 2 ** 20;

/**
 * Puts a gift into a library; `onStep` hears how many of how many uploads are done. A file the engine refuses is among
 * the refused of the answer and does not stop the others.
 */
export async function take(engine: Engine, library: LibraryId, gift: Gift, onStep: (done: number, total: number) => void): Promise<Taken> {
  const sum: Taken = { documents: [], unchanged: 0, refused: [] };
  const join = (added: Added): void => {
    sum.documents.push(...added.documents);
    sum.unchanged += added.unchanged;
    for (const { path, reason } of added.refused) sum.refused.push({ name: path, error: new EngineError('failed', reason) });
  };
  if (gift.paths.length > 0) join(await engine.add(library, gift.paths));
  for (const [done, file] of gift.files.entries()) {
    onStep(done, gift.files.length);
    try {
      if (file.size > MOST_UPLOADED) throw new EngineError('too-large', 'The file is too large to be sent by a browser.');
      join(await engine.addFile(library, file.name, new Uint8Array(await file.arrayBuffer())));
    } catch (error) {
      if (error instanceof EngineError && error.code === 'closed') throw error;
      sum.refused.push({ name: file.name, error });
    }
  }
  return sum;
}

/** Gives the person a file to keep. */
export function saveFile(name: string, type: string, content: string | Uint8Array<ArrayBuffer>): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

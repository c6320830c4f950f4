import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import type { DocumentId, FailureCode, Settings, Topic } from './api.ts';
import { split, type CountTokens } from './chunk.ts';
import { inContext } from './context.ts';
import { embedNext } from './embed-next.ts';
import type { Embedder } from './models/embedder.ts';
import { ParseFailure, placeOf } from './parse/document.ts';
import type { Parser } from './parse/sandbox.ts';
import { attach, contentOf, saveReading, sweep, type ContentId, type Reading } from './store/contents.ts';
import { write, type Db } from './store/database.ts';
import { fail, removed, stillWaiting, waiting, type Waiting } from './store/documents.ts';
import { deleteEmptied } from './store/libraries.ts';
import type { Space } from './store/spaces.ts';
import { indexWords } from './words.ts';

/**
 * Version of everything between a file's bytes and its chunks. Raise it when parsing or chunking changes for the better:
 * every document is then read again in the background, its old content answering until the new one is there.
 */
export const RECIPE = '1';

/** Chunks embedded and committed at a time; what a killed process has to do again at most. */
const EMBED_BATCH = 64;

/** Unasked, the tables are looked at after so long: another process may have put something there and ended. */
const LOOKED_AGAIN = 5_000;

/** What SQLite and the file system say where there is no room. */
const FULL = new Set(['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', 'ENOSPC']);

/** A file of more text than this is refused: it would be indexed for hours, and its blocks have to be one string (fifteen Bibles fit). */
const MOST_CHARACTERS = 64 * 2 ** 20;

/** A file of more bytes cannot be read at once, whatever the settings allow. */
const MOST_BYTES = 2 ** 31 - 1;

export interface IngestParts {
  db: Db;
  parser: Parser;
  limits: () => Pick<Settings, 'parseSeconds' | 'parseMegabytes' | 'fileMegabytes'>;
  /** The embedder in use, asked for before each piece of work. Undefined where none could be opened: documents are then answerable by words alone. */
  model: () => Promise<Model | undefined>;
  changed: (topic: Topic) => void;
  /** Milliseconds; 5,000 if absent. */
  lookedAgain?: number;
}

interface Model { embedder: Embedder; space: Space }

/** What the ingest loop is doing; `embeds` is false where there is no model. */
export interface IngestProgress { paused: boolean; resting: boolean; diskFull: boolean; embeds: boolean; reading?: DocumentId; chunksPerSecond?: number }

export interface Ingest {
  /** There may be something to do. */
  wake(): void;
  pause(): void;
  resume(): void;
  progress(): IngestProgress;
  /** Remembers a password until the document is read; it is never written down. */
  unlock(document: DocumentId, password: string): void;
  close(): Promise<void>;
}

/**
 * The walk from file to library, as a loop over what the tables say is left: first what was removed is swept, then what
 * waits is read (answerable by words from then on), then what has no vectors is embedded. There is no queue but the
 * tables, so whatever interrupts it, it goes on from there.
 */
export function startIngest(parts: IngestParts): Ingest {
  const { db, changed } = parts;
  let model: Model | undefined;
  const passwords = new Map<DocumentId, string>();
  /** Files being read, by document, time of change, size and place. */
  const begun = new Map<string, Promise<Outcome>>();
  let paused = false;
  let resting = false;
  let diskFull = false;
  let closed = false;
  let reading: DocumentId | undefined;
  let chunksPerSecond: number | undefined;
  let alarm = Promise.withResolvers<void>();

  const wake = (): void => alarm.resolve();

  async function loop(): Promise<void> {
    while (!closed) {
      alarm = Promise.withResolvers<void>();
      resting = false;
      model = await parts.model();
      if (await works()) await setImmediate();
      else {
        resting = true;
        await Promise.race([alarm.promise, delay(parts.lookedAgain ?? LOOKED_AGAIN, undefined, { ref: false })]);
      }
    }
  }

  /** Does a piece of what is left to do; false where nothing is, or can be for want of room. */
  async function works(): Promise<boolean> {
    const before = diskFull;
    try {
      const worked = (await sweepSome()) || (!paused && ((await readNext()) || (await embedSome())));
      diskFull = false;
      return worked;
    } catch (error) {
      if (!FULL.has((error as { code?: string }).code ?? '')) throw error;
      diskFull = true;
      reading = undefined;
      return false;
    } finally {
      if (diskFull !== before) changed('progress');
    }
  }

  async function sweepSome(): Promise<boolean> {
    const gone = removed(db, 50);
    for (let swept = 0; swept < gone.length; swept++) {
      await write(db, () => {
        // As it stands by now: a file that was dropped again meanwhile is not removed any more.
        const [document] = removed(db, 1);
        // Before the row: a crash between the two leaves a row to sweep again, never bytes nobody knows of.
        if (document?.kept) deleteKept(document.path);
        if (document) sweep(db, document.id);
      });
    }
    if (gone.length === 0) return false;
    await write(db, () => deleteEmptied(db));
    changed('libraries');
    return true;
  }

  async function readNext(): Promise<boolean> {
    const [document, next] = waiting(db, 2);
    if (!document) return false;
    reading = document.id;
    changed('progress');
    const outcome = await begin(document);
    // The next file is parsed, in the parser's thread, while this thread writes the present one. What went wrong is looked at in its turn.
    begun.clear();
    if (next && !paused && !closed) begin(next).catch(() => undefined);
    if (!closed) await settle(document, outcome);
    reading = undefined;
    changed('documents');
    return true;
  }

  function begin(document: Waiting): Promise<Outcome> {
    const key = `${document.id} ${document.modified} ${document.bytes} ${document.path}`;
    let outcome = begun.get(key);
    if (!outcome) begun.set(key, (outcome = open(parts, document, passwords.get(document.id))));
    return outcome;
  }

  /** Writes what became of a file, unless the file changed, went elsewhere or was removed while it was read. */
  async function settle(document: Waiting, outcome: Outcome): Promise<void> {
    passwords.delete(document.id);
    const [made, refusal] = prepared(outcome);
    await write(db, () => {
      if (!stillWaiting(db, document)) return;
      if (made) saveReading(db, document.id, made);
      else if (refusal) fail(db, document.id, refusal.failure, refusal.reason);
      // Content that was swept since it was found: the document stays waiting and is read in full.
      else if ('content' in outcome && contentOf(db, outcome.hash, RECIPE) === outcome.content) attach(db, document.id, outcome.content);
    });
  }

  /** What is to be stored, or why nothing is: a document that cannot be cut up must not be tried again without end. */
  function prepared(outcome: Outcome): [made?: Reading, refusal?: Refused] {
    if ('failure' in outcome) return [undefined, outcome];
    if (!('parsed' in outcome)) return [];
    const characters = outcome.parsed.text.length;
    const tooLarge: Refused = { failure: 'too-large', reason: `The file holds ${Math.ceil(characters / 1e6)} million characters, more than can be taken in at once. Split it.` };
    if (characters > MOST_CHARACTERS) return [undefined, tooLarge];
    try {
      return [prepare(outcome, model?.embedder.countTokens ?? roughly)];
    } catch (error) {
      // A string, an array or a stack beyond what the runtime allows.
      if (error instanceof RangeError) return [undefined, tooLarge];
      // One file must not stop the others, whatever is the matter with it.
      return [undefined, { failure: 'damaged', reason: `The file was read, but its text could not be taken in (${String(error)}). Save it anew in the program that made it.` }];
    }
  }

  async function embedSome(): Promise<boolean> {
    if (!model) return false;
    const { embedder, space } = model;
    const some = await embedNext(db, space, EMBED_BATCH, (texts) => embedder.embed(texts, 'document'));
    if (!some) return false;
    if (some.rate !== undefined) chunksPerSecond = chunksPerSecond === undefined ? some.rate : 0.9 * chunksPerSecond + 0.1 * some.rate;
    changed('progress');
    changed('documents');
    return true;
  }

  const done = loop();
  return {
    wake,
    pause() { paused = true; changed('progress'); },
    resume() { paused = false; changed('progress'); wake(); },
    progress() {
      const progress: IngestProgress = { paused, resting, diskFull, embeds: model !== undefined };
      if (reading !== undefined) progress.reading = reading;
      if (chunksPerSecond !== undefined) progress.chunksPerSecond = chunksPerSecond;
      return progress;
    },
    unlock(document, password) { passwords.set(document, password); begun.clear(); },
    async close() { closed = true; wake(); await done; },
  };
}

/** Deletes a file kept inside Lodestone, and its folder unless a file of equal bytes and another name lies there too. */
function deleteKept(path: string): void {
  try {
    rmSync(path, { force: true });
    const folder = dirname(path);
    if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
  } catch {
    // Another program holds it open: it is a stray from now on, and goes at a later start (`kept.ts`).
  }
}

type Parsed = Pick<Reading, 'hash' | 'parsed'>;
type Refused = { failure: FailureCode; reason: string };
type Outcome = Parsed | { hash: string; content: ContentId } | Refused;

/** A file as far as it can be known without writing: its content if that is stored already, what it parses to, or why not. */
async function open({ db, parser, limits }: IngestParts, document: Waiting, password: string | undefined): Promise<Outcome> {
  try {
    const { size } = await stat(document.path);
    const most = limits().fileMegabytes;
    const large = `The file has ${Math.ceil(size / 1024 / 1024)} MB, more than`;
    if (size > MOST_BYTES) return { failure: 'too-large', reason: `${large} can be read in one piece. Split it.` };
    if (size > most * 1024 * 1024) return { failure: 'too-large', reason: `${large} the ${most} MB allowed in the settings. Raise the limit or split the file.` };
    const bytes = await readFile(document.path);
    const hash = createHash('sha256').update(bytes).digest('hex');
    const content = contentOf(db, hash, RECIPE);
    if (content !== undefined) return { hash, content };
    return { hash, parsed: await parser.parse({ name: document.name, bytes }, password === undefined ? {} : { password }) };
  } catch (error) {
    if (error instanceof ParseFailure) return { failure: error.code, reason: error.message };
    // For the file's bytes, or for the parser's copy of them, there is no room.
    if (error instanceof RangeError || (error as Error).name === 'DataCloneError') {
      return { failure: 'too-much-memory', reason: `There is not enough memory to read ${document.name} just now. Close other programs and try again, or split the file.` };
    }
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return { failure: 'missing', reason: `${document.path} is no longer there. Put it back, or remove it from the library.` };
    if (code !== undefined && 'syscall' in (error as object)) return { failure: 'unreadable', reason: `${document.path} cannot be opened (${code}). Check that it is there and that you may read it.` };
    throw error;
  }
}

/** Chunks of a parsed document with their tokens and pages. */
export function prepare({ hash, parsed }: Parsed, countTokens: CountTokens): Reading {
  const chunks = split(parsed, countTokens);
  return {
    hash, recipe: RECIPE, parsed, chunks,
    words: chunks.chunks.map((chunk) => indexWords(inContext(chunk, parsed.title))),
    pages: chunks.chunks.map((chunk) => placeOf(parsed, chunk.start, chunk.end).page),
  };
}

/** Tokens where no model is there to count them: a Chinese character is about one, an English word about four letters. */
function roughly(text: string): number {
  let wide = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x2e80) wide++;
  return wide + Math.ceil((text.length - wide) / 4);
}

import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import type { DocumentId, Topic } from './api.ts';
import { embedNext } from './embed-next.ts';
import type { Embedder } from './models/embedder.ts';
import { open, prepare, RECIPE, roughly, type Outcome, type ReadingParts, type Refused } from './reading.ts';
import { attach, contentOf, saveReading, sweep, type Reading } from './store/contents.ts';
import { write } from './store/database.ts';
import { fail, removed, stillWaiting, waiting, type Waiting } from './store/documents.ts';
import { deleteEmptied } from './store/libraries.ts';
import type { Space } from './store/spaces.ts';
import { countUnembedded } from './store/vectors.ts';

/** Chunks embedded and committed at a time; what a killed process has to do again at most. */
const EMBED_BATCH = 64;

/** Unasked, the tables are looked at after so long: another process may have put something there and ended. */
const LOOKED_AGAIN = 5_000;

/** A scan gives way to what is read faster so often; then it is read to its end, lest it never is. */
const MOST_WAYS = 3;

/** What SQLite and the file system say where there is no room. */
const FULL = new Set(['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', 'ENOSPC']);

/** A file of more text than this is refused: it would be indexed for hours, and its blocks have to be one string (fifteen Bibles fit). */
const MOST_CHARACTERS = 64 * 2 ** 20;

export interface IngestParts extends ReadingParts {
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
  /** Scans that gave way to what is read faster, and how often they did. */
  const gaveWay = new Map<DocumentId, number>();
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
      const worked = (await sweepSome()) || (!paused && ((await readNext(false)) || (await embedSome()) || (await readNext(true))));
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

  /** @param late whether it is the turn of what gave way to everything else */
  async function readNext(late: boolean): Promise<boolean> {
    const [document, next] = inTurn(late);
    if (!document) return false;
    reading = document.id;
    changed('progress');
    const outcome = await begin(document);
    // The next file is parsed, in the parser's thread, while this thread writes the present one. What went wrong is looked at in its turn.
    begun.clear();
    if (next && !paused && !closed) begin(next).catch(() => undefined);
    if ('gaveWay' in outcome) gaveWay.set(document.id, 1 + (gaveWay.get(document.id) ?? 0));
    else {
      gaveWay.delete(document.id);
      if (!closed) await settle(document, outcome);
    }
    reading = undefined;
    changed('documents');
    return true;
  }

  /** The next two documents to be read. */
  function inTurn(late: boolean): Waiting[] {
    return waiting(db, 2 + gaveWay.size).filter(({ id }) => gaveWay.has(id) === late).slice(0, 2);
  }

  /** Whether a document whose text is being recognised, page by page, is to be put off: it was removed, or others wait that are read faster. */
  function isPutOff(document: Waiting): boolean {
    if (!stillWaiting(db, document)) return true;
    if (closed || (gaveWay.get(document.id) ?? 0) >= MOST_WAYS) return false;
    return inTurn(false).some(({ id }) => id !== document.id) || (model !== undefined && countUnembedded(db) > 0);
  }

  function begin(document: Waiting): Promise<Outcome> {
    const key = `${document.id} ${document.modified} ${document.bytes} ${document.path}`;
    let outcome = begun.get(key);
    if (!outcome) begun.set(key, (outcome = open(parts, document, passwords.get(document.id), () => isPutOff(document))));
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

import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import type { Topic } from './api.ts';
import { EngineError } from './api.ts';
import { bestBundled, knownModels, mustKnow } from './chosen.ts';
import { inContext } from './context.ts';
import { embedNext } from './embed-next.ts';
import type { ModelDirs } from './found.ts';
import type { Embedder } from './models/embedder.ts';
import { keepPassport, openKnownEmbedder, recognise } from './opened.ts';
import { write, type Db } from './store/database.ts';
import { choose } from './store/models.ts';
import { get, put, remove } from './store/settings.ts';
import { beginShadow, cancelShadow, clearDropped, shadow, shadowIsWhole, spaceOf, switchToShadow } from './store/spaces.ts';
import { countChunks, sampleChunks } from './store/vectors.ts';

export interface ReindexParts {
  db: Db;
  modelDirs: ModelDirs;
  changed: (topic: Topic) => void;
  /** Nothing is missing in the index of this model any more: it may be switched to. */
  whole: (model: string) => void;
}

export interface Reindex {
  /** There may be something to do. */
  wake(): void;
  /** Begins to grow the index of an embedder. @throws EngineError 'invalid' when it cannot be opened: nothing has changed then */
  begin(model: string): Promise<void>;
  /** Uses the grown index if nothing is missing in it; false where something is. */
  switch(): Promise<boolean>;
  /** Stands still from now on, for this reason, and keeps what is there. */
  halt(reason: string): Promise<void>;
  estimate(model: string): Promise<{ chunks: number; seconds: number; cut: number }>;
  /** Chunks embedded per second, lately. */
  rate(): number | undefined;
  close(): Promise<void>;
}

interface Opened { model: string; embedder: Embedder }

/** The reason for which growing stands still. */
export const TROUBLE = 'shadow.trouble';

/** A batch takes about so long: what a pause waits for and a killed process does again. */
const BATCH_MILLISECONDS = 500;
const LARGEST_BATCH = 64;
/** Vectors deleted in one transaction. */
const DROPPED_AT_A_TIME = 500;
/** An index that is whole is told of again after so long, should nobody have switched to it. */
const TOLD_AGAIN = 2_000;
const PROBE_CHUNKS = 48;
const PROBE_MILLISECONDS = 3_000;

/**
 * The walk that grows the index of another embedder, the shadow, beside the one that is searched. Like the ingest loop it is a
 * loop over what the tables say is missing: a killed process goes on where it was, documents that arrive meanwhile are missing
 * too, and a cancelled shadow is a space to be cleared away, bit by bit. Chunks are not cut anew for another model; of one that
 * is longer than the model reads, the end is not seen by it.
 */
export function startReindex({ db, modelDirs, changed, whole }: ReindexParts): Reindex {
  /** At work. Only the loop opens and closes it. */
  let opened: Opened | undefined;
  /** Tried and found good, to be at work next. */
  let ready: Opened | undefined;
  let closed = false;
  let chunksPerSecond: number | undefined;
  let batch = 8;
  let alarm = Promise.withResolvers<void>();
  const wake = (): void => alarm.resolve();

  async function loop(): Promise<void> {
    while (!closed) {
      alarm = Promise.withResolvers<void>();
      const worked = (await write(db, () => clearDropped(db, DROPPED_AT_A_TIME))) || (await grow());
      if (!worked && (!shadow(db) || get(db, TROUBLE) !== undefined)) await letGo();
      if (worked) await setImmediate();
      else if (tell()) await Promise.race([alarm.promise, delay(TOLD_AGAIN, undefined, { ref: false })]);
      else await alarm.promise;
    }
    await letGo();
    await ready?.embedder.close();
  }

  function tell(): boolean {
    const model = shadow(db)?.model;
    const told = model !== undefined && get(db, TROUBLE) === undefined && get(db, 'paused') !== 'yes' && shadowIsWhole(db);
    if (told) whole(model);
    return told;
  }

  /** Embeds the next chunks that the shadow lacks; false when there is nothing to do or nothing can be done. */
  async function grow(): Promise<boolean> {
    const growing = shadow(db);
    if (growing?.model === undefined || get(db, 'paused') === 'yes' || get(db, TROUBLE) !== undefined) return false;
    const { space, model } = growing;
    try {
      const some = await embedNext(db, space, batch, async (texts) => {
        const { embedder } = await open(model);
        if (spaceOf(db, embedder.space)?.id !== space.id) throw new Error('The model is not the one it was when its index was begun.');
        return embedder.embed(texts, 'document');
      });
      if (some?.rate !== undefined) {
        chunksPerSecond = chunksPerSecond === undefined ? some.rate : 0.8 * chunksPerSecond + 0.2 * some.rate;
        batch = Math.min(LARGEST_BATCH, Math.max(1, Math.round((some.rate * BATCH_MILLISECONDS) / 1000)));
      }
      if (some) changed('models');
      return some !== undefined;
    } catch (error) {
      // Of one that was given up meanwhile nobody wants to know.
      if (shadow(db)?.space.id === space.id) await halt(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  async function open(model: string): Promise<Opened> {
    if (opened && opened.model === model) return opened;
    await letGo();
    chunksPerSecond = undefined;
    if (ready?.model === model) {
      opened = ready;
      ready = undefined;
      return opened;
    }
    return (opened = await openToTry(model));
  }

  async function letGo(): Promise<void> {
    const before = opened;
    opened = undefined;
    await before?.embedder.close();
  }

  async function openToTry(model: string): Promise<Opened> {
    const known = mustKnow(await knownModels(db, modelDirs), model, 'embedder');
    return { model, embedder: await openKnownEmbedder(db, modelDirs, known).catch(invalid) };
  }

  async function halt(reason: string): Promise<void> {
    await write(db, () => { if (shadow(db)) put(db, TROUBLE, reason); });
    changed('models');
  }

  async function estimated(model: string, embedder: Embedder): Promise<{ chunks: number; seconds: number; cut: number }> {
    const chunks = sampleChunks(db, PROBE_CHUNKS);
    const total = countChunks(db, spaceOf(db, embedder.space));
    const begun = performance.now();
    let made = 0;
    while (made < chunks.length && performance.now() - begun < PROBE_MILLISECONDS) {
      const some = chunks.slice(made, made + 8);
      await embedder.embed(some.map((chunk) => inContext(chunk, chunk.title)), 'document');
      made += some.length;
    }
    const seconds = made === 0 ? 0 : Math.ceil(((performance.now() - begun) / 1000 / made) * total);
    const reads = (await knownModels(db, modelDirs)).find(({ id }) => id === model)?.tokens ?? Infinity;
    const long = chunks.filter((chunk) => embedder.countTokens(inContext(chunk, chunk.title)) > reads).length;
    return { chunks: total, seconds, cut: chunks.length === 0 ? 0 : Math.round((long / chunks.length) * countChunks(db)) };
  }

  const done = loop();
  return {
    wake,
    async begin(model) {
      const one = await openToTry(model);
      const { embedder } = one;
      try {
        // A model that opens may still not compute.
        await embedder.embed(['.'], 'document').catch(invalid);
        await recognise(db, embedder);
        const space = await write(db, () => {
          remove(db, TROUBLE);
          return beginShadow(db, embedder.space, embedder.dimensions, model);
        });
        await keepPassport(db, space, embedder);
      } catch (error) {
        await embedder.close();
        throw error;
      }
      await ready?.embedder.close();
      ready = one;
      changed('models');
      wake();
    },
    async switch() {
      const model = shadow(db)?.model;
      const standard = bestBundled(await knownModels(db, modelDirs), 'embedder')?.id;
      return write(db, () => {
        if (shadow(db)?.model !== model || !switchToShadow(db)) return false;
        choose(db, 'embedder', model === standard ? undefined : model);
        return true;
      });
    },
    halt,
    async estimate(model) {
      const { embedder } = await openToTry(model);
      try {
        return await estimated(model, embedder);
      } finally {
        await embedder.close();
      }
    },
    rate: () => chunksPerSecond,
    async close() { closed = true; wake(); await done; },
  };
}

function invalid(error: unknown): never {
  throw error instanceof EngineError ? error : new EngineError('invalid', error instanceof Error ? error.message : String(error));
}

/** Gives up the index that grows; its vectors are cleared away in the background. */
export function cancelReindex(db: Db): void {
  cancelShadow(db);
  remove(db, TROUBLE);
}

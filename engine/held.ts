import { knownModels, mustKnow, openEmbedderInUse, openKnownEmbedder, type ModelDirs } from './chosen.ts';
import type { Embedder } from './models/embedder.ts';
import type { Db } from './store/database.ts';
import { spaceInUse, spaceOf } from './store/spaces.ts';

/** The embedder of the space in use, as long as one question takes; `release` says that it is answered. */
export interface Lease { embedder?: Embedder; release(): void }

export interface HeldEmbedder {
  /** The embedder for a question that comes now: it stays open until it is released, whatever is switched to meanwhile. */
  take(): Promise<Lease>;
  /** Opens an embedder that is to be used soon. Throws a sentence where that is not possible. */
  prepare(model: string): Promise<void>;
}

interface Holding { space: number | undefined; at: number; users: number; retired: boolean; embedder: Promise<Embedder | undefined> }

/** What could not be opened is tried again after so long: a drive may have come back. */
const TRIED_AGAIN = 10_000;

/**
 * Holds the embedder in use open. Before each question the tables are asked which space is in use; where that is another one
 * since the last, its embedder takes over, and the old one is closed when the last question it answers is done.
 */
export function holdEmbedder(db: Db, modelDirs: ModelDirs): HeldEmbedder {
  let present: Holding | undefined;
  let prepared: Embedder | undefined;

  async function open(): Promise<Embedder | undefined> {
    const ready = prepared;
    const known = ready && spaceOf(db, ready.space);
    if (!known || known.id !== spaceInUse(db)?.space.id) return openEmbedderInUse(db, modelDirs);
    prepared = undefined;
    return { ...ready, space: known.identity };
  }

  async function isOutdated({ space, at, embedder }: Holding, now: number | undefined): Promise<boolean> {
    // A library without a space is just being made, and the space it gets is that of the embedder which was opened for it.
    if ((await embedder) === undefined) return space !== now || Date.now() - at > TRIED_AGAIN;
    return space !== undefined && space !== now;
  }

  function done(holding: Holding): void {
    if (holding.users === 0 && holding.retired) void holding.embedder.then((embedder) => embedder?.close());
  }

  return {
    async take() {
      const space = spaceInUse(db)?.space.id;
      const before = present;
      if (!before || ((await isOutdated(before, space)) && present === before)) {
        present = { space, at: Date.now(), users: 0, retired: false, embedder: open() };
        if (before) {
          before.retired = true;
          done(before);
        }
      }
      const holding = present!;
      holding.space ??= space;
      holding.users++;
      const embedder = await holding.embedder;
      return {
        ...(embedder && { embedder }),
        release() {
          holding.users--;
          done(holding);
        },
      };
    },
    async prepare(model) {
      await prepared?.close();
      prepared = undefined;
      const embedder = await openKnownEmbedder(mustKnow(await knownModels(db, modelDirs), model, 'embedder'));
      // The first text costs more than those after it.
      await embedder.embed(['.'], 'query');
      prepared = embedder;
    },
  };
}

import { EngineError, type Topic } from './api.ts';
import { embedderInUse, knownModels, wantedModel } from './chosen.ts';
import type { Db } from './store/database.ts';
import { anyDropped, shadow } from './store/spaces.ts';
import { keepThread, REINDEX_STREAMS, type IngestVerbs, type ReindexVerbs, type SearchVerbs, type Thread, type ThreadData } from './thread.ts';

export interface SwitchingParts {
  db: Db;
  threadData: ThreadData;
  search: () => Pick<SearchVerbs, 'prepare'>;
  ingest: () => Pick<IngestVerbs, 'wake'>;
  announce: (topic: Topic) => void;
  relay: (topics: AsyncIterable<Topic>) => Promise<void>;
}

export interface Switching {
  /** The thread that grows the index of another embedder; started when it is first needed. */
  reindexer(): ReindexVerbs;
  /** There may be something to do, if there is such a thread. */
  wake(): Promise<void>;
  close(): Promise<void>;
}

/**
 * From one embedder to another: while the index of the next one grows in a thread of its own, the present one answers. When it
 * is whole, search opens the next embedder, so that no question waits, and then the two are switched in one transaction.
 */
export function openSwitching({ db, threadData, search, ingest, announce, relay }: SwitchingParts): Switching {
  let thread: Thread<ReindexVerbs> | undefined;
  let closed = false;
  const reindexer = (): ReindexVerbs => {
    // Whoever looked something up meanwhile must not leave a thread behind that nobody ends.
    if (closed) throw new EngineError('closed', 'The engine is closed.');
    thread ??= keepThread<ReindexVerbs>('reindex-thread', threadData, REINDEX_STREAMS, (verbs) => {
      void relay(verbs.changes());
      void switchWhenWhole(verbs);
    });
    return thread.verbs;
  };

  async function switchWhenWhole(verbs: ReindexVerbs): Promise<void> {
    try {
      for await (const model of verbs.whole()) {
        // It is said again and again until it is done, which can take a while.
        if (shadow(db)?.model !== model) continue;
        const reason = await search().prepare(model).then(() => undefined, (error: EngineError) => (error.code === 'closed' ? undefined : error.message));
        if (reason !== undefined) await verbs.halt(reason);
        else if (await verbs.switch()) {
          await ingest().wake();
          for (const topic of ['models', 'documents', 'libraries', 'progress', 'learning'] as const) announce(topic);
        }
      }
    } catch {
      // The thread ended; the next one says again what is whole.
    }
  }

  /** An update may have brought a better embedder than the one in use, where the person chose none. */
  async function followUpdate(): Promise<void> {
    const all = await knownModels(db, threadData.modelDirs);
    const wanted = wantedModel(db, all, 'embedder');
    const inUse = embedderInUse(db, all);
    if (wanted && inUse && wanted !== inUse && !shadow(db)) await reindexer().begin(wanted.id);
  }

  if (shadow(db) || anyDropped(db)) reindexer();
  // What cannot be begun now is tried at the next start.
  followUpdate().catch(() => undefined);
  return {
    reindexer,
    wake: async () => thread?.verbs.wake(),
    async close() {
      closed = true;
      await thread?.close();
    },
  };
}

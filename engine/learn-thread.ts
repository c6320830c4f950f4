import os from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { Announcements } from './announcements.ts';
import { holdEmbedder } from './opened.ts';
import { estimate, exportSamples, failureOf, learn, Unlearnable } from './learn.ts';
import type { Embedder } from './models/embedder.ts';
import { messagePort, serve } from './rpc.ts';
import { openDatabase, write } from './store/database.ts';
import { endRun, openRun } from './store/runs.ts';
import type { LearnVerbs, ThreadData } from './thread.ts';

/** Less urgent than whatever a person waits for. */
const NICENESS = 10;

/** The thread that learns: it does the run that is open, from where it was kept, and rests when there is none. */
if (parentPort) {
  // On Linux this is of the calling thread alone; elsewhere it would slow the answers down too.
  if (process.platform === 'linux') os.setPriority(0, NICENESS);
  const { file, modelDirs, guardFile } = workerData as ThreadData;
  const db = openDatabase(file, 'ingest');
  const announcements = new Announcements();
  const embedders = holdEmbedder(db, modelDirs);

  /** Works with the embedder that is in use now, to the end, even where search goes over to another one meanwhile. */
  async function withEmbedder<T>(work: (embedder: Embedder) => Promise<T>): Promise<T> {
    const { held: embedder, release } = await embedders.take();
    try {
      if (!embedder) throw new Unlearnable('no-model', 'Learning needs a model for meaning, and none can be opened.');
      return await work(embedder);
    } finally {
      release();
    }
  }

  let working: Promise<void> | undefined;
  const wake = (): void => {
    working ??= (async () => {
      for (let run = openRun(db); run; run = openRun(db)) {
        const { id } = run;
        await withEmbedder((embedder) => learn({ db, embedder, guardFile, changed: (topic) => announcements.announce(topic) }, id))
          .catch((error: Error) => write(db, () => endRun(db, id, 'failed', { reason: failureOf(error) })));
      }
    })().finally(() => { working = undefined; });
  };
  wake();

  const verbs: LearnVerbs = {
    changes: () => announcements.listen(),
    wake: async () => wake(),
    estimate: () => withEmbedder((embedder) => estimate(db, embedder)),
    exportSamples: () => withEmbedder((embedder) => exportSamples(db, embedder)),
    finish: async () => process.exit(),
  };
  serve(verbs, messagePort(parentPort as never));
}

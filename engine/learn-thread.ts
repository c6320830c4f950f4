import os from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { Announcements } from './announcements.ts';
import { EngineError } from './api.ts';
import { openEmbedderInUse } from './chosen.ts';
import { estimate, exportSamples, learn } from './learn.ts';
import { messagePort, serve } from './rpc.ts';
import { openDatabase } from './store/database.ts';
import { openRun } from './store/runs.ts';
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
  const embedder = await openEmbedderInUse(db, modelDirs);
  const needed = () => embedder ?? refuse();
  const refuse = (): never => { throw new EngineError('invalid', 'Learning needs a model for meaning, and none is installed.'); };

  let working: Promise<void> | undefined;
  const wake = (): void => {
    working ??= (async () => {
      for (let run = openRun(db); run && embedder; run = openRun(db)) await learn({ db, embedder, guardFile, changed: (topic) => announcements.announce(topic) }, run.id);
    })().finally(() => { working = undefined; });
  };
  wake();

  const verbs: LearnVerbs = {
    changes: () => announcements.listen(),
    wake: async () => wake(),
    estimate: async () => estimate(db, needed()),
    exportSamples: async () => exportSamples(db, needed()),
    finish: async () => process.exit(),
  };
  serve(verbs, messagePort(parentPort as never));
}

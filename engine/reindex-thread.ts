import os from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { Announcements } from './announcements.ts';
import { startReindex } from './reindex.ts';
import { messagePort, serve } from './rpc.ts';
import { openDatabase } from './store/database.ts';
import type { ReindexVerbs, ThreadData } from './thread.ts';

/** Less urgent than whatever a person waits for. */
const NICENESS = 10;

/** The thread that grows the index of the embedder that is to be used next. */
if (parentPort) {
  // On Linux this is of the calling thread alone; elsewhere it would slow the answers down too.
  if (process.platform === 'linux') os.setPriority(0, NICENESS);
  const { file, modelDirs } = workerData as ThreadData;
  const db = openDatabase(file, 'ingest');
  const announcements = new Announcements();
  const wholes = new Announcements<string>();
  const reindex = startReindex({ db, modelDirs, changed: (topic) => announcements.announce(topic), whole: (model) => wholes.announce(model) });
  const verbs: ReindexVerbs = {
    changes: () => announcements.listen(),
    whole: () => wholes.listen(),
    wake: async () => reindex.wake(),
    begin: (model) => reindex.begin(model),
    switch: () => reindex.switch(),
    halt: (reason) => reindex.halt(reason),
    estimate: (model) => reindex.estimate(model),
    rate: async () => reindex.rate(),
    async finish() {
      await reindex.close();
      process.exit();
    },
  };
  serve(verbs, messagePort(parentPort as never));
}

import { parentPort, workerData } from 'node:worker_threads';
import { answer } from './answer.ts';
import { openLearned } from './learn/learned.ts';
import { openActiveEmbedder } from './models/installed.ts';
import { messagePort, serve } from './rpc.ts';
import { search } from './search.ts';
import { openDatabase } from './store/database.ts';
import type { SearchVerbs, ThreadData } from './thread.ts';

/** The thread that searches and answers; it only reads. */
if (parentPort) {
  const { file, modelDirs } = workerData as ThreadData;
  const db = openDatabase(file, 'search');
  const embedder = await openActiveEmbedder(modelDirs);
  const learned = openLearned(db, embedder);
  const parts = { db, embedder, learned };
  const verbs: SearchVerbs = {
    search: (query) => search(parts, query),
    answer: (question) => answer(parts, question),
    judged: () => learned.summary(),
    finish: async () => process.exit(),
  };
  serve(verbs, messagePort(parentPort as never));
}

import { parentPort, workerData } from 'node:worker_threads';
import { answer, type AnswerEvent, type AnswerQuestion } from './answer.ts';
import type { SearchAnswer, SearchQuery } from './api.ts';
import type { ThreadData } from './ingest-thread.ts';
import { openActiveEmbedder } from './models/installed.ts';
import { messagePort, serve } from './rpc.ts';
import { search } from './search.ts';
import { openDatabase } from './store/database.ts';

/** The door of the thread that searches and answers; it only reads. */
export interface SearchVerbs {
  search(query: SearchQuery): Promise<SearchAnswer>;
  answer(question: AnswerQuestion): AsyncIterable<AnswerEvent>;
}

export const SEARCH_STREAMS = ['answer'] as const satisfies readonly (keyof SearchVerbs)[];

if (parentPort) {
  const { file, modelDirs } = workerData as ThreadData;
  const db = openDatabase(file, 'search');
  const embedder = await openActiveEmbedder(modelDirs);
  const parts = { db, embedder };
  const verbs: SearchVerbs = {
    search: (query) => search(parts, query),
    answer: (question) => answer(parts, question),
  };
  serve(verbs, messagePort(parentPort as never));
}

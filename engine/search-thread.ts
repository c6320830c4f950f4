import { parentPort, workerData } from 'node:worker_threads';
import { answer } from './answer.ts';
import { EngineError } from './api.ts';
import { holdLlm } from './chosen-llm.ts';
import { holdEmbedder } from './opened.ts';
import { holdReranker } from './chosen-reranker.ts';
import { openLearned } from './learn/learned.ts';
import type { Embedder } from './models/embedder.ts';
import { messagePort, serve } from './rpc.ts';
import { search, type SearchParts } from './search.ts';
import { openDatabase } from './store/database.ts';
import type { SearchVerbs, ThreadData } from './thread.ts';

/** The thread that searches and answers; it only reads. */
if (parentPort) {
  const { file, modelDirs, secret } = workerData as ThreadData;
  const db = openDatabase(file, 'search');
  const embedders = holdEmbedder(db, modelDirs);
  const rerankers = holdReranker(db, modelDirs);
  const llms = holdLlm({ db, modelDirs, ...(secret && { secret }) });
  /** What was learned, by the embedder that turns its questions into vectors. */
  let known: { embedder: Embedder | undefined; learned: ReturnType<typeof openLearned> } | undefined;

  type Parts = SearchParts & { learned: ReturnType<typeof openLearned> };

  /** Answers one question with the models that are in use when it comes. */
  async function* withModels<T>(work: (parts: Parts) => AsyncIterable<T>): AsyncGenerator<T> {
    const { held: embedder, release } = await embedders.take();
    const { held: reranker, release: releaseReranker } = await rerankers.take();
    try {
      if (!known || known.embedder !== embedder) known = { embedder, learned: openLearned(db, embedder) };
      yield* work({ db, learned: known.learned, ...(embedder && { embedder }), ...(reranker && { reranker }) });
    } finally {
      release();
      releaseReranker();
    }
  }

  async function once<T>(work: (parts: Parts) => Promise<T>): Promise<T> {
    const made = withModels(async function* (parts) { yield await work(parts); });
    for await (const value of made) return value;
    throw new Error('Nothing came of it.');
  }

  const verbs: SearchVerbs = {
    search: (query) => once((parts) => search(parts, query)),
    answer: (question, signal) => withModels((parts) => answer(parts, question, signal)),
    async llm() {
      const { held, release } = await llms.take();
      release();
      return held?.id;
    },
    async *write(messages, options) {
      const { held: llm, release } = await llms.take();
      try {
        if (!llm) throw new EngineError('invalid', 'There is no language model in use.');
        yield* llm.write(messages, options);
      } finally {
        release();
      }
    },
    prepare: (model) => embedders.prepare(model),
    judged: () => once(({ learned }) => learned.summary()),
    finish: async () => process.exit(),
  };
  // The first question finds it open.
  for (const models of [embedders, rerankers]) (await models.take()).release();
  serve(verbs, messagePort(parentPort as never));
}

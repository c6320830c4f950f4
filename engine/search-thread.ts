import { parentPort, workerData } from 'node:worker_threads';
import { answer, type AnswerParts } from './answer.ts';
import { calibrationFor, keepCalibrated } from './calibrate.ts';
import { EngineError } from './api.ts';
import { holdLlm } from './chosen-llm.ts';
import { holdEmbedder } from './opened.ts';
import { holdFormer, holdReranker } from './chosen-reranker.ts';
import { correctionOf } from './correction.ts';
import type { Lease } from './held.ts';
import { explain } from './explain.ts';
import { openFaqs } from './faqs.ts';
import { openLearned } from './learn/learned.ts';
import { openMemory } from './memory.ts';
import type { Embedder } from './models/embedder.ts';
import type { OpenReranker } from './models/reranker.ts';
import { messagePort, serve } from './rpc.ts';
import { search, type SearchParts } from './search.ts';
import { openDatabase } from './store/database.ts';
import { settings } from './store/settings.ts';
import type { SearchVerbs, ThreadData } from './thread.ts';

/** The thread that searches and answers; it only reads. */
if (parentPort) {
  const { file, modelDirs, secret } = workerData as ThreadData;
  const db = openDatabase(file, 'search');
  const embedders = holdEmbedder(db, modelDirs);
  const rerankers = holdReranker(db, modelDirs);
  const formers = holdFormer(db, modelDirs);
  const llms = holdLlm({ db, modelDirs, ...(secret && { secret }) });
  /** What is compared with questions as vectors, by the embedder that makes them. */
  let known: { embedder: Embedder | undefined; learned: ReturnType<typeof openLearned>; faqs: ReturnType<typeof openFaqs>; memory: ReturnType<typeof openMemory> } | undefined;
  /** When a question last came. */
  let latest = 0;

  type Parts = SearchParts & Required<Pick<AnswerParts, 'faqs' | 'calibration'>> & { memory: ReturnType<typeof openMemory>; learned: ReturnType<typeof openLearned> };

  /** Answers one question with the models that are in use when it comes. */
  async function* withModels<T>(work: (parts: Parts) => AsyncIterable<T>): AsyncGenerator<T> {
    const { held: embedder, release } = await embedders.take();
    const { held: reranker, release: releaseReranker } = await rerankers.take();
    const taken: Lease<OpenReranker>[] = [];
    const former = async (id: string): Promise<OpenReranker | undefined> => {
      const lease = await formers.take(id);
      taken.push(lease);
      return lease.held;
    };
    try {
      if (!known || known.embedder !== embedder) known = { embedder, learned: openLearned(db, embedder), faqs: openFaqs(db, embedder), memory: openMemory(db, embedder) };
      const { learned, faqs, memory } = known;
      const models = { ...(embedder && { embedder }), ...(reranker && { reranker }) };
      yield* work({ db, learned, faqs, memory, former, calibration: (libraries, version) => calibrationFor(db, models, libraries, version), ...models });
    } finally {
      release();
      releaseReranker();
      for (const lease of taken) lease.release();
    }
  }

  async function once<T>(work: (parts: Parts) => Promise<T>): Promise<T> {
    const made = withModels(async function* (parts) { yield await work(parts); });
    for await (const value of made) return value;
    throw new Error('Nothing came of it.');
  }

  /** With the language model a person chose; where it cannot be opened the answer is made without one, and says so. */
  async function* answered(parts: Parts, question: Parameters<SearchVerbs['answer']>[0], signal: AbortSignal | undefined): ReturnType<typeof answer> {
    const { turns, examples, actions } = parts.memory;
    const wanted = settings(db);
    const memory = { ...(wanted.memory && { turns }), ...(wanted.examples && { examples }), ...(wanted.actions && { actions }) };
    const taken = await llms.take().catch((error: Error) => error);
    if (taken instanceof Error) return yield* answer({ ...parts, memory, trouble: taken.message }, question, signal);
    try {
      yield* answer({ ...parts, memory, ...(taken.held && { llm: taken.held }) }, question, signal);
    } finally {
      taken.release();
    }
  }

  const verbs: SearchVerbs = {
    search(query) {
      latest = Date.now();
      return once((parts) => search(parts, query));
    },
    answer(question, signal) {
      latest = Date.now();
      return withModels((parts) => answered(parts, question, signal));
    },
    explain: (turn, document, start, end) => once((parts) => explain(parts, turn, document, start, end)),
    correction: (turn, text) => once((parts) => correctionOf(parts, turn, text)),
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
    judged: () => once(({ learned, reranker }) => learned.summary(reranker?.id)),
    watched: () => once(({ learned, reranker }) => learned.watched(reranker?.id)),
    finish: async () => process.exit(),
  };
  serve(verbs, messagePort(parentPort as never));
  // The first question finds them open. Whoever wants to end the thread meanwhile is heard between the two.
  for (const models of [embedders, rerankers]) (await models.take()).release();
  keepCalibrated(once, () => openDatabase(file, 'engine'), () => latest);
}

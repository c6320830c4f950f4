import { existsSync } from 'node:fs';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { Topic } from './api.ts';
import { Announcements } from './announcements.ts';
import { knownModels, wantedModel } from './chosen.ts';
import { openActiveLlm } from './chosen-llm.ts';
import { holdReranker } from './chosen-reranker.ts';
import { exportSamples } from './learn-export.ts';
import type { ExportParts } from './learn/export-files.ts';
import { openTokenizer } from './models/tokenizer.ts';
import { holdEmbedder } from './opened.ts';
import { estimate, failureOf, learn, Unlearnable } from './learn.ts';
import { estimateDeep } from './estimate-deep.ts';
import { learnDeep } from './learn-deep.ts';
import { clearUnfinished, restoreModel } from './learned-models.ts';
import type { Teacher } from './learn/reward.ts';
import type { Llm } from './llm/llm.ts';
import type { Embedder } from './models/embedder.ts';
import { messagePort, serve } from './rpc.ts';
import { openDatabase, write } from './store/database.ts';
import { takeLock } from './store/lock.ts';
import { endRun, openRun } from './store/runs.ts';
import { settings } from './store/settings.ts';
import type { LearnVerbs, ThreadData } from './thread.ts';

/** Less urgent than whatever a person waits for. */
const NICENESS = 10;

/** Another engine learns: it is looked again after so long whether there is still something to do. */
const OTHERS_LEARN = 1000;

/** The thread that learns: it does the run that is open, from where it was kept, and rests when there is none. */
if (parentPort) {
  // On Linux this is of the calling thread alone; elsewhere it would slow the answers down too.
  if (process.platform === 'linux') os.setPriority(0, NICENESS);
  const { file, modelDirs, guardFile, secret } = workerData as ThreadData;
  const db = openDatabase(file, 'ingest');
  const runsDir = join(dirname(file), 'runs');
  const announcements = new Announcements();
  const embedders = holdEmbedder(db, modelDirs, { idle: true });
  const rerankers = holdReranker(db, modelDirs);

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

  /** Works with the language model in use as teacher, where the person wants that and it can score; it is closed with the work. */
  async function withTeacher<T>(work: (teacher: () => Promise<(Teacher & { id: string }) | undefined>) => Promise<T>): Promise<T> {
    let opened: Llm | undefined;
    try {
      return await work(async () => {
        const llm = (opened = settings(db).learnFromModel ? await openActiveLlm({ db, modelDirs, ...(secret && { secret }) }) : undefined);
        return llm?.likelihood && { id: llm.id, count: (texts) => llm.count(texts), likelihood: (pairs, signal) => llm.likelihood!(pairs, signal) };
      });
    } finally {
      await opened?.close();
    }
  }

  /** Of the reranker in use, where its folder has one. */
  async function tokenizerAtHand(): Promise<ExportParts['tokenizer']> {
    const model = wantedModel(db, await knownModels(db, modelDirs), 'reranker');
    const file = model && join(model.place, 'tokenizer.json');
    return file !== undefined && existsSync(file) ? { name: model!.id, plain: (await openTokenizer(file)).plain } : undefined;
  }

  /** Of the engines that are open on this library one learns at a time: two would do the same run, in the same folders. */
  const lock = (): (() => void) | undefined => takeLock(join(dirname(file), 'learning.lock'));
  const giveBack = lock();
  if (giveBack) clearUnfinished(db, modelDirs, runsDir);
  giveBack?.();
  let working: Promise<void> | undefined;
  const wake = (): void => {
    working ??= (async () => {
      for (let run = openRun(db); run; run = openRun(db)) {
        const done = lock();
        if (!done) {
          await delay(OTHERS_LEARN);
          continue;
        }
        const { id } = run;
        const { held: reranker, release } = await rerankers.take();
        const changed = (topic: Topic): void => announcements.announce(topic);
        const { level } = run;
        await withEmbedder((embedder) => (level === 'query' ? learn({ db, embedder, reranker, guardFile, changed }, id) : withTeacher((teacher) => learnDeep({ db, embedder, reranker, modelDirs, guardFile, runsDir, changed, teacher }, id, level))))
          .catch((error: Error) => write(db, () => endRun(db, id, 'failed', { reason: failureOf(error) }))).finally(() => (release(), done()));
      }
    })().finally(() => { working = undefined; });
  };
  wake();

  const verbs: LearnVerbs = {
    changes: () => announcements.listen(),
    wake: async () => wake(),
    estimate: (level) => withEmbedder(async (embedder) => {
      const { held: reranker, release } = await rerankers.take();
      try {
        if (level !== 'query') return await estimateDeep({ db, embedder, reranker, modelDirs, guardFile }, level);
        return { seconds: await estimate(db, embedder, reranker) };
      } finally {
        release();
      }
    }),
    restore: (adapter) => restoreModel(db, modelDirs, adapter),
    exportSamples: () => withEmbedder(async (embedder) => {
      const { held: reranker, release } = await rerankers.take();
      try {
        const tokenizer = await tokenizerAtHand();
        return await exportSamples({ db, embedder, reranker, ...(tokenizer && { tokenizer }) });
      } finally {
        release();
      }
    }),
    finish: async () => process.exit(),
  };
  serve(verbs, messagePort(parentPort as never));
}

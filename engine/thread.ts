import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { AnswerEvent, AnswerQuestion } from './answer.ts';
import type { AdapterId, DocumentId, EngineError, Explanation, ExportFile, LearningEstimate, LearningLevel, SearchAnswer, SearchQuery, Topic, TurnId } from './api.ts';
import type { Correction } from './correction.ts';
import type { IngestProgress } from './ingest.ts';
import type { Summary, Watched } from './learn/learned.ts';
import type { Message, WriteOptions } from './llm/llm.ts';
import type { Reindex } from './reindex.ts';
import { passOnStarts } from './children.ts';
import { connect, workerPort } from './rpc.ts';

/** What the thread that reads, writes and embeds documents may be asked. */
export interface IngestVerbs {
  changes(): AsyncIterable<Topic>;
  wake(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  progress(): Promise<IngestProgress>;
  unlock(document: DocumentId, password: string): Promise<void>;
  /** Files or folders were added or removed: what is watched changes with them. */
  watch(): Promise<void>;
  /** What is wrong with the library file; empty when nothing is. */
  problems(): Promise<string[]>;
  /** Comes to rest between two documents or batches and closes what is open; the thread may then be ended. */
  finish(): Promise<void>;
}

export const INGEST_STREAMS = ['changes'] as const satisfies readonly (keyof IngestVerbs)[];

/**
 * What the threads are started with: the library file, where models are looked for, the pairs that guard learning, and what keys
 * of servers are encrypted with.
 */
export interface ThreadData { file: string; filesDir: string; modelDirs: string[]; guardFile: string; secret?: Uint8Array }

/** What the thread that searches and answers may be asked. */
export interface SearchVerbs {
  search(query: SearchQuery): Promise<SearchAnswer>;
  answer(question: AnswerQuestion, signal?: AbortSignal): AsyncIterable<AnswerEvent>;
  /** Why a passage is, or is not, among the hits of a turn. */
  explain(turn: TurnId, document: DocumentId, start: number, end: number): Promise<Explanation>;
  /** What the library says to an answer as a person put it right. */
  correction(turn: TurnId, text: string): Promise<Correction>;
  /** Opens an embedder that is to be used soon, so that no question has to wait for it. */
  prepare(model: string): Promise<void>;
  /** Identity of the language model in use; undefined where none is. */
  llm(): Promise<string | undefined>;
  /** Lets it write: one process holds it, whoever asks. @throws EngineError 'invalid' where none is in use */
  write(messages: Message[], options: Omit<WriteOptions, 'signal'>): AsyncIterable<string>;
  /** What people's feedback comes to. */
  judged(): Promise<Summary>;
  /** What people say under the versions in use. */
  watched(): Promise<Watched[]>;
  /** Ends the thread. */
  finish(): Promise<void>;
}

export const SEARCH_STREAMS = ['answer', 'write'] as const satisfies readonly (keyof SearchVerbs)[];

/** What the thread that learns may be asked. Runs are rows: it does the one that is open, and looks at it between steps. */
export interface LearnVerbs {
  changes(): AsyncIterable<Topic>;
  /** A run was opened, or goes on. */
  wake(): Promise<void>;
  /** Seconds a run would take. */
  estimate(level: LearningLevel): Promise<LearningEstimate>;
  /** Makes the model of a version again, where its folder is no longer there. */
  restore(adapter: AdapterId): Promise<void>;
  exportSamples(): Promise<ExportFile[]>;
  /** Ends the thread; a run goes on from where it was kept. */
  finish(): Promise<void>;
}

export const LEARN_STREAMS = ['changes'] as const satisfies readonly (keyof LearnVerbs)[];

/** What the thread that grows the index of another embedder may be asked. What is missing stands in the tables. */
export interface ReindexVerbs extends Pick<Reindex, 'begin' | 'switch' | 'halt' | 'estimate'> {
  changes(): AsyncIterable<Topic>;
  /** The model whose index has become whole; said again until it is switched to. */
  whole(): AsyncIterable<string>;
  /** Something may be missing, to be cleared away, or it may go on. */
  wake(): Promise<void>;
  /** Chunks embedded per second, lately. */
  rate(): Promise<number | undefined>;
  /** Ends the thread between two batches. */
  finish(): Promise<void>;
}

export const REINDEX_STREAMS = ['changes', 'whole'] as const satisfies readonly (keyof ReindexVerbs)[];

/** A thread that is kept alive: when it dies, calls under way fail with `closed` and it is started again. */
export interface Thread<T extends object> {
  /** The verbs of the thread that runs now. */
  readonly verbs: T;
  close(): Promise<void>;
}

/**
 * Tells a thread what it would find in the tables as it starts: there is work, it is paused. Where it is dead, or dies of it, nothing
 * is lost, for the next one starts with that look; what was changed before stays changed, and nobody need hear of it.
 */
export async function told(call: Promise<void>): Promise<void> {
  await call.catch((error: EngineError) => {
    if (error.code !== 'closed') throw error;
  });
}

const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 10_000;
/** So long a thread may take to finish before it is ended from outside. */
const FINISHING_TIME = 4_000;

/**
 * Starts the module `name` of this folder as a worker thread that serves `T` on its port.
 *
 * @param streams the verbs of T that answer with an async iterable
 * @param started called with the verbs of every thread that is started, the first included
 */
export function keepThread<T extends { finish(): Promise<void> }>(name: string, workerData: unknown, streams: readonly string[], started: (verbs: T) => void): Thread<T> {
  let closing = false;
  let worker: Worker;
  let verbs: T;
  let pause = FIRST_PAUSE;

  function start(): void {
    const startedAt = Date.now();
    worker = new Worker(new URL(import.meta.url.endsWith('.ts') ? `./${name}.ts` : `./${name}.js`, import.meta.url), { workerData });
    // The exit that follows is what we act upon; unhandled, the event would end this process.
    worker.on('error', (error) => console.error(`The ${name} ended: ${error.stack ?? error.message}`));
    worker.on('exit', () => {
      if (closing) return;
      if (Date.now() - startedAt > LONGEST_PAUSE) pause = FIRST_PAUSE;
      void delay(pause, undefined, { ref: false }).then(() => { if (!closing) start(); });
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    });
    passOnStarts(worker);
    verbs = connect<T>(workerPort(worker), streams);
    started(verbs);
  }

  start();
  return {
    get verbs() { return verbs; },
    async close() {
      closing = true;
      // Ended in the middle of a call into onnxruntime, a thread takes the whole process with it; so it ends itself, between two.
      await Promise.race([verbs.finish().catch(() => undefined), delay(FINISHING_TIME, undefined, { ref: false })]);
      await worker.terminate();
    },
  };
}

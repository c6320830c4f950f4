import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { connect, workerPort } from './rpc.ts';

/** A thread that is kept alive: when it dies, calls under way fail with `closed` and it is started again. */
export interface Thread<T extends object> {
  /** The verbs of the thread that runs now. */
  readonly verbs: T;
  close(): Promise<void>;
}

const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 10_000;

/**
 * Starts the module `name` of this folder as a worker thread that serves `T` on its port.
 *
 * @param streams the verbs of T that answer with an async iterable
 * @param started called with the verbs of every thread that is started, the first included
 */
export function keepThread<T extends object>(name: string, workerData: unknown, streams: readonly string[], started: (verbs: T) => void): Thread<T> {
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
    verbs = connect<T>(workerPort(worker), streams);
    started(verbs);
  }

  start();
  return {
    get verbs() { return verbs; },
    async close() {
      closing = true;
      await worker.terminate();
    },
  };
}

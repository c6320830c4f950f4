import { Worker } from 'node:worker_threads';

import { EngineError } from '../api.ts';
import { ParseFailure } from './document.ts';
import type { ParsedDocument } from './document.ts';
import type { Outcome, Sign, Task } from './thread.ts';

/** Bounds on one file, asked before each, so a change of the settings holds from the next file on. The time is counted from the last sign of life of one whose text is recognised. */
export interface ParserLimits { seconds: number; megabytes: number; fileMegabytes: number }

export interface ParseRequest {
  password?: string;
  signal?: AbortSignal;
  /** Called before each page whose text is being recognised: that takes seconds. */
  onSign?: () => void;
}

export interface Parser {
  /**
   * Parses a file, by path or by content, in a thread of its own; one at a time, in the order asked.
   * @throws ParseFailure with the reason; EngineError 'cancelled' after `signal` or `close`.
   */
  parse(file: string | { name: string; bytes: Uint8Array }, request?: ParseRequest): Promise<ParsedDocument>;
  /** Ends the thread; what is being parsed is cancelled. */
  close(): Promise<void>;
}

/** How often the thread's memory is looked at. */
const WATCH_MS = 50;
/** A thread without work is ended after this; it holds some 100 MB and is back in a tenth of a second. */
const IDLE_MS = 60_000;
/**
 * Megabytes between our limit and V8's. V8 ends the whole process, not the thread, when one allocation goes beyond its
 * limit, so there must be room for the largest there is: an array of 2^27 elements (1 GB) that grows from another.
 */
const HEADROOM = 4096;

/**
 * A thread that parses, replaced whenever a file takes it over its time or memory or crashes it, so that no file can stop
 * the others. `thread` is for tests that need a thread which misbehaves.
 */
export function openParser(limits: () => ParserLimits, thread = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url)): Parser {
  let worker: Worker | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let idle: NodeJS.Timeout | undefined;
  const closing = new AbortController();

  const open = (megabytes: number): Worker => {
    const opened = new Worker(thread, { resourceLimits: { maxOldGenerationSizeMb: megabytes + HEADROOM, stackSizeMb: 8 } });
    opened.unref();
    // What goes wrong between two files harms neither; the next finds the thread gone and opens another.
    opened.on('error', () => undefined);
    opened.once('exit', () => { if (worker === opened) worker = undefined; });
    return opened;
  };

  const rest = () => {
    void worker?.terminate();
    worker = undefined;
  };

  const run = async (task: Task, { seconds, megabytes }: ParserLimits, signal: AbortSignal, onSign?: () => void): Promise<ParsedDocument> => {
    if (signal.aborted) throw cancelled();
    clearTimeout(idle);
    const current = worker ??= open(megabytes);
    current.ref();
    const outcome = Promise.withResolvers<Outcome>();
    let done = false;
    const stop = (failure: Error) => {
      if (done) return; // The last look at the memory may come late.
      worker = undefined;
      outcome.reject(failure);
    };
    const slow = () => stop(new ParseFailure('too-slow', `Reading the file took longer than ${seconds} seconds and was stopped. Split it, or raise the limit in the settings.`));
    const timer = setTimeout(slow, seconds * 1000);
    const hear = (said: Outcome | Sign): void => {
      if (!('alive' in said)) return outcome.resolve(said);
      timer.refresh();
      onSign?.();
    };
    const watch = setInterval(() => void watchMemory(current, megabytes, stop), WATCH_MS);
    const abort = () => stop(cancelled());
    const fail = (error: unknown) => stop(failureOf(error, megabytes));
    const exit = () => stop(new ParseFailure('damaged', CRASHED));
    signal.addEventListener('abort', abort);
    current.on('message', hear).on('error', fail).on('messageerror', fail).on('exit', exit);
    current.postMessage(task);
    try {
      const result = await outcome.promise;
      if ('document' in result) return result.document;
      throw new ParseFailure(result.code, result.message);
    } finally {
      done = true;
      clearTimeout(timer);
      clearInterval(watch);
      signal.removeEventListener('abort', abort);
      current.off('message', hear).off('error', fail).off('messageerror', fail).off('exit', exit);
      if (worker === current) {
        current.unref();
        idle = setTimeout(rest, IDLE_MS).unref();
      } else await current.terminate();
    }
  };

  return {
    parse(file, { password, signal, onSign } = {}) {
      const until = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
      const parsed = turn.then(() => {
        const now = limits();
        return run({ file, fileMegabytes: now.fileMegabytes, ...(password !== undefined ? { password } : {}) }, now, until, onSign);
      });
      turn = parsed.catch(() => undefined); // The next file's turn comes whatever became of this one.
      return parsed;
    },
    async close() {
      closing.abort();
      await turn;
      clearTimeout(idle);
      await worker?.terminate();
    },
  };
}

const CRASHED = 'The file stopped the program that reads it; it is probably damaged. Open it in the program that made it and save a new copy.';

function cancelled(): EngineError {
  return new EngineError('cancelled', 'Reading the file was cancelled.');
}

/** What the heap holds and what it holds outside: pictures, fonts, files read. */
async function watchMemory(worker: Worker, megabytes: number, stop: (failure: Error) => void): Promise<void> {
  const heap = await worker.getHeapStatistics().catch(() => undefined); // A thread that has ended has no heap.
  if (heap && heap.used_heap_size + heap.external_memory > megabytes * 1024 * 1024) stop(outOfMemory(megabytes));
}

function outOfMemory(megabytes: number): ParseFailure {
  return new ParseFailure('too-much-memory', `Reading the file took more than ${megabytes.toLocaleString('en')} MB of memory and was stopped. Split it, or raise the limit in the settings.`);
}

function failureOf(error: unknown, megabytes: number): ParseFailure {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ERR_WORKER_OUT_OF_MEMORY' ? outOfMemory(megabytes) : new ParseFailure('damaged', CRASHED);
}

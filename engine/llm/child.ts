import { EngineError } from '../api.ts';
import { type Child, startChild } from '../children.ts';
import { connect } from '../rpc.ts';
import { type Opening, RUNNER_STREAMS, type RunnerVerbs } from './runner.ts';
import { streamed } from './streamed.ts';

/** How the process is started. */
export type StartChild = () => Child;

/** Forked under Node, by the shell within Electron. */
export const startRunner: StartChild = () => startChild('llm-process');

export interface ChildOptions {
  start?: StartChild;
  /** A model that was not used for so long is let go; 10 if absent. */
  idleMinutes?: number;
}

/** A model in a process of its own, which is started when it is needed. */
export interface KeptModel {
  call<T>(work: (verbs: RunnerVerbs) => Promise<T>): Promise<T>;
  stream<T>(work: (verbs: RunnerVerbs) => AsyncIterable<T>, signal?: AbortSignal): AsyncIterable<T>;
  /** Of the process that runs now. */
  readonly child: Child | undefined;
  close(): Promise<void>;
}

/**
 * Keeps the model of a file in a process: started at the first use, ended when idle, started anew at the next use after
 * it died. What was under way when it died fails with 'closed'; where it died of opening the model, that is tried once more
 * without the graphics card.
 */
export function keepModel(opening: Opening, name: string, { start = startRunner, idleMinutes = 10 }: ChildOptions = {}): KeptModel {
  let running: Promise<RunnerVerbs> | undefined;
  let child: Child | undefined;
  let ended: Promise<void> = Promise.resolve();
  let uses = 0;
  let idle: NodeJS.Timeout | undefined;
  let closed = false;

  /** A driver may take the process along before anything was asked of the model. */
  async function launch(): Promise<RunnerVerbs> {
    try {
      return await begin(opening);
    } catch (error) {
      if (closed || opening.graphics === false || !(error instanceof EngineError) || error.code !== 'closed') throw error;
      opening = { ...opening, graphics: false };
      return begin(opening);
    }
  }

  async function begin(opening: Opening): Promise<RunnerVerbs> {
    // Two copies of a large model may not fit.
    await ended;
    const { port } = (child = start());
    const mine = child;
    const over = Promise.withResolvers<void>();
    ended = over.promise;
    port.onClose(() => {
      if (child === mine) child = running = undefined;
      over.resolve();
    });
    const verbs = connect<RunnerVerbs>(port, RUNNER_STREAMS);
    try {
      await verbs.open(opening);
    } catch (error) {
      end();
      throw error;
    }
    return verbs;
  }

  function end(): void {
    child?.port.close();
    child = running = undefined;
  }

  async function used<T>(work: (verbs: RunnerVerbs) => Promise<T>): Promise<T> {
    if (closed) throw new EngineError('closed', `${name} was closed.`);
    clearTimeout(idle);
    uses++;
    try {
      return await work(await (running ??= launch()));
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'closed') throw error;
      throw new EngineError('closed', closed ? `${name} was closed.` : `The process of ${name} ended in the middle of its work. Ask again: it is started anew.`);
    } finally {
      if (--uses === 0 && child) idle = setTimeout(end, idleMinutes * 60_000).unref();
    }
  }

  return {
    call: used,
    stream: (work, signal) => streamed((push, stop) => used(async (verbs) => {
      if (stop.aborted) return;
      const items = work(verbs)[Symbol.asyncIterator]();
      stop.addEventListener('abort', () => void items.return?.());
      for (let next = await items.next(); !next.done; next = await items.next()) push(next.value);
    }), signal),
    get child() { return child; },
    async close() {
      closed = true;
      clearTimeout(idle);
      const impatience = setTimeout(() => child?.kill(), 2_000).unref();
      child?.port.close();
      await ended;
      clearTimeout(impatience);
    },
  };
}

import { decode, encode } from '@msgpack/msgpack';
import { EngineError, type ErrorCode } from './api.ts';

/**
 * Carries an object of asynchronous verbs over a port, so that the other end holds the same interface: promises, async
 * iterables, cancellation and coded errors. `serve` on the side that has the object, `connect` on the side that wants it.
 *
 *   call    { id, call: 'search', args, signal? }  →   { id, value }             or   { id, error: { code, message } }
 *   stream  { id, call: 'ask', args }              →   { id, item } … { id, end }
 *   cancel  { id, cancel: true }                       the loop was left, or the signal given as last argument fired
 *
 * Items are pushed as they are made; a stream here is as long as an answer, so nothing holds the producer back.
 */
export interface Port {
  /** Throws where the message cannot be carried (a function, say). */
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once when either end closes or goes away. */
  onClose(listener: () => void): void;
  close(): void;
}

type Call = { id: number; call: string; args: unknown[]; signal?: boolean };
type Request = Call | { id: number; cancel: true };
type Reply = { id: number } & ({ item: unknown } | { end: true } | { value?: unknown } | { error: { code: ErrorCode; message: string } });

type Verbs = Record<string, (...args: unknown[]) => unknown>;

/** Answers the calls that arrive at the port with the methods of `target`, but not those `withheld`, until it closes. */
export function serve(target: object, port: Port, withheld: readonly string[] = []): void {
  const running = new Map<number, () => void>();

  async function run({ id, call, args, signal }: Call): Promise<void> {
    const cancelled = new AbortController();
    running.set(id, () => cancelled.abort(new EngineError('cancelled', 'The call was cancelled.')));
    const reply = (message: object): void => {
      if (!cancelled.signal.aborted) port.post({ id, ...message });
    };
    try {
      if (!isVerb(target, call) || withheld.includes(call)) throw new EngineError('invalid', `There is no verb "${call}" here.`);
      const answer = (target as Verbs)[call]!(...args, ...(signal ? [cancelled.signal] : []));
      if (isAsyncIterable(answer)) {
        for await (const item of untilAborted(answer, cancelled.signal)) reply({ item });
        reply({ end: true });
      } else reply({ value: await answer });
    } catch (error) {
      reply({ error: asCoded(error) });
    } finally {
      running.delete(id);
    }
  }

  port.onMessage((message) => {
    if (typeof message !== 'object' || message === null) return;
    const request = message as Request;
    if ('call' in request) void run(request);
    else running.get(request.id)?.();
  });
  port.onClose(() => {
    for (const cancel of running.values()) cancel();
  });
}

/**
 * The other end of `serve`: an object whose verbs are calls over the port. `streams` names the verbs that answer with an
 * async iterable; leaving such a loop stops the producer. An `AbortSignal` as last argument cancels the call. Calls fail
 * with the code they failed with there, with `closed` when the port closes. Its own `close` closes the port.
 */
export function connect<T extends object>(port: Port, streams: readonly string[] = []): T {
  const pending = new Map<number, (reply: Reply) => void>();
  let closed = false;
  let lastId = 0;
  const gone = { error: { code: 'closed' as const, message: 'The engine is not there at the moment.' } };

  port.onMessage((message) => pending.get((message as Reply).id)?.(message as Reply));
  port.onClose(() => {
    closed = true;
    for (const [id, receive] of pending) receive({ id, ...gone });
    pending.clear();
  });

  /** Sends the call and hands its replies to `receive`; the function it gives back cancels it. */
  function start(call: string, args: unknown[], receive: (reply: Reply) => void): () => void {
    const id = ++lastId;
    const signal = args.at(-1) instanceof AbortSignal ? (args.at(-1) as AbortSignal) : undefined;
    const plain = signal ? args.slice(0, -1) : [...args];
    // MessagePack has no `undefined`: an argument that was left out must not arrive as null.
    while (plain.length > 0 && plain.at(-1) === undefined) plain.pop();
    const finish = (reply: Reply): void => {
      if (!('item' in reply)) {
        pending.delete(id);
        signal?.removeEventListener('abort', abort);
      }
      receive(reply);
    };
    const cancel = (): void => {
      if (pending.delete(id) && !closed) port.post({ id, cancel: true });
      signal?.removeEventListener('abort', abort);
    };
    const abort = (): void => {
      cancel();
      receive({ id, error: { code: 'cancelled', message: 'The call was cancelled.' } });
    };
    if (closed) finish({ id, ...gone });
    else if (signal?.aborted) abort();
    else {
      pending.set(id, finish);
      signal?.addEventListener('abort', abort);
      try {
        port.post({ id, call, args: plain, ...(signal && { signal: true }) });
      } catch (error) {
        finish({ id, error: asCoded(error) });
      }
    }
    return cancel;
  }

  function promise(call: string, args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      start(call, args, (reply) => {
        if ('error' in reply) reject(new EngineError(reply.error.code, reply.error.message));
        else resolve((reply as { value?: unknown }).value);
      });
    });
  }

  function stream(call: string, args: unknown[]): AsyncIterable<unknown> {
    return { [Symbol.asyncIterator]: () => pulled((push) => start(call, args, push)) };
  }

  return new Proxy({} as T, {
    get(_, name) {
      // Not a promise, though a proxy answers to every name.
      if (typeof name === 'symbol' || name === 'then') return undefined;
      if (name === 'close') return async () => port.close();
      return (...args: unknown[]) => (streams.includes(name) ? stream(name, args) : promise(name, args));
    },
  });
}

/** Replies that are pushed, as an iterator that is pulled. */
function pulled(start: (push: (reply: Reply) => void) => () => void): AsyncIterator<unknown> {
  const arrived: Reply[] = [];
  const waiting: { resolve(result: IteratorResult<unknown>): void; reject(error: Error): void }[] = [];
  let over = false;
  let cancel: (() => void) | undefined;

  function settle(): void {
    while (waiting.length > 0 && (arrived.length > 0 || over)) {
      const { resolve, reject } = waiting.shift()!;
      const reply = over ? undefined : arrived.shift();
      if (reply && 'item' in reply) {
        resolve({ done: false, value: reply.item });
        continue;
      }
      over = true;
      if (reply && 'error' in reply) reject(new EngineError(reply.error.code, reply.error.message));
      else resolve({ done: true, value: undefined });
    }
  }

  return {
    next: () =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        if (!over) {
          cancel ??= start((reply) => {
            arrived.push(reply);
            settle();
          });
        }
        settle();
      }),
    async return() {
      over = true;
      cancel?.();
      settle();
      return { done: true, value: undefined };
    },
  };
}

/** Ends the loop as soon as the signal fires, even while the producer is still thinking about its next item. */
async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  const aborted = new Promise<IteratorResult<T>>((resolve) => {
    signal.addEventListener('abort', () => resolve({ done: true, value: undefined }));
  });
  try {
    for (;;) {
      const result = await Promise.race([iterator.next(), aborted]);
      if (result.done || signal.aborted) return;
      yield result.value;
    }
  } finally {
    // A generator in the middle of an await takes its `return` when it comes out; nobody is left to wait for that.
    iterator.return?.().then(undefined, () => undefined);
  }
}

function isVerb(target: object, name: unknown): name is string {
  return typeof name === 'string' && name in target && !(name in Object.prototype) && typeof (target as Verbs)[name] === 'function';
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** Our codes are words ('too-large'); those of Node are shouted ('ENOENT') and mean nothing to an interface. */
function asCoded(error: unknown): { code: ErrorCode; message: string } {
  const { code, message } = error instanceof Error ? (error as Error & { code?: unknown }) : { message: String(error) };
  return { code: typeof code === 'string' && /^[a-z]+(-[a-z]+)*$/.test(code) ? (code as ErrorCode) : 'failed', message };
}

// ── Ports ───────────────────────────────────────────────────────────────────────────────────────────────────

interface Listening {
  addEventListener(type: string, listener: (event: object) => void): void;
  close(): void;
}

const dataOf = (event: object): unknown => (event as { data?: unknown }).data;

/** A `MessagePort` of a page, a worker or `node:worker_threads`. */
export function messagePort(port: Listening & { postMessage(message: unknown): void; start(): void }): Port {
  return {
    post: (message) => port.postMessage(message),
    onMessage(listener) {
      port.addEventListener('message', (event) => listener(dataOf(event)));
      port.start();
    },
    onClose: (listener) => port.addEventListener('close', listener),
    close: () => port.close(),
  };
}

/** A thread, as seen by whoever started it; closing it ends the thread. The thread's own end is `messagePort(parentPort)`. */
export function workerPort(worker: {
  postMessage(message: unknown): void;
  on(event: string, listener: (message: unknown) => void): unknown;
  terminate(): unknown;
}): Port {
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => worker.on('message', listener),
    onClose: (listener) => worker.on('exit', () => listener()),
    close: () => worker.terminate(),
  };
}

/**
 * A `WebSocket` of a page or of `ws`, in binary MessagePack frames. Properties that are `undefined` are left out, as they
 * are in JSON. What is posted before the socket is open waits for it.
 */
export function webSocketPort(
  socket: Listening & { binaryType: string; readonly readyState: number; send(data: Uint8Array<ArrayBuffer>): void },
): Port {
  const CONNECTING = 0;
  socket.binaryType = 'arraybuffer';
  const unsent: Uint8Array<ArrayBuffer>[] = [];
  socket.addEventListener('open', () => {
    for (const frame of unsent.splice(0)) socket.send(frame);
  });
  return {
    post(message) {
      const frame = encode(message, { ignoreUndefined: true });
      if (socket.readyState === CONNECTING) unsent.push(frame);
      else socket.send(frame);
    },
    onMessage(listener) {
      socket.addEventListener('message', (event) => {
        let message: unknown;
        try {
          message = decode(dataOf(event) as ArrayBuffer);
        } catch {
          socket.close(); // Whoever sends this does not speak our language.
          return;
        }
        listener(message);
      });
    },
    onClose: (listener) => socket.addEventListener('close', listener),
    close: () => socket.close(),
  };
}

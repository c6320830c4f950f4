import type { Embedder } from './embedder.ts';

/** Something that takes memory as long as it is open. */
export interface Closable { close(): Promise<void> }

export interface IdleOptions {
  /** Closed after so long without use; 10 if absent. */
  minutes?: number;
  /** It was opened or closed. */
  changed?(open: boolean): void;
}

/** What is open while it is used and some time longer, and opened again at the next use. */
export interface Idle<T> {
  /** Opens it where that is needed, and keeps it open until `work` is done. Fails as opening fails; the next use tries again. */
  use<R>(work: (it: T) => Promise<R>): Promise<R>;
  readonly isOpen: boolean;
  /** Waits for what is under way; later uses fail. */
  close(): Promise<void>;
}

/** Keeps what `open` opens only as long as it is used, so that a model nobody asks takes no memory. */
export function openWhenUsed<T extends Closable>(open: () => Promise<T>, { minutes = 10, changed }: IdleOptions = {}): Idle<T> {
  let held: Promise<T> | undefined;
  let users = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let release = Promise.withResolvers<void>();
  release.resolve();
  /** The next opening waits for it: two copies of a large model may not fit. */
  let closing: Promise<void> = Promise.resolve();

  async function reopen(): Promise<T> {
    const before = closing;
    closing = Promise.resolve();
    await before;
    const it = await open();
    changed?.(true);
    return it;
  }

  function letGo(): void {
    const leaving = held;
    held = undefined;
    if (leaving === undefined) return;
    closing = leaving.then(async (it) => {
      await it.close();
      changed?.(false);
    });
    // Whoever closes or opens it next is told.
    closing.catch(() => undefined);
  }

  return {
    async use(work) {
      if (closed) throw new Error('This model was closed.');
      clearTimeout(timer);
      if (users++ === 0) release = Promise.withResolvers();
      try {
        const mine = (held ??= reopen());
        const it = await mine.catch((error: unknown) => {
          if (held === mine) held = undefined;
          throw error;
        });
        return await work(it);
      } finally {
        if (--users === 0) {
          release.resolve();
          timer = setTimeout(letGo, minutes * 60_000).unref();
        }
      }
    },
    get isOpen() {
      return held !== undefined;
    },
    async close() {
      closed = true;
      await release.promise;
      clearTimeout(timer);
      letGo();
      await closing;
    },
  };
}

/**
 * An embedder whose session is open only while it is used: what it says of itself, and counting tokens, need no session and
 * stay. Opens it once, since only then it is known whether it can be opened. @throws what `open` throws
 */
export async function idleEmbedder(open: () => Promise<Embedder>, options: IdleOptions = {}): Promise<Embedder> {
  let latest: Embedder | undefined;
  const idle = openWhenUsed(async () => (latest = await open()), options);
  const first = await idle.use(async (embedder) => embedder);
  return {
    ...first,
    countTokens: (text) => latest!.countTokens(text),
    embed: (...args) => idle.use((embedder) => embedder.embed(...args)),
    close: () => idle.close(),
  };
}

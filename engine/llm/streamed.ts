import { EngineError } from '../api.ts';

/**
 * What is pushed, as an iterable: `run` begins with the first `next`, and hears through its signal at once when the loop
 * was left (an async generator would hear of it only at its next `yield`) or the `signal` given here fired; then the loop
 * throws 'cancelled', whatever was pushed and not taken yet.
 */
export function streamed<T>(run: (push: (item: T) => void, signal: AbortSignal) => Promise<void>, signal?: AbortSignal): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const left = new AbortController();
      const items: T[] = [];
      let waiting: PromiseWithResolvers<void> | undefined;
      let ended: { error?: unknown } | undefined;
      let begun = false;
      const end = (how: { error?: unknown }): void => {
        ended ??= how;
        signal?.removeEventListener('abort', cancel);
        waiting?.resolve();
      };
      const cancel = (): void => {
        items.length = 0;
        end({ error: new EngineError('cancelled', 'The answer was stopped.') });
        left.abort();
      };

      return {
        async next() {
          if (!begun) {
            begun = true;
            signal?.addEventListener('abort', cancel);
            if (signal?.aborted) cancel();
            else {
              const push = (item: T): void => {
                if (ended) return;
                items.push(item);
                waiting?.resolve();
              };
              run(push, left.signal).then(() => end({}), (error: unknown) => end({ error }));
            }
          }
          while (items.length === 0 && !ended) {
            waiting = Promise.withResolvers();
            await waiting.promise;
          }
          if (items.length > 0) return { done: false, value: items.shift()! };
          if (ended?.error !== undefined) {
            const { error } = ended;
            ended = {};
            throw error;
          }
          return { done: true, value: undefined };
        },
        async return() {
          items.length = 0;
          begun = true;
          end({});
          left.abort();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

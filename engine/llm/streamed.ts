/**
 * What is pushed, as an iterable: `run` begins with the first `next`, and hears through its signal at once when the loop
 * was left. (An async generator would hear of it only at its next `yield`.)
 */
export function streamed<T>(run: (push: (item: T) => void, signal: AbortSignal) => Promise<void>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const left = new AbortController();
      const items: T[] = [];
      let waiting: PromiseWithResolvers<void> | undefined;
      let ended: { error?: unknown } | undefined;
      let begun = false;
      const wake = (): void => waiting?.resolve();

      return {
        async next() {
          if (!begun) {
            begun = true;
            run((item) => { items.push(item); wake(); }, left.signal).then(
              () => { ended = {}; wake(); },
              (error: unknown) => { ended = { error }; wake(); },
            );
          }
          while (items.length === 0 && !ended && !left.signal.aborted) {
            waiting = Promise.withResolvers();
            await waiting.promise;
          }
          if (left.signal.aborted) return { done: true, value: undefined };
          if (items.length > 0) return { done: false, value: items.shift()! };
          if (ended?.error !== undefined) throw ended.error;
          return { done: true, value: undefined };
        },
        async return() {
          left.abort();
          wake();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

/**
 * A walk whose loop may be left while it waits for something slow. (A generator in the middle of an await takes its
 * `return` only when it comes out; here leaving the loop fires the walk's signal first.)
 */
export function stoppable<T>(walk: (signal: AbortSignal) => AsyncGenerator<T>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const left = new AbortController();
      const steps = walk(left.signal);
      return {
        next: () => steps.next(),
        return() {
          left.abort();
          return steps.return(undefined);
        },
      };
    },
  };
}

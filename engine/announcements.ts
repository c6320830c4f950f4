import type { Topic } from './api.ts';

/** Topics that change often reach a listener at most this often. */
const INTERVAL_MILLISECONDS = 100;

/** Says which topics changed to whoever listens; a listener that is slow gets each topic once, however often it changed. */
export class Announcements<Name = Topic> {
  readonly #listeners = new Set<(topic: Name) => void>();

  announce(topic: Name): void {
    for (const tell of this.#listeners) tell(topic);
  }

  /** The topics from now on, until the loop is left. */
  async *listen(): AsyncGenerator<Name> {
    const changed = new Set<Name>();
    let alarm = Promise.withResolvers<void>();
    const tell = (topic: Name): void => {
      changed.add(topic);
      alarm.resolve();
    };
    this.#listeners.add(tell);
    try {
      for (;;) {
        await alarm.promise;
        alarm = Promise.withResolvers<void>();
        const topics = [...changed];
        changed.clear();
        yield* topics;
        await new Promise((resolve) => setTimeout(resolve, INTERVAL_MILLISECONDS));
      }
    } finally {
      this.#listeners.delete(tell);
    }
  }
}

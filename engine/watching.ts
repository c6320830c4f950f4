import type { Signal, Topic } from './api.ts';
import { isWorse } from './learn/watch.ts';
import { isAnyActive, takeBack } from './store/adapters.ts';
import type { Db } from './store/database.ts';
import type { SearchVerbs } from './thread.ts';

interface WatchingParts {
  db: Db;
  search: () => Pick<SearchVerbs, 'watched'>;
  change: <T>(topics: Topic[], run: () => T) => Promise<T>;
}

/** What a person does without a word on whether it was right tells nothing here. */
const UNSPOKEN: ReadonlySet<Signal['kind']> = new Set(['opened', 'copied']);

/**
 * Watches the version in use: after everything that is said, and once at the start, for what was said just before the engine was
 * ended. A version that does worse than what was before it is taken back, in one transaction.
 */
export function openWatching({ db, search, change }: WatchingParts): { said(signal: Signal): void } {
  async function look(): Promise<void> {
    if (!isAnyActive(db)) return;
    const watched = await search().watched();
    if (watched && isWorse(watched.watch)) await change(['learning'], () => takeBack(db, watched.version, watched.watch));
  }
  // Nobody waits for it: where the search thread ends meanwhile, the next look sees the same.
  const looks = (): void => void look().catch(() => undefined);
  looks();
  return {
    said({ kind }) {
      if (!UNSPOKEN.has(kind)) looks();
    },
  };
}

import type { Signal, Topic, Watch } from './api.ts';
import { bestBundled, knownModels } from './chosen.ts';
import type { ModelDirs } from './found.ts';
import type { Watched } from './learn/learned.ts';
import { isWorse } from './learn/watch.ts';
import { TROUBLE } from './reindex.ts';
import { formerModel, isAnyAccepted, keepTakenBack, learnedModels, takeBack, type LearnedModel } from './store/adapters.ts';
import type { Db } from './store/database.ts';
import { choose, chosen } from './store/models.ts';
import { remove } from './store/settings.ts';
import { beginShadow, shadow, spaceInUse, spaceOfModel } from './store/spaces.ts';
import type { SearchVerbs } from './thread.ts';

interface WatchingParts {
  db: Db;
  modelDirs: ModelDirs;
  search: () => Pick<SearchVerbs, 'watched'>;
  change: <T>(topics: Topic[], run: () => T) => Promise<T>;
  /** An index has begun to grow. */
  growing: () => Promise<void>;
}

/** What a person does without a word on whether it was right tells nothing here. */
const UNSPOKEN: ReadonlySet<Signal['kind']> = new Set(['opened', 'copied']);

/**
 * Watches the versions in use: after everything that is said, and once at the start, for what was said just before the engine
 * was ended. One that does worse than what was before it is taken back, in one transaction; of several the cheapest, since the
 * others are then to be judged without it.
 */
export function openWatching({ db, modelDirs, search, change, growing }: WatchingParts): { said(signal: Signal): void } {
  async function look(): Promise<void> {
    if (!isAnyAccepted(db)) return;
    const worse = (await search().watched()).find(({ watch }) => isWorse(watch));
    if (worse) await back(worse);
  }

  async function back({ version, level, watch }: Watched): Promise<void> {
    if (level === 'query') return change(['learning'], () => takeBack(db, version, watch));
    const learned = learnedModels(db).find(({ id }) => id === version);
    if (!learned) return;
    const all = await knownModels(db, modelDirs);
    const former = all.find(({ id }) => id === formerModel(db, learned));
    // Where what was before it is gone, there is nothing to go back to.
    if (!former || former.trouble !== undefined) return;
    await change(['learning', 'models'], () => takeModelBack(db, learned, { model: former.id, ships: former === bestBundled(all, level) }, watch));
    if (level === 'embedder') await growing();
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

/**
 * Takes a learned model out of use; call within one transaction. The former reranker is in use from then on; of the former
 * embedder the index, which was kept, is brought up to date in the background, and then it is in use. Nothing happens where the
 * model is not in use any more.
 */
export function takeModelBack(db: Db, { id, level, model }: LearnedModel, former: { model: string; /** It goes without choosing. */ ships: boolean }, watch: Watch): void {
  if (level === 'reranker') {
    if (chosen(db, level) !== model) return;
    choose(db, level, former.ships ? undefined : former.model);
  } else {
    const index = spaceOfModel(db, former.model);
    // A person who is going over to another embedder just now is not interrupted.
    if (spaceInUse(db)?.model !== model || shadow(db) || !index) return;
    remove(db, TROUBLE);
    beginShadow(db, index.identity, index.dimensions, former.model);
  }
  keepTakenBack(db, id, watch);
}

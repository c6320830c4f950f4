import type { AdapterId } from '../api.ts';
import { activeAdapter, earlier, formerModel, learnedModels, watchedSince } from '../store/adapters.ts';
import type { Db } from '../store/database.ts';
import { spaceInUse, spaceOfModel } from '../store/spaces.ts';
import type { Serving, Trial } from './watch.ts';

/**
 * What is watched: every version in use, of whatever level, each against what search would be without it alone: the version for
 * questions that would then be in use included. An embedder's only as long as there is an index to go back to.
 *
 * @param space of the embedder in use
 * @param reranker the one in use, by its id
 */
export function trials(db: Db, space: string, reranker: string | undefined): Trial[] {
  const serving = (models: Pick<Serving, 'space' | 'reranker'>): Serving => ({ ...models, adapter: activeAdapter(db, models.space, models.reranker ?? null) });
  const now = serving({ space, reranker });
  const trial = (version: AdapterId, level: Trial['level'], before: Serving): Trial => ({ version, level, now, before, since: watchedSince(db, version) });
  const learned = learnedModels(db);
  const found = now.adapter === undefined ? [] : [trial(now.adapter, 'query', { ...now, adapter: earlier(db, now.adapter) })];
  const reads = learned.find(({ level, model }) => level === 'reranker' && model === reranker);
  if (reads) found.push(trial(reads.id, 'reranker', serving({ space, reranker: formerModel(db, reads) })));
  const embedder = spaceInUse(db)?.model;
  const embeds = learned.find(({ level, model }) => level === 'embedder' && model === embedder);
  const index = embeds && spaceOfModel(db, formerModel(db, embeds));
  if (embeds && index) found.push(trial(embeds.id, 'embedder', serving({ space: index.identity, reranker })));
  return found;
}

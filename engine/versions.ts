import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { AdapterId, Engine, LearningLevel, ModelVerbs, Topic } from './api.ts';
import { EngineError } from './api.ts';
import type { ModelDirs } from './found.ts';
import { inUse } from './learn-levels.ts';
import * as store from './store/adapters.ts';
import type { Db } from './store/database.ts';
import { deleteModel } from './store/models.ts';
import { shadow } from './store/spaces.ts';
import type { LearnVerbs } from './thread.ts';

interface VersionParts {
  db: Db;
  modelDirs: ModelDirs;
  models: Pick<ModelVerbs, 'useModel' | 'removeIndex' | 'cancelReindexing'>;
  learner: () => Pick<LearnVerbs, 'restore'>;
  change: <T>(topics: Topic[], run: () => T) => Promise<T>;
}

/** So long a switch back to an index that is kept may take before a version that was in use can be deleted. */
const GOING_BACK_MILLISECONDS = 10_000;

/**
 * Versions of all levels. One for questions is a row that search reads; those of the reranker and the embedder are models on
 * the list, so they come into use as models do.
 */
export function openVersions({ db, modelDirs, models, learner, change }: VersionParts): { activate: Engine['activate']; deactivate: Engine['deactivate']; remove: Engine['deleteAdapters'] } {
  async function activate(id: AdapterId | undefined): Promise<void> {
    if (id === undefined) return asShipped();
    const learned = store.learnedModels(db).find((one) => one.id === id);
    if (!learned) return change(['learning'], () => store.activate(db, id));
    await learner().restore(id);
    await models.useModel(learned.level, learned.model);
    await change(['learning'], () => undefined);
  }

  async function asShipped(level?: LearningLevel): Promise<void> {
    if (level === undefined || level === 'query') await change(['learning'], () => store.activate(db, undefined));
    // A learned embedder whose index still grows would come into use later. What a person chose to go over to goes on.
    const growing = shadow(db)?.model;
    if ((level === undefined || level === 'embedder') && store.learnedModels(db).some(({ model }) => model === growing)) await models.cancelReindexing();
    const used = await inUse(db, modelDirs);
    for (const deep of ['reranker', 'embedder'] as const) {
      const model = used[deep];
      if ((level === undefined || level === deep) && model && model.model !== model.base) await models.useModel(deep, model.base);
    }
    await change(['learning'], () => undefined);
  }

  async function remove(ids: AdapterId[]): Promise<void> {
    const learned = store.learnedModels(db);
    for (const { id, level, model } of learned) {
      if (!ids.includes(id)) continue;
      if ((await inUse(db, modelDirs))[level]?.model === model) await asShipped(level);
      for (let waited = 0; (await inUse(db, modelDirs))[level]?.model === model; waited += 50) {
        if (waited > GOING_BACK_MILLISECONDS) throw new EngineError('busy', 'Search is still going back to the model this version was learned from. Delete it when that is done.');
        await delay(50);
      }
      if (shadow(db)?.model === model) await models.cancelReindexing();
      await models.removeIndex(model);
      await rm(join(modelDirs[1]!, model), { recursive: true, force: true });
    }
    await change(['learning', 'models'], () => {
      for (const { id, model } of learned) if (ids.includes(id)) deleteModel(db, model);
      store.deleteAdapters(db, ids);
    });
  }

  return { activate, deactivate: asShipped, remove };
}

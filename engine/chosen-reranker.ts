import { knownModels, wantedModel } from './chosen.ts';
import type { ModelDirs } from './found.ts';
import { hold, type Holder } from './held.ts';
import { openReranker, type OpenReranker } from './models/reranker.ts';
import type { Db } from './store/database.ts';
import { chosen } from './store/models.ts';

/** Holds the reranker open that the person chose, else the bundled one. Where it cannot be opened, search works without it. */
export function holdReranker(db: Db, dirs: ModelDirs): Holder<OpenReranker> {
  return hold(() => chosen(db, 'reranker') ?? 'bundled', async () => {
    const model = wantedModel(db, await knownModels(db, dirs), 'reranker');
    return model && (await openReranker(model.place).catch(() => undefined));
  });
}

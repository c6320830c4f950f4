import { bestBundled, knownModels, type KnownModel } from './chosen.ts';
import { hashesIn, type ModelDirs } from './found.ts';
import { hold, type Holder, type Lease } from './held.ts';
import { openGgufReranker } from './llm/retrieval.ts';
import { openCrossEncoder } from './models/cross-encoder.ts';
import { openWhenUsed } from './models/idle.ts';
import { openReranker, type OpenReranker } from './models/reranker.ts';
import type { Db } from './store/database.ts';
import { addedModel, chosen } from './store/models.ts';

/** Opens a reranker of the list, of whatever kind. Throws a sentence where that is not possible. */
export function openKnownReranker(dirs: ModelDirs, { place, format, family }: KnownModel): Promise<OpenReranker> {
  if (format === 'gguf') return openGgufReranker(place);
  if (format === 'lodestone') return openReranker(place);
  return openCrossEncoder(place, { hashes: hashesIn(dirs), ...(family !== undefined && { family }) });
}

/**
 * Holds the reranker that the person chose, else the bundled one; it is closed while nobody asks for long. Where it cannot be
 * opened, search works without it. Its name in traces is its name on the list.
 */
export function holdReranker(db: Db, dirs: ModelDirs): Holder<OpenReranker> {
  return holdListed(db, dirs, () => chosen(db, 'reranker'));
}

/** Holds another reranker of the list, beside the one in use: the one it is compared with. */
export function holdFormer(db: Db, dirs: ModelDirs): { take(id: string): Promise<Lease<OpenReranker>> } {
  let wanted = '';
  const holder = holdListed(db, dirs, () => wanted);
  return {
    take(id) {
      wanted = id;
      return holder.take();
    },
  };
}

/** @param wanted its id, where it is not what goes without choosing */
function holdListed(db: Db, dirs: ModelDirs, wanted: () => string | undefined): Holder<OpenReranker> {
  return hold(() => {
    const id = wanted();
    return `${id ?? 'bundled'} ${id === undefined ? '' : addedModel(db, id)?.added}`;
  }, async () => {
    const id = wanted();
    const models = await knownModels(db, dirs);
    const model = id === undefined ? bestBundled(models, 'reranker') : models.find((one) => one.id === id && one.role === 'reranker');
    if (!model || model.trouble !== undefined) return undefined;
    const idle = openWhenUsed(() => openKnownReranker(dirs, model));
    // Only then it is known whether it can be opened.
    const opened = await idle.use(async ({ trust }) => ({ trust })).catch(() => undefined);
    if (!opened) return undefined;
    return {
      id: model.id, score: (question, candidates) => idle.use((reranker) => reranker.score(question, candidates)),
      ...(opened.trust !== undefined && { trust: opened.trust }),
      close: () => idle.close(),
    };
  });
}

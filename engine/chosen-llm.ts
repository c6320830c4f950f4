import { EngineError } from './api.ts';
import { knownModels, mustKnow, wantedModel } from './chosen.ts';
import type { ModelDirs } from './found.ts';
import { hold, type Holder } from './held.ts';
import { openKey } from './keys.ts';
import type { Llm } from './llm/llm.ts';
import { openLocalLlm } from './llm/local.ts';
import { openServerLlm } from './llm/servers.ts';
import type { Db } from './store/database.ts';
import { addedModel, chosen, keyOf } from './store/models.ts';

/** Where a language model is found: the list of models, and the secret that keys were encrypted with. */
export interface LlmSource { db: Db; modelDirs: ModelDirs; secret?: Uint8Array }

/**
 * Opens the language model a person chose; undefined where none is. A file's weights are only read at its first use.
 *
 * @throws EngineError with a sentence where it cannot be opened: its file is gone, its server does not answer
 */
export async function openActiveLlm({ db, modelDirs, secret }: LlmSource): Promise<Llm | undefined> {
  const id = chosen(db, 'llm');
  if (id === undefined) return undefined;
  const models = await knownModels(db, modelDirs);
  const { place, server } = mustKnow(models, wantedModel(db, models, 'llm')?.id ?? id, 'llm');
  if (!server) return openLocalLlm(place);
  const sealed = keyOf(db, id);
  if (sealed && !secret) throw new EngineError('invalid', 'The key of this server cannot be read here.');
  return openServerLlm({ kind: server.kind, url: place, ...(sealed && secret && { key: openKey(secret, place, sealed) }) }, server.model);
}

/** Holds the language model in use open, from question to question; the next one after a choice has the one that was chosen. */
export function holdLlm(source: LlmSource): Holder<Llm> {
  return hold(() => {
    const id = chosen(source.db, 'llm');
    const model = id === undefined ? undefined : addedModel(source.db, id);
    return JSON.stringify([id ?? 'none', model?.place, model?.added]);
  }, () => openActiveLlm(source));
}

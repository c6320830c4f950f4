import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ModelInfo, ModelRole } from './api.ts';
import { EngineError } from './api.ts';
import type { ModelDirs } from './found.ts';
import { leavesMachine } from './llm/servers.ts';
import { installedModels, meanQuality } from './models/installed.ts';
import type { Db } from './store/database.ts';
import { addedModels, chosen, type ModelDetails } from './store/models.ts';
import { spaceInUse } from './store/spaces.ts';

/** A model on the list, and where it is: the path of its folder or file, or the address of its server. */
export interface KnownModel extends Omit<ModelInfo, 'active' | 'mine' | 'device'> { place: string; downloaded: boolean; server?: ModelDetails['server'] }

/** All models on the list: bundled, in the data directory, added by the person. Those whose files are gone say so in `trouble`. */
export async function knownModels(db: Db, dirs: ModelDirs): Promise<KnownModel[]> {
  const { models } = await installedModels(dirs);
  const known = models.map(({ folder, manifest }): KnownModel => ({
    id: manifest.id, role: manifest.role, name: manifest.name, format: 'lodestone', bundled: dirname(folder) === dirs[0], downloaded: false, place: folder,
    ...(manifest.dimensions !== undefined && { dimensions: manifest.dimensions }), tokens: manifest.maxTokens,
    languages: manifest.languages, licence: manifest.licence, quality: manifest.quality,
    bytes: Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0),
  }));
  for (const { id, role, format, place, details: { server, files, ...details }, downloaded } of addedModels(db)) {
    if (known.some((other) => other.id === id || other.place === place)) continue;
    const model: KnownModel = { id, role, format, place, downloaded, bundled: false, quality: {}, ...details };
    if (server) Object.assign(model, { server, address: place, remote: server.remote === true || leavesMachine(place, server.model) });
    else {
      const gone = [place, ...(files ?? []).map((name) => join(place, name))].find((path) => !existsSync(path));
      if (gone !== undefined) model.trouble = `${gone} is no longer there. Put it back, or take the model off the list.`;
    }
    known.push(model);
  }
  return known;
}

/** The model a person chose for the role, else the best of those that ship with Lodestone; no language model ships. */
export function wantedModel(db: Db, models: readonly KnownModel[], role: ModelRole): KnownModel | undefined {
  const id = chosen(db, role);
  return id === undefined ? bestBundled(models, role) : models.find((model) => model.id === id && model.role === role);
}

/** Of a role, by its measured quality. */
export function bestBundled(models: readonly KnownModel[], role: ModelRole): KnownModel | undefined {
  return models.filter((model) => model.bundled && model.role === role).sort((a, b) => meanQuality(b.quality) - meanQuality(a.quality))[0];
}

/** The model whose vectors are searched now, which is not the chosen one while that one's index still grows. */
export function embedderInUse(db: Db, models: readonly KnownModel[]): KnownModel | undefined {
  const model = spaceInUse(db)?.model;
  return model === undefined ? wantedModel(db, models, 'embedder') : models.find(({ id }) => id === model);
}

/** @throws EngineError 'not-found', or 'invalid' with what is wrong with it */
export function mustKnow(models: readonly KnownModel[], id: string, role?: ModelRole): KnownModel {
  const model = models.find((one) => one.id === id);
  if (!model) throw new EngineError('not-found', 'That model is not on the list any more.');
  if (role !== undefined && model.role !== role) throw new EngineError('invalid', `${model.name} is a model of another kind.`);
  if (model.trouble !== undefined) throw new EngineError('invalid', model.trouble);
  return model;
}

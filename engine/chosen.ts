import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ModelInfo, ModelRole } from './api.ts';
import { EngineError } from './api.ts';
import { leavesMachine } from './llm/servers.ts';
import { hashesIn, type ModelDirs } from './found.ts';
import { hold, type Holder } from './held.ts';
import { openEmbedder, type Embedder } from './models/embedder.ts';
import { installedModels, meanQuality } from './models/installed.ts';
import { write, type Db } from './store/database.ts';
import { addedModels, chosen } from './store/models.ts';
import { spaceInUse, spaceOf, useSpace, type Space } from './store/spaces.ts';

/** A model on the list, and where it is: the path of its folder or file, or the address of its server. */
export interface KnownModel extends Omit<ModelInfo, 'active' | 'mine' | 'device'> { place: string; downloaded: boolean; server?: { kind: 'ollama' | 'openai'; model: string } }

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
    if (server) Object.assign(model, { server, address: place, remote: leavesMachine(place) });
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

/** Opens an embedder of the list. Throws a sentence where that is not possible. */
export async function openKnownEmbedder(model: KnownModel, dirs: ModelDirs): Promise<Embedder> {
  return openEmbedder(model.place, { hashes: hashesIn(dirs), ...(model.family !== undefined && { family: model.family }) });
}

/** An embedder together with the space its vectors belong to. */
export interface Settled { embedder: Embedder; space: Space; model: string }

/**
 * The embedder that the library's vectors are made with from now on: the one that made those it has, if that can be opened;
 * the chosen one otherwise, and its index begins anew at once, since nobody can ask the old one any more. Undefined where none
 * can be opened.
 */
export async function settleEmbedder(db: Db, dirs: ModelDirs): Promise<Settled | undefined> {
  const models = await knownModels(db, dirs);
  const wanted = wantedModel(db, models, 'embedder');
  const current = spaceInUse(db);
  for (const model of new Set([embedderInUse(db, models), wanted])) {
    const embedder = model && (await openKnownEmbedder(model, dirs).catch(() => undefined));
    if (!embedder) continue;
    if (current === undefined || model === wanted || spaceOf(db, embedder.space)?.id === current.space.id) {
      const space = await write(db, () => useSpace(db, embedder.space, embedder.dimensions, model.id));
      return { embedder: { ...embedder, space: space.identity }, space, model: model.id };
    }
    await embedder.close();
  }
  return undefined;
}

/** Opens the embedder whose vectors are searched now; undefined where none can be opened, and search goes by words alone. */
async function openEmbedderInUse(db: Db, dirs: ModelDirs): Promise<Embedder | undefined> {
  const model = embedderInUse(db, await knownModels(db, dirs));
  const embedder = model && (await openKnownEmbedder(model, dirs).catch(() => undefined));
  return embedder && { ...embedder, space: spaceOf(db, embedder.space)?.identity ?? embedder.space };
}

/** Holds the embedder of the space in use open. `prepare` opens one that is to be used soon, so that no question waits for it. */
export function holdEmbedder(db: Db, dirs: ModelDirs): Holder<Embedder> & { prepare(model: string): Promise<void> } {
  let prepared: Embedder | undefined;

  async function open(): Promise<Embedder | undefined> {
    const ready = prepared;
    const space = ready && spaceOf(db, ready.space);
    if (!space || space.id !== spaceInUse(db)?.space.id) return openEmbedderInUse(db, dirs);
    prepared = undefined;
    return { ...ready, space: space.identity };
  }

  return {
    ...hold(() => spaceInUse(db)?.space.id.toString(), open, ({ space }) => spaceOf(db, space)?.id === spaceInUse(db)?.space.id),
    async prepare(model) {
      await prepared?.close();
      prepared = undefined;
      const embedder = await openKnownEmbedder(mustKnow(await knownModels(db, dirs), model, 'embedder'), dirs);
      // The first text costs more than those after it.
      await embedder.embed(['.'], 'query');
      prepared = embedder;
    },
  };
}

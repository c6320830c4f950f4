import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ModelInfo, ModelVerbs, Reindexing, ServerChoice, Topic } from './api.ts';
import { EngineError } from './api.ts';
import { bestBundled, embedderInUse, knownModels, mustKnow, wantedModel, type KnownModel } from './chosen.ts';
import type { Downloaded } from './downloaded.ts';
import { inspectPlace } from './found.ts';
import { sealKey } from './keys.ts';
import { findServers, serverModels, type ServerModel } from './llm/servers.ts';
import type { ThisMachine } from './machine.ts';
import { setAside } from './models/download.ts';
import { cancelReindex, TROUBLE } from './reindex.ts';
import { putBack } from './store/adapters.ts';
import type { Db } from './store/database.ts';
import { addedModel, choose, chosen, deleteModel, deviceOf, saveModel } from './store/models.ts';
import { get } from './store/settings.ts';
import { dropSpace, keptIndexes, shadow, shadowProgress, spaceInUse } from './store/spaces.ts';
import { testResults } from './store/test-questions.ts';
import { told, type ReindexVerbs } from './thread.ts';

interface ModelParts {
  db: Db;
  modelDirs: readonly string[];
  reindexer: () => ReindexVerbs;
  machine: ThisMachine;
  downloaded: Promise<Downloaded>;
  /** What keys of servers are encrypted with. */
  secret: Uint8Array | undefined;
  change: <T>(topics: Topic[], run: () => T) => Promise<T>;
}

/** The engine's verbs on models. What is chosen are rows; the threads look at them before each question and each piece of work. */
export function modelVerbs({ db, modelDirs, machine, reindexer, downloaded, secret, change }: ModelParts): ModelVerbs {
  const around = { dirs: modelDirs, machine: machine.machine };
  const known = (): Promise<KnownModel[]> => knownModels(db, modelDirs);

  async function models(): Promise<ModelInfo[]> {
    const all = await known();
    const active = new Set([embedderInUse(db, all), wantedModel(db, all, 'reranker'), wantedModel(db, all, 'llm')]);
    const indexes = keptIndexes(db);
    const results = testResults(db).map(({ models: used, ...result }) => ({ models: used, result }));
    return all.map((model) => {
      const { place: _, downloaded: __, server: ___, ...info } = model;
      const kept = indexes.filter((index) => index.model === model.id && index.chunks > 0);
      const index = { chunks: kept.reduce((sum, { chunks }) => sum + chunks, 0), bytes: kept.reduce((sum, { bytes }) => sum + bytes, 0) };
      const found = deviceOf(db, model.id);
      const device = found && { provider: found.device, refused: found.refused, ...(found.speedup !== undefined && { speedup: found.speedup }) };
      const mine = results.find(({ models: used }) => (model.role === 'embedder' ? kept.some(({ space }) => space.identity === used.embedder) : used.reranker === model.id));
      return { ...info, active: active.has(model), ...(mine && { mine: mine.result }), ...(device && { device }), ...(kept.length > 0 && { index }) };
    });
  }

  async function addModel(path: string): Promise<string> {
    const found = await inspectPlace(path, around);
    const all = await known();
    const place = found.path;
    const there = all.find((model) => model.place === place);
    if (there && !addedModel(db, there.id)) return there.id;
    const { role, format, name, family, dimensions, tokens, languages, licence, bytes, files } = found;
    const id = there?.id ?? `${basename(place)}-${createHash('sha256').update(place).digest('hex').slice(0, 8)}`;
    await change(['models'], () => saveModel(db, {
      id, role, format, place, downloaded: there?.downloaded ?? false,
      details: { name, languages, licence, bytes, files, ...(family !== undefined && { family }), ...(dimensions !== undefined && { dimensions }), ...(tokens !== undefined && { tokens }) },
    }));
    return id;
  }

  async function addServer({ kind, address, model, key }: ServerChoice): Promise<string> {
    const offered = await serverModels({ kind, url: address, ...(key !== undefined && { key }) }).catch((error: Error) => { throw new EngineError('invalid', error.message); });
    const found = offered.find(({ name }) => name === model);
    if (!found) throw new EngineError('invalid', `The server at ${address} does not have the model “${model}”. It has: ${writers(offered).join(', ') || 'none'}.`);
    if (found.embedder) throw new EngineError('invalid', `“${model}” makes vectors and cannot write.`);
    if (key !== undefined && !secret) throw new EngineError('invalid', 'There is no safe place for the key here.');
    const { host, pathname } = new URL(address);
    const id = `${host}${pathname.replace(/\/+$/, '')}/${model}`;
    const details = { name: model, languages: [], licence: '', bytes: found.bytes ?? 0, server: { kind, model, ...(found.remote && { remote: true }) }, ...(found.contextTokens !== undefined && { tokens: found.contextTokens }) };
    await change(['models'], () => saveModel(db, { id, role: 'llm', format: 'server', place: address, downloaded: false, details }, key === undefined || !secret ? undefined : sealKey(secret, address, key)));
    return id;
  }

  async function removeModel(id: string): Promise<void> {
    const all = await known();
    const model = all.find((one) => one.id === id);
    if (!model) throw new EngineError('not-found', 'That model is not on the list any more.');
    if (model.bundled) throw new EngineError('invalid', 'A model that ships with Lodestone cannot be removed.');
    if (!addedModel(db, id)) throw new EngineError('invalid', `${model.name} lies among Lodestone's own models. Delete its folder to remove it: ${model.place}`);
    if (embedderInUse(db, all) === model || chosen(db, model.role) === id) throw new EngineError('busy', `${model.name} is in use. Choose another model first.`);
    const aside = await change(['models'], () => {
      if (shadow(db)?.model === id) cancelReindex(db);
      for (const { space, model: owner } of keptIndexes(db)) if (owner === id) dropSpace(db, space);
      deleteModel(db, id);
      try {
        return model.downloaded ? setAside(modelDirs[1]!, id) : undefined;
      } catch (error) {
        throw new EngineError('busy', `${model.name} cannot be deleted just now (${(error as NodeJS.ErrnoException).code}). Try again in a moment.`);
      }
    });
    if (aside !== undefined) await rm(aside, { recursive: true, force: true });
    await told(reindexer().wake());
  }

  async function removeIndex(id: string): Promise<void> {
    const inUse = spaceInUse(db)?.space.id;
    await change(['models'], () => {
      for (const { space, model } of keptIndexes(db)) {
        if (model !== id) continue;
        if (space.id === inUse || shadow(db)?.space.id === space.id) throw new EngineError('busy', 'That index is in use.');
        dropSpace(db, space);
      }
    });
    await told(reindexer().wake());
  }

  async function useModel(role: ModelInfo['role'], id: string | undefined): Promise<void> {
    const all = await known();
    const model = id === undefined ? bestBundled(all, role) : mustKnow(all, id, role);
    const use = (): void => {
      choose(db, role, id);
      if (model) putBack(db, model.id);
    };
    if (role !== 'embedder') return change(['models', 'learning'], use);
    if (!model) throw new EngineError('not-found', 'No model for meaning ships with this Lodestone.');
    if (embedderInUse(db, all) !== model) {
      await reindexer().begin(model.id);
      return change(['learning'], () => putBack(db, model.id));
    }
    await change(['models'], () => {
      cancelReindex(db);
      use();
    });
    await told(reindexer().wake());
  }

  /** What is in use is what is wanted, from then on: nothing begins again by itself. */
  async function cancelReindexing(): Promise<void> {
    const all = await known();
    const inUse = embedderInUse(db, all);
    await change(['models'], () => {
      cancelReindex(db);
      choose(db, 'embedder', inUse === bestBundled(all, 'embedder') ? undefined : inUse?.id);
      if (inUse) putBack(db, inUse.id);
    });
    await told(reindexer().wake());
  }

  async function reindexing(): Promise<Reindexing | undefined> {
    const model = shadow(db)?.model;
    if (model === undefined) return undefined;
    const name = (await known()).find(({ id }) => id === model)?.name ?? model;
    const { done, total } = shadowProgress(db);
    const rate = await reindexer().rate();
    const reason = get(db, TROUBLE);
    return { model, name, done, total, ...(rate !== undefined && { chunksPerSecond: rate, secondsLeft: Math.ceil((total - done) / rate) }), ...(reason !== undefined && { reason }) };
  }

  return {
    models,
    hardware: machine.hardware,
    async inspectModel(path) {
      const { files: _, ...found } = await inspectPlace(path, around);
      return found;
    },
    addModel,
    removeModel,
    removeIndex,
    estimateModel: async (id) => reindexer().estimate(mustKnow(await known(), id, 'embedder').id),
    useModel,
    reindexing,
    cancelReindexing,
    catalog: async () => (await downloaded).catalog(),
    download: async (id) => (await downloaded).start(id),
    pauseDownload: async (id) => (await downloaded).downloads.pause(id),
    cancelDownload: async (id) => (await downloaded).downloads.cancel(id),
    downloads: async () => (await downloaded).downloads.list(),
    findServers: async () => (await findServers()).map(({ kind, product, url, models: offered }) => ({ kind, name: product, address: url, models: writers(offered) })),
    addServer,
  };
}

/** Those of a server's models that can write. */
function writers(offered: readonly ServerModel[]): string[] {
  return offered.filter(({ embedder }) => !embedder).map(({ name }) => name);
}

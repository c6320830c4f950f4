import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { existsSync } from 'node:fs';
import type { CatalogEntry, Topic } from './api.ts';
import { EngineError } from './api.ts';
import { inspectPlace, type Inspected, type Surroundings } from './found.ts';
import { CATALOG, catalogModel, fitOf, type CatalogModel } from './models/catalog.ts';
import { openDownloads, PROVENANCE, type Downloads } from './models/download.ts';
import { write, type Db } from './store/database.ts';
import { addedModel, saveModel, type ModelDetails } from './store/models.ts';
import { settings } from './store/settings.ts';

export interface Downloaded {
  downloads: Downloads;
  catalog(): Promise<CatalogEntry[]>;
  /** Begins a download, or goes on with one; when it has come to its end the model is on the list. @throws EngineError 'not-found', 'invalid' */
  start(id: string): Promise<void>;
}

/** The models that Lodestone fetched, those it is fetching and those it could; downloads that were under way go on. */
export async function openDownloaded(db: Db, around: Surroundings, announce: (topic: Topic) => void): Promise<Downloaded> {
  const models = around.dirs[1]!;
  const downloads = await openDownloads({ models, announce: () => announce('models'), hub: () => { const { hub } = settings(db); return hub === '' ? {} : { address: hub }; } });

  /** Puts what is there, whole and checked, on the list. */
  async function enlist(): Promise<void> {
    for (const id of await readdir(models).catch(() => [])) {
      if (!existsSync(join(models, id, PROVENANCE)) || addedModel(db, id)) continue;
      const entry = catalogModel(id);
      const place = entry?.format === 'gguf' ? join(models, id, entry.files![0]!) : join(models, id);
      const found = await inspectPlace(place, around, entry?.family).catch((error: Error) => error.message);
      if (typeof found === 'string' && !entry) continue;
      const { role, format } = entry ?? (found as Inspected);
      await write(db, () => saveModel(db, { id, role, format, place, downloaded: true, details: detailsOf(entry, found) }));
    }
    announce('models');
  }

  async function follow(id: string): Promise<void> {
    if ((await downloads.ended(id)) === undefined) return;
    // A model that filled the disk may not fit on the list any more: it is put there at the next start.
    await enlist().catch(() => undefined);
  }

  await enlist();
  for (const { id } of downloads.list()) void follow(id);
  return {
    downloads,
    async catalog() {
      const machine = await around.machine();
      return CATALOG.map((model) => {
        const { id, role, name, family, repository, bytes, languages, licence } = model;
        const installed = addedModel(db, id) !== undefined;
        return { id, role, name, ...(family !== undefined && { family }), repository, bytes, languages: [...languages], licence, fit: fitOf(model, installed ? 0 : bytes, machine), installed };
      });
    },
    async start(id) {
      const entry = catalogModel(id);
      if (!entry) throw new EngineError('not-found', 'That model is not in the catalogue.');
      await downloads.start(entry).catch((error: Error) => { throw new EngineError('invalid', error.message); });
      void follow(id);
    },
  };
}

/** What is told of a model that was fetched: what was found in it, and where that cannot be used, what the catalogue says of it and why. */
function detailsOf(entry: CatalogModel | undefined, found: Inspected | string): ModelDetails {
  if (typeof found === 'string') {
    const { name, family, dimensions, tokens, languages, licence, bytes } = entry!;
    return { name, languages: [...languages], licence, bytes, tokens, trouble: found, ...(family !== undefined && { family }), ...(dimensions !== undefined && { dimensions }) };
  }
  const { name, family, dimensions, tokens, languages, licence, bytes, files } = found;
  return {
    name: entry?.name ?? basename(name), languages: entry ? [...entry.languages] : languages, licence: entry?.licence ?? licence, bytes, files,
    ...(family !== undefined && { family }), ...(dimensions !== undefined && { dimensions }), ...(tokens !== undefined && { tokens }),
  };
}

import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelInfo } from '../api.ts';
import { openEmbedder, type Embedder } from './embedder.ts';
import { readManifest, type Manifest } from './manifest.ts';

interface Installed { folder: string; manifest: Manifest }

/**
 * The models in the folders `modelDirs`, each a folder with a `manifest.json`; earlier folders first, within one by name.
 * Throws the sentence of `readManifest` when one of them is broken.
 */
export async function installed(modelDirs: string[]): Promise<Installed[]> {
  const models: Installed[] = [];
  for (const dir of modelDirs) {
    if (!existsSync(dir)) continue;
    for (const name of (await readdir(dir)).sort()) {
      const folder = join(dir, name);
      if (existsSync(join(folder, 'manifest.json'))) models.push({ folder, manifest: await readManifest(folder) });
    }
  }
  return models;
}

/** The embedder in use: the first one there is. Without any, Lodestone finds by words alone. */
export async function openActiveEmbedder(modelDirs: string[]): Promise<Embedder | undefined> {
  const active = (await installed(modelDirs)).find(({ manifest }) => manifest.role === 'embedder');
  return active && openEmbedder(active.folder);
}

/** What a person sees of each model. */
export async function modelInfos(modelDirs: string[]): Promise<ModelInfo[]> {
  const models = await installed(modelDirs);
  const active = models.find(({ manifest }) => manifest.role === 'embedder');
  return models.map((model) => {
    const { id, role, name, dimensions, languages, licence, quality, files } = model.manifest;
    const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
    return { id, role, name, active: model === active, ...(dimensions === undefined ? {} : { dimensions }), languages, licence, bytes, quality };
  });
}

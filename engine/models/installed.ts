import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelInfo } from '../api.ts';
import { openEmbedder, type Embedder } from './embedder.ts';
import { readManifest, type Manifest } from './manifest.ts';

/** A model folder that can be used. */
export interface InstalledModel { folder: string; manifest: Manifest }

/** The models in these directories, one folder each; `broken` are sentences about folders that cannot be used. */
export async function installedModels(dirs: readonly string[]): Promise<{ models: InstalledModel[]; broken: string[] }> {
  const models: InstalledModel[] = [];
  const broken: string[] = [];
  for (const dir of dirs) {
    const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
      if (!entry.isDirectory()) continue;
      const folder = join(dir, entry.name);
      try {
        models.push({ folder, manifest: await readManifest(folder) });
      } catch (error) {
        broken.push(error instanceof Error ? error.message : String(error));
      }
    }
  }
  return { models, broken };
}

/** The model in use for a role: the one with the best measured quality. */
export function activeModel(models: readonly InstalledModel[], role: Manifest['role']): InstalledModel | undefined {
  const mean = ({ manifest }: InstalledModel): number => {
    const values = Object.values(manifest.quality);
    return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return models.filter(({ manifest }) => manifest.role === role).sort((a, b) => mean(b) - mean(a))[0];
}

/** Opens the embedder in use; undefined where none is installed, and search goes by words alone. */
export async function openActiveEmbedder(dirs: readonly string[]): Promise<Embedder | undefined> {
  const { models } = await installedModels(dirs);
  const active = activeModel(models, 'embedder');
  return active && openEmbedder(active.folder);
}

/** The installed models as the interface shows them. */
export async function modelInfos(dirs: readonly string[]): Promise<ModelInfo[]> {
  const { models } = await installedModels(dirs);
  return models.map(({ manifest }) => {
    const info: ModelInfo = {
      id: manifest.id, role: manifest.role, name: manifest.name, languages: manifest.languages, licence: manifest.licence, quality: manifest.quality,
      format: 'lodestone', bundled: true,
      active: activeModel(models, manifest.role)?.manifest === manifest,
      bytes: Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0),
    };
    if (manifest.dimensions !== undefined) info.dimensions = manifest.dimensions;
    return info;
  });
}

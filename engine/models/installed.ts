import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
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

/** The mean over a model's evaluation sets; 0 where none is known. */
export function meanQuality(quality: Record<string, number>): number {
  const values = Object.values(quality);
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

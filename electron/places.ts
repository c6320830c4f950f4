import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { app } from 'electron';

const built = path.resolve(import.meta.dirname, '..');

export const PAGE_DIR = path.join(built, 'renderer');
export const PRELOAD = path.join(built, 'electron', 'preload.cjs');
export const ENGINE_PROCESS = path.join(built, 'engine', 'process.js');
/** What the engine may have started for it. */
export const CHILD_PROCESSES: Record<string, string> = Object.fromEntries(['llm-process', 'device-process'].map((module) => [module, path.join(built, 'engine', `${module}.js`)]));

/** Models and samples: beside the app where it is packaged, in the project where it is not. */
export function resourcesDir(): string {
  return app.isPackaged ? path.join(process.resourcesPath, 'lodestone') : path.resolve(built, '..', 'resources');
}

/** Chromium keeps its profile in a folder of its own, apart from the library. */
export function keepUserData(): void {
  const folder = path.join(app.getPath('appData'), 'Lodestone', 'shell');
  mkdirSync(folder, { recursive: true }); // Electron refuses a path that is not there.
  app.setPath('userData', folder);
}

import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { FoundModel, ModelRole } from './api.ts';
import { EngineError } from './api.ts';
import { readGguf } from './llm/gguf.ts';
import { fitOf, type Machine } from './models/catalog.ts';
import { openHashes, type Hashes } from './models/hashes.ts';
import { inspectModel } from './models/inspect.ts';

/** Where models are looked for: those that ship with Lodestone, then those in the data directory. */
export type ModelDirs = readonly string[];

/** What stands at a place, and the files it needs there. */
export type Inspected = FoundModel & { files: string[] };

const ROLES: Record<string, ModelRole> = { writer: 'llm', embedder: 'embedder', reranker: 'reranker' };

/** Where models are looked for, and the machine they are to run on. */
export interface Surroundings { dirs: ModelDirs; machine(): Promise<Machine> }

/**
 * Looks at a folder or a GGUF file without loading its weights. `family`: of which it is, where that is known beforehand.
 *
 * @throws EngineError 'invalid' with what is missing or broken
 */
export async function inspectPlace(path: string, around: Surroundings, family?: string): Promise<Inspected> {
  const place = resolve(path);
  try {
    return await (/\.gguf$/i.test(place) ? inspectFile(place, around, family) : inspectFolder(place, around, family));
  } catch (error) {
    throw new EngineError('invalid', error instanceof Error ? error.message : String(error));
  }
}

async function inspectFile(path: string, around: Surroundings, family?: string): Promise<Inspected> {
  if (!existsSync(path)) throw new Error(`There is no file ${path}.`);
  const { use, name, bytes, contextTokens, dimensions, licence } = await readGguf(path);
  const role = ROLES[use]!;
  return {
    path, role, name: name === '' ? basename(path) : name, format: 'gguf', files: [], tokens: contextTokens, languages: [], licence: licence ?? 'unknown', bytes,
    ...(family !== undefined && { family }), ...(role === 'embedder' && { dimensions }), fit: fitOf({ role, memory: bytes }, 0, await around.machine()),
  };
}

async function inspectFolder(path: string, around: Surroundings, family?: string): Promise<Inspected> {
  const { manifest, format, bytes, memory } = await inspectModel(path, { hashes: hashesIn(around.dirs), ...(family !== undefined && { family }) });
  const { role, name, dimensions, maxTokens, languages, licence, files } = manifest;
  return {
    path, role, name, format, ...(manifest.family !== undefined && { family: manifest.family }), ...(dimensions !== undefined && { dimensions }),
    tokens: maxTokens, languages, licence, bytes, files: Object.keys(files), fit: fitOf({ role, memory }, 0, await around.machine()),
  };
}

/** Hashes of weights, remembered in the data directory. Read anew each time, since every thread adds to them. */
export function hashesIn(dirs: ModelDirs): Hashes {
  return openHashes(join(dirs[1]!, 'hashes.json'));
}

import { existsSync } from 'node:fs';
import os from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { FoundModel, ModelRole } from './api.ts';
import { EngineError } from './api.ts';
import { readGguf } from './llm/gguf.ts';
import { fitOf, type Machine } from './models/catalog.ts';
import { freeBytes } from './models/download.ts';
import { openHashes, type Hashes } from './models/hashes.ts';
import { inspectModel } from './models/inspect.ts';

/** Where models are looked for: those that ship with Lodestone, then those in the data directory. */
export type ModelDirs = readonly string[];

/** What stands at a place, and the files it needs there. */
export type Inspected = FoundModel & { files: string[] };

const ROLES: Record<string, ModelRole> = { writer: 'llm', embedder: 'embedder', reranker: 'reranker' };

/**
 * Looks at a folder or a GGUF file without loading its weights. `family`: of which it is, where that is known beforehand.
 *
 * @throws EngineError 'invalid' with what is missing or broken
 */
export async function inspectPlace(path: string, dirs: ModelDirs, family?: string): Promise<Inspected> {
  const place = resolve(path);
  try {
    return await (/\.gguf$/i.test(place) ? inspectFile(place, dirs, family) : inspectFolder(place, dirs, family));
  } catch (error) {
    throw new EngineError('invalid', error instanceof Error ? error.message : String(error));
  }
}

async function inspectFile(path: string, dirs: ModelDirs, family?: string): Promise<Inspected> {
  if (!existsSync(path)) throw new Error(`There is no file ${path}.`);
  const { use, name, bytes, contextTokens, dimensions, licence } = await readGguf(path);
  const role = ROLES[use]!;
  return {
    path, role, name: name === '' ? basename(path) : name, format: 'gguf', files: [], tokens: contextTokens, languages: [], licence: licence ?? 'unknown', bytes,
    ...(family !== undefined && { family }), ...(role === 'embedder' && { dimensions }), fit: fitOf({ role, memory: bytes }, 0, await machineOf(dirs)),
  };
}

async function inspectFolder(path: string, dirs: ModelDirs, family?: string): Promise<Inspected> {
  const { manifest, format, bytes } = await inspectModel(path, { hashes: hashesIn(dirs), ...(family !== undefined && { family }) });
  const { role, name, dimensions, maxTokens, languages, licence, files } = manifest;
  return {
    path, role, name, format, ...(manifest.family !== undefined && { family: manifest.family }), ...(dimensions !== undefined && { dimensions }),
    tokens: maxTokens, languages, licence, bytes, files: Object.keys(files), fit: fitOf({ role, memory: bytes }, 0, await machineOf(dirs)),
  };
}

/** Hashes of weights, remembered in the data directory. Read anew each time, since every thread adds to them. */
export function hashesIn(dirs: ModelDirs): Hashes {
  return openHashes(join(dirs[1]!, 'hashes.json'));
}

/** This machine, as far as it decides what fits. */
export async function machineOf(dirs: ModelDirs): Promise<Machine> {
  return { cores: os.availableParallelism(), memory: os.totalmem(), disk: await freeBytes(dirs[1]!) };
}

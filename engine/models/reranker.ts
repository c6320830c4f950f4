import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Reranker } from '../rank.ts';
import { openCrossEncoder } from './cross-encoder.ts';
import type { InspectOptions } from './inspect.ts';
import { openLateReranker } from './late.ts';
import { readManifest, type Manifest } from './manifest.ts';

export interface RerankerOptions extends InspectOptions { threads?: number }

/** A reranker that holds memory until it is closed. */
export interface OpenReranker extends Reranker { close(): Promise<void> }

type Open = (folder: string, manifest: Manifest, options: RerankerOptions) => Promise<OpenReranker>;

/** How to open each architecture. */
const ARCHITECTURES: Record<string, Open> = { late: openLateReranker };

/** Opens the reranker in a model folder. Throws a sentence when the folder is no usable reranker. */
export async function openReranker(folder: string, options: RerankerOptions = {}): Promise<OpenReranker> {
  // Hugging Face's form has no manifest; its rerankers are cross-encoders.
  if (!existsSync(join(folder, 'manifest.json'))) return openCrossEncoder(folder, options);
  const manifest = await readManifest(folder);
  if (manifest.role !== 'reranker') throw new Error(`The model in ${folder} is an ${manifest.role}, not a reranker.`);
  const open = ARCHITECTURES[manifest.architecture];
  if (open === undefined) throw new Error(`The reranker in ${folder} is of the kind "${manifest.architecture}", which cannot be opened; ${Object.keys(ARCHITECTURES).join(', ')} can.`);
  return open(folder, manifest, options);
}

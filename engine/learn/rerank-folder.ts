import { copyFile, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile, readManifest, type Manifest } from '../models/manifest.ts';
import { writeCheckpoint } from '../nn/safetensors.ts';
import type { Head, TopKind } from './rerank-head.ts';

/** Everything that, with the table and the development sets, makes the same model again. */
export interface RerankRecipe {
  /** At most so many of a set. */
  questions: number;
  trust: number;
  ridge: number;
  steps: number;
  rate: number;
  /** Of a passage, at most. */
  tokens: number;
  /** Share of right hits that may fall below the threshold, in one language and in two: as many as of the first stage. */
  refused: [same: number, across: number];
}

export interface Trained {
  id: string;
  /** Folder of the static embedder whose tokens it compares. */
  table: string;
  head: Head;
  recipe: RerankRecipe;
  seconds: number;
  /** nDCG@10 by set: of the first stage, reranked, and reranked by a head that has seen no set of the kind. */
  quality: Record<'before' | 'after' | 'crossed', Record<string, number>>;
  /** Shares of best hits that pass as answers, by kind and set. */
  passing: Record<'before' | 'after', Record<TopKind, Record<string, number>>>;
}

/** Writes a model folder: table and tokenizer as they are in the embedder, head, and a manifest with recipe, data and figures. */
export async function writeReranker(folder: string, { id, table, head, recipe, seconds, quality, passing }: Trained): Promise<void> {
  const source = await readManifest(table);
  // What was tried on the way is written by hand, and stays.
  const tried = (await readManifest(folder).catch(() => undefined))?.recipe['tried'];
  await mkdir(folder, { recursive: true });
  for (const name of ['model.onnx', 'tokenizer.json']) await copyFile(join(table, name), join(folder, name));
  writeCheckpoint(join(folder, 'head.safetensors'), head);
  const files: Manifest['files'] = {};
  for (const name of ['model.onnx', 'tokenizer.json', 'head.safetensors']) files[name] = { sha256: await hashFile(join(folder, name)), bytes: (await stat(join(folder, name))).size };
  const manifest: Manifest = {
    id,
    name: 'Lodestone late-interaction reranker (zh, en)',
    role: 'reranker',
    architecture: 'late',
    dimensions: source.dimensions!,
    maxTokens: recipe.tokens,
    pooling: 'graph',
    normalised: true,
    prompts: { query: '', document: '' },
    languages: source.languages,
    licence: source.licence,
    attribution: source.attribution,
    recipe: { script: 'engine/learn/train-rerank.ts', seconds, table: source.id, ...recipe, firstStage: quality.before, unseenKind: quality.crossed, passing, ...(tried !== undefined && { tried }), tableRecipe: source.recipe },
    quality: Object.fromEntries(Object.entries(quality.after).filter(([set]) => !set.includes('+'))),
    files,
  };
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, undefined, 1)}\n`);
}

/** Adds to a written folder how long its own files take: milliseconds for so many candidates, on the machine it was made on. */
export async function recordSpeed(folder: string, speed: { candidates: number; threads: number; median: number; most: number }): Promise<void> {
  const manifest = await readManifest(folder);
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify({ ...manifest, recipe: { ...manifest.recipe, milliseconds: speed } }, undefined, 1)}\n`);
}

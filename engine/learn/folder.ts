import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifest, type Manifest } from '../models/manifest.ts';
import type { UnigramFile } from '../models/unigram.ts';
import { writeModel, type Node } from '../nn/onnx.ts';
import type { BagTable } from './bags.ts';
import type { Mixture } from './batches.ts';
import type { VocabularySizes } from './vocabulary.ts';

/** Everything that, with the data, makes the same model again. */
export interface Recipe {
  steps: number;
  batch: number;
  dimensions: number;
  temperature: number;
  rate: number;
  weightRate: number;
  passageTokens: number;
  dropout: number;
  mixture: Mixture;
  repeats: number;
  run: number;
  flatness: number;
  seed: number;
  vocabulary: VocabularySizes;
}

export interface Training { data: string; heldOut: Record<string, number>; background: { mean: number; deviation: number }; pairs: number; seconds: number }

const MAX_TOKENS = 512;
/** Of the row that stands for everything unknown: next to nothing beside other tokens, a direction of its own when alone. */
const UNKNOWN_LENGTH = 1e-4;

/** Vectors times weights, [tokens, dimensions]: all that is needed once training is over. */
export function foldedRows(table: BagTable): Float32Array {
  const { dimensions } = table;
  const rows = new Float32Array(table.vectors.length);
  table.logWeights.forEach((logWeight, token) => {
    const from = token * dimensions;
    const weight = token === 0 ? UNKNOWN_LENGTH : Math.exp(logWeight);
    for (let d = from; d < from + dimensions; d++) rows[d] = table.vectors[d]! * weight;
  });
  return rows;
}

/** Rows as 8-bit integers with one scale each, so that the largest value of a row becomes 127. */
export function quantise(rows: Float32Array, dimensions: number): { codes: Int8Array; scales: Float32Array } {
  const codes = new Int8Array(rows.length);
  const scales = new Float32Array(rows.length / dimensions);
  for (let token = 0; token < scales.length; token++) {
    let largest = 0;
    for (let d = token * dimensions; d < (token + 1) * dimensions; d++) largest = Math.max(largest, Math.abs(rows[d]!));
    scales[token] = largest / 127;
    if (largest > 0) for (let d = token * dimensions; d < (token + 1) * dimensions; d++) codes[d] = Math.round((rows[d]! / largest) * 127);
  }
  return { codes, scales };
}

/**
 * A graph that looks tokens up and sums them: `input_ids`, `attention_mask` [batch, tokens] → `embedding` [batch, dimensions].
 * A token that stands n times in a text counts n^`repeats`.
 */
export function staticGraph(codes: Int8Array, scales: Float32Array, dimensions: number, repeats = 1): Uint8Array {
  const tokens = { type: 'int64' as const, shape: ['batch', 'tokens'] };
  return writeModel({
    name: 'static-embedder',
    inputs: { input_ids: tokens, attention_mask: tokens },
    outputs: { embedding: { type: 'float32', shape: ['batch', dimensions] } },
    constants: {
      codes: { type: 'int8', shape: [scales.length, dimensions], data: codes },
      scales: { type: 'float32', shape: [scales.length], data: scales },
      axis1: { type: 'int64', shape: [1], data: BigInt64Array.of(1n) },
      ...(repeats !== 1 && {
        axis2: { type: 'int64', shape: [1], data: BigInt64Array.of(2n) },
        one: { type: 'float32', shape: [], data: Float32Array.of(1) },
        // Of n equal tokens each counts n^(repeats − 1).
        share: { type: 'float32', shape: [], data: Float32Array.of(repeats - 1) },
      }),
    },
    nodes: [
      { op: 'Gather', inputs: ['codes', 'input_ids'], outputs: ['row_codes'] },
      { op: 'Cast', inputs: ['row_codes'], outputs: ['rows'], attributes: { to: { int: 1 } } },
      { op: 'Gather', inputs: ['scales', 'input_ids'], outputs: ['row_scales'] },
      { op: 'Cast', inputs: ['attention_mask'], outputs: ['mask'], attributes: { to: { int: 1 } } },
      { op: 'Mul', inputs: ['row_scales', 'mask'], outputs: [repeats === 1 ? 'weights' : 'single'] },
      ...(repeats === 1 ? [] : DAMPING),
      // Scales and mask are a row vector times the rows: one product sums a text.
      { op: 'Unsqueeze', inputs: ['weights', 'axis1'], outputs: ['weights_row'] },
      { op: 'MatMul', inputs: ['weights_row', 'rows'], outputs: ['sums'] },
      { op: 'Squeeze', inputs: ['sums', 'axis1'], outputs: ['embedding'] },
    ],
  });
}

/** How often each token stands in its text, where the mask says there is one, and its weight so divided. */
const DAMPING: Node[] = [
  { op: 'Unsqueeze', inputs: ['input_ids', 'axis1'], outputs: ['ids_row'] },
  { op: 'Unsqueeze', inputs: ['input_ids', 'axis2'], outputs: ['ids_column'] },
  { op: 'Equal', inputs: ['ids_column', 'ids_row'], outputs: ['equal'] },
  { op: 'Cast', inputs: ['equal'], outputs: ['same'], attributes: { to: { int: 1 } } },
  { op: 'Unsqueeze', inputs: ['mask', 'axis2'], outputs: ['mask_column'] },
  { op: 'MatMul', inputs: ['same', 'mask_column'], outputs: ['counts_column'] },
  { op: 'Squeeze', inputs: ['counts_column', 'axis2'], outputs: ['counts'] },
  { op: 'Max', inputs: ['counts', 'one'], outputs: ['times'] },
  { op: 'Pow', inputs: ['times', 'share'], outputs: ['damping'] },
  { op: 'Mul', inputs: ['single', 'damping'], outputs: ['weights'] },
];

/** Writes a model folder: graph, tokenizer and a manifest with recipe, data and sizes. */
export async function writeFolder(folder: string, id: string, tokenizer: UnigramFile, rows: Float32Array, recipe: Recipe, training: Training): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { codes, scales } = quantise(rows, recipe.dimensions);
  const files: Manifest['files'] = {};
  const save = async (name: string, bytes: Uint8Array): Promise<void> => {
    await writeFile(join(folder, name), bytes);
    files[name] = { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
  };
  await save('model.onnx', staticGraph(codes, scales, recipe.dimensions, recipe.repeats));
  await save('tokenizer.json', new TextEncoder().encode(JSON.stringify(tokenizer)));
  const sources = JSON.parse(await readFile(join(training.data, 'manifest.json'), 'utf8')) as { source?: string; licence?: string; pairs?: number }[];
  const manifest: Manifest = {
    id,
    name: 'Lodestone static embedder (zh, en)',
    role: 'embedder',
    architecture: 'static',
    dimensions: recipe.dimensions,
    maxTokens: MAX_TOKENS,
    pooling: 'graph',
    normalised: true,
    prompts: { query: '', document: '' },
    background: training.background,
    languages: ['zh', 'en'],
    licence: 'Apache-2.0',
    attribution: [
      ...sources.map(({ source, licence, pairs }) => ({ source: source ?? '', licence: licence ?? '', ...(pairs === undefined ? {} : { pairs }) })),
      { source: 'BYVoid/OpenCC, TSCharacters (folding of traditional characters)', licence: 'Apache-2.0' },
    ],
    recipe: { script: 'engine/learn/train-embed.ts', tokens: scales.length, trainingPairs: training.pairs, seconds: training.seconds, heldOutLoss: training.heldOut, ...recipe },
    quality: {},
    files,
  };
  await writeManifest(folder, manifest);
}

/** Adds to a written folder what its own files achieved. */
export async function recordQuality(folder: string, quality: Record<string, number>): Promise<void> {
  await writeManifest(folder, { ...(await readManifest(folder)), quality });
}

async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, undefined, 1)}\n`);
}

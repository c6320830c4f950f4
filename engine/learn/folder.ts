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
  novelty: number;
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

/** What a static embedder's graph does beside summing up rows. */
export interface StaticForm {
  /** How much more a token counts that says something else than its text at large: e^(novelty · (1 − cosine to the plain sum)). */
  novelty?: number;
  /** [dimensions, dimensions], by rows of inputs: what a sum is multiplied by in the end. */
  map?: Float32Array;
}

/** A graph that looks tokens up and sums them: `input_ids`, `attention_mask` [batch, tokens] → `embedding` [batch, dimensions]. */
export function staticGraph(codes: Int8Array, scales: Float32Array, dimensions: number, { novelty = 0, map }: StaticForm = {}): Uint8Array {
  const tokens = { type: 'int64' as const, shape: ['batch', 'tokens'] };
  return writeModel({
    name: 'static-embedder',
    inputs: { input_ids: tokens, attention_mask: tokens },
    outputs: { embedding: { type: 'float32', shape: ['batch', dimensions] } },
    constants: {
      codes: { type: 'int8', shape: [scales.length, dimensions], data: codes },
      scales: { type: 'float32', shape: [scales.length], data: scales },
      axis1: { type: 'int64', shape: [1], data: BigInt64Array.of(1n) },
      ...(novelty !== 0 && {
        lengths: { type: 'float32', shape: [scales.length], data: lengthsOf(codes, dimensions) },
        tiny: { type: 'float32', shape: [], data: Float32Array.of(1e-12) },
        novelty: { type: 'float32', shape: [], data: Float32Array.of(novelty) },
      }),
      ...(map && { map: { type: 'float32', shape: [dimensions, dimensions], data: map } }),
    },
    nodes: [
      { op: 'Gather', inputs: ['codes', 'input_ids'], outputs: ['row_codes'] },
      { op: 'Cast', inputs: ['row_codes'], outputs: ['rows'], attributes: { to: { int: 1 } } },
      { op: 'Gather', inputs: ['scales', 'input_ids'], outputs: ['row_scales'] },
      { op: 'Cast', inputs: ['attention_mask'], outputs: ['mask'], attributes: { to: { int: 1 } } },
      { op: 'Mul', inputs: ['row_scales', 'mask'], outputs: ['weights'] },
      // Scales and mask are a row vector times the rows: one product sums a text.
      { op: 'Unsqueeze', inputs: ['weights', 'axis1'], outputs: ['weights_row'] },
      ...(novelty === 0 ? [] : NOVELTY),
      { op: 'MatMul', inputs: [novelty === 0 ? 'weights_row' : 'novel_row', 'rows'], outputs: ['sums'] },
      { op: 'Squeeze', inputs: ['sums', 'axis1'], outputs: [map ? 'unmapped' : 'embedding'] },
      ...(map ? [{ op: 'MatMul', inputs: ['unmapped', 'map'], outputs: ['embedding'] }] : []),
    ],
  });
}

/** From the weights to those that also say how far a token is from the plain sum of its text. */
const NOVELTY: Node[] = [
  { op: 'MatMul', inputs: ['weights_row', 'rows'], outputs: ['plain'] },
  { op: 'ReduceL2', inputs: ['plain'], outputs: ['plain_length'], attributes: { axes: { ints: [2] }, keepdims: { int: 1 } } },
  { op: 'Transpose', inputs: ['rows'], outputs: ['columns'], attributes: { perm: { ints: [0, 2, 1] } } },
  { op: 'MatMul', inputs: ['plain', 'columns'], outputs: ['products'] },
  { op: 'Gather', inputs: ['lengths', 'input_ids'], outputs: ['row_lengths'] },
  { op: 'Unsqueeze', inputs: ['row_lengths', 'axis1'], outputs: ['lengths_row'] },
  { op: 'Mul', inputs: ['lengths_row', 'plain_length'], outputs: ['both_lengths'] },
  { op: 'Add', inputs: ['both_lengths', 'tiny'], outputs: ['divisor'] },
  { op: 'Div', inputs: ['products', 'divisor'], outputs: ['cosines'] },
  { op: 'Mul', inputs: ['cosines', 'novelty'], outputs: ['known'] },
  { op: 'Sub', inputs: ['novelty', 'known'], outputs: ['new'] },
  { op: 'Exp', inputs: ['new'], outputs: ['factors'] },
  { op: 'Mul', inputs: ['weights_row', 'factors'], outputs: ['novel_row'] },
];

function lengthsOf(codes: Int8Array, dimensions: number): Float32Array {
  return Float32Array.from({ length: codes.length / dimensions }, (_, row) => {
    let squares = 0;
    for (let d = row * dimensions; d < (row + 1) * dimensions; d++) squares += codes[d]! ** 2;
    return Math.sqrt(squares);
  });
}

/** Writes a model folder: graph, tokenizer and a manifest with recipe, data and sizes. */
export async function writeFolder(folder: string, id: string, tokenizer: UnigramFile, rows: Float32Array, recipe: Recipe, training: Training): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { codes, scales } = quantise(rows, recipe.dimensions);
  const files: Manifest['files'] = {};
  const save = async (name: string, bytes: Uint8Array): Promise<void> => {
    await writeFile(join(folder, name), bytes);
    files[name] = { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
  };
  await save('model.onnx', staticGraph(codes, scales, recipe.dimensions, { novelty: recipe.novelty }));
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

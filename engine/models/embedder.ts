import { join } from 'node:path';
import { openSession, Tensor, type Device, type Session } from '../nn/session.ts';
import { readManifest, spaceIdentity, type Manifest } from './manifest.ts';
import { openTokenizer } from './tokenizer.ts';

/** A document and the question that looks for it are not always embedded alike. */
export type Side = 'query' | 'document';

/** Text in, vectors out. */
export interface Embedder {
  id: string;
  /** Identity of its vector space: vectors of different spaces are never compared. */
  space: string;
  dimensions: number;
  /** Cosine of a query and a document that have nothing to do with each other. */
  background?: { mean: number; deviation: number };
  countTokens(text: string): number;
  /** One vector a text, in their order; of a model with prompts for several tasks, for that one. A text's vector does not depend on the others. Computes on the calling thread. */
  embed(texts: string[], side: Side, task?: string): Promise<Float32Array[]>;
  close(): Promise<void>;
}

export interface EmbedderOptions { threads?: number; /** The processor if absent. */ device?: Device }

/** Tokens in one run: enough to keep a core busy, few enough that activations stay in its cache. */
const TOKENS_PER_RUN = 4096;
/** A run takes texts this much shorter than its longest, so at most an eighth of it is padding. */
const PADDING = 1 / 8;

/**
 * Opens the embedder in a model folder: `manifest.json`, `tokenizer.json`, `model.onnx`. The graph takes `input_ids` and, if
 * it names them, `attention_mask` and `token_type_ids` (int64, [batch, tokens]); its first output is one vector a token
 * [batch, tokens, dimensions], or already one a text where the manifest's pooling is `graph`. Throws a sentence when the
 * folder is no usable embedder.
 */
export async function openEmbedder(folder: string, options: EmbedderOptions = {}): Promise<Embedder> {
  const manifest = await readManifest(folder);
  if (manifest.role !== 'embedder') throw new Error(`The model in ${folder} is a ${manifest.role}, not an embedder.`);
  const tokenizer = await openTokenizer(join(folder, 'tokenizer.json'));
  const session = await openSession(join(folder, 'model.onnx'), options);
  return {
    id: manifest.id,
    space: spaceIdentity(manifest, (options.device ?? 'cpu') === 'cpu' ? 'cpu' : 'gpu'),
    dimensions: manifest.dimensions!,
    ...(manifest.background === undefined ? {} : { background: manifest.background }),
    countTokens: (text) => tokenizer.count(text),
    async embed(texts, side) {
      const tokens = texts.map((text) => {
        const ids = tokenizer.encode(manifest.prompts[side] + text, manifest.maxTokens);
        // A text without any token stands for something unknown, which is token 0.
        return ids.length > 0 ? ids : [0];
      });
      const vectors = new Array<Float32Array>(texts.length);
      for (const run of runs(tokens.map((ids) => ids.length))) {
        const hidden = await compute(session, run.map((text) => tokens[text]!));
        const pooled = pool(hidden, run.map((text) => tokens[text]!.length), manifest);
        run.forEach((text, i) => (vectors[text] = manifest.normalised ? normalise(pooled[i]!) : pooled[i]!));
      }
      return vectors;
    },
    close: () => session.release(),
  };
}

/** Which texts go together, by their lengths: like with like, longest first. */
export function runs(lengths: number[]): number[][] {
  const order = lengths.map((_, text) => text).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const all: number[][] = [];
  let longest = 0;
  for (const text of order) {
    const run = all.at(-1);
    if (run !== undefined && (run.length + 1) * longest <= TOKENS_PER_RUN && lengths[text]! >= longest * (1 - PADDING)) run.push(text);
    else {
      all.push([text]);
      longest = lengths[text]!;
    }
  }
  return all;
}

interface Hidden { data: Float32Array; shape: readonly number[] }

async function compute(session: Session, texts: number[][]): Promise<Hidden> {
  const longest = Math.max(...texts.map((ids) => ids.length));
  const shape = [texts.length, longest];
  const ids = new BigInt64Array(texts.length * longest);
  const mask = new BigInt64Array(texts.length * longest);
  texts.forEach((text, row) => text.forEach((id, column) => {
    ids[row * longest + column] = BigInt(id);
    mask[row * longest + column] = 1n;
  }));
  const feeds: Record<string, Tensor> = {};
  for (const name of session.inputNames) {
    if (name === 'input_ids') feeds[name] = new Tensor('int64', ids, shape);
    else if (name === 'attention_mask') feeds[name] = new Tensor('int64', mask, shape);
    else if (name === 'token_type_ids') feeds[name] = new Tensor('int64', new BigInt64Array(ids.length), shape);
    else throw new Error(`The model asks for an input "${name}" that an embedder does not have.`);
  }
  const output = (await session.run(feeds))[session.outputNames[0]!]!;
  return { data: output.data as Float32Array, shape: output.dims };
}

/** One vector a text, by the manifest's pooling. */
function pool(hidden: Hidden, lengths: number[], manifest: Manifest): Float32Array[] {
  const dimensions = manifest.dimensions!;
  const expected = manifest.pooling === 'graph' ? 2 : 3;
  if (hidden.shape.length !== expected || hidden.shape.at(-1) !== dimensions) {
    throw new Error(`The model ${manifest.id} gives [${hidden.shape.join(', ')}] where pooling "${manifest.pooling}" with ${dimensions} dimensions was expected.`);
  }
  const width = expected === 2 ? 1 : hidden.shape[1]!;
  return lengths.map((length, text) => {
    const row = (token: number): Float32Array => hidden.data.slice((text * width + token) * dimensions, (text * width + token + 1) * dimensions);
    if (manifest.pooling === 'last') return row(length - 1);
    if (manifest.pooling !== 'mean') return row(0);
    const mean = new Float32Array(dimensions);
    for (let token = 0; token < length; token++) {
      const from = (text * width + token) * dimensions;
      for (let d = 0; d < dimensions; d++) mean[d]! += hidden.data[from + d]! / length;
    }
    return mean;
  });
}

/** To unit length, in place. */
function normalise(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  if (length > 0) for (let d = 0; d < vector.length; d++) vector[d]! /= length;
  return vector;
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Device } from '../nn/session.ts';
import { measureBackground, type Background } from './background.ts';
import type { Prompts } from './families.ts';
import { inspectFolder, type InspectOptions } from './inspect.ts';
import { readManifest, spaceIdentity, type Manifest } from './manifest.ts';
import { normalise, openGraph, openOnnx, TOKENS_TOGETHER, type Network, type TokenText } from './network.ts';
import { instructionsFor, promptedText, promptsFor, promptTokens, type Side } from './prompts.ts';
import type { Precision } from './passport.ts';
import { PROBES } from './probes.ts';
import { openRounded, type Rounded } from './rounded.ts';
import { openTokenizer, type Tokenizer } from './tokenizer.ts';

export type { Side } from './prompts.ts';

/** Text in, vectors out. */
export interface Embedder {
  id: string;
  /** Identity of its vector space: vectors of different spaces are never compared. */
  space: string;
  dimensions: number;
  /** Cosine of a query and a document that have nothing to do with each other. */
  background?: { mean: number; deviation: number };
  /** How its numbers are kept while it computes; float32 if absent. */
  precision?: Precision;
  /** Why it is float32 where eight bits were asked for: a sentence. */
  refused?: string;
  /** What it was trained for, by name; absent where there is one way to embed only. */
  tasks?: readonly string[];
  /** The space of documents embedded for a task: another one where the model puts other words before them. */
  spaceFor?(task: string): string;
  /** What questions and documents of a task are read with, in words; empty where nothing stands before them. */
  instructionsFor?(task: string): Prompts;
  countTokens(text: string): number;
  /**
   * One vector a text, in their order. A text's vector does not depend on the others. Computes on the calling thread. `task`
   * is one of `tasks`, or where the model follows instructions one in any words; throws a sentence where it knows no such task.
   */
  embed(texts: string[], side: Side, task?: string): Promise<Float32Array[]>;
  close(): Promise<void>;
}

export interface EmbedderOptions extends InspectOptions {
  threads?: number;
  device?: Device;
  /** What `Embedder.background` is, where it is known already; measured on opening where neither this nor the manifest says. */
  background?: { mean: number; deviation: number };
  /** `int8` computes in eight bits where the model bears that on this machine (`rounded.ts`), in float32 where it does not. Of weights in safetensors only. */
  precision?: 'float32' | 'int8';
}

/** A run takes texts this much shorter than its longest, so at most an eighth of it is padding. */
const PADDING = 1 / 8;

/**
 * Opens the embedder in a model folder: ours (`manifest.json`, `tokenizer.json`, `model.onnx`) or one in Hugging Face's form.
 * Throws a sentence when the folder is no usable embedder.
 */
export async function openEmbedder(folder: string, options: EmbedderOptions = {}): Promise<Embedder> {
  const own = existsSync(join(folder, 'manifest.json'));
  const found = own ? undefined : await inspectFolder(folder, options);
  const manifest = found?.manifest ?? (await readManifest(folder));
  if (manifest.role !== 'embedder') throw new Error(`The model in ${folder} is a ${manifest.role}, not an embedder.`);
  const settings = { ...(options.threads === undefined ? {} : { threads: options.threads }), ...(options.device === undefined ? {} : { device: options.device }) };
  const provider = (options.device ?? 'cpu') === 'cpu' ? 'cpu' : 'gpu';
  const reader = readerOf(found?.tokenizer ?? (await openTokenizer(join(folder, 'tokenizer.json'))), manifest);
  const { network, precision, refused }: Rounded = found?.architecture === undefined ? { network: await openOnnx(found?.folder.onnx ?? join(folder, 'model.onnx'), manifest, found?.folder.projection, settings), precision: 'float32' }
    : options.precision === 'int8' ? await openRounded(found, PROBES.map((text) => reader.read(text, 'document')), settings)
    : { network: await openGraph(found, settings), precision: 'float32' };
  const dot = manifest.score === 'dot';
  // Without the weights at hand: gains are seldom above 1.
  const bound = dot ? (found?.architecture?.bound() ?? Math.sqrt(manifest.dimensions!)) : 1;
  const embed: Embedder['embed'] = async (texts, side, task) => {
    const vectors = await embedAll(network, texts.map((text) => reader.read(text, side, task)));
    return dot ? vectors.map((vector) => onSphere(vector, side, bound)) : vectors;
  };
  const space = spaceIdentity(manifest, provider, 'none', precision);
  const background = manifest.background ?? options.background ?? (own ? undefined : await backgroundOf(space, embed));
  return {
    id: manifest.id,
    space,
    dimensions: manifest.dimensions! + Number(dot),
    precision,
    ...(refused === undefined ? {} : { refused }),
    ...(background === undefined ? {} : { background }),
    ...(manifest.tasks === undefined ? {} : { tasks: Object.keys(manifest.tasks) }),
    spaceFor: (task) => spaceIdentity({ ...manifest, prompts: promptsFor(manifest, task) }, provider, 'none', precision),
    instructionsFor: (task) => instructionsFor(manifest, task),
    countTokens: reader.count,
    embed,
    close: () => network.close(),
  };
}

export const backgrounds = new Map<string, Background>();

/** Measured once in a process: models are closed when nobody uses them, and opened again. */
async function backgroundOf(space: string, embed: Embedder['embed']): Promise<Background> {
  const known = backgrounds.get(space) ?? (await measureBackground({ embed }));
  backgrounds.set(space, known);
  return known;
}

interface Reader { count(text: string): number; read(text: string, side: Side, task?: string): TokenText }

/** From a text to the tokens a model reads: prompt, text cut to its length, and the token that has to end it. */
export function readerOf(tokenizer: Tokenizer, manifest: Manifest): Reader {
  const end = manifest.end === undefined ? undefined : tokenizer.id(manifest.end)!;
  return {
    count: (text) => tokenizer.count(text),
    read(text, side, task) {
      let ids = tokenizer.encode(promptedText(manifest, text, side, task), manifest.maxTokens);
      // Some tokenizers of these models put it there themselves.
      if (end !== undefined && ids.at(-1) !== end) ids = [...ids.slice(0, manifest.maxTokens - 1), end];
      const prompt = manifest.promptSkipped ? promptsFor(manifest, task)[side].trim() : '';
      const from = prompt === '' ? 0 : promptTokens(tokenizer, prompt, ids);
      // A text without any token stands for something unknown, which is token 0.
      return { ids: ids.length > 0 ? ids : [0], from };
    },
  };
}

async function embedAll(network: Network, tokens: readonly TokenText[]): Promise<Float32Array[]> {
  const vectors = new Array<Float32Array>(tokens.length);
  for (const run of runs(tokens.map(({ ids }) => ids.length), network.tokensPerRun)) {
    const found = await network.vectors(run.map((text) => tokens[text]!));
    run.forEach((text, i) => (vectors[text] = found[i]!));
  }
  return vectors;
}

/** Which texts go together, by their lengths: like with like, longest first, and never more than so many tokens but in a text that is longer. */
export function runs(lengths: number[], tokensPerRun = TOKENS_TOGETHER): number[][] {
  const order = lengths.map((_, text) => text).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const all: number[][] = [];
  let longest = 0;
  for (const text of order) {
    const run = all.at(-1);
    if (run !== undefined && (run.length + 1) * longest <= tokensPerRun && lengths[text]! >= longest * (1 - PADDING)) run.push(text);
    else {
      all.push([text]);
      longest = lengths[text]!;
    }
  }
  return all;
}

/**
 * For models whose score is the dot product of vectors of any length: one number more, so that unit vectors' cosine has the
 * dot product's order (https://arxiv.org/abs/1410.5518). A document is scaled by a bound of all lengths and filled up to the
 * unit sphere; a question has only its direction.
 */
export function onSphere(vector: Float32Array, side: Side, bound: number): Float32Array {
  const sphere = new Float32Array(vector.length + 1);
  sphere.set(vector);
  if (side === 'query') return normalise(sphere);
  let squares = 0;
  for (let d = 0; d < vector.length; d++) squares += (sphere[d]! /= bound) ** 2;
  sphere[vector.length] = Math.sqrt(Math.max(0, 1 - squares));
  return squares > 1 ? normalise(sphere) : sphere;
}

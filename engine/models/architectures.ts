import { bertEmbedder, bertHidden, bertPrefix, bertReranker, readBertConfig, type BertConfig, type BertOptions } from '../nn/bert.ts';
import * as g from '../nn/graph.ts';
import { llamaEmbedder, llamaPrefix, llamaWeights, readLlamaConfig } from '../nn/llama.ts';
import type { Checkpoint } from '../nn/safetensors.ts';
import { readT5Config, t5CrossEncoder, t5Embedder, t5Weights } from '../nn/t5.ts';
import { constant, type Value } from '../nn/value.ts';
import { Weights, type WeightsOptions } from '../nn/weights.ts';
import type { Projection } from './model-folder.ts';

/** How a graph is built to be trained through: with masks that drop activations, or from the input of a layer on (`nn/bert.ts`). */
export type Training = Pick<BertOptions, 'dropout' | 'from'>;

/** A network that can be built from a checkpoint. */
export interface Architecture {
  /** What its graphs are built with. */
  weights: Weights;
  /** Length of a token's vector. */
  width: number;
  /** The longest text it has positions for. */
  longest: number;
  /** Rows of its table of tokens. */
  vocabulary: number;
  /** Poolings the graph can do. */
  poolings: readonly ('cls' | 'mean' | 'last')[];
  /** The weights it needs, by their names in the checkpoint, and their shapes. */
  needed(role: 'embedder' | 'reranker', labels: number): Record<string, number[]>;
  /** Text vectors before any projection, [batch, width]; the input `pooling_mask` marks what is averaged. */
  embedder(pooling: 'cls' | 'mean' | 'last', longest: number, training?: Training): Value;
  /** No vector of a token, and no mean of them, is longer: by the weights of the last norm. */
  bound(): number;
  /** A logit for every pair, [batch]; absent where such models are no cross-encoders. */
  crossEncoder?(longest: number, training?: Training): Value;
  /** Its layers, where it can be built with `Training`. */
  layers?: number;
  /** What goes into a layer, [batch, tokens, width], of texts or pairs of texts; where it can be built with `Training`. */
  hidden?(upTo: number, pairs: boolean): Value;
}

/** The network a `config.json` describes; `options` say what of it is learned. Throws a sentence where it is none of those that are known. */
export function readArchitecture(config: Readonly<Record<string, unknown>>, checkpoint: Checkpoint, options: Omit<WeightsOptions, 'prefix'> = {}): Architecture {
  const type = String(config['model_type']);
  const read = ARCHITECTURES[type];
  if (read === undefined) throw new Error(`its model_type is "${type}", which can only be read as ONNX (onnx/model.onnx); from safetensors ${Object.keys(ARCHITECTURES).join(', ')} can be read.`);
  return read(config, checkpoint, options);
}

type Reader = (config: Readonly<Record<string, unknown>>, checkpoint: Checkpoint, options: Omit<WeightsOptions, 'prefix'>) => Architecture;

const bert: Reader = (json, checkpoint, options) => {
  const config = readBertConfig(json);
  const prefix = bertPrefix(checkpoint.names);
  const weights = new Weights(checkpoint, { ...options, prefix });
  const vocabulary = count(json, 'vocab_size');
  return {
    weights, width: config.width, longest: config.longest, vocabulary, poolings: ['cls', 'mean'],
    needed: (role, labels) => bertWeights(config, prefix, vocabulary, count(json, 'intermediate_size'), role === 'reranker' ? labels : 0),
    bound: () => normBound(checkpoint, `${prefix}encoder.layer.${config.layers - 1}.output.LayerNorm`),
    embedder: (pooling, _, training) => bertEmbedder(config, weights, { ...training, pooling: pooling === 'cls' ? 'cls' : 'mean', normalised: false }),
    crossEncoder: (_, training) => bertReranker(config, weights, training),
    layers: config.layers,
    hidden: (upTo, pairs) => bertHidden(config, weights, upTo, pairs),
  };
};

const t5: Reader = (json, checkpoint, options) => {
  const config = readT5Config(json);
  const weights = new Weights(checkpoint, options);
  return {
    weights, width: config.width, longest: Infinity, vocabulary: config.vocabulary, poolings: ['mean', 'last'],
    needed: (role, labels) => ({ ...t5Weights(config, checkpoint.names), ...(role === 'reranker' ? { 'classifier.weight': [labels, config.width], 'classifier.bias': [labels] } : {}) }),
    bound: () => normBound(checkpoint, 'encoder.final_layer_norm'),
    embedder: (_, longest) => t5Embedder(config, weights, { longest, normalised: false }),
    crossEncoder: (longest) => t5CrossEncoder(config, weights, { longest }),
  };
};

const llama: Reader = (json, checkpoint, options) => {
  const config = readLlamaConfig(json);
  const prefix = llamaPrefix(checkpoint.names);
  const weights = new Weights(checkpoint, { ...options, prefix });
  // GTE's Qwen2 says so itself; its own code then leaves out the causal mask.
  const causal = json['is_causal'] !== false;
  return {
    weights, width: config.width, longest: config.longest, vocabulary: config.vocabulary, poolings: ['mean', 'last'],
    needed: () => prefixed(prefix, llamaWeights(config)),
    bound: () => normBound(checkpoint, `${prefix}norm`),
    embedder: (_, longest) => llamaEmbedder(config, weights, { longest, normalised: false, causal }),
  };
};

const ARCHITECTURES: Record<string, Reader> = { bert, 'xlm-roberta': bert, roberta: bert, camembert: bert, t5, mt5: t5, llama, mistral: llama, qwen2: llama, qwen3: llama };

/** Says which weight of a checkpoint is missing or of another shape than its `config.json` wants; undefined where none is. */
export function faultOfWeights(checkpoint: Checkpoint, needed: Readonly<Record<string, number[]>>): string | undefined {
  const missing = Object.keys(needed).filter((name) => !checkpoint.has(name));
  if (missing.length > 0) return `its checkpoint lacks ${missing[0]}${missing.length > 1 ? ` and ${missing.length - 1} more weights` : ''}.`;
  for (const [name, shape] of Object.entries(needed)) {
    const found = checkpoint.shape(name);
    if (found.join() !== shape.join()) return `its weight ${name} is [${found.join(', ')}], where config.json wants [${shape.join(', ')}].`;
  }
  return undefined;
}

/** Puts a projection over pooled vectors and brings them to unit length where that is wanted. */
export function finish(pooled: Value, projection: Projection | undefined, normalised: boolean): Value {
  let vector = pooled;
  if (projection !== undefined) {
    const { weight, out, ins, bias, tanh } = projection;
    const table = constant({ type: 'float32', shape: [out, ins], data: weight });
    vector = g.gemm(vector, table, { transposeB: true, ...(bias === undefined ? {} : { bias: constant({ type: 'float32', shape: [out], data: bias }) }) });
    if (tanh) vector = g.tanh(vector);
  }
  return normalised ? g.l2Normalise(vector) : vector;
}

/** What BERT's encoder needs, and with labels the classifier of a cross-encoder. */
function bertWeights(config: BertConfig, prefix: string, vocabulary: number, inner: number, labels: number): Record<string, number[]> {
  const { width } = config;
  const encoder: Record<string, number[]> = {
    'embeddings.word_embeddings.weight': [vocabulary, width],
    'embeddings.position_embeddings.weight': [config.longest + config.firstPosition, width],
    'embeddings.token_type_embeddings.weight': [config.tokenTypes, width],
  };
  const linear = (needed: Record<string, number[]>, name: string, out: number, ins: number): void => void Object.assign(needed, { [`${name}.weight`]: [out, ins], [`${name}.bias`]: [out] });
  const norm = (name: string): void => void Object.assign(encoder, { [`${name}.weight`]: [width], [`${name}.bias`]: [width] });
  norm('embeddings.LayerNorm');
  for (let layer = 0; layer < config.layers; layer++) {
    const name = `encoder.layer.${layer}`;
    for (const part of ['query', 'key', 'value']) linear(encoder, `${name}.attention.self.${part}`, width, width);
    linear(encoder, `${name}.attention.output.dense`, width, width);
    norm(`${name}.attention.output.LayerNorm`);
    linear(encoder, `${name}.intermediate.dense`, inner, width);
    linear(encoder, `${name}.output.dense`, width, inner);
    norm(`${name}.output.LayerNorm`);
  }
  const head: Record<string, number[]> = {};
  if (labels > 0) {
    linear(head, config.family === 'bert' ? `${prefix}pooler.dense` : 'classifier.dense', width, width);
    linear(head, config.family === 'bert' ? 'classifier' : 'classifier.out_proj', labels, width);
  }
  return { ...prefixed(prefix, encoder), ...head };
}

/** A normed vector has length √width at most; then come gain and bias. */
function normBound(checkpoint: Checkpoint, name: string): number {
  const gain = checkpoint.read(`${name}.weight`);
  const bias = checkpoint.has(`${name}.bias`) ? Math.hypot(...checkpoint.read(`${name}.bias`)) : 0;
  return gain.reduce((most, value) => Math.max(most, Math.abs(value)), 0) * Math.sqrt(gain.length) + bias;
}

function prefixed(prefix: string, weights: Readonly<Record<string, number[]>>): Record<string, number[]> {
  return Object.fromEntries(Object.entries(weights).map(([name, shape]) => [prefix + name, shape]));
}

function count(json: Readonly<Record<string, unknown>>, key: string): number {
  const value = json[key];
  if (typeof value !== 'number') throw new Error(`its config.json does not say its ${key}.`);
  return value;
}

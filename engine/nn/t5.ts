import * as g from './graph.ts';
import { dropout, firstTokens, joinHeads, meanTokens, paddingMask, splitHeads } from './layers.ts';
import { constant, input, type Value } from './value.ts';
import type { Weights } from './weights.ts';

/**
 * The encoder of T5 (https://arxiv.org/abs/1910.10683), as Hugging Face stores it: positions only as a bias on attention
 * scores by relative distance, norms without mean or bias, no scaling of scores. GTR, Sentence-T5 and INSTRUCTOR are this.
 */
export interface T5Config {
  layers: number;
  heads: number;
  width: number;
  /** Width of one head; heads · headWidth need not be `width`. */
  headWidth: number;
  inner: number;
  vocabulary: number;
  epsilon: number;
  /** The feed-forward layer: one matrix with ReLU (T5 1.0), or two of which one gates the other (T5 1.1, FLAN, mT5). */
  feedForward: 'relu' | 'gated-gelu';
  buckets: number;
  maxDistance: number;
}

/** Graph inputs are `input_ids` and `attention_mask`, int64 [batch, tokens], padded at the end. */
export interface T5Options {
  /** Texts are at most so long. */
  longest: number;
  /** Whether masks are fed that drop activations (`dropout` in `layers.ts`). */
  dropout?: boolean;
}

/** With `pooling_mask` int64 [batch, tokens] fed: the tokens that are averaged. */
export interface T5EmbedderOptions extends T5Options { normalised: boolean }

/** The parts of `config.json` that say how to compute. Throws a sentence where they ask for something else than T5 does. */
export function readT5Config(json: Readonly<Record<string, unknown>>): T5Config {
  const number = (key: string, otherwise?: number): number => {
    const value = json[key] ?? otherwise;
    if (typeof value !== 'number') throw new Error(`The model's config.json does not say its ${key}.`);
    return value;
  };
  const type = String(json['model_type']);
  if (type !== 't5' && type !== 'mt5') throw new Error(`A model of type "${type}" is not of the T5 family.`);
  const feedForward = json['feed_forward_proj'] ?? 'relu';
  if (feedForward !== 'relu' && feedForward !== 'gated-gelu') throw new Error(`The model's feed-forward layer is "${String(feedForward)}"; only "relu" and "gated-gelu" are known of T5.`);
  return {
    feedForward,
    layers: number('num_layers'), heads: number('num_heads'), width: number('d_model'), headWidth: number('d_kv'), inner: number('d_ff'), vocabulary: number('vocab_size'),
    epsilon: number('layer_norm_epsilon', 1e-6),
    buckets: number('relative_attention_num_buckets', 32),
    maxDistance: number('relative_attention_max_distance', 128),
  };
}

/** The weights an encoder of this configuration needs, and their shapes. The table of words has one of two names. */
export function t5Weights(config: T5Config, names: readonly string[]): Record<string, number[]> {
  const { width, inner, heads, headWidth } = config;
  const all = heads * headWidth;
  const needed: Record<string, number[]> = { [wordsName((name) => names.includes(name))]: [config.vocabulary, width], 'encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight': [config.buckets, heads] };
  for (let layer = 0; layer < config.layers; layer++) {
    const [attention, forward] = [`encoder.block.${layer}.layer.0`, `encoder.block.${layer}.layer.1`];
    for (const part of ['q', 'k', 'v']) needed[`${attention}.SelfAttention.${part}.weight`] = [all, width];
    needed[`${attention}.SelfAttention.o.weight`] = [width, all];
    needed[`${attention}.layer_norm.weight`] = [width];
    for (const part of config.feedForward === 'relu' ? ['wi'] : ['wi_0', 'wi_1']) needed[`${forward}.DenseReluDense.${part}.weight`] = [inner, width];
    needed[`${forward}.DenseReluDense.wo.weight`] = [width, inner];
    needed[`${forward}.layer_norm.weight`] = [width];
  }
  needed['encoder.final_layer_norm.weight'] = [width];
  return needed;
}

/** A vector for every text: [batch, width]. */
export function t5Embedder(config: T5Config, weights: Weights, options: T5EmbedderOptions): Value {
  const mean = meanTokens(encode(config, weights, options), input('pooling_mask', 'int64', ['batch', 'tokens']));
  return options.normalised ? g.l2Normalise(mean) : mean;
}

/**
 * A number for every pair of texts: [batch]. TART-full (https://arxiv.org/abs/2211.09260) has two labels over the first
 * token's state and scores by softmax[1]; their difference is its logit. A classifier of one label gives it as it is.
 */
export function t5CrossEncoder(config: T5Config, weights: Weights, options: T5Options): Value {
  const first = firstTokens(encode(config, weights, options), 'batch', 'tokens');
  const logits = weights.linear(drop(first, 'head', options), 'classifier');
  const labels = logits.shape[1];
  if (labels !== 1 && labels !== 2) throw new Error(`The model gives ${labels} numbers for a pair of texts where a reranker gives one or two.`);
  return g.reshape(labels === 1 ? logits : g.subtract(g.slice(logits, 1, 1, 1), g.slice(logits, 1, 0, 1)), ['batch']);
}

/** Hidden states [batch·tokens, width]. */
function encode(config: T5Config, weights: Weights, options: T5Options): Value {
  const ids = input('input_ids', 'int64', ['batch', 'tokens']);
  const mask = input('attention_mask', 'int64', ['batch', 'tokens']);
  const words = weights.get(wordsName((name) => weights.has(name)));
  const added = g.add(distanceBias(config, weights, options.longest), paddingMask(mask));
  let hidden = drop(g.reshape(g.gather(words, ids), ['batch*tokens', config.width]), 'embeddings', options);
  for (let layer = 0; layer < config.layers; layer++) {
    const [attention, forward] = [`encoder.block.${layer}.layer.0`, `encoder.block.${layer}.layer.1`];
    const x = normalise(hidden, weights, attention, config);
    const heads = (part: string): Value => splitHeads(weights.linear(x, `${attention}.SelfAttention.${part}`), 'batch', 'tokens', config.heads);
    const context = joinHeads(g.attention(heads('q'), heads('k'), heads('v'), 1, added));
    hidden = g.add(hidden, drop(weights.linear(context, `${attention}.SelfAttention.o`), `${layer}.attention`, options));
    const y = normalise(hidden, weights, forward, config);
    const dense = `${forward}.DenseReluDense`;
    const wide = config.feedForward === 'relu' ? g.relu(weights.linear(y, `${dense}.wi`)) : g.multiply(geluByTanh(weights.linear(y, `${dense}.wi_0`)), weights.linear(y, `${dense}.wi_1`));
    hidden = g.add(hidden, drop(weights.linear(drop(wide, `${layer}.wide`, options), `${dense}.wo`), `${layer}.output`, options));
  }
  const last = g.rmsNorm(hidden, weights.get('encoder.final_layer_norm.weight'), config.epsilon);
  return drop(last, 'last', options);
}

function normalise(x: Value, weights: Weights, name: string, { epsilon }: T5Config): Value {
  return g.rmsNorm(x, weights.get(`${name}.layer_norm.weight`), epsilon);
}

/** What is added to the scores of every layer by how far a key is from its query: [1, heads, tokens, tokens]. Layers share the first one's. */
function distanceBias(config: T5Config, weights: Weights, longest: number): Value {
  const positions = constant({ type: 'int64', shape: [longest], data: BigInt64Array.from({ length: longest }, (_, i) => BigInt(i)) });
  const own = g.slice(positions, 0, 0, 'tokens');
  // Counted up by `longest` − 1, a distance is a row of the table.
  const shifted = constant({ type: 'int64', shape: [longest], data: BigInt64Array.from({ length: longest }, (_, i) => BigInt(i + longest - 1)) });
  const distances = g.subtract(g.reshape(g.slice(shifted, 0, 0, 'tokens'), [1, 'tokens']), g.reshape(own, ['tokens', 1]));
  const buckets = constant({ type: 'int64', shape: [2 * longest - 1], data: BigInt64Array.from({ length: 2 * longest - 1 }, (_, i) => BigInt(distanceBucket(i - longest + 1, config))) });
  const bias = g.gather(weights.get('encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight'), g.gather(buckets, distances));
  return g.reshape(g.transpose(bias, [2, 0, 1]), [1, config.heads, 'tokens', 'tokens']);
}

/**
 * Which of the learned biases belongs to a key so many places behind the query (before it, if negative): half of them for each
 * direction; of these half for exact distances, the others growing logarithmically up to `maxDistance`.
 */
export function distanceBucket(distance: number, { buckets, maxDistance }: Pick<T5Config, 'buckets' | 'maxDistance'>): number {
  const half = Math.floor(buckets / 2);
  const exact = Math.floor(half / 2);
  const from = distance > 0 ? half : 0;
  const far = Math.abs(distance);
  if (far < exact) return from + far;
  // In single precision step by step, as the weights were trained: a distance on the border belongs where rounding puts it.
  const share = Math.fround(Math.fround(Math.log(Math.fround(far / exact))) / Math.fround(Math.log(maxDistance / exact)));
  return from + Math.min(half - 1, exact + Math.trunc(Math.fround(share * (half - exact))));
}

/** The tanh approximation of GELU, which gated T5 was trained with. */
function geluByTanh(x: Value): Value {
  const inner = g.scale(g.add(x, g.scale(g.multiply(g.multiply(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return g.multiply(g.scale(x, 0.5), g.add(g.tanh(inner), g.scalar(1)));
}

function wordsName(has: (name: string) => boolean): string {
  const found = ['shared.weight', 'encoder.embed_tokens.weight'].find(has);
  if (found === undefined) throw new Error('The checkpoint has no shared.weight, so it is none of the T5 family.');
  return found;
}

function drop(x: Value, name: string, options: T5Options): Value {
  return options.dropout === true ? dropout(x, name) : x;
}

import * as g from './graph.ts';
import { dropout, joinHeads, meanTokens, paddingMask, splitHeads } from './layers.ts';
import { inverseFrequencies, readRope, rotate, rotation, type Rope } from './rope.ts';
import { constant, input, type Value } from './value.ts';
import type { Weights } from './weights.ts';

/**
 * Decoders in Llama's form (https://arxiv.org/abs/2302.13971) as embedders: Llama, Mistral, Qwen2 (biases on query, key and
 * value) and Qwen3 (a norm on every head of query and key). Fewer heads may hold keys and values than ask
 * (https://arxiv.org/abs/2305.13245); rotary positions; SwiGLU.
 */
export interface LlamaConfig {
  family: 'llama' | 'mistral' | 'qwen2' | 'qwen3';
  layers: number;
  heads: number;
  keyHeads: number;
  width: number;
  headWidth: number;
  inner: number;
  vocabulary: number;
  epsilon: number;
  rope: Rope;
  /** Longer texts do not fit: the positions the model was trained on, or the window over which it attends. */
  longest: number;
  /** Whether the family's decoders have biases on query, key and value. */
  biased: boolean;
}

/**
 * Graph inputs are `input_ids` and `attention_mask`, int64 [batch, tokens], padded at the end, so that a token's number is its
 * position.
 */
export interface LlamaOptions {
  /** Whether a token sees only those before it; LLM2Vec and some embedders made of decoders see all. */
  causal: boolean;
  /** Texts are at most so long. */
  longest: number;
  /** Whether masks are fed that drop activations (`dropout` in `layers.ts`): after attention and feed-forward layers. */
  dropout?: boolean;
}

/** With `pooling_mask` int64 [batch, tokens] fed: the tokens that are averaged; the last one alone for last-token pooling. */
export interface LlamaEmbedderOptions extends LlamaOptions { normalised: boolean }

const FAMILIES = ['llama', 'mistral', 'qwen2', 'qwen3'] as const;

/** The parts of `config.json` that say how to compute. Throws a sentence where they ask for something else. */
export function readLlamaConfig(json: Readonly<Record<string, unknown>>): LlamaConfig {
  const number = (key: string, otherwise?: number): number => {
    const value = json[key] ?? otherwise;
    if (typeof value !== 'number') throw new Error(`The model's config.json does not say its ${key}.`);
    return value;
  };
  const family = FAMILIES.find((known) => known === json['model_type']);
  if (family === undefined) throw new Error(`A model of type "${String(json['model_type'])}" is not of the Llama family.`);
  const activation = json['hidden_act'] ?? 'silu';
  if (activation !== 'silu') throw new Error(`The model's activation "${String(activation)}" is not "silu", which its family was trained with.`);
  const [width, heads] = [number('hidden_size'), number('num_attention_heads')];
  const keyHeads = number('num_key_value_heads', heads);
  const headWidth = number('head_dim', width / heads);
  if (heads % keyHeads !== 0) throw new Error(`${heads} heads cannot share ${keyHeads} heads of keys and values evenly.`);
  if (!Number.isInteger(headWidth) || headWidth % 2 !== 0) throw new Error(`A head of ${headWidth} numbers cannot be turned in pairs.`);
  const slides = json['sliding_window'] != null && (family === 'mistral' || json['use_sliding_window'] === true);
  const positions = number('max_position_embeddings');
  return {
    family, width, heads, keyHeads, headWidth,
    layers: number('num_hidden_layers'), inner: number('intermediate_size'), vocabulary: number('vocab_size'), epsilon: number('rms_norm_eps'),
    rope: readRope(json),
    longest: slides ? Math.min(positions, number('sliding_window')) : positions,
    biased: family === 'qwen2' || json['attention_bias'] === true,
  };
}

/** What the names of a checkpoint's weights begin with. */
export function llamaPrefix(names: readonly string[]): string {
  const end = 'embed_tokens.weight';
  const found = names.find((name) => name.endsWith(end));
  if (found === undefined) throw new Error(`The checkpoint has no ${end}, so it is none of the Llama family.`);
  return found.slice(0, -end.length);
}

/** The weights a decoder of this configuration needs, without a prefix, and their shapes. The head that predicts words is not needed. */
export function llamaWeights(config: LlamaConfig): Record<string, number[]> {
  const { width, inner, headWidth } = config;
  const [asking, holding] = [config.heads * headWidth, config.keyHeads * headWidth];
  const needed: Record<string, number[]> = { 'embed_tokens.weight': [config.vocabulary, width], 'norm.weight': [width] };
  for (let layer = 0; layer < config.layers; layer++) {
    const name = `layers.${layer}`;
    for (const [part, length] of [['q', asking], ['k', holding], ['v', holding]] as const) {
      needed[`${name}.self_attn.${part}_proj.weight`] = [length, width];
      if (config.biased) needed[`${name}.self_attn.${part}_proj.bias`] = [length];
    }
    needed[`${name}.self_attn.o_proj.weight`] = [width, asking];
    if (config.family === 'qwen3') for (const part of ['q', 'k']) needed[`${name}.self_attn.${part}_norm.weight`] = [headWidth];
    for (const part of ['gate', 'up']) needed[`${name}.mlp.${part}_proj.weight`] = [inner, width];
    needed[`${name}.mlp.down_proj.weight`] = [width, inner];
    needed[`${name}.input_layernorm.weight`] = [width];
    needed[`${name}.post_attention_layernorm.weight`] = [width];
  }
  return needed;
}

/** A vector for every text: [batch, width]. */
export function llamaEmbedder(config: LlamaConfig, weights: Weights, options: LlamaEmbedderOptions): Value {
  const pooled = meanTokens(llamaHidden(config, weights, options), input('pooling_mask', 'int64', ['batch', 'tokens']));
  return options.normalised ? g.l2Normalise(pooled) : pooled;
}

/** The hidden states behind the last norm, [batch·tokens, width]: what a head that predicts words reads. */
export function llamaHidden(config: LlamaConfig, weights: Weights, options: LlamaOptions): Value {
  if (options.longest > config.longest) throw new Error(`Texts of ${options.longest} tokens are longer than the ${config.longest} the model can read.`);
  const ids = input('input_ids', 'int64', ['batch', 'tokens']);
  const padding = paddingMask(input('attention_mask', 'int64', ['batch', 'tokens']));
  const seen = options.causal ? g.add(futureMask(options.longest), padding) : padding;
  const groups = config.heads / config.keyHeads;
  // Heads that share keys stand on an axis of their own, over which the keys broadcast.
  const mask = g.reshape(seen, [seen.shape[0]!, 1, ...seen.shape.slice(1)]);
  const turns = rotation(inverseFrequencies(config.rope, config.headWidth), options.longest);
  let hidden = g.reshape(g.gather(weights.get('embed_tokens.weight'), ids), ['batch*tokens', config.width]);
  for (let layer = 0; layer < config.layers; layer++) {
    const name = `layers.${layer}`;
    const x = g.rmsNorm(hidden, weights.get(`${name}.input_layernorm.weight`), config.epsilon);
    const project = (part: string, heads: number): Value => {
      const split = splitHeads(weights.linear(x, `${name}.self_attn.${part}_proj`), 'batch', 'tokens', heads);
      return config.family === 'qwen3' && part !== 'v' ? g.rmsNorm(split, weights.get(`${name}.self_attn.${part}_norm.weight`), config.epsilon) : split;
    };
    const grouped = (value: Value, size: number): Value => g.reshape(value, ['batch', config.keyHeads, size, 'tokens', config.headWidth]);
    const q = grouped(rotate(project('q', config.heads), turns), groups);
    const k = grouped(rotate(project('k', config.keyHeads), turns), 1);
    const context = g.attention(q, k, grouped(project('v', config.keyHeads), 1), 1 / Math.sqrt(config.headWidth), mask);
    const joined = joinHeads(g.reshape(context, ['batch', config.heads, 'tokens', config.headWidth]));
    hidden = g.add(hidden, drop(weights.linear(joined, `${name}.self_attn.o_proj`), `${layer}.attention`, options));
    const y = g.rmsNorm(hidden, weights.get(`${name}.post_attention_layernorm.weight`), config.epsilon);
    const gate = weights.linear(y, `${name}.mlp.gate_proj`);
    const wide = g.multiply(g.multiply(gate, g.sigmoid(gate)), weights.linear(y, `${name}.mlp.up_proj`));
    hidden = g.add(hidden, drop(weights.linear(wide, `${name}.mlp.down_proj`), `${layer}.output`, options));
  }
  return g.rmsNorm(hidden, weights.get('norm.weight'), config.epsilon);
}

/** Far below every score for keys behind the query, 0 for the others: [1, 1, tokens, tokens]. */
function futureMask(longest: number): Value {
  const positions = constant({ type: 'float32', shape: [longest], data: Float32Array.from({ length: longest }, (_, i) => i) });
  const own = g.slice(positions, 0, 0, 'tokens');
  const later = g.greater(g.reshape(own, [1, 'tokens']), g.reshape(own, ['tokens', 1]));
  return g.reshape(g.where(later, g.scalar(-1e9), g.scalar(0)), [1, 1, 'tokens', 'tokens']);
}

function drop(x: Value, name: string, options: LlamaOptions): Value {
  return options.dropout === true ? dropout(x, name) : x;
}

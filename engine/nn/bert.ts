import * as g from './graph.ts';
import { dropout, firstTokens, joinHeads, meanTokens, paddingMask, splitHeads } from './layers.ts';
import { input, type Value } from './value.ts';
import type { Weights } from './weights.ts';

/**
 * BERT (https://arxiv.org/abs/1810.04805) and XLM-RoBERTa (https://arxiv.org/abs/1911.02116) encoders, as Hugging Face stores
 * them. They are one architecture; XLM-RoBERTa counts positions from behind its padding token's number and has no pooler.
 */
export interface BertConfig {
  family: 'bert' | 'roberta';
  layers: number;
  heads: number;
  width: number;
  epsilon: number;
  /** The position of a text's first token. */
  firstPosition: number;
  longest: number;
  tokenTypes: number;
}

/** Graph inputs are `input_ids`, `attention_mask` and, for a cross-encoder with kinds of tokens, `token_type_ids`: int64 [batch, tokens], padded at the end. */
export interface BertOptions {
  /** Whether masks are fed that drop activations (`dropout` in `layers.ts`): after the embeddings, attention and feed-forward layers, and before a classifier. */
  dropout?: boolean;
  /** Starts at the input of this layer, fed as `hidden` float32 [batch, tokens, width], instead of at the embeddings. */
  from?: number;
}

export interface BertEmbedderOptions extends BertOptions { pooling: 'cls' | 'mean'; normalised: boolean }

/** The parts of `config.json` that say how to compute. Throws a sentence where they ask for something else than BERT does. */
export function readBertConfig(json: Readonly<Record<string, unknown>>): BertConfig {
  const number = (key: string): number => {
    const value = json[key];
    if (typeof value !== 'number') throw new Error(`The model's config.json does not say its ${key}.`);
    return value;
  };
  const type = String(json['model_type']);
  const family = type === 'bert' ? 'bert' : type === 'xlm-roberta' || type === 'roberta' || type === 'camembert' ? 'roberta' : undefined;
  if (family === undefined) throw new Error(`A model of type "${type}" is not of the BERT family.`);
  const activation = json['hidden_act'] ?? 'gelu';
  if (activation !== 'gelu') throw new Error(`The model's activation "${String(activation)}" is none that BERT was trained with here; "gelu" is.`);
  const positions = json['position_embedding_type'] ?? 'absolute';
  if (positions !== 'absolute') throw new Error(`The model counts positions as "${String(positions)}"; only "absolute" is read.`);
  const [width, heads] = [number('hidden_size'), number('num_attention_heads')];
  if (width % heads !== 0) throw new Error(`A hidden_size of ${width} cannot be shared by ${heads} heads.`);
  const firstPosition = family === 'bert' ? 0 : number('pad_token_id') + 1;
  return {
    family, width, heads, firstPosition,
    layers: number('num_hidden_layers'),
    epsilon: number('layer_norm_eps'),
    longest: number('max_position_embeddings') - firstPosition,
    tokenTypes: number('type_vocab_size'),
  };
}

/** What the names of a checkpoint's encoder weights begin with. */
export function bertPrefix(names: readonly string[]): string {
  const end = 'embeddings.word_embeddings.weight';
  const found = names.find((name) => name.endsWith(end));
  if (found === undefined) throw new Error(`The checkpoint has no ${end}, so it is none of the BERT family.`);
  return found.slice(0, -end.length);
}

/** A vector for every text: [batch, width]. */
export function bertEmbedder(config: BertConfig, weights: Weights, options: BertEmbedderOptions): Value {
  const mask = input('attention_mask', 'int64', ['batch', 'tokens']);
  const hidden = start(config, weights, options, false);
  const pooled = options.pooling === 'cls' ? encode(config, weights, hidden, mask, options, true) : meanTokens(encode(config, weights, hidden, mask, options, false), mask);
  return options.normalised ? g.l2Normalise(pooled) : pooled;
}

/**
 * A number for every pair of texts: [batch]. The checkpoint holds a classifier beside the encoder: `classifier` behind the
 * encoder's own pooler (BERT), or `classifier.dense` and `classifier.out_proj` (XLM-RoBERTa).
 */
export function bertReranker(config: BertConfig, weights: Weights, options: BertOptions = {}): Value {
  const head = weights.under('');
  const mask = input('attention_mask', 'int64', ['batch', 'tokens']);
  const first = encode(config, weights, start(config, weights, options, config.tokenTypes > 1), mask, options, true);
  const own = config.family === 'roberta';
  const before = own ? drop(first, 'head.in', options) : first;
  const pooled = drop(g.tanh(own ? head.linear(before, 'classifier.dense') : weights.linear(before, 'pooler.dense')), 'head.out', options);
  const logits = head.linear(pooled, own ? 'classifier.out_proj' : 'classifier');
  if (logits.shape[1] !== 1) throw new Error(`The model gives ${logits.shape[1]} numbers for a pair of texts where a reranker gives one.`);
  return g.reshape(logits, ['batch']);
}

/** The hidden states that go into layer `upTo`: float32 [batch, tokens, width], to be kept and fed to a graph that starts `from` there. */
export function bertHidden(config: BertConfig, weights: Weights, upTo: number, pairs = false): Value {
  const mask = input('attention_mask', 'int64', ['batch', 'tokens']);
  const hidden = encode({ ...config, layers: upTo }, weights, start(config, weights, {}, pairs && config.tokenTypes > 1), mask, {}, false);
  return g.reshape(hidden, ['batch', 'tokens', config.width]);
}

/** The hidden states of layer `options.from`, or the embeddings: [batch·tokens, width]. */
function start(config: BertConfig, weights: Weights, options: BertOptions, tokenTypes: boolean): Value {
  const flat = ['batch*tokens', config.width];
  if (options.from !== undefined) {
    if (!(options.from >= 0 && options.from < config.layers)) throw new Error(`A model of ${config.layers} layers cannot start at layer ${options.from}.`);
    return g.reshape(input('hidden', 'float32', ['batch', 'tokens', config.width]), flat);
  }
  const words = g.gather(weights.get('embeddings.word_embeddings.weight'), input('input_ids', 'int64', ['batch', 'tokens']));
  const positions = g.slice(weights.get('embeddings.position_embeddings.weight'), 0, config.firstPosition, 'tokens');
  const types = weights.get('embeddings.token_type_embeddings.weight');
  const kinds = tokenTypes ? g.gather(types, input('token_type_ids', 'int64', ['batch', 'tokens'])) : g.slice(types, 0, 0, 1);
  const sum = g.add(g.add(words, kinds), positions);
  const hidden = normalise(g.reshape(sum, flat), weights, 'embeddings.LayerNorm', config);
  return drop(hidden, 'embeddings', options);
}

/** Through the layers. With `firstOnly` the last layer computes only what each text's first token needs: [batch, width]. */
function encode(config: BertConfig, weights: Weights, start: Value, mask: Value, options: BertOptions, firstOnly: boolean): Value {
  const added = paddingMask(mask);
  let hidden = start;
  for (let layer = options.from ?? 0; layer < config.layers; layer++) {
    const name = `encoder.layer.${layer}`;
    const single = firstOnly && layer === config.layers - 1;
    const asking = single ? firstTokens(hidden, 'batch', 'tokens') : hidden;
    const heads = (x: Value, tokens: number | string, part: string): Value => splitHeads(weights.linear(x, `${name}.attention.self.${part}`), 'batch', tokens, config.heads);
    const context = g.attention(heads(asking, single ? 1 : 'tokens', 'query'), heads(hidden, 'tokens', 'key'), heads(hidden, 'tokens', 'value'), 1 / Math.sqrt(config.width / config.heads), added);
    const attended = drop(weights.linear(joinHeads(context), `${name}.attention.output.dense`), `${layer}.attention`, options);
    const between = normalise(g.add(attended, asking), weights, `${name}.attention.output.LayerNorm`, config);
    const wide = g.gelu(weights.linear(between, `${name}.intermediate.dense`));
    const narrow = drop(weights.linear(wide, `${name}.output.dense`), `${layer}.output`, options);
    hidden = normalise(g.add(narrow, between), weights, `${name}.output.LayerNorm`, config);
  }
  return hidden;
}

function normalise(x: Value, weights: Weights, name: string, { epsilon }: BertConfig): Value {
  return g.layerNormalization(x, weights.get(`${name}.weight`), weights.get(`${name}.bias`), epsilon);
}

function drop(x: Value, name: string, options: BertOptions): Value {
  return options.dropout === true ? dropout(x, name) : x;
}

import { type HeaderValue, noise, type Weights, writeGguf } from './gguf.ts';

/** An encoder of a few thousand weights, and all it computes once more in plain float64 loops. */
export interface MicroBert {
  file: string;
  dimensions: number;
  /** Tokens of one text or of a question and a text, with the marks that stand before, between and after. */
  tokens(...texts: string[]): number[];
  /** One vector a token. */
  hidden(tokens: number[]): number[][];
  /** Of a reranker: how well a text answers a question. */
  logit(question: string, text: string): number;
}

const DIMENSIONS = 32;
const LAYERS = 2;
const HEADS = 4;
const HEAD = DIMENSIONS / HEADS;
const FEED_FORWARD = 48;
const EPSILON = 1e-12;
const POSITIONS = 128;

const [UNKNOWN, CLS, SEP] = [1, 2, 3];
const WORDS = ['the', 'lease', 'ends', 'in', 'may', 'june', 'cat', 'sat', 'when', 'does', 'end', '.', '?', '租', '约', '五', '月', '到', '期'];
/** Word pieces: what begins a word, and what goes on in one. */
const PIECES = ['##s', '##d', '##ed'];
const VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...WORDS, ...PIECES];

/** Writes an encoder (arXiv 1810.04805), with the head of a cross-encoder if `pooling` is 'rank'. */
export function writeMicroBert(file: string, pooling: 'mean' | 'cls' | 'rank'): MicroBert {
  const random = noise(11);
  const tensors: Record<string, Weights> = {};
  const matrix = (name: string, rows: number, columns: number, scale = 0.3): void => {
    tensors[name] = { shape: [rows, columns], data: Float32Array.from({ length: rows * columns }, () => random() * scale) };
  };
  const vector = (name: string, size: number, around: number): void => {
    tensors[name] = { shape: [size], data: Float32Array.from({ length: size }, () => around + random() * 0.1) };
  };
  const linear = (name: string, rows: number, columns: number): void => {
    matrix(`${name}.weight`, rows, columns);
    vector(`${name}.bias`, rows, 0);
  };
  const norm = (name: string): void => {
    vector(`${name}.weight`, DIMENSIONS, 1);
    vector(`${name}.bias`, DIMENSIONS, 0);
  };
  matrix('token_embd.weight', VOCABULARY.length, DIMENSIONS, 1);
  matrix('token_types.weight', 2, DIMENSIONS);
  matrix('position_embd.weight', POSITIONS, DIMENSIONS);
  norm('token_embd_norm');
  for (let layer = 0; layer < LAYERS; layer++) {
    for (const name of ['attn_q', 'attn_k', 'attn_v', 'attn_output']) linear(`blk.${layer}.${name}`, DIMENSIONS, DIMENSIONS);
    norm(`blk.${layer}.attn_output_norm`);
    linear(`blk.${layer}.ffn_up`, FEED_FORWARD, DIMENSIONS);
    linear(`blk.${layer}.ffn_down`, DIMENSIONS, FEED_FORWARD);
    norm(`blk.${layer}.layer_output_norm`);
  }
  if (pooling === 'rank') {
    linear('cls', DIMENSIONS, DIMENSIONS);
    linear('cls.output', 1, DIMENSIONS);
  }
  const uint32 = (value: number): HeaderValue => ({ kind: 'uint32', value });
  writeGguf(file, {
    'general.architecture': { kind: 'string', value: 'bert' },
    'general.name': { kind: 'string', value: pooling === 'rank' ? 'Micro reranker' : 'Micro embedder' },
    'bert.context_length': uint32(POSITIONS),
    'bert.embedding_length': uint32(DIMENSIONS),
    'bert.block_count': uint32(LAYERS),
    'bert.feed_forward_length': uint32(FEED_FORWARD),
    'bert.attention.head_count': uint32(HEADS),
    'bert.attention.layer_norm_epsilon': { kind: 'float32', value: EPSILON },
    'bert.attention.causal': { kind: 'bool', value: false },
    'bert.pooling_type': uint32({ mean: 1, cls: 2, rank: 4 }[pooling]),
    'tokenizer.ggml.model': { kind: 'string', value: 'bert' },
    'tokenizer.ggml.token_type_count': uint32(2),
    // In this format a piece that begins a word has ▁ before it, and one that goes on has nothing.
    'tokenizer.ggml.tokens': { kind: 'array', of: 'string', value: VOCABULARY.map((piece) => (/^\[.+\]$/.test(piece) ? piece : piece.startsWith('##') ? piece.slice(2) : `▁${piece}`)) },
    'tokenizer.ggml.scores': { kind: 'array', of: 'float32', value: VOCABULARY.map(() => -1000) },
    'tokenizer.ggml.token_type': { kind: 'array', of: 'int32', value: VOCABULARY.map((_, token) => (token < 5 ? 3 : 1)) },
    'tokenizer.ggml.unknown_token_id': uint32(UNKNOWN),
    'tokenizer.ggml.bos_token_id': uint32(CLS),
    'tokenizer.ggml.cls_token_id': uint32(CLS),
    'tokenizer.ggml.eos_token_id': uint32(SEP),
    'tokenizer.ggml.seperator_token_id': uint32(SEP),
    'tokenizer.ggml.padding_token_id': uint32(0),
    'tokenizer.ggml.mask_token_id': uint32(4),
  }, tensors);

  const tokens = (...texts: string[]): number[] => [CLS, ...texts.flatMap((text) => [...wordPieces(text), SEP])];
  return {
    file,
    dimensions: DIMENSIONS,
    tokens,
    hidden: (tokens) => hidden(tensors, tokens),
    logit(question, text) {
      const [first] = hidden(tensors, tokens(question, text));
      return affine(tensors, 'cls.output', affine(tensors, 'cls', first!).map(Math.tanh))[0]!;
    },
  };
}

/** Words and signs, each cut into the longest pieces there are from the left. */
function wordPieces(text: string): number[] {
  return [...text.toLowerCase().matchAll(/[a-z]+|\S/gu)].flatMap(([word]) => {
    const found: number[] = [];
    for (let at = 0; at < word.length; ) {
      let end = word.length;
      while (end > at && !VOCABULARY.includes((at > 0 ? '##' : '') + word.slice(at, end))) end--;
      if (end === at) return [UNKNOWN];
      found.push(VOCABULARY.indexOf((at > 0 ? '##' : '') + word.slice(at, end)));
      at = end;
    }
    return found;
  });
}

function hidden(tensors: Record<string, Weights>, tokens: number[]): number[][] {
  const row = (name: string, index: number): number[] => Array.from(tensors[`${name}.weight`]!.data.subarray(index * DIMENSIONS, (index + 1) * DIMENSIONS));
  let x = tokens.map((token, position) => normalise(tensors, 'token_embd_norm', plus(row('token_embd', token), plus(row('token_types', 0), row('position_embd', position)))));
  for (let layer = 0; layer < LAYERS; layer++) {
    const name = (part: string): string => `blk.${layer}.${part}`;
    const [queries, keys, values] = ['attn_q', 'attn_k', 'attn_v'].map((part) => x.map((vector) => affine(tensors, name(part), vector)));
    const mixed = x.map((_, position) => {
      const out = new Array<number>(DIMENSIONS).fill(0);
      for (let head = 0; head < HEADS; head++) {
        const part = (vector: number[]): number[] => vector.slice(head * HEAD, (head + 1) * HEAD);
        const weights = keys!.map((key) => Math.exp(dot(part(queries![position]!), part(key)) / Math.sqrt(HEAD)));
        const sum = weights.reduce((total, weight) => total + weight, 0);
        weights.forEach((weight, other) => part(values![other]!).forEach((value, d) => (out[head * HEAD + d]! += (weight / sum) * value)));
      }
      return out;
    });
    x = x.map((vector, position) => normalise(tensors, name('attn_output_norm'), plus(vector, affine(tensors, name('attn_output'), mixed[position]!))));
    x = x.map((vector) => normalise(tensors, name('layer_output_norm'), plus(vector, affine(tensors, name('ffn_down'), affine(tensors, name('ffn_up'), vector).map(gelu)))));
  }
  return x;
}

function affine(tensors: Record<string, Weights>, name: string, x: number[]): number[] {
  const matrix = tensors[`${name}.weight`]!.data;
  return Array.from(tensors[`${name}.bias`]!.data, (bias, row) => bias + x.reduce((sum, value, column) => sum + value * matrix[row * x.length + column]!, 0));
}

function normalise(tensors: Record<string, Weights>, name: string, x: number[]): number[] {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  return x.map((value, d) => ((value - mean) / Math.sqrt(variance + EPSILON)) * tensors[`${name}.weight`]!.data[d]! + tensors[`${name}.bias`]!.data[d]!);
}

/** By the tangent, as ggml computes it. */
function gelu(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

function plus(a: number[], b: number[]): number[] {
  return a.map((value, d) => value + b[d]!);
}

function dot(a: number[], b: number[]): number {
  return a.reduce((sum, value, d) => sum + value * b[d]!, 0);
}

import { noise, type Weights, writeGguf } from './gguf.ts';

/** A language model of 95,000 weights in a file of 390 KB, and all it computes once more in plain float64 loops. */
export interface MicroLlama {
  file: string;
  contextTokens: number;
  /** The conversation as its template renders it. */
  render(messages: { role: string; content: string }[]): string;
  /** Tokens of a text, with the one that begins every text. `special`: the marks of the template are tokens. */
  tokens(text: string, special?: boolean): number[];
  /** Log-probability of each token after those before it; nothing is before the first. */
  logProbabilities(tokens: number[]): number[];
}

/** Of what size a model is; a head is `dimensions / heads` long, and its position turns pairs at speeds from 1 down to 1 / `ropeBase`. */
export interface Shape { dimensions: number; layers: number; heads: number; keyHeads: number; feedForward: number; ropeBase: number }

const EPSILON = 1e-5;
const CONTEXT = 512;

const BOS = 1;
const FIRST_BYTE = 3;
const SPACE = 259;
/** Merged left to right, in this order; `▁` is a space (SentencePiece). */
const PIECES = ['th', '▁th', '▁the'];
const MARKS = ['<|im_start|>', '<|im_end|>'];
export const VOCABULARY = ['<unk>', '<s>', '</s>', ...Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`), '▁', ...PIECES, ...MARKS];
const TEMPLATE = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/**
 * Writes a model whose weights are noise, so that all it says depends on all that was said; on top of the noise each letter
 * is followed by the next one of the alphabet, so that what it says can be read and never ends.
 */
export function writeMicroLlama(file: string, contextTokens = CONTEXT): MicroLlama {
  const shape: Shape = { dimensions: 64, layers: 2, heads: 4, keyHeads: 2, feedForward: 96, ropeBase: 10_000 };
  const { dimensions, layers, feedForward } = shape;
  const keys = (dimensions / shape.heads) * shape.keyHeads;
  const random = noise(7);
  const matrix = (rows: number, columns: number, scale: number): Weights => ({ shape: [rows, columns], data: Float32Array.from({ length: rows * columns }, () => random() * scale) });
  const vector = (): Weights => ({ shape: [dimensions], data: Float32Array.from({ length: dimensions }, () => 1 + random() * 0.1) });

  const embedding = matrix(VOCABULARY.length, dimensions, 1);
  const output = matrix(VOCABULARY.length, dimensions, 0.1);
  for (let token = 0; token < VOCABULARY.length; token++) {
    const next = follower(token);
    for (let d = 0; d < dimensions; d++) output.data[next * dimensions + d]! += embedding.data[token * dimensions + d]! * (next === letter('a') ? 0.05 : 0.4);
  }
  const tensors: Record<string, Weights> = { 'token_embd.weight': embedding, 'output.weight': output, 'output_norm.weight': vector() };
  for (let layer = 0; layer < layers; layer++) {
    const add = (name: string, weights: Weights): void => { tensors[`blk.${layer}.${name}.weight`] = weights; };
    add('attn_norm', vector());
    add('attn_q', matrix(dimensions, dimensions, 0.4));
    add('attn_k', matrix(keys, dimensions, 0.4));
    add('attn_v', matrix(keys, dimensions, 0.15));
    add('attn_output', matrix(dimensions, dimensions, 0.15));
    add('ffn_norm', vector());
    add('ffn_gate', matrix(feedForward, dimensions, 0.15));
    add('ffn_up', matrix(feedForward, dimensions, 0.15));
    add('ffn_down', matrix(dimensions, feedForward, 0.15));
  }
  return writeLlama(file, 'Micro', shape, tensors, contextTokens);
}

/** Writes a model of this vocabulary with these weights. */
export function writeLlama(file: string, name: string, shape: Shape, tensors: Record<string, Weights>, contextTokens = CONTEXT): MicroLlama {
  const uint32 = (value: number) => ({ kind: 'uint32', value }) as const;
  const text = (value: string) => ({ kind: 'string', value }) as const;
  writeGguf(file, {
    'general.architecture': text('llama'),
    'general.name': text(name),
    'general.license': text('apache-2.0'),
    'llama.vocab_size': uint32(VOCABULARY.length),
    'llama.context_length': uint32(contextTokens),
    'llama.embedding_length': uint32(shape.dimensions),
    'llama.block_count': uint32(shape.layers),
    'llama.feed_forward_length': uint32(shape.feedForward),
    'llama.attention.head_count': uint32(shape.heads),
    'llama.attention.head_count_kv': uint32(shape.keyHeads),
    'llama.rope.dimension_count': uint32(shape.dimensions / shape.heads),
    'llama.rope.freq_base': { kind: 'float32', value: shape.ropeBase },
    'llama.attention.layer_norm_rms_epsilon': { kind: 'float32', value: EPSILON },
    'tokenizer.ggml.model': text('llama'),
    'tokenizer.ggml.tokens': { kind: 'array', of: 'string', value: VOCABULARY },
    'tokenizer.ggml.scores': { kind: 'array', of: 'float32', value: VOCABULARY.map((piece) => (PIECES.includes(piece) ? -1 - PIECES.indexOf(piece) : -100)) },
    // 1 is an ordinary piece, 2 the unknown one, 3 a mark, 6 a byte.
    'tokenizer.ggml.token_type': { kind: 'array', of: 'int32', value: VOCABULARY.map((piece, token) => (token === 0 ? 2 : token < FIRST_BYTE || MARKS.includes(piece) ? 3 : token < SPACE ? 6 : 1)) },
    'tokenizer.ggml.bos_token_id': uint32(BOS),
    'tokenizer.ggml.eos_token_id': uint32(2),
    'tokenizer.ggml.unknown_token_id': uint32(0),
    'tokenizer.ggml.add_bos_token': { kind: 'bool', value: true },
    'tokenizer.ggml.add_eos_token': { kind: 'bool', value: false },
    'tokenizer.ggml.add_space_prefix': { kind: 'bool', value: false },
    'tokenizer.chat_template': text(TEMPLATE),
  }, tensors);
  return {
    file,
    contextTokens,
    render: (messages) => `${messages.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`).join('')}<|im_start|>assistant\n`,
    tokens: (text, special = false) => [BOS, ...(special ? text.split(/(<\|im_(?:start|end)\|>)/).flatMap((part) => (MARKS.includes(part) ? [VOCABULARY.indexOf(part)] : tokenize(part))) : tokenize(text))],
    logProbabilities: (tokens) => logProbabilities(shape, tensors, tokens),
  };
}

function letter(character: string): number {
  return FIRST_BYTE + character.charCodeAt(0);
}

/** The alphabet, a space, and again; after anything else comes an a. */
function follower(token: number): number {
  if (token >= letter('a') && token < letter('z')) return token + 1;
  return token === letter('z') ? SPACE : letter('a');
}

function tokenize(text: string): number[] {
  let symbols = [...text.replaceAll(' ', '▁')];
  for (const piece of PIECES) {
    const merged: string[] = [];
    for (const symbol of symbols) {
      if (merged.length > 0 && merged.at(-1)! + symbol === piece) merged[merged.length - 1] = piece;
      else merged.push(symbol);
    }
    symbols = merged;
  }
  return symbols.flatMap((symbol) => (symbol === '▁' || PIECES.includes(symbol) ? [VOCABULARY.indexOf(symbol)] : [...Buffer.from(symbol)].map((byte) => FIRST_BYTE + byte)));
}

/** The whole network, position by position: RMS norm, rotary attention with shared keys, SwiGLU (arXiv 2302.13971, 2305.13245). */
function logProbabilities(shape: Shape, tensors: Record<string, Weights>, tokens: number[]): number[] {
  const { dimensions, layers, heads, keyHeads, ropeBase } = shape;
  const size = dimensions / heads;
  const weights = (name: string): Float32Array => tensors[`${name}.weight`]!.data;
  const turned = (x: number[], position: number): number[] => rotate(x, position, size, ropeBase);
  const hidden = tokens.map((token) => Array.from(weights('token_embd').subarray(token * dimensions, (token + 1) * dimensions)));
  for (let layer = 0; layer < layers; layer++) {
    const of = (name: string): Float32Array => weights(`blk.${layer}.${name}`);
    const normed = hidden.map((x) => normalise(x, of('attn_norm')));
    const queries = normed.map((x, position) => turned(times(of('attn_q'), x), position));
    const keys = normed.map((x, position) => turned(times(of('attn_k'), x), position));
    const values = normed.map((x) => times(of('attn_v'), x));
    hidden.forEach((x, position) => {
      const mixed = new Array<number>(dimensions).fill(0);
      for (let head = 0; head < heads; head++) {
        const from = Math.floor((head * keyHeads) / heads) * size;
        const scores = Array.from({ length: position + 1 }, (_, before) => {
          let dot = 0;
          for (let d = 0; d < size; d++) dot += queries[position]![head * size + d]! * keys[before]![from + d]!;
          return dot / Math.sqrt(size);
        });
        const norm = logSumExp(scores);
        scores.forEach((score, before) => {
          for (let d = 0; d < size; d++) mixed[head * size + d]! += Math.exp(score - norm) * values[before]![from + d]!;
        });
      }
      times(of('attn_output'), mixed).forEach((value, d) => (x[d]! += value));
      const inner = normalise(x, of('ffn_norm'));
      const up = times(of('ffn_up'), inner);
      const gated = times(of('ffn_gate'), inner).map((gate, i) => (gate / (1 + Math.exp(-gate))) * up[i]!);
      times(of('ffn_down'), gated).forEach((value, d) => (x[d]! += value));
    });
  }
  return tokens.map((token, position) => {
    if (position === 0) return 0;
    const logits = times(weights('output'), normalise(hidden[position - 1]!, weights('output_norm')));
    return logits[token]! - logSumExp(logits);
  });
}

function times(matrix: Float32Array, x: number[]): number[] {
  return Array.from({ length: matrix.length / x.length }, (_, row) => x.reduce((sum, value, column) => sum + value * matrix[row * x.length + column]!, 0));
}

function normalise(x: number[], weight: Float32Array): number[] {
  const scale = 1 / Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length + EPSILON);
  return x.map((value, d) => value * scale * weight[d]!);
}

/** Neighbouring pairs of a head turn by an angle that grows with the position. */
function rotate(x: number[], position: number, size: number, base: number): number[] {
  const turned = [...x];
  for (let i = 0; i < x.length; i += 2) {
    const angle = position * base ** (-(i % size) / size);
    turned[i] = x[i]! * Math.cos(angle) - x[i + 1]! * Math.sin(angle);
    turned[i + 1] = x[i]! * Math.sin(angle) + x[i + 1]! * Math.cos(angle);
  }
  return turned;
}

function logSumExp(values: number[]): number {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

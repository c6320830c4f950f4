import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { EngineError } from '../api.ts';

/** What a model file is good for. */
export type Use = 'writer' | 'embedder' | 'reranker';

/** What a GGUF file says of itself; read from its header, the weights are not touched. */
export interface Gguf {
  file: string;
  /** Stable over renaming and copying: architecture, and a hash of the header and of samples of the weights. */
  id: string;
  name: string;
  /** Kind of network: `llama`, `qwen3`, `bert`, … */
  architecture: string;
  use: Use;
  bytes: number;
  parameters: number;
  /** The type most weights are stored in, `Q4_K`, `F16`, … */
  quantisation: string;
  /** The model was trained for so many tokens. */
  contextTokens: number;
  layers: number;
  /** Length of a token's vector. */
  dimensions: number;
  /** Numbers kept per token for attention to look back at, over all layers; 0 for models that read a text at once. */
  cachedNumbers: number;
  vocabulary: number;
  /** Jinja; absent where the model was not made for conversation. */
  chatTemplate?: string;
  /** How token vectors become one, where the file says so. */
  pooling?: 'none' | 'mean' | 'cls' | 'last' | 'rank';
  licence?: string;
}

type Refuse = (code: 'damaged' | 'unsupported', why: string) => never;
type Value = number | bigint | boolean | string | Value[];

const MAGIC = 0x46554747;
const POOLINGS = ['none', 'mean', 'cls', 'last', 'rank'] as const;
/** Networks that read a whole text at once and cannot write one. */
const ENCODERS = /^(?:bert|nomic-bert(?:-moe)?|neo-bert|jina-bert-v[23]|modern-bert|eurobert|gemma-embedding|llama-embed|t5encoder)$/;
/** Files of other kinds that use the same container. */
const NOT_MODELS: Record<string, string> = { clip: 'a vision projector', mmproj: 'a vision projector', adapter: 'a LoRA adapter', imatrix: 'an importance matrix' };

/** ggml's types by number: name, weights a block, bytes a block (ggml.h, ggml-common.h). */
const TYPES: Record<number, readonly [name: string, weights: number, bytes: number]> = {
  0: ['F32', 1, 4], 1: ['F16', 1, 2], 2: ['Q4_0', 32, 18], 3: ['Q4_1', 32, 20], 6: ['Q5_0', 32, 22], 7: ['Q5_1', 32, 24], 8: ['Q8_0', 32, 34],
  9: ['Q8_1', 32, 36], 10: ['Q2_K', 256, 84], 11: ['Q3_K', 256, 110], 12: ['Q4_K', 256, 144], 13: ['Q5_K', 256, 176], 14: ['Q6_K', 256, 210],
  15: ['Q8_K', 256, 292], 16: ['IQ2_XXS', 256, 66], 17: ['IQ2_XS', 256, 74], 18: ['IQ3_XXS', 256, 98], 19: ['IQ1_S', 256, 50], 20: ['IQ4_NL', 32, 18],
  21: ['IQ3_S', 256, 110], 22: ['IQ2_S', 256, 82], 23: ['IQ4_XS', 256, 136], 24: ['I8', 1, 1], 25: ['I16', 1, 2], 26: ['I32', 1, 4], 27: ['I64', 1, 8],
  28: ['F64', 1, 8], 29: ['IQ1_M', 256, 56], 30: ['BF16', 1, 2], 34: ['TQ1_0', 256, 54], 35: ['TQ2_0', 256, 66], 39: ['MXFP4', 32, 17],
};

/** A header longer than this is none. */
const LONGEST_HEADER = 512 * 1024 * 1024;
const READ_AHEAD = 1024 * 1024;
const SAMPLE = 64 * 1024;

/**
 * Reads the header of a GGUF file (versions 2 and 3) and says what the file is good for.
 *
 * @throws EngineError 'not-found', or 'damaged' or 'unsupported' with a sentence that says what is wrong with the file
 */
export async function readGguf(file: string): Promise<Gguf> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw new EngineError('not-found', `${basename(file)} cannot be opened (${error.code === 'ENOENT' ? 'there is no such file' : error.message}).`);
  });
  try {
    return await describe(file, handle);
  } finally {
    await handle.close();
  }
}

/** The kind of a model's vocabulary (`bert`, `llama`, `t5`, `gpt2`) and its pieces. @throws EngineError as `readGguf` does */
export async function readVocabulary(file: string): Promise<{ kind: string; pieces: string[] }> {
  const handle = await open(file);
  try {
    const { pairs } = await readHeader(handle, (await handle.stat()).size, (code, why) => {
      throw new EngineError(code, `${basename(file)} cannot be used: ${why}`);
    });
    return { kind: String(pairs.get('tokenizer.ggml.model')), pieces: pairs.get('tokenizer.ggml.tokens') as string[] };
  } finally {
    await handle.close();
  }
}

async function describe(file: string, handle: FileHandle): Promise<Gguf> {
  const name = basename(file);
  const refuse: Refuse = (code, why) => {
    throw new EngineError(code, `${name} cannot be used: ${why}`);
  };
  const size = (await handle.stat()).size;
  const { pairs, tensors, length } = await readHeader(handle, size, refuse);

  const text = (key: string): string | undefined => (typeof pairs.get(key) === 'string' ? (pairs.get(key) as string) : undefined);
  const architecture = text('general.architecture') ?? refuse('damaged', 'it does not say what architecture it is of.');
  const kind = NOT_MODELS[architecture] ?? NOT_MODELS[text('general.type') ?? ''];
  if (kind !== undefined) refuse('unsupported', `it is ${kind}, not a model of its own.`);
  const number = (key: string, standard: number): number => largest(pairs.get(`${architecture}.${key}`)) ?? standard;
  const layers = number('block_count', 0);
  const dimensions = number('embedding_length', 0);
  const contextTokens = number('context_length', 0);
  if (tensors.size === 0 || layers === 0 || dimensions === 0) refuse('damaged', 'it holds no weights.');
  if (contextTokens === 0) refuse('damaged', 'it does not say how many tokens it was trained for.');
  const parts = await laterParts(file, largest(pairs.get('split.count')) ?? 1, largest(pairs.get('split.no')) ?? 0, refuse);
  const vocabulary = pairs.get('tokenizer.ggml.tokens');
  if (!Array.isArray(vocabulary)) refuse('damaged', 'it has no vocabulary.');
  const end = [...tensors.values()].reduce((most, tensor) => Math.max(most, tensor.end), length);
  if (end > size) refuse('damaged', `${megabytes(end - size)} MB are missing at its end; it was not copied or downloaded in full.`);

  const weights = [...tensors.values(), ...parts.flatMap((part) => part.tensors)];
  const heads = Math.max(1, number('attention.head_count', 1));
  const keyLength = number('attention.key_length', dimensions / heads);
  const valueLength = number('attention.value_length', dimensions / heads);
  const keyHeads = number('attention.head_count_kv', heads);
  const poolingNumber = largest(pairs.get(`${architecture}.pooling_type`));
  const pooling = poolingNumber === undefined ? undefined : POOLINGS[poolingNumber];
  const chatTemplate = text('tokenizer.chat_template');
  const encoder = ENCODERS.test(architecture) || pairs.get(`${architecture}.attention.causal`) === false;
  const ranks = pooling === 'rank' || tensors.has('cls.weight') || tensors.has('cls.output.weight');
  const licence = text('general.license');
  return {
    file,
    id: `${architecture}-${await fingerprint(handle, length, size)}`,
    name: text('general.name') ?? name.replace(/\.gguf$/i, ''),
    architecture,
    use: ranks ? 'reranker' : encoder || (pooling !== undefined && pooling !== 'none') ? 'embedder' : 'writer',
    bytes: parts.reduce((sum, part) => sum + part.bytes, size),
    parameters: weights.reduce((sum, tensor) => sum + tensor.weights, 0),
    quantisation: commonType(weights),
    contextTokens,
    layers,
    dimensions,
    cachedNumbers: encoder ? 0 : layers * keyHeads * (keyLength + valueLength),
    vocabulary: (vocabulary as Value[]).length,
    ...(chatTemplate === undefined ? {} : { chatTemplate }),
    ...(pooling === undefined ? {} : { pooling }),
    ...(licence === undefined ? {} : { licence }),
  };
}

/** Some figures are given layer by layer; the largest is then meant. */
function largest(value: Value | undefined): number | undefined {
  if (Array.isArray(value)) return value.reduce<number | undefined>((most, item) => (most === undefined ? largest(item) : Math.max(most, largest(item) ?? 0)), undefined);
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}

/** A large model may lie in several files, `name-00001-of-00003.gguf` and so on; llama.cpp finds the others by the first. */
async function laterParts(file: string, count: number, number: number, refuse: Refuse): Promise<{ bytes: number; tensors: Tensor[] }[]> {
  if (number > 0) refuse('unsupported', 'it is a later part of a model in several files; choose the first part.');
  return Promise.all(Array.from({ length: count - 1 }, async (_, i) => {
    const path = file.replace(/-00001-of-(\d{5}\.gguf)$/i, `-${String(i + 2).padStart(5, '0')}-of-$1`);
    const handle = path === file ? undefined : await open(path).catch(() => undefined);
    if (!handle) return refuse('damaged', `it is the first of ${count} files, and the ${i + 2}. is not beside it.`);
    try {
      const bytes = (await handle.stat()).size;
      return { bytes, tensors: [...(await readHeader(handle, bytes, refuse)).tensors.values()] };
    } finally {
      await handle.close();
    }
  }));
}

/** The type of most weights. */
function commonType(tensors: Tensor[]): string {
  const weights = new Map<string, number>();
  for (const tensor of tensors) weights.set(tensor.type, (weights.get(tensor.type) ?? 0) + tensor.weights);
  return [...weights].sort((a, b) => b[1] - a[1])[0]![0];
}

function megabytes(bytes: number): string {
  return Math.max(0.1, bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}

/** Hash of the header, the size, and samples of the weights: gigabytes are not read to open a model. */
async function fingerprint(handle: FileHandle, headerBytes: number, bytes: number): Promise<string> {
  const hash = createHash('sha256').update(String(bytes));
  for (let from = 0; from < headerBytes; from += READ_AHEAD) hash.update(await slice(handle, from, Math.min(headerBytes, from + READ_AHEAD)));
  for (let i = 0; i <= 16; i++) {
    const from = headerBytes + Math.floor(((bytes - headerBytes) * i) / 17);
    hash.update(await slice(handle, from, Math.min(bytes, from + SAMPLE)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function slice(handle: FileHandle, from: number, to: number): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.max(0, to - from));
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
  return buffer.subarray(0, bytesRead);
}

interface Tensor { type: string; weights: number; /** Where it ends in the file. */ end: number }
interface Header { pairs: Map<string, Value>; tensors: Map<string, Tensor>; length: number }

/** The buffer ended; more of the file is needed. */
const SHORT = Symbol('short');

/** Reads as much of the file as the header is long; vocabularies make it some megabytes. */
async function readHeader(handle: FileHandle, bytes: number, refuse: Refuse): Promise<Header> {
  for (let size = READ_AHEAD; ; size *= 4) {
    const buffer = await slice(handle, 0, Math.min(bytes, size, LONGEST_HEADER));
    try {
      return parseHeader(buffer, bytes, refuse);
    } catch (error) {
      if (error !== SHORT) throw error;
      if (buffer.length < size) refuse('damaged', 'it ends in the middle of its header; it was not copied or downloaded in full.');
    }
  }
}

/** @throws SHORT where the buffer ends before the header does */
function parseHeader(buffer: Buffer, bytes: number, refuse: Refuse): Header {
  let at = 0;
  const skip = (length: number): number => {
    if (at + length > buffer.length) throw SHORT;
    at += length;
    return at - length;
  };
  const uint32 = (): number => buffer.readUInt32LE(skip(4));
  const count = (): number => {
    const value = Number(buffer.readBigUInt64LE(skip(8)));
    if (value > bytes * 64) refuse('damaged', 'its header makes no sense.');
    return value;
  };
  const string = (): string => {
    const length = count();
    return buffer.toString('utf8', skip(length), at);
  };
  const value = (type: number): Value => {
    switch (type) {
      case 0: return buffer.readUInt8(skip(1));
      case 1: return buffer.readInt8(skip(1));
      case 2: return buffer.readUInt16LE(skip(2));
      case 3: return buffer.readInt16LE(skip(2));
      case 4: return uint32();
      case 5: return buffer.readInt32LE(skip(4));
      case 6: return buffer.readFloatLE(skip(4));
      case 7: return buffer.readUInt8(skip(1)) !== 0;
      case 8: return string();
      case 9: {
        const of = uint32();
        const length = count();
        if (length > bytes) refuse('damaged', 'its header makes no sense.');
        return Array.from({ length }, () => value(of));
      }
      case 10: return buffer.readBigUInt64LE(skip(8));
      case 11: return buffer.readBigInt64LE(skip(8));
      case 12: return buffer.readDoubleLE(skip(8));
      default: return refuse('damaged', 'its header makes no sense.');
    }
  };

  if (buffer.length < 4 || uint32() !== MAGIC) refuse('damaged', 'it is no GGUF file.');
  const version = uint32();
  if (version !== 2 && version !== 3) refuse('unsupported', `it is GGUF of version ${version}; versions 2 and 3 can be read.`);
  const tensorCount = count();
  const pairCount = count();
  const pairs = new Map<string, Value>();
  for (let i = 0; i < pairCount; i++) pairs.set(string(), value(uint32()));
  const tensors = new Map<string, Tensor>();
  const offsets = new Map<string, number>();
  for (let i = 0; i < tensorCount; i++) {
    const name = string();
    const dimensions = uint32();
    if (dimensions > 8) refuse('damaged', 'its header makes no sense.');
    let weights = 1;
    for (let d = 0; d < dimensions; d++) weights *= count();
    const [type, blockWeights, blockBytes] = TYPES[uint32()] ?? refuse('unsupported', `its weights "${name}" are stored in a way that is not known here.`);
    offsets.set(name, count());
    tensors.set(name, { type, weights, end: (weights / blockWeights) * blockBytes });
  }
  const alignment = largest(pairs.get('general.alignment')) ?? 32;
  const start = Math.ceil(at / alignment) * alignment;
  for (const [name, tensor] of tensors) tensor.end += start + offsets.get(name)!;
  return { pairs, tensors, length: at };
}

import { closeSync, fsyncSync, openSync, readSync, realpathSync, renameSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { ExternalData, TensorData } from './onnx.ts';

/**
 * Checkpoints in the safetensors format (https://huggingface.co/docs/safetensors): eight bytes with the length of a JSON header,
 * the header with type, shape and place of every tensor, then the tensors. Only the header is read at first.
 */
export interface Checkpoint {
  /** Where the file lies, links followed: what `SessionOptions.folder` has to be for graphs that refer to it. */
  folder: string;
  metadata: Record<string, string>;
  names: string[];
  has(name: string): boolean;
  shape(name: string): number[];
  /** All values, converted to float32 where they are stored as float16 or bfloat16. */
  read(name: string): Float32Array;
  /** For a graph: what has 32 or 16 bits is referred to where it lies; 64 are converted and held in memory. */
  tensor(name: string): TensorData | ExternalData;
}

/** A named tensor in memory, as adapters and states of training are made of. */
export interface Weight { shape: number[]; data: Float32Array }

type Format = 'F64' | 'F32' | 'F16' | 'BF16';
interface Entry { dtype: string; shape: number[]; data_offsets: [number, number] }

const STORED: Record<string, 'float16' | 'bfloat16'> = { F16: 'float16', BF16: 'bfloat16' };
const BYTES: Record<Format, number> = { F64: 8, F32: 4, F16: 2, BF16: 2 };
/** As in the reference implementation: a longer header is an attack or no header. */
const LONGEST_HEADER = 100_000_000;

/** Throws a sentence naming the file where it is no checkpoint or one that was cut off. */
export function openCheckpoint(file: string): Checkpoint {
  const { header, start } = readHeader(file);
  // The hub's cache is made of links, and ONNX Runtime reads no weights from outside of the folder it is given.
  const real = realpathSync(file);
  const { __metadata__: metadata = {}, ...entries } = header as Record<string, Entry> & { __metadata__?: Record<string, string> };
  const size = statSync(file).size;
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(entries)) {
    const count = shape.reduce((product, length) => product * length, 1);
    if (dtype in BYTES && count * BYTES[dtype as Format] !== to - from) throw new Error(`The tensor ${name} in ${file} has ${to - from} bytes, which is not [${shape.join(', ')}] of ${dtype}.`);
    if (!(from >= 0 && from <= to && start + to <= size)) throw new Error(`${file} was cut off: ${name} should end at byte ${start + to} of ${size}.`);
  }
  const entry = (name: string): Entry => {
    const found = entries[name];
    if (found === undefined) throw new Error(`${file} has no tensor "${name}".`);
    return found;
  };
  const read = (name: string): Float32Array => {
    const { dtype, data_offsets: [from, to] } = entry(name);
    if (!(dtype in BYTES)) throw new Error(`The tensor ${name} in ${file} is of type ${dtype}, which holds no weights Lodestone can use.`);
    return toFloat32(readBytes(file, start + from, to - from), dtype as Format);
  };
  return {
    folder: path.dirname(real),
    metadata,
    names: Object.keys(entries),
    has: (name) => name in entries,
    shape: (name) => [...entry(name).shape],
    read,
    tensor(name) {
      const { dtype, shape, data_offsets: [from, to] } = entry(name);
      const stored = STORED[dtype];
      if (dtype !== 'F32' && stored === undefined) return { type: 'float32', shape: [...shape], data: read(name) };
      return { type: 'float32', shape: [...shape], file: path.basename(real), offset: start + from, length: to - from, ...(stored === undefined ? {} : { stored }) };
    },
  };
}

/**
 * Writes a checkpoint of float32 tensors: equal tensors in equal order give equal bytes. The file is there whole or as it was
 * before, whenever the process ends.
 */
export function writeCheckpoint(file: string, weights: Readonly<Record<string, Weight>>, metadata: Record<string, string> = {}): void {
  const written = `${file}.new`;
  const handle = openSync(written, 'w');
  try {
    writeAll(handle, headerOf(weights, metadata));
    for (const { data } of Object.values(weights)) writeAll(handle, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(written, file);
}

function writeAll(handle: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
}

function headerOf(weights: Readonly<Record<string, Weight>>, metadata: Record<string, string>): Uint8Array {
  let end = 0;
  const entries = Object.entries(weights).map(([name, { shape, data }]) => {
    const size = shape.reduce((product, length) => product * length, 1);
    if (size !== data.length) throw new RangeError(`The tensor ${name} of shape [${shape.join(', ')}] has ${data.length} values instead of ${size}.`);
    const start = end;
    end += data.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [start, end] }];
  });
  const json = JSON.stringify({ ...(Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {}), ...Object.fromEntries(entries) });
  // Filled up with spaces so that the tensors start at a multiple of eight.
  const text = new TextEncoder().encode(json);
  const header = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(text, 8);
  return header;
}

function readHeader(file: string): { header: object; start: number } {
  const size = statSync(file).size;
  const length = size < 8 ? Infinity : Number(new DataView(readBytes(file, 0, 8).buffer).getBigUint64(0, true));
  if (length > LONGEST_HEADER || length + 8 > size) throw new Error(`${file} is no safetensors checkpoint, or one that was cut off.`);
  try {
    return { header: JSON.parse(new TextDecoder().decode(readBytes(file, 8, length))) as object, start: length + 8 };
  } catch (cause) {
    throw new Error(`The header of ${file} cannot be read.`, { cause });
  }
}

function readBytes(file: string, from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const handle = openSync(file, 'r');
  try {
    for (let at = 0; at < length; ) {
      const count = readSync(handle, bytes, at, length - at, from + at);
      if (count === 0) throw new Error(`${file} was cut off at byte ${from + at}.`);
      at += count;
    }
  } finally {
    closeSync(handle);
  }
  return bytes;
}

function toFloat32(bytes: Uint8Array, format: Format): Float32Array {
  if (format === 'F32') return new Float32Array(bytes.buffer);
  if (format === 'F64') return Float32Array.from(new Float64Array(bytes.buffer));
  const half = new Uint16Array(bytes.buffer);
  const bits = new Uint32Array(half.length);
  if (format === 'BF16') for (let i = 0; i < half.length; i++) bits[i] = half[i]! << 16;
  else for (let i = 0; i < half.length; i++) bits[i] = halfBits(half[i]!);
  return new Float32Array(bits.buffer);
}

/** IEEE 754 binary16 to the bits of binary32. */
function halfBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // Below the smallest normal number the fraction is shifted until it has its leading one.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 1023) << 13);
}

import { writeFileSync } from 'node:fs';

/** A value of a GGUF header; numbers are stored as the kind that is named. */
export type HeaderValue =
  | { kind: 'uint32' | 'int32' | 'float32'; value: number }
  | { kind: 'bool'; value: boolean }
  | { kind: 'string'; value: string }
  | { kind: 'array'; of: 'string'; value: string[] }
  | { kind: 'array'; of: 'float32' | 'int32'; value: number[] };

/** Weights with their shape as a mathematician writes it (rows first); GGUF wants the fastest dimension first. */
export interface Weights { shape: number[]; data: Float32Array }

const KINDS = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;
const ALIGNMENT = 32;

/** Writes a GGUF file of version 3 with float32 weights (the format's specification is in ggml's docs/gguf.md). */
export function writeGguf(file: string, header: Record<string, HeaderValue>, tensors: Record<string, Weights>): void {
  const parts: Buffer[] = [];
  const uint32 = (value: number): void => { const b = Buffer.alloc(4); b.writeUInt32LE(value); parts.push(b); };
  const uint64 = (value: number): void => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(value)); parts.push(b); };
  const string = (value: string): void => { const b = Buffer.from(value); uint64(b.length); parts.push(b); };
  const single = (kind: 'uint32' | 'int32' | 'float32', value: number): void => {
    const b = Buffer.alloc(4);
    if (kind === 'float32') b.writeFloatLE(value);
    else if (kind === 'int32') b.writeInt32LE(value);
    else b.writeUInt32LE(value);
    parts.push(b);
  };

  parts.push(Buffer.from('GGUF'));
  uint32(3);
  uint64(Object.keys(tensors).length);
  uint64(Object.keys(header).length);
  for (const [key, entry] of Object.entries(header)) {
    string(key);
    uint32(KINDS[entry.kind]);
    if (entry.kind === 'array') {
      uint32(KINDS[entry.of]);
      uint64(entry.value.length);
      if (entry.of === 'string') entry.value.forEach(string);
      else for (const value of entry.value) single(entry.of, value);
    } else if (entry.kind === 'string') string(entry.value);
    else if (entry.kind === 'bool') parts.push(Buffer.from([entry.value ? 1 : 0]));
    else single(entry.kind, entry.value);
  }
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    if (shape.reduce((product, size) => product * size, 1) !== data.length) throw new Error(`${name} is ${data.length} long, not [${shape.join(', ')}].`);
    string(name);
    uint32(shape.length);
    shape.toReversed().forEach(uint64);
    uint32(0);
    uint64(offset);
    offset += Math.ceil(data.byteLength / ALIGNMENT) * ALIGNMENT;
  }
  const headerBytes = parts.reduce((sum, part) => sum + part.length, 0);
  parts.push(Buffer.alloc((ALIGNMENT - (headerBytes % ALIGNMENT)) % ALIGNMENT));
  for (const { data } of Object.values(tensors)) {
    parts.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength), Buffer.alloc((ALIGNMENT - (data.byteLength % ALIGNMENT)) % ALIGNMENT));
  }
  writeFileSync(file, Buffer.concat(parts));
}

/** Numbers in -1…1, the same for the same seed (mulberry32). */
export function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

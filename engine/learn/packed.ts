import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCheckpoint, writeCheckpoint, type Weight } from '../nn/safetensors.ts';

/** What was learned, as the bytes of a safetensors file: how a deep level's version is stored and exported. */
export function packed(weights: Readonly<Record<string, Weight>>, notes: Record<string, string>): Uint8Array {
  return inFolder((file) => {
    writeCheckpoint(file, weights, notes);
    return new Uint8Array(readFileSync(file));
  });
}

export function unpacked(bytes: Uint8Array): Record<string, Weight> {
  return inFolder((file) => {
    writeFileSync(file, bytes);
    const checkpoint = openCheckpoint(file);
    return Object.fromEntries(checkpoint.names.map((name) => [name, { shape: checkpoint.shape(name), data: checkpoint.read(name) }]));
  });
}

function inFolder<T>(work: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'lodestone-learned-'));
  try {
    return work(join(folder, 'learned.safetensors'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

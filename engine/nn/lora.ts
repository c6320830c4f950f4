import * as g from './graph.ts';
import { Random } from './random.ts';
import type { Checkpoint, Weight } from './safetensors.ts';
import { trainable, type Value } from './value.ts';

/**
 * Low-rank adaptation (LoRA, https://arxiv.org/abs/2106.09685): a frozen linear layer W [out, in] becomes W + (α/r) B A with
 * A [r, in] and B [out, r]. A and B are fed, so one session serves every adapter, and none at all where B is zero.
 */
export interface LoraOptions {
  rank: number;
  /** The adapter counts α/r. */
  alpha: number;
  /** Whether the linear layer of this name (without `.weight`) is adapted. */
  adapts: (layer: string) => boolean;
}

/** Tensors by name: `<layer>.lora_A.weight` and `<layer>.lora_B.weight`, as PEFT calls them. */
export type Adapter = Record<string, Weight>;

const A = '.lora_A.weight';
const B = '.lora_B.weight';

/** What the adapter adds to the layer's result for x [rows, in]; and the values of A and B that are to be fed. */
export function loraTerm(x: Value, layer: string, ins: number, outs: number, { rank, alpha }: LoraOptions): { term: Value; a: Value; b: Value } {
  const a = trainable(layer + A, [rank, ins]);
  const b = trainable(layer + B, [outs, rank]);
  // Scaled where it is narrowest.
  const inner = g.scale(g.gemm(x, a, { transposeB: true }), alpha / rank);
  return { term: g.gemm(inner, b, { transposeB: true }), a, b };
}

/** An adapter that changes nothing yet: B is zero, A uniform in ±1/√in. The same seed gives the same bytes. */
export function newAdapter(trained: Iterable<Value>, seed: number): Adapter {
  const adapter: Adapter = {};
  const random = new Random(seed);
  for (const { source, shape } of trained) {
    const name = source.kind === 'trainable' ? source.name : '';
    const [rows, columns] = shape as number[];
    if (name.endsWith(A)) adapter[name] = { shape: [rows!, columns!], data: Float32Array.from({ length: rows! * columns! }, () => (2 * random.next() - 1) / Math.sqrt(columns!)) };
    else if (name.endsWith(B)) adapter[name] = { shape: [rows!, columns!], data: new Float32Array(rows! * columns!) };
  }
  return adapter;
}

/** The adapter at a share of its strength: 0 is the base model, 1 the adapter as it was trained. */
export function atStrength(adapter: Adapter, strength: number): Adapter {
  return Object.fromEntries(Object.entries(adapter).map(([name, { shape, data }]) => [name, { shape, data: name.endsWith(B) ? data.map((value) => value * strength) : data.slice() }]));
}

/** The checkpoint's weights with the adapter worked in. Only those that change; the others stay as they are in the checkpoint. */
export function merge(checkpoint: Pick<Checkpoint, 'read' | 'shape'>, adapter: Adapter, alpha: number): Record<string, Weight> {
  return Object.fromEntries(layersOf(adapter).map((layer) => {
    const name = `${layer}.weight`;
    return [name, { shape: checkpoint.shape(name), data: addProduct(checkpoint.read(name), adapter, layer, alpha) }];
  }));
}

/** Takes an adapter out of weights it was merged into; exact up to float32 rounding. */
export function unmerge(merged: Readonly<Record<string, Weight>>, adapter: Adapter, alpha: number): Record<string, Weight> {
  return Object.fromEntries(layersOf(adapter).map((layer) => {
    const name = `${layer}.weight`;
    const weight = merged[name];
    if (weight === undefined) throw new Error(`There is no merged weight ${name} to take the adapter out of.`);
    return [name, { shape: [...weight.shape], data: addProduct(weight.data, adapter, layer, -alpha) }];
  }));
}

function layersOf(adapter: Adapter): string[] {
  return Object.keys(adapter).filter((name) => name.endsWith(A)).map((name) => name.slice(0, -A.length));
}

/** W + (α/r) B A, added up in float64. */
function addProduct(weight: Float32Array, adapter: Adapter, layer: string, alpha: number): Float32Array {
  const a = adapter[layer + A]!;
  const b = adapter[layer + B];
  if (b === undefined) throw new Error(`The adapter has an A but no B for ${layer}.`);
  const [rank, ins] = a.shape as [number, number];
  const outs = b.shape[0]!;
  if (weight.length !== outs * ins) throw new Error(`The adapter of ${layer} is for a weight of [${outs}, ${ins}], which this one is not.`);
  const row = new Float64Array(ins);
  const result = new Float32Array(weight.length);
  for (let out = 0; out < outs; out++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = (alpha / rank) * b.data[out * rank + r]!;
      if (factor !== 0) for (let i = 0; i < ins; i++) row[i]! += factor * a.data[r * ins + i]!;
    }
    for (let i = 0; i < ins; i++) result[out * ins + i] = weight[out * ins + i]! + row[i]!;
  }
  return result;
}

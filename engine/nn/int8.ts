import type { GradientCache, Loss } from './gradcache.ts';
import * as g from './graph.ts';
import type { Gradients } from './optimizer.ts';
import { Program, type Feeds } from './program.ts';
import type { SessionOptions } from './session.ts';
import { frozen, type Value } from './value.ts';
import type { Weights } from './weights.ts';

/**
 * A frozen base in eight bits under an adapter in full precision, on processors only. Channels with large activations, which
 * real encoders have, are made smaller and their weights larger before rounding (SmoothQuant, https://arxiv.org/abs/2211.10438).
 * It is faster where the processor multiplies bytes, and wrong for some models: ask `compareInt8` before training with it.
 */
export interface Int8Options {
  /** By layer, the largest activation that enters each channel; see `calibrate`. A layer that has none is not smoothed. */
  largest: Readonly<Record<string, Float32Array>>;
  /** Nothing is trained: the weights for the way back are left out. */
  forward?: boolean;
}

/** Below this cosine with the gradient in float32 a model is trained in float32. */
export const INT8_GATE = 0.98;

/** x [rows, in] · Wᵀ + b with W [out, in] in eight bits. */
export function int8Linear(x: Value, layer: string, weight: Float32Array, { bias }: { bias?: Value }, { largest, forward = false }: Int8Options): Value {
  const ins = x.shape[1] as number;
  const outs = weight.length / ins;
  const smooth = smoothing(weight, ins, largest[layer]);
  const stored = (part: string, data: Int8Array | Float32Array, shape: number[]): Value => frozen(`${layer}.${part}`, { type: data instanceof Int8Array ? 'int8' : 'float32', shape, data });
  const way = (part: string, rows: number, columns: number, at: (row: number, column: number) => number): { w: Value; scales: Value } => {
    const { values, scales } = quantise(rows, columns, at);
    return { w: stored(part, values, [rows, columns]), scales: stored(`${part}.scales`, scales, [columns]) };
  };
  const forth = way('int8', ins, outs, (i, o) => weight[o * ins + i]! * smooth[i]!);
  const back = forward ? undefined : way('int8.back', outs, ins, (o, i) => weight[o * ins + i]! * smooth[i]!);
  const smoothed = largest[layer] === undefined ? x : g.multiply(x, stored('smoothing', smooth.map((value) => 1 / value), [ins]));
  const y = g.int8Matmul(smoothed, forth.w, forth.scales, back);
  return bias === undefined ? y : g.add(y, bias);
}

/** What a channel is divided by: √(largest activation / largest weight), which leaves both equally hard to round. */
function smoothing(weight: Float32Array, ins: number, largest: Float32Array | undefined): Float32Array {
  const smooth = new Float32Array(ins).fill(1);
  if (largest === undefined) return smooth;
  for (let i = 0; i < ins; i++) {
    let most = 0;
    for (let at = i; at < weight.length; at += ins) most = Math.max(most, Math.abs(weight[at]!));
    if (most > 0 && largest[i]! > 0) smooth[i] = Math.sqrt(largest[i]! / most);
  }
  return smooth;
}

/** A matrix [rows, columns] as int8, each column by its own largest number. */
function quantise(rows: number, columns: number, at: (row: number, column: number) => number): { values: Int8Array; scales: Float32Array } {
  const values = new Int8Array(rows * columns);
  const scales = new Float32Array(columns);
  for (let column = 0; column < columns; column++) {
    let most = 0;
    for (let row = 0; row < rows; row++) most = Math.max(most, Math.abs(at(row, column)));
    scales[column] = most / 127 || 1;
    for (let row = 0; row < rows; row++) values[row * columns + column] = Math.round(at(row, column) / scales[column]!);
  }
  return { values, scales };
}

/** The largest activation in each channel that enters each linear layer of a graph, over some chunks of real texts. */
export async function calibrate(weights: Weights, chunks: readonly Feeds[], options: SessionOptions = {}): Promise<Int8Options> {
  const outputs = Object.fromEntries([...weights.entering].map(([layer, x]) => [`largest ${layer}`, g.sqrt(g.reduceMax(g.multiply(x, x), [0]))]));
  const program = await Program.open(outputs, options);
  const largest: Record<string, Float32Array> = {};
  for (const chunk of chunks) {
    const results = await program.run(chunk);
    for (const layer of weights.entering.keys()) {
      const found = results[`largest ${layer}`]!.data as Float32Array;
      largest[layer] = found.map((value, i) => Math.max(value, largest[layer]?.[i] ?? 0));
    }
  }
  await program.close();
  return { largest };
}

/** The cosine of the gradients in eight bits with those in float32, of a real loss over real texts; compare it with `INT8_GATE`. */
export async function compareInt8(exact: GradientCache, rounded: GradientCache, chunks: readonly Feeds[], weights: Feeds, loss: Loss): Promise<number> {
  const { gradients: expected } = await exact.gradients(chunks, weights, loss);
  const { gradients: found } = await rounded.gradients(chunks, weights, loss);
  return cosine(expected, found);
}

function cosine(a: Gradients, b: Gradients): number {
  let [both, left, right] = [0, 0, 0];
  for (const [name, gradient] of Object.entries(a)) {
    const [x, y] = [gradient, b[name]!].map((one) => ('data' in one ? one.data : one)) as [Float32Array, Float32Array];
    for (let i = 0; i < x.length; i++) {
      both += x[i]! * y[i]!;
      left += x[i]! ** 2;
      right += y[i]! ** 2;
    }
  }
  return both / Math.sqrt(left * right);
}

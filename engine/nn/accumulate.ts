import { gradients } from './gradient.ts';
import type { Gradients, RowGradient } from './optimizer.ts';
import type { Data } from './program.ts';
import type { Weight } from './safetensors.ts';
import type { Tensor } from './session.ts';
import type { Value } from './value.ts';

const DENSE = 'gradient ';
const ROWS = 'rows ';
const INDICES = 'indices ';

/** Graph outputs for the gradients of everything that is trained; `GradientSum` reads them. Weights a loss does not depend on have none. */
export function gradientOutputs(loss: Value, trained: ReadonlyMap<string, Value>): Record<string, Value> {
  const outputs: Record<string, Value> = {};
  gradients(loss, [...trained.values()]).forEach(({ dense, rows }, i) => {
    const name = [...trained.keys()][i]!;
    if (dense !== undefined) outputs[DENSE + name] = dense;
    rows.forEach((part, k) => {
      outputs[`${ROWS}${k} ${name}`] = part.rows;
      outputs[`${INDICES}${k} ${name}`] = part.indices;
    });
  });
  return outputs;
}

/** Adds up the gradients of several runs. ONNX Runtime writes each run's into the same memory, which is allocated once. */
export class GradientSum {
  /** Where a run has to write: `program.run(feeds, sum.into)`. */
  readonly into: Record<string, Data> = {};
  private readonly dense = new Map<string, { latest: Float32Array; sum: Float32Array }>();
  private readonly rows = new Map<string, { width: number; sums: Map<number, Float32Array> }>();

  constructor(outputs: Iterable<string>, weights: Readonly<Record<string, Weight>>) {
    for (const output of outputs) {
      if (output.startsWith(DENSE)) {
        const name = output.slice(DENSE.length);
        const size = weights[name]!.data.length;
        this.dense.set(name, { latest: new Float32Array(size), sum: new Float32Array(size) });
        this.into[output] = this.dense.get(name)!.latest;
      } else if (output.startsWith(ROWS)) {
        const name = nameOf(output);
        const { shape, data } = weights[name]!;
        this.rows.set(name, { width: data.length / shape[0]!, sums: new Map() });
      }
    }
  }

  /** Adds what the latest run wrote. */
  add(results: Readonly<Record<string, Tensor>>): void {
    for (const { latest, sum } of this.dense.values()) for (let i = 0; i < sum.length; i++) sum[i]! += latest[i]!;
    for (const [output, { data }] of Object.entries(results)) {
      if (!output.startsWith(ROWS)) continue;
      const { width, sums } = this.rows.get(nameOf(output))!;
      const indices = results[INDICES + output.slice(ROWS.length)]!.data as BigInt64Array;
      indices.forEach((index, i) => {
        const row = sums.get(Number(index)) ?? new Float32Array(width);
        for (let d = 0; d < width; d++) row[d]! += (data as Float32Array)[i * width + d]!;
        sums.set(Number(index), row);
      });
    }
  }

  /** The sums so far, as the optimizer takes them; valid until `clear`. A table with a dense gradient too gets both in one. */
  total(): Gradients {
    const total: Gradients = Object.fromEntries([...this.dense].map(([name, { sum }]) => [name, sum]));
    for (const [name, { width, sums }] of this.rows) {
      const whole = this.dense.get(name);
      if (whole === undefined) total[name] = joined(width, sums);
      else {
        const sum = whole.sum.slice();
        for (const [index, row] of sums) row.forEach((value, d) => (sum[index * width + d]! += value));
        total[name] = sum;
      }
    }
    return total;
  }

  clear(): void {
    for (const { sum } of this.dense.values()) sum.fill(0);
    for (const { sums } of this.rows.values()) sums.clear();
  }
}

/** Rows in the order of their indices, so that equal sums are equal however they came about. */
function joined(width: number, sums: Map<number, Float32Array>): RowGradient {
  const indices = [...sums.keys()].sort((a, b) => a - b);
  const data = new Float32Array(indices.length * width);
  indices.forEach((index, i) => data.set(sums.get(index)!, i * width));
  return { indices, width, data };
}

function nameOf(output: string): string {
  return output.slice(output.indexOf(' ', ROWS.length) + 1);
}

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

/**
 * Adds up the gradients of several runs. The first run's are taken as they come, so that who makes one run a step has one copy only:
 * onnxruntime-node 1.30 hands out a copy of whatever it wrote elsewhere too. Further runs write into memory that is allocated once.
 */
export class GradientSum {
  private readonly dense = new Map<string, { output: string; size: number; sum?: Float32Array; latest?: Float32Array }>();
  /** Whether nothing was added yet. */
  private empty = true;
  /** Whether the run that is to be added writes into memory of ours; unknown before it was asked for. */
  private given: boolean | undefined;
  private readonly rows = new Map<string, { width: number; sums: Map<number, Float32Array> }>();

  constructor(outputs: Iterable<string>, weights: Readonly<Record<string, Weight>>) {
    for (const output of outputs) {
      if (output.startsWith(DENSE)) {
        const name = output.slice(DENSE.length);
        this.dense.set(name, { output, size: weights[name]!.data.length });
      } else if (output.startsWith(ROWS)) {
        const name = nameOf(output);
        const { shape, data } = weights[name]!;
        this.rows.set(name, { width: data.length / shape[0]!, sums: new Map() });
      }
    }
  }

  /** Where the next run has to write, to be asked for before every run: `program.run(feeds, sum.into)`. */
  get into(): Record<string, Data> {
    this.given = !this.empty;
    return this.given ? Object.fromEntries([...this.dense.values()].map((one) => [one.output, (one.latest ??= new Float32Array(one.size))])) : {};
  }

  /** Adds what the latest run wrote. */
  add(results: Readonly<Record<string, Tensor>>): void {
    if (this.given === undefined) throw new Error('Before every run whose gradients are added, ask where it has to write them.');
    for (const one of this.dense.values()) {
      if (!this.given) one.sum = results[one.output]!.data as Float32Array;
      // The sums were cleared between the run and here.
      else if (this.empty) [one.sum, one.latest] = [one.latest, undefined];
      else for (let i = 0; i < one.size; i++) one.sum![i]! += one.latest![i]!;
    }
    [this.empty, this.given] = [false, undefined];
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
    const total: Gradients = Object.fromEntries([...this.dense].map(([name, { size, sum }]) => [name, this.empty ? new Float32Array(size) : sum!]));
    for (const [name, { width, sums }] of this.rows) {
      if (!this.dense.has(name)) total[name] = joined(width, sums);
      else {
        const sum = (total[name] as Float32Array).slice();
        for (const [index, row] of sums) row.forEach((value, d) => (sum[index * width + d]! += value));
        total[name] = sum;
      }
    }
    return total;
  }

  clear(): void {
    this.empty = true;
    for (const one of this.dense.values()) delete one.sum;
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

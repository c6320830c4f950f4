import { setImmediate } from 'node:timers/promises';
import { GradientSum, gradientOutputs } from './accumulate.ts';
import * as g from './graph.ts';
import type { Gradients } from './optimizer.ts';
import { Program, type Feeds } from './program.ts';
import type { Weight } from './safetensors.ts';
import { Tensor, type SessionOptions } from './session.ts';
import { input, type Value } from './value.ts';

/** A loss of all of a model's outputs together: its value, and its gradient for every output, in the same order. */
export type Loss = (outputs: Float32Array) => Promise<{ loss: number; gradient: Float32Array }>;

/**
 * Gradients of a loss over more texts than fit into one run (GradCache, https://arxiv.org/abs/2101.06983): every chunk forward;
 * the loss and its gradient for the outputs; every chunk forward and backward from there. Exact, with the memory of one chunk.
 * What is fed to a chunk, dropout masks above all, is the same both times.
 */
export class GradientCache {
  private readonly forward: Program;
  private readonly backward: Program;
  private readonly output: Value;
  private readonly sum: GradientSum;

  private constructor(forward: Program, backward: Program, output: Value, sum: GradientSum) {
    this.forward = forward;
    this.backward = backward;
    this.output = output;
    this.sum = sum;
  }

  /** For a graph with this output [batch, …], float32. `weights` gives the trained weights their sizes. */
  static async open(output: Value, trained: ReadonlyMap<string, Value>, weights: Readonly<Record<string, Weight>>, options: SessionOptions = {}): Promise<GradientCache> {
    const slope = input('output_gradient', 'float32', output.shape);
    const outputs = gradientOutputs(g.reduceSum(g.multiply(output, slope)), trained);
    const [forward, backward] = [await Program.open({ output }, options), await Program.open(outputs, options)];
    return new GradientCache(forward, backward, output, new GradientSum(Object.keys(outputs), weights));
  }

  /** What the graph wants to be fed, but for the gradient. */
  get inputs(): Program['model']['inputs'] {
    return this.forward.model.inputs;
  }

  /** The outputs of one chunk. */
  async run(feeds: Feeds): Promise<Float32Array> {
    return (await this.forward.run(feeds))['output']!.data as Float32Array;
  }

  /**
   * Loss and gradients over all chunks. `weights` are fed to every chunk. The gradients are valid until the next call.
   * A chunk is one uninterrupted run, after which messages are heard; so few texts in each keep a pause or an end near.
   */
  async gradients(chunks: readonly Feeds[], weights: Feeds, loss: Loss): Promise<{ loss: number; gradients: Gradients }> {
    const outputs: Tensor[] = [];
    for (const chunk of chunks) {
      outputs.push((await this.forward.run({ ...chunk, ...weights }))['output']!);
      await setImmediate();
    }
    const all = new Float32Array(outputs.reduce((sum, { data }) => sum + data.length, 0));
    const starts: number[] = [];
    let end = 0;
    for (const { data } of outputs) {
      starts.push(end);
      all.set(data as Float32Array, end);
      end += data.length;
    }
    const { loss: value, gradient } = await loss(all);
    if (gradient.length !== end) throw new Error(`The loss gave ${gradient.length} gradients for ${end} outputs of ${this.output.shape.join(' × ')}.`);
    this.sum.clear();
    for (const [i, chunk] of chunks.entries()) {
      const { dims, data } = outputs[i]!;
      const slope = new Tensor('float32', gradient.subarray(starts[i]!, starts[i]! + data.length), dims);
      this.sum.add(await this.backward.run({ ...chunk, ...weights, output_gradient: slope }, this.sum.into));
      await setImmediate();
    }
    return { loss: value, gradients: this.sum.total() };
  }

  async close(): Promise<void> {
    await this.forward.close();
    await this.backward.close();
  }
}

/** Weights as they are fed. The tensors share the weights' memory, so they stay right while these are trained. */
export function weightFeeds(weights: Readonly<Record<string, Weight>>): Feeds {
  return Object.fromEntries(Object.entries(weights).map(([name, { shape, data }]) => [name, new Tensor('float32', data, shape)]));
}

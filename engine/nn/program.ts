import { describe, lengthOf } from './dimensions.ts';
import { writeGraph, type Model } from './emission.ts';
import type { ElementType } from './onnx.ts';
import { openSession, Tensor, type SessionOptions } from './session.ts';
import type { Session } from './session.ts';
import type { Value } from './value.ts';

/** What a tensor of each type is made of in JavaScript. */
export interface Arrays { float32: Float32Array; float64: Float64Array; int8: Int8Array; int32: Int32Array; int64: BigInt64Array; bool: Uint8Array }
export type Data = Arrays[ElementType];

export type Feeds = Readonly<Record<string, Tensor>>;

/** A graph that is ready to run. */
export class Program {
  readonly model: Omit<Model, 'bytes'>;
  private readonly session: Session;

  private constructor(model: Omit<Model, 'bytes'>, session: Session) {
    this.model = model;
    this.session = session;
  }

  static async open(outputs: Readonly<Record<string, Value>>, options: SessionOptions = {}): Promise<Program> {
    const { bytes, ...model } = writeGraph(outputs);
    return new Program(model, await openSession(bytes, options));
  }

  /**
   * Computes the outputs, on the calling thread. Outputs named in `into` are written there, without an array of their own;
   * none of these may share memory with a feed, because ONNX Runtime would overwrite the feed before its last reader ran.
   */
  async run(feeds: Feeds, into: Readonly<Record<string, Data>> = {}): Promise<Record<string, Tensor>> {
    const lengths = this.check(feeds);
    const used = Object.fromEntries(Object.keys(this.model.inputs).map((name) => [name, feeds[name]!]));
    for (const name of Object.keys(into)) if (!(name in this.model.outputs)) throw new Error(`The graph has no output "${name}".`);
    const fetches: Record<string, Tensor | null> = {};
    for (const [name, { type, shape }] of Object.entries(this.model.outputs)) {
      const target = into[name];
      if (target === undefined) {
        fetches[name] = null;
        continue;
      }
      const whole = shape.map((dimension) => lengthOf(dimension, lengths));
      const size = whole.reduce((product, length) => product * length, 1);
      if (target.length !== size) throw new Error(`Output "${name}" of ${describe(whole)} does not fit into ${target.length} elements.`);
      for (const [feed, { data }] of Object.entries(used)) {
        if (overlap(data as Data, target)) throw new Error(`Output "${name}" would be written over the input "${feed}" while that is still read.`);
      }
      fetches[name] = new Tensor(type, target as Float32Array, whole) as Tensor;
    }
    const results = await this.session.run(used, fetches);
    return results as Record<string, Tensor>;
  }

  async close(): Promise<void> {
    await this.session.release();
  }

  /** What the named dimensions are in these feeds. Throws a sentence about the first feed that does not fit. */
  private check(feeds: Feeds): Record<string, number> {
    const lengths: Record<string, number> = {};
    const inputs = Object.entries(this.model.inputs);
    // Plain names first: what is computed from them can then be checked against them.
    inputs.forEach(([name, { shape }]) => shape.forEach((dimension, axis) => {
      const length = feeds[name]?.dims[axis];
      if (typeof dimension === 'string' && NAME.test(dimension) && length !== undefined) lengths[dimension] ??= length;
    }));
    for (const [name, { type, shape }] of inputs) {
      const tensor = feeds[name];
      if (tensor === undefined) throw new Error(`The graph was not fed its input "${name}".`);
      const fits = tensor.type === type && tensor.dims.length === shape.length && shape.every((dimension, axis) => lengthOf(dimension, lengths) === tensor.dims[axis]);
      if (!fits) throw new Error(`Input "${name}" is ${tensor.type} of ${describe(tensor.dims)}, where the graph wants ${type} of ${describe(shape)}${Object.keys(lengths).length > 0 ? ` with ${JSON.stringify(lengths)}` : ''}.`);
    }
    return lengths;
  }
}

const NAME = /^\w+$/;

function overlap(a: Data, b: Data): boolean {
  return a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
}

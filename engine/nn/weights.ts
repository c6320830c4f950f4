import * as g from './graph.ts';
import { loraTerm, type LoraOptions } from './lora.ts';
import type { Checkpoint } from './safetensors.ts';
import { frozen, trainable, type Value } from './value.ts';

export interface WeightsOptions {
  /** Put before every name to find it in the checkpoint, for example `bert.`. */
  prefix?: string;
  /** Which of the checkpoint's own weights are trained, by their name in the checkpoint; none if absent. */
  trains?: (name: string) => boolean;
  lora?: LoraOptions;
}

/** The weights of one graph: what architectures build with. Each is one value, however often it is used. */
export class Weights {
  /** What is learned, by name: to be fed at every run, and what gradients are taken of. In the order of first use. */
  readonly trained: Map<string, Value>;
  /** Every weight that was asked for. */
  readonly known: Map<string, Value>;
  private readonly checkpoint: Checkpoint;
  private readonly options: WeightsOptions;

  constructor(checkpoint: Checkpoint, options: WeightsOptions = {}, shared: { trained: Map<string, Value>; known: Map<string, Value> } = { trained: new Map(), known: new Map() }) {
    this.checkpoint = checkpoint;
    this.options = options;
    this.trained = shared.trained;
    this.known = shared.known;
  }

  /** The same weights, called by names with another beginning. */
  under(prefix: string): Weights {
    return new Weights(this.checkpoint, { ...this.options, prefix }, this);
  }

  has(name: string): boolean {
    return this.checkpoint.has(this.full(name));
  }

  get(name: string): Value {
    const full = this.full(name);
    let value = this.known.get(full);
    if (value === undefined) {
      value = this.options.trains?.(full) === true ? this.learn(full, trainable(full, this.checkpoint.shape(full))) : frozen(full, this.checkpoint.tensor(full));
      this.known.set(full, value);
    }
    return value;
  }

  /** x [rows, in] · Wᵀ + b, with `<layer>.weight` [out, in], `<layer>.bias` where there is one, and the adapter where it applies. */
  linear(x: Value, layer: string): Value {
    const weight = this.get(`${layer}.weight`);
    const [outs, ins] = weight.shape as [number, number];
    const y = g.gemm(x, weight, { transposeB: true, ...(this.has(`${layer}.bias`) ? { bias: this.get(`${layer}.bias`) } : {}) });
    const { lora } = this.options;
    const full = this.full(layer);
    if (lora?.adapts(full) !== true) return y;
    if (this.trained.has(`${full}.lora_A.weight`)) throw new Error(`The adapted layer ${full} is used twice in one graph.`);
    const { term, a, b } = loraTerm(x, full, ins, outs, lora);
    this.learn(`${full}.lora_A.weight`, a);
    this.learn(`${full}.lora_B.weight`, b);
    return g.add(y, term);
  }

  private learn(name: string, value: Value): Value {
    this.trained.set(name, value);
    return value;
  }

  private full(name: string): string {
    return (this.options.prefix ?? '') + name;
  }
}

import * as g from './graph.ts';
import { int8Linear, type Int8Options } from './int8.ts';
import { loraTerm, newAdapter, type LoraOptions } from './lora.ts';
import type { Checkpoint, Weight } from './safetensors.ts';
import { frozen, trainable, type Value } from './value.ts';

export interface WeightsOptions {
  /** Put before every name to find it in the checkpoint, for example `bert.`. */
  prefix?: string;
  /** Which of the checkpoint's own weights are trained, by their name in the checkpoint; none if absent. */
  trains?: (name: string) => boolean;
  lora?: LoraOptions;
  /** Linear layers whose own weight is not trained are computed in eight bits. */
  int8?: Int8Options;
}

type Shared = Pick<Weights, 'trained' | 'entering' | 'known'>;

/** The weights of one graph: what architectures build with. Each is one value, however often it is used. */
export class Weights {
  /** What is learned, by name: to be fed at every run, and what gradients are taken of. In the order of first use. */
  readonly trained: Map<string, Value>;
  /** What goes into every linear layer [rows, in], by the layer's name in the checkpoint. */
  readonly entering: Map<string, Value>;
  /** Every weight that was asked for. */
  readonly known: Map<string, Value>;
  private readonly checkpoint: Checkpoint;
  private readonly options: WeightsOptions;

  constructor(checkpoint: Checkpoint, options: WeightsOptions = {}, shared: Shared = { trained: new Map(), entering: new Map(), known: new Map() }) {
    this.checkpoint = checkpoint;
    this.options = options;
    this.trained = shared.trained;
    this.entering = shared.entering;
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
    const { lora, int8 } = this.options;
    const full = this.full(layer);
    const name = `${full}.weight`;
    const [outs, ins] = this.checkpoint.shape(name) as [number, number];
    this.entering.set(full, x);
    const bias = this.has(`${layer}.bias`) ? { bias: this.get(`${layer}.bias`) } : {};
    const y = int8 === undefined || this.options.trains?.(name) === true
      ? g.gemm(x, this.get(`${layer}.weight`), { transposeB: true, ...bias })
      : int8Linear(x, full, this.checkpoint.read(name), bias, int8);
    if (lora?.adapts(full) !== true) return y;
    if (this.trained.has(`${full}.lora_A.weight`)) throw new Error(`The adapted layer ${full} is used twice in one graph.`);
    const { term, a, b } = loraTerm(x, full, ins, outs, lora);
    this.learn(`${full}.lora_A.weight`, a);
    this.learn(`${full}.lora_B.weight`, b);
    return g.add(y, term);
  }

  /** What is learned as it is before the first step: the checkpoint's weights, and an adapter that changes nothing. */
  initial(seed: number): Record<string, Weight> {
    const adapter = newAdapter(this.trained.values(), seed);
    return Object.fromEntries([...this.trained.keys()].map((name) => [name, adapter[name] ?? { shape: this.checkpoint.shape(name), data: this.checkpoint.read(name) }]));
  }

  private learn(name: string, value: Value): Value {
    this.trained.set(name, value);
    return value;
  }

  private full(name: string): string {
    return (this.options.prefix ?? '') + name;
  }
}

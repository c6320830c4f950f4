import { describe, type Shape } from './dimensions.ts';
import type { ElementType, ExternalData, TensorData } from './onnx.ts';
import type { Attributes, OperatorName } from './operators/row.ts';

/** What a graph is made of: a tensor that will be known when the graph runs, and where it comes from. Never changed. */
export interface Value {
  /** Grows as values are made, so what a value is made of always has a smaller one. */
  readonly id: number;
  readonly type: ElementType;
  readonly shape: Shape;
  readonly source: Source;
}

export type Source =
  | { readonly kind: 'input'; readonly name: string }
  /** A weight that is fed at every run, because it changes from step to step. */
  | { readonly kind: 'trainable'; readonly name: string }
  /** A weight that the model holds or refers to. */
  | { readonly kind: 'frozen'; readonly name: string; readonly tensor: TensorData | ExternalData }
  | { readonly kind: 'constant'; readonly tensor: TensorData }
  | { readonly kind: 'application'; readonly application: Application; readonly output: number };

/** One operator applied to values. */
export interface Application<K extends OperatorName = OperatorName> {
  readonly operator: K;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes[K];
  readonly outputs: readonly Value[];
}

export type FloatType = 'float32' | 'float64';

let made = 0;

export function makeValue(type: ElementType, shape: Shape, source: Source): Value {
  for (const dimension of shape) {
    if (typeof dimension === 'number' && !(Number.isInteger(dimension) && dimension >= 0)) throw new Error(`A shape of ${describe(shape)} has a dimension that is no length.`);
  }
  return { id: made++, type, shape: [...shape], source };
}

/** What the caller feeds at every run. Dimensions may be names; one name is one length everywhere in a graph. */
export function input(name: string, type: ElementType, shape: Shape): Value {
  return makeValue(type, shape, { kind: 'input', name });
}

/** A weight to be learned: fed at every run like an input, and what gradients are taken of. */
export function trainable(name: string, shape: readonly number[], type: FloatType = 'float32'): Value {
  return makeValue(type, shape, { kind: 'trainable', name });
}

/** A weight that stays as it is: stored in the model, or referred to in a file. */
export function frozen(name: string, tensor: TensorData | ExternalData): Value {
  return makeValue(tensor.type, tensor.shape, { kind: 'frozen', name, tensor });
}

export function constant(tensor: TensorData): Value {
  return makeValue(tensor.type, tensor.shape, { kind: 'constant', tensor });
}

export function scalar(value: number, type: FloatType = 'float32'): Value {
  return constant({ type, shape: [], data: type === 'float32' ? Float32Array.of(value) : Float64Array.of(value) });
}

export function isFloat(type: ElementType): type is FloatType {
  return type === 'float32' || type === 'float64';
}

/** Everything that was applied to make these values, in the order it was made. */
export function applicationsBehind(values: Iterable<Value>): { applications: Application[]; leaves: Value[] } {
  const applications = new Set<Application>();
  const leaves = new Set<Value>();
  const open = [...values];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (value.source.kind !== 'application') leaves.add(value);
    else if (!applications.has(value.source.application)) {
      applications.add(value.source.application);
      open.push(...value.source.application.inputs);
    }
  }
  return {
    applications: [...applications].sort((a, b) => a.outputs[0]!.id - b.outputs[0]!.id),
    leaves: [...leaves].sort((a, b) => a.id - b.id),
  };
}

import type { Dimension, ElementType, Node, ValueType } from '../onnx.ts';
import type { Shape } from '../dimensions.ts';
import type { Value } from '../value.ts';

type None = Record<never, never>;
interface Reduction { axes: readonly number[]; keepDimensions: boolean }

/** The operators there are, and what each is told beside its inputs. Axes count from 0. */
export interface Attributes {
  add: None; subtract: None; multiply: None; divide: None;
  negate: None; exp: None; log: None; sqrt: None; erf: None; tanh: None; sigmoid: None; relu: None; gelu: None; softplus: None;
  power: { exponent: number };
  equal: None; greater: None; where: None;
  cast: { to: ElementType };
  transpose: { permutation: readonly number[] };
  reshape: { shape: Shape };
  expand: { shape: Shape };
  concat: { axis: number };
  slice: { axis: number; start: Dimension; length: Dimension };
  /** Zeros around: `before` of them first, and so many after that the axis gets length `total`. */
  pad: { axis: number; before: Dimension; total: Dimension };
  gather: None;
  oneHot: { depth: number; type: 'float32' | 'float64' };
  matmul: { transposeA: boolean; transposeB: boolean };
  gemm: { transposeA: boolean; transposeB: boolean };
  attention: { scale: number };
  int8Matmul: { byRow: boolean };
  reduceSum: Reduction; reduceMean: Reduction; reduceMax: Reduction;
  softmax: { axis: number }; logSoftmax: { axis: number };
  layerNormalization: { epsilon: number };
  rmsNorm: { epsilon: number };
  l2Normalise: { epsilon: number };
}
export type OperatorName = keyof Attributes;

/** An operator with what it was applied to. */
export interface Call<A> { readonly inputs: readonly Value[]; readonly attributes: A; readonly outputs: readonly Value[] }

/** Where rows write their ONNX nodes. Strings are names of ONNX values. */
export interface Emission {
  /** A node with one output; returns its name. */
  node(op: string, inputs: readonly string[], attributes?: Node['attributes'], domain?: string): string;
  nodes(op: string, inputs: readonly string[], outputs: number, attributes?: Node['attributes']): string[];
  scalar(value: number, type: ElementType): string;
  ints(values: readonly number[]): string;
  /** A vector of these lengths (int64), computed when the graph runs where they are not known before. */
  lengths(shape: Shape): string;
}

/** The functions that apply operators; what pullbacks write gradients with. */
export type Build = typeof import('../graph.ts');

/** All there is to know about an operator. The first output is the result; further ones are kept for the pullback. */
export interface Row<A> {
  /** Types and shapes of the outputs. Throws a sentence where the inputs do not fit. */
  infer(inputs: readonly Value[], attributes: A): ValueType[];
  /** Writes nodes and returns the names of the outputs. */
  emit(emission: Emission, inputs: readonly string[], call: Call<A>): string[];
  /**
   * Vector-Jacobian product: from the gradient of the result to those of the inputs (undefined for an input that has none).
   * Gradients are values like any other, so nothing that is not asked for is computed.
   */
  pullback(call: Call<A>, gradient: Value, build: Build): (Value | undefined)[];
  /** Arithmetic operations, counting every function of one element as one. Moving data is free. */
  flops(call: Call<A>, size: (shape: Shape) => number): number;
}

export type Rows<K extends OperatorName> = { [Name in K]: Row<Attributes[Name]> };

export function requireSameType(operator: string, ...values: readonly Value[]): void {
  const types = [...new Set(values.map((value) => value.type))];
  if (types.length > 1) throw new Error(`${operator} wants inputs of one type, not ${types.join(' and ')}.`);
}

export function requireRank(operator: string, what: string, value: Value, rank: number): void {
  if (value.shape.length !== rank) throw new Error(`${operator} wants ${what} of rank ${rank}, not of shape [${value.shape.join(', ')}].`);
}

export function requireAxis(operator: string, axis: number, value: Value): void {
  if (!Number.isInteger(axis) || axis < 0 || axis >= value.shape.length) throw new Error(`${operator} along axis ${axis} is not possible in a shape of [${value.shape.join(', ')}].`);
}

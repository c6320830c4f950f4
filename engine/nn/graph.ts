import { describe, sameShape, times, type Shape } from './dimensions.ts';
import type { Dimension, ElementType } from './onnx.ts';
import { rowOf } from './operators.ts';
import type { Attributes, OperatorName } from './operators/row.ts';
import { constant, isFloat, makeValue, scalar, type Application, type FloatType, type Value } from './value.ts';

/**
 * The graph language. Functions take values and return values; shapes are checked as they are called. Nothing is computed
 * until what is wanted of it becomes a model (`emission.ts`). Binary operators broadcast as NumPy does.
 */
function apply<K extends OperatorName>(operator: K, inputs: readonly Value[], attributes: Attributes[K]): readonly Value[] {
  const outputs: Value[] = [];
  const application: Application<K> = { operator, inputs, attributes, outputs };
  rowOf(operator).infer(inputs, attributes).forEach(({ type, shape }, output) => {
    outputs.push(makeValue(type, shape, { kind: 'application', application: application as unknown as Application, output }));
  });
  return outputs;
}

function only<K extends OperatorName>(operator: K, inputs: readonly Value[], attributes: Attributes[K]): Value {
  return apply(operator, inputs, attributes)[0]!;
}

export const add = (a: Value, b: Value): Value => only('add', [a, b], {});
export const subtract = (a: Value, b: Value): Value => only('subtract', [a, b], {});
export const multiply = (a: Value, b: Value): Value => only('multiply', [a, b], {});
export const divide = (a: Value, b: Value): Value => only('divide', [a, b], {});
export const negate = (x: Value): Value => only('negate', [x], {});
export const exp = (x: Value): Value => only('exp', [x], {});
export const log = (x: Value): Value => only('log', [x], {});
export const sqrt = (x: Value): Value => only('sqrt', [x], {});
export const erf = (x: Value): Value => only('erf', [x], {});
export const tanh = (x: Value): Value => only('tanh', [x], {});
export const sigmoid = (x: Value): Value => only('sigmoid', [x], {});
export const relu = (x: Value): Value => only('relu', [x], {});
/** x Φ(x), with the exact normal distribution, not its tanh approximation. */
export const gelu = (x: Value): Value => only('gelu', [x], {});
/** log(1 + eˣ) */
export const softplus = (x: Value): Value => only('softplus', [x], {});
export const power = (x: Value, exponent: number): Value => only('power', [x], { exponent });
export const equal = (a: Value, b: Value): Value => only('equal', [a, b], {});
export const greater = (a: Value, b: Value): Value => only('greater', [a, b], {});
export const where = (condition: Value, a: Value, b: Value): Value => only('where', [condition, a, b], {});
export const cast = (x: Value, to: ElementType): Value => (x.type === to ? x : only('cast', [x], { to }));

/** A number of the same type as another value. */
export function scalarLike(like: Value, value: number): Value {
  if (!isFloat(like.type)) throw new Error(`A number with a fraction was wanted beside a value of ${like.type}.`);
  return scalar(value, like.type);
}

export const scale = (x: Value, factor: number): Value => (factor === 1 ? x : multiply(x, scalarLike(x, factor)));

export const transpose = (x: Value, permutation: readonly number[]): Value => only('transpose', [x], { permutation });
export const reshape = (x: Value, shape: Shape): Value => (sameShape(x.shape, shape) ? x : only('reshape', [x], { shape }));
export const expand = (x: Value, shape: Shape): Value => (sameShape(x.shape, shape) ? x : only('expand', [x], { shape }));
export const concat = (values: readonly Value[], axis: number): Value => only('concat', values, { axis });
export const slice = (x: Value, axis: number, start: Dimension, length: Dimension): Value => only('slice', [x], { axis, start, length });
/** Zeros along an axis: `before` of them, then x, then as many as make `total`. */
export const pad = (x: Value, axis: number, before: Dimension, total: Dimension): Value => only('pad', [x], { axis, before, total });
/** Rows of a table [rows, …] by int64 indices of any shape. */
export const gather = (table: Value, indices: Value): Value => only('gather', [table, indices], {});
export const oneHot = (indices: Value, depth: number, type: FloatType): Value => only('oneHot', [indices], { depth, type });

/** Product over the last two axes; the others broadcast. */
export function matmul(a: Value, b: Value, transposes: Partial<Attributes['matmul']> = {}): Value {
  return only('matmul', [a, b], { transposeA: false, transposeB: false, ...transposes });
}

/** Product of two matrices, plus a bias that broadcasts to it. */
export function gemm(a: Value, b: Value, options: Partial<Attributes['gemm']> & { bias?: Value } = {}): Value {
  const { bias, ...transposes } = options;
  return only('gemm', bias === undefined ? [a, b] : [a, b, bias], { transposeA: false, transposeB: false, ...transposes });
}

/** softmax(scale · q kᵀ + mask) v over the last two axes; the others broadcast. */
export function attention(q: Value, k: Value, v: Value, scale: number, mask?: Value): Value {
  return only('attention', mask === undefined ? [q, k, v] : [q, k, v, mask], { scale });
}

/**
 * x [rows, in] times int8 weights; see `int8.ts`, which makes them. Without `back` it has no gradient, and x is rounded by its largest
 * number instead of every row by its own, which only gradients need.
 */
export const int8Matmul = (x: Value, w: Value, scales: Value, back?: { w: Value; scales: Value }): Value => only('int8Matmul', back === undefined ? [x, w, scales] : [x, w, scales, back.w, back.scales], { byRow: back !== undefined });

export const reduceSum = (x: Value, axes = allAxes(x), keepDimensions = false): Value => only('reduceSum', [x], { axes, keepDimensions });
export const reduceMean = (x: Value, axes = allAxes(x), keepDimensions = false): Value => only('reduceMean', [x], { axes, keepDimensions });
export const reduceMax = (x: Value, axes = allAxes(x), keepDimensions = false): Value => only('reduceMax', [x], { axes, keepDimensions });
export const softmax = (x: Value, axis = x.shape.length - 1): Value => only('softmax', [x], { axis });
export const logSoftmax = (x: Value, axis = x.shape.length - 1): Value => only('logSoftmax', [x], { axis });
export const layerNormalization = (x: Value, gain: Value, bias: Value, epsilon: number): Value => only('layerNormalization', [x, gain, bias], { epsilon });
export const rmsNorm = (x: Value, gain: Value, epsilon: number): Value => only('rmsNorm', [x, gain], { epsilon });
export const l2Normalise = (x: Value, epsilon = 1e-12): Value => only('l2Normalise', [x], { epsilon });

/** How many elements there are along these axes, as a number of x's type. */
export function count(x: Value, axes: readonly number[]): Value {
  const number = times(...axes.map((axis) => x.shape[axis]!));
  if (typeof number === 'number') return scalarLike(x, number);
  const ones = expand(scalarLike(x, 1), axes.map((axis) => x.shape[axis]!));
  return reduceSum(ones);
}

/** Undoes broadcasting: adds up what was repeated to give `x` its shape, so that it gets `shape`. */
export function sumTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const extra = x.shape.length - shape.length;
  const axes = x.shape.flatMap((dimension, axis) => (axis < extra || (shape[axis - extra] === 1 && dimension !== 1) ? [axis] : []));
  if (extra < 0) throw new Error(`${describe(x.shape)} was not broadcast from ${describe(shape)}.`);
  return reshape(reduceSum(x, axes, true), shape);
}

function allAxes(x: Value): readonly number[] {
  return x.shape.map((_, axis) => axis);
}

export { scalar, constant };

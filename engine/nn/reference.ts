import { lengthOf } from './dimensions.ts';
import type { TensorData } from './onnx.ts';
import type { Attributes, OperatorName } from './operators/row.ts';
import { applicationsBehind, type Value } from './value.ts';

/**
 * What tests hold the engine against: the same graphs evaluated one element after the other in float64, by loops that share
 * nothing with the rules of `operators.ts` but their names.
 */
export interface Plain { shape: number[]; data: Float64Array }

/** Evaluates values, given their inputs, trainable weights and frozen weights kept in files, by name. */
export function evaluate(values: readonly Value[], feeds: Readonly<Record<string, Plain>>): Plain[] {
  const { applications, leaves } = applicationsBehind(values);
  const known = new Map<Value, Plain>();
  const lengths: Record<string, number> = {};
  for (const leaf of leaves) {
    const { source } = leaf;
    const held = source.kind === 'constant' || (source.kind === 'frozen' && 'data' in source.tensor) ? fromTensor(source.tensor as TensorData) : feeds['name' in source ? source.name : ''];
    if (held === undefined) throw new Error(`Nothing was fed for ${'name' in source ? source.name : 'a value'}.`);
    leaf.shape.forEach((dimension, axis) => {
      if (typeof dimension === 'string') lengths[dimension] = held.shape[axis]!;
    });
    known.set(leaf, held);
  }
  for (const { operator, inputs, attributes, outputs } of applications) {
    const compute = loops[operator] as (inputs: Plain[], attributes: unknown, lengths: Record<string, number>) => Plain[];
    compute(inputs.map((value) => known.get(value)!), attributes, lengths).forEach((plain, i) => known.set(outputs[i]!, plain));
  }
  return values.map((value) => known.get(value)!);
}

export function plain(shape: readonly number[], data: Iterable<number>): Plain {
  return { shape: [...shape], data: Float64Array.from(data) };
}

function fromTensor({ shape, data }: TensorData): Plain {
  return plain(shape, Array.from(data as ArrayLike<number | bigint>, Number));
}

type Loops = { [K in OperatorName]: (inputs: Plain[], attributes: Attributes[K], lengths: Record<string, number>) => Plain[] };

const loops: Loops = {
  add: pairs((a, b) => a + b), subtract: pairs((a, b) => a - b), multiply: pairs((a, b) => a * b), divide: pairs((a, b) => a / b),
  equal: pairs((a, b) => Number(a === b)), greater: pairs((a, b) => Number(a > b)),
  negate: each((x) => -x), exp: each(Math.exp), log: each(Math.log), sqrt: each(Math.sqrt), tanh: each(Math.tanh), erf: each(erf),
  sigmoid: each((x) => 1 / (1 + Math.exp(-x))),
  relu: each((x) => Math.max(0, x)),
  gelu: each((x) => (x * (1 + erf(x / Math.SQRT2))) / 2),
  softplus: each((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  power: ([x], { exponent }) => each((value) => value ** exponent)([x!]),
  cast: ([x]) => [x!],
  where: ([condition, a, b]) => [over(shapeOf(condition!, a!, b!), (at) => (read(condition!, at) !== 0 ? read(a!, at) : read(b!, at)))],
  transpose: ([x], { permutation }) => [over(permutation.map((axis) => x!.shape[axis]!), (at) => read(x!, x!.shape.map((_, axis) => at[permutation.indexOf(axis)]!)))],
  reshape: ([x], { shape }, lengths) => [plain(shape.map((dimension) => lengthOf(dimension, lengths)), x!.data)],
  expand: ([x], { shape }, lengths) => [over(shape.map((dimension) => lengthOf(dimension, lengths)), (at) => read(x!, at))],
  concat: (inputs, { axis }) => {
    const whole = inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0);
    return [over(inputs[0]!.shape.map((length, i) => (i === axis ? whole : length)), (at) => {
      let [part, place] = [0, at[axis]!];
      while (place >= inputs[part]!.shape[axis]!) place -= inputs[part++]!.shape[axis]!;
      return read(inputs[part]!, at.with(axis, place));
    })];
  },
  slice: ([x], { axis, start, length }, lengths) => [over(x!.shape.with(axis, lengthOf(length, lengths)), (at) => read(x!, at.with(axis, at[axis]! + lengthOf(start, lengths))))],
  pad: ([x], { axis, before, total }, lengths) => [over(x!.shape.with(axis, lengthOf(total, lengths)), (at) => {
    const place = at[axis]! - lengthOf(before, lengths);
    return place >= 0 && place < x!.shape[axis]! ? read(x!, at.with(axis, place)) : 0;
  })],
  gather: ([table, indices]) => {
    const rank = indices!.shape.length;
    return [over([...indices!.shape, ...table!.shape.slice(1)], (at) => read(table!, [read(indices!, at.slice(0, rank)), ...at.slice(rank)]))];
  },
  oneHot: ([indices], { depth }) => [over([...indices!.shape, depth], (at) => Number(read(indices!, at.slice(0, -1)) === at.at(-1)))],
  matmul: ([a, b], attributes) => [product(a!, b!, attributes)],
  gemm: ([a, b, bias], attributes) => {
    const y = product(a!, b!, attributes);
    return bias === undefined ? [y] : pairs((left, right) => left + right)([y, bias]);
  },
  attention: ([q, k, v, mask], { scale }) => {
    const [scaled] = each((x) => x * scale)([product(q!, k!, { transposeA: false, transposeB: true })]);
    const [scores] = mask === undefined ? [scaled!] : pairs((a, b) => a + b)([scaled!, mask]);
    const probabilities = alongAxis(scores!, scores!.shape.length - 1, softmaxOf);
    return [product(probabilities, v!, { transposeA: false, transposeB: false }), probabilities];
  },
  int8Matmul: ([x, w, scales]) => pairs((a, b) => a * b)([product(x!, w!, { transposeA: false, transposeB: false }), scales!]),
  reduceSum: reduce((values) => sum(values)), reduceMean: reduce((values) => sum(values) / values.length), reduceMax: reduce((values) => Math.max(...values)),
  softmax: ([x], { axis }) => [alongAxis(x!, axis, softmaxOf)],
  logSoftmax: ([x], { axis }) => [alongAxis(x!, axis, (row) => softmaxOf(row).map(Math.log))],
  layerNormalization: ([x, gain, bias], { epsilon }) => {
    const last = x!.shape.length - 1;
    const inverse = (row: number[]): number => 1 / Math.sqrt(mean(row.map((value) => (value - mean(row)) ** 2)) + epsilon);
    return [
      alongAxis(x!, last, (row) => row.map((value, i) => (value - mean(row)) * inverse(row) * gain!.data[i]! + bias!.data[i]!)),
      alongAxis(x!, last, (row) => [mean(row)]),
      alongAxis(x!, last, (row) => [inverse(row)]),
    ];
  },
  rmsNorm: ([x, gain], { epsilon }) => {
    const last = x!.shape.length - 1;
    const inverse = (row: number[]): number => 1 / Math.sqrt(mean(row.map((value) => value * value)) + epsilon);
    return [alongAxis(x!, last, (row) => row.map((value, i) => value * inverse(row) * gain!.data[i]!)), alongAxis(x!, last, (row) => [inverse(row)])];
  },
  l2Normalise: ([x], { epsilon }) => {
    const last = x!.shape.length - 1;
    const divisor = (row: number[]): number => Math.max(epsilon, Math.sqrt(sum(row.map((value) => value * value))));
    return [alongAxis(x!, last, (row) => row.map((value) => value / divisor(row))), alongAxis(x!, last, (row) => [divisor(row)])];
  },
};

/** Abramowitz and Stegun 7.1.6, whose terms are all positive. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let total = x;
  for (let n = 1, term = x; Math.abs(term) > 1e-18 * Math.abs(total); n++) total += term *= (2 * x * x) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function softmaxOf(row: number[]): number[] {
  const largest = Math.max(...row);
  const powers = row.map((value) => Math.exp(value - largest));
  return powers.map((value) => value / sum(powers));
}

function each(compute: (x: number) => number): (inputs: Plain[]) => Plain[] {
  return ([x]) => [{ shape: x!.shape, data: x!.data.map((value) => compute(value)) }];
}

function pairs(compute: (a: number, b: number) => number): (inputs: Plain[]) => Plain[] {
  return ([a, b]) => [over(shapeOf(a!, b!), (at) => compute(read(a!, at), read(b!, at)))];
}

/** An element; where the tensor is shorter or its axis is 1, it is repeated. */
function read({ shape, data }: Plain, at: readonly number[]): number {
  let place = 0;
  shape.forEach((length, axis) => (place = place * length + (length === 1 ? 0 : at[at.length - shape.length + axis]!)));
  return data[place]!;
}

function over(shape: readonly number[], compute: (at: number[]) => number): Plain {
  const size = shape.reduce((product, length) => product * length, 1);
  const data = new Float64Array(size);
  const at = shape.map(() => 0);
  for (let i = 0; i < size; i++) {
    data[i] = compute(at);
    for (let axis = shape.length - 1; axis >= 0 && ++at[axis]! === shape[axis]!; axis--) at[axis] = 0;
  }
  return { shape: [...shape], data };
}

function shapeOf(...all: Plain[]): number[] {
  const rank = Math.max(...all.map(({ shape }) => shape.length));
  return Array.from({ length: rank }, (_, axis) => Math.max(...all.map(({ shape }) => shape[axis - rank + shape.length] ?? 1)));
}

function product(a: Plain, b: Plain, { transposeA, transposeB }: Attributes['matmul']): Plain {
  const turn = (at: number[], turned: boolean): number[] => (turned ? [...at.slice(0, -2), at.at(-1)!, at.at(-2)!] : at);
  const left = turn(a.shape, transposeA);
  const right = turn(b.shape, transposeB);
  const batch = shapeOf(plain(left.slice(0, -2), []), plain(right.slice(0, -2), []));
  return over([...batch, left.at(-2)!, right.at(-1)!], (at) => {
    let total = 0;
    for (let k = 0; k < left.at(-1)!; k++) total += read(a, turn([...at.slice(0, -2), at.at(-2)!, k], transposeA)) * read(b, turn([...at.slice(0, -2), k, at.at(-1)!], transposeB));
    return total;
  });
}

/** Applies a function to every row along one axis; it may change the row's length. */
function alongAxis(x: Plain, axis: number, compute: (row: number[]) => number[]): Plain {
  const row = (at: number[]): number[] => compute(Array.from({ length: x.shape[axis]! }, (_, i) => read(x, at.with(axis, i))));
  const length = row(x.shape.map(() => 0)).length;
  return over(x.shape.with(axis, length), (at) => row(at)[at[axis]!]!);
}

function reduce(compute: (values: number[]) => number): (inputs: Plain[], attributes: Attributes['reduceSum']) => Plain[] {
  return ([x], { axes, keepDimensions }) => {
    const inner = axes.map((axis) => x!.shape[axis]!);
    const whole = over(x!.shape.map((length, axis) => (axes.includes(axis) ? 1 : length)), (at) => {
      const values: number[] = [];
      over(inner, (place) => {
        values.push(read(x!, axes.reduce((where, axis, i) => where.with(axis, place[i]!), at)));
        return 0;
      });
      return compute(values);
    });
    return [keepDimensions ? whole : plain(whole.shape.filter((_, axis) => !axes.includes(axis)), whole.data)];
  };
}

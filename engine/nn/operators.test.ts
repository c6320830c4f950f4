import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lengthOf, type Shape } from './dimensions.ts';
import { gradients } from './gradient.ts';
import * as g from './graph.ts';
import type { OperatorName } from './operators/row.ts';
import { Program } from './program.ts';
import { Random } from './random.ts';
import { evaluate, plain, type Plain } from './reference.ts';
import { Tensor } from './session.ts';
import { input, isFloat, type FloatType, type Value } from './value.ts';

/**
 * Every operator three ways: ONNX Runtime against loops in float64, its rule against finite differences (in float64 wherever
 * ONNX Runtime computes it), and four threads against one.
 *
 * `of(build, …shapes)` is a case: a function of float inputs. `n` is a length that is only known when the graph runs.
 */
interface Case { build: (...x: Value[]) => Value; shapes: Shape[]; range: 'any' | 'positive'; float64: boolean; precision?: number }

function of(build: (...x: Value[]) => Value, ...shapes: Shape[]): Case {
  return { build, shapes, range: 'any', float64: true };
}
const positive = (one: Case): Case => ({ ...one, range: 'positive' });
/** ONNX Runtime has no float64 kernel of it: it is held to the float64 loops in float32. */
const float32Only = (one: Case): Case => ({ ...one, float64: false });
/** It rounds on purpose. */
const coarse = (one: Case, precision: number): Case => ({ ...float32Only(one), precision });

/** Weights that eight bits hold exactly, the same there and back. */
const int8Weights = ['w', 'scales', 'back', 'backScales'].map((_, i) => (i % 2 === 1
  ? g.constant({ type: 'float32', shape: [i === 1 ? 2 : 3], data: new Float32Array(i === 1 ? 2 : 3).fill(0.5) })
  : g.constant({ type: 'int8', shape: i === 0 ? [3, 2] : [2, 3], data: i === 0 ? Int8Array.of(1, -2, 3, 4, -5, 6) : Int8Array.of(1, 3, -5, -2, 4, 6) }))) as [Value, Value, Value, Value];

const rows = (x: Value): Value => g.cast(g.reshape(g.greater(x, g.scalarLike(x, 0)), x.shape), 'int64');

const cases: Record<OperatorName, Case[]> = {
  add: [of((a, b) => g.add(a!, b!), ['n', 4], ['n', 4]), of((a, b) => g.add(a!, b!), ['n', 4], [4]), of((a, b) => g.add(a!, b!), ['n', 1, 2], [3, 1])],
  subtract: [of((a, b) => g.subtract(a!, b!), ['n', 4], [1, 4]), of((a, b) => g.subtract(a!, b!), [], ['n', 4])],
  multiply: [of((a, b) => g.multiply(a!, b!), ['n', 4], ['n', 1]), of((a) => g.multiply(a!, a!), ['n', 4])],
  divide: [positive(of((a, b) => g.divide(a!, b!), ['n', 4], [4]))],
  negate: [of((x) => g.negate(x!), ['n', 4])],
  exp: [of((x) => g.exp(x!), ['n', 4])],
  log: [positive(of((x) => g.log(x!), ['n', 4]))],
  sqrt: [positive(of((x) => g.sqrt(x!), ['n', 4]))],
  erf: [float32Only(of((x) => g.erf(x!), ['n', 4]))],
  tanh: [of((x) => g.tanh(x!), ['n', 4])],
  sigmoid: [of((x) => g.sigmoid(x!), ['n', 4])],
  relu: [of((x) => g.relu(x!), ['n', 4])],
  gelu: [float32Only(of((x) => g.gelu(x!), ['n', 4]))],
  softplus: [float32Only(of((x) => g.softplus(x!), ['n', 4]))],
  power: [of((x) => g.power(x!, 3), ['n', 4]), positive(of((x) => g.power(x!, -0.5), ['n', 4]))],
  equal: [of((a, b) => g.multiply(a!, g.cast(g.equal(a!, b!), a!.type)), ['n', 4], [4])],
  greater: [of((a, b) => g.multiply(a!, g.cast(g.greater(a!, b!), a!.type)), ['n', 4], [4])],
  where: [of((a, b) => g.where(g.greater(a!, b!), a!, b!), ['n', 4], [4])],
  cast: [of((x) => g.multiply(g.cast(g.cast(x!, 'float32'), x!.type), x!), ['n', 4])],
  transpose: [of((x) => g.transpose(x!, [2, 0, 1]), ['n', 2, 3])],
  reshape: [of((x) => g.reshape(x!, ['3*n', 2]), ['n', 3, 2]), of((x) => g.reshape(g.reshape(x!, ['2*m*n']), [2, 'm', 'n']), ['n', 'm', 2])],
  expand: [of((x) => g.expand(x!, [3, 'n', 2]), ['n', 1])],
  concat: [of((a, b) => g.concat([a!, b!, a!], 0), ['n', 2], [3, 2]), of((a, b) => g.concat([a!, b!], 1), ['n', 2], ['n', 3])],
  slice: [of((x) => g.slice(x!, 1, 1, 2), ['n', 4]), of((x) => g.slice(x!, 0, 0, 1), ['n', 4]), of((x) => g.slice(x!, 0, 1, 'n+-2'), ['n', 4])],
  pad: [of((x) => g.pad(x!, 0, 2, 'n+3'), ['n', 4]), of((x) => g.pad(x!, 1, 0, 'n'), ['n', 2])],
  gather: [float32Only(of((x, y) => g.gather(g.exp(x!), rows(y!)), [2, 3], ['n']))],
  oneHot: [float32Only(of((x, y) => g.multiply(x!, g.oneHot(rows(y!), 2, x!.type as FloatType)), [2], ['n', 3]))],
  matmul: [[false, false], [true, false], [false, true], [true, true]].flatMap(([transposeA, transposeB]) => [
    of((a, b) => g.matmul(a!, b!, { transposeA: transposeA!, transposeB: transposeB! }), transposeA ? [3, 'n'] : ['n', 3], transposeB ? [2, 3] : [3, 2]),
    of((a, b) => g.matmul(a!, b!, { transposeA: transposeA!, transposeB: transposeB! }), ['n', 1, ...(transposeA ? [3, 2] : [2, 3])], [2, ...(transposeB ? [4, 3] : [3, 4])]),
  ]),
  gemm: [
    of((x, w, b) => g.gemm(x!, w!, { transposeB: true, bias: b! }), ['n', 3], [2, 3], [2]),
    of((x, w) => g.gemm(x!, w!), ['n', 3], [3, 2]),
    of((x, w, b) => g.gemm(x!, w!, { transposeA: true, bias: b! }), ['n', 3], ['n', 2], [3, 1]),
    of((x, w) => g.gemm(x!, w!, { transposeA: true, transposeB: true }), [3, 'n'], [2, 3]),
  ],
  attention: [
    of((q, k, v) => g.attention(q!, k!, v!, 0.5), ['n', 2, 3, 4], ['n', 2, 5, 4], ['n', 2, 5, 3]),
    of((q, k, v, mask) => g.attention(q!, k!, v!, 0.5, mask!), ['n', 2, 3, 4], ['n', 1, 3, 4], ['n', 1, 3, 4], [2, 3, 3]),
  ],
  int8Matmul: [coarse(of((x) => g.int8Matmul(x!, int8Weights[0], int8Weights[1], { w: int8Weights[2], scales: int8Weights[3] }), ['n', 3]), 1e-2)],
  reduceSum: [of((x) => g.reduceSum(x!, [0]), ['n', 4]), of((x) => g.reduceSum(x!, [0, 2], true), ['n', 2, 3]), of((x) => g.reduceSum(x!), ['n', 2])],
  reduceMean: [of((x) => g.reduceMean(x!, [1], true), ['n', 4]), of((x) => g.reduceMean(x!, [0]), ['n', 4]), of((x) => g.reduceMean(x!), ['n', 2])],
  reduceMax: [of((x) => g.reduceMax(x!, [1]), ['n', 4]), of((x) => g.reduceMax(x!, [0], true), ['n', 4])],
  softmax: [of((x) => g.softmax(x!), ['n', 4]), of((x) => g.softmax(x!, 0), ['n', 4])],
  logSoftmax: [of((x) => g.logSoftmax(x!), ['n', 4]), of((x) => g.logSoftmax(x!, 0), ['n', 4])],
  layerNormalization: [float32Only(of((x, gain, bias) => g.layerNormalization(x!, gain!, bias!, 1e-5), ['n', 2, 5], [5], [5]))],
  rmsNorm: [of((x, gain) => g.rmsNorm(x!, gain!, 1e-5), ['n', 5], [5])],
  l2Normalise: [of((x) => g.l2Normalise(x!), ['n', 5])],
};

interface Built { inputs: Value[]; y: Value; outputs: Record<string, Value> }

/** y, and the gradients of Σ y∘c for c as random as x. */
function build(one: Case, type: FloatType): Built {
  const inputs = one.shapes.map((shape, i) => input(`x${i}`, type, shape));
  const y = one.build(...inputs);
  const c = input('c', type, y.shape);
  const found = gradients(g.reduceSum(g.multiply(y, c)), inputs);
  const outputs = Object.fromEntries(found.flatMap(({ dense }, i) => (dense === undefined ? [] : [[`dx${i}`, dense]])));
  return { inputs: [...inputs, c], y, outputs: { y, ...outputs } };
}

function feedsFor({ inputs }: Built, one: Case, n: number): Record<string, Plain> {
  const random = new Random(7);
  return Object.fromEntries(inputs.map((value) => {
    const shape = value.shape.map((dimension) => lengthOf(dimension, { n, m: 2 }));
    const size = shape.reduce((product, length) => product * length, 1);
    const draw = (): number => (one.range === 'positive' ? 0.5 + 2 * random.next() : random.normal());
    return [value.source.kind === 'input' ? value.source.name : '', plain(shape, Array.from({ length: size }, draw))];
  }));
}

function tensors(feeds: Record<string, Plain>, type: FloatType): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(feeds).map(([name, { shape, data }]) => [name, type === 'float64' ? new Tensor('float64', data, shape) : new Tensor('float32', Float32Array.from(data), shape)]));
}

/** Largest difference, as a share of the largest number (or of 1). */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  let [worst, largest] = [0, 1];
  for (let i = 0; i < a.length; i++) {
    worst = Math.max(worst, Number.isNaN(a[i]!) ? Infinity : Math.abs(a[i]! - b[i]!));
    largest = Math.max(largest, Math.abs(b[i]!));
  }
  return worst / largest;
}

/** ∂ Σ y∘c / ∂x by central differences of fourth order. */
async function slope(compute: (feeds: Record<string, Plain>) => Promise<ArrayLike<number>>, feeds: Record<string, Plain>, name: string, step: number): Promise<number[]> {
  const x = feeds[name]!;
  const along = async (i: number, h: number): Promise<number> => {
    const y = await compute({ ...feeds, [name]: plain(x.shape, x.data.with(i, x.data[i]! + h)) });
    return Array.from(y).reduce((sum, value, k) => sum + value * feeds['c']!.data[k]!, 0);
  };
  const result: number[] = [];
  for (let i = 0; i < x.data.length; i++) result.push((8 * ((await along(i, step)) - (await along(i, -step))) - ((await along(i, 2 * step)) - (await along(i, -2 * step)))) / (12 * step));
  return result;
}

for (const [name, all] of Object.entries(cases)) {
  test(`${name}: ONNX Runtime agrees with loops, and the gradient with finite differences`, async () => {
    for (const one of all) {
      const type = one.float64 ? 'float64' : 'float32';
      const built = build(one, type);
      const feeds = feedsFor(built, one, 3);
      const program = await Program.open(built.outputs);
      const results = await program.run(tensors(feeds, type));
      const expected = evaluate(Object.values(built.outputs), feeds);
      for (const [i, output] of Object.keys(built.outputs).entries()) {
        assert.deepEqual(results[output]!.dims, expected[i]!.shape);
        const error = difference(results[output]!.data as Float64Array, expected[i]!.data);
        // A cast to float32 on the way costs its precision.
        assert.ok(error < (one.precision ?? (one.float64 && name !== 'cast' ? 1e-12 : 2e-6)), `${output} differs from the loops by ${error}`);
      }
      // Casting has steps, so only the other factor's share of its slope is there to be found.
      const forward = await Program.open({ y: built.y });
      const computed = async (moved: Record<string, Plain>): Promise<ArrayLike<number>> => (await forward.run(tensors(moved, 'float64')))['y']!.data as Float64Array;
      const looped = (moved: Record<string, Plain>): Promise<ArrayLike<number>> => Promise.resolve(evaluate([built.y], moved)[0]!.data);
      for (const output of Object.keys(built.outputs).slice(1)) {
        const exact = expected[Object.keys(built.outputs).indexOf(output)]!.data;
        const smooth = name !== 'cast' && one.float64;
        const error = difference(await slope(smooth ? computed : looped, feeds, output.slice(1), 1e-3), exact);
        // A float32 graph has its constants in float32.
        assert.ok(error < (one.float64 ? 1e-8 : 1e-7), `${output} differs from finite differences by ${error}`);
      }
      await Promise.all([program.close(), forward.close()]);
    }
  });
}

test('every operator computes on four threads what it computes on one', async () => {
  for (const [name, all] of Object.entries(cases)) {
    for (const one of all) {
      const built = build(one, 'float32');
      const feeds = tensors(feedsFor(built, one, 3000), 'float32');
      const [single, several] = [await Program.open(built.outputs, { threads: 1 }), await Program.open(built.outputs, { threads: 4 })];
      const expected = await single.run(feeds);
      for (let time = 0; time < 2; time++) {
        const results = await several.run(feeds);
        for (const output of Object.keys(built.outputs)) {
          const error = difference(results[output]!.data as Float32Array, expected[output]!.data as Float32Array);
          assert.ok(error <= 1e-6, `${name}: ${output} on four threads differs by ${error}`);
        }
      }
      await Promise.all([single.close(), several.close()]);
    }
  }
});

test('shapes that do not fit are refused in a sentence while the graph is built', () => {
  const x = input('x', 'float32', ['n', 4]);
  const w = input('w', 'float32', [3, 4]);
  assert.throws(() => g.add(x, input('y', 'float32', [3])), /Add cannot broadcast \[n, 4\] and \[3\]/);
  assert.throws(() => g.add(x, input('y', 'float64', [4])), /Add wants inputs of one type, not float32 and float64/);
  assert.throws(() => g.matmul(x, w), /matmul cannot multiply \[n, 4\] with \[3, 4\]/);
  assert.throws(() => g.matmul(x, w, { transposeA: true, transposeB: true }), /\[n, 4\] transposed with \[3, 4\] transposed/);
  assert.throws(() => g.reshape(x, ['n', 5]), /reshape cannot turn \[n, 4\] into \[n, 5\]: that is 4\*n elements and 5\*n/);
  assert.throws(() => g.slice(x, 1, 2, 3), /slice cannot take 3 from 2 on out of 4/);
  assert.throws(() => g.softmax(x, 2), /Softmax along axis 2 is not possible in a shape of \[n, 4\]/);
  assert.throws(() => g.layerNormalization(x, w, w, 1e-5), /layerNormalization of \[n, 4\] wants weights of \[4\], not \[3, 4\]/);
  assert.throws(() => g.gather(w, x), /gather wants int64 indices, not float32/);
  assert.ok(isFloat(g.gemm(x, w, { transposeB: true }).type));
});

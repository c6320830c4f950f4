import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeModel, type Graph } from './onnx.ts';
import { openSession, Tensor } from './session.ts';

const vector = { type: 'float32' as const, shape: ['n', 3] };

/** y = softmax(x · w + b) · scale, with every kind of attribute somewhere. */
const graph: Graph = {
  name: 'small',
  inputs: { x: { type: 'float32', shape: ['n', 2] } },
  outputs: { y: vector },
  constants: {
    w: { type: 'float32', shape: [2, 3], data: Float32Array.of(1, 2, 3, -1, 0, 1) },
    b: { type: 'float32', shape: [3], data: Float32Array.of(0.1, 0, -0.1) },
  },
  nodes: [
    { op: 'Gemm', inputs: ['x', 'w', 'b'], outputs: ['z'], attributes: { alpha: { float: 2 } } },
    { op: 'Softmax', inputs: ['z'], outputs: ['s'], attributes: { axis: { int: -1 } } },
    { op: 'Transpose', inputs: ['s'], outputs: ['t'], attributes: { perm: { ints: [1, 0] } } },
    { op: 'Transpose', inputs: ['t'], outputs: ['y'], attributes: { perm: { ints: [1, 0] } } },
  ],
};

test('ONNX Runtime computes what the graph says', async () => {
  const session = await openSession(writeModel(graph));
  const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(0.5, -0.25, 1, 1), [2, 2]) });
  const expected = [[0.5, -0.25], [1, 1]].flatMap(([a, b]) => {
    const z = [2 * (a! - b!) + 0.1, 2 * 2 * a!, 2 * (3 * a! + b!) - 0.1].map(Math.exp);
    return z.map((value) => value / (z[0]! + z[1]! + z[2]!));
  });
  for (const [i, value] of expected.entries()) assert.ok(Math.abs((y!.data as Float32Array)[i]! - value) < 1e-6);
  await session.release();
});

test('a constant has to fill its shape', () => {
  const constants = { ...graph.constants, b: { type: 'float32' as const, shape: [4], data: Float32Array.of(0.1, 0, -0.1) } };
  assert.throws(() => writeModel({ ...graph, constants }), /Constant b of shape \[4\] has 3 values instead of 4/);
});

test('says which file ONNX Runtime cannot load', async () => {
  await assert.rejects(openSession('no-such-model.onnx'), /ONNX Runtime cannot load no-such-model\.onnx/);
});

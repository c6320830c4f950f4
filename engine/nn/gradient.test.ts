import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeGraph } from './emission.ts';
import { denseGradients, gradients, pullback } from './gradient.ts';
import * as g from './graph.ts';
import { Program } from './program.ts';
import { Tensor } from './session.ts';
import { frozen, input, trainable } from './value.ts';

const float = (shape: number[], ...values: number[]): Tensor => new Tensor('float32', Float32Array.from(values), shape);
const numbers = (tensor: Tensor | undefined): number[] => Array.from(tensor!.data as Float32Array);

test('a gradient adds up over every way a value reaches the loss', async () => {
  const x = input('x', 'float32', []);
  // x·x + 3x, of which the slope at 5 is 2·5 + 3
  const [dx] = denseGradients(g.add(g.multiply(x, x), g.scale(x, 3)), [x]);
  const program = await Program.open({ dx: dx! });
  assert.deepEqual(numbers((await program.run({ x: float([], 5) }))['dx']), [13]);
  await program.close();
});

test('the gradient of a table is the gradients of the rows that were looked up, repeated ones too', async () => {
  const table = trainable('table', [3, 2]);
  const ids = input('ids', 'int64', ['tokens']);
  const c = input('c', 'float32', ['tokens', 2]);
  const [gradient] = gradients(g.reduceSum(g.multiply(g.gather(table, ids), c)), [table]);
  assert.equal(gradient!.dense, undefined);
  assert.equal(gradient!.rows[0]!.indices, ids);
  const program = await Program.open({ rows: gradient!.rows[0]!.rows });
  assert.deepEqual(program.model.outputs, { rows: { type: 'float32', shape: ['tokens', 2] } });
  const results = await program.run({ c: float([3, 2], 1, 2, 3, 4, 5, 6), ids: new Tensor('int64', BigInt64Array.of(1n, 0n, 1n), [3]) });
  assert.deepEqual(numbers(results['rows']), [1, 2, 3, 4, 5, 6]);
  await program.close();
});

test('a gradient that was computed elsewhere goes on from where it is fed', async () => {
  const x = input('x', 'float32', ['n', 2]);
  const dy = input('dy', 'float32', ['n', 2]);
  const [dx] = pullback([[g.multiply(x, x), dy]], [x]);
  const program = await Program.open({ dx: dx!.dense! });
  assert.deepEqual(numbers((await program.run({ x: float([1, 2], 3, 4), dy: float([1, 2], 1, 10) }))['dx']), [6, 80]);
  await program.close();
});

test('what the outputs do not need is left out of the model', () => {
  const x = input('x', 'float32', ['n', 2]);
  const w = frozen('w', { type: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
  const unused = g.exp(g.matmul(x, w));
  assert.deepEqual(Object.keys(writeGraph({ y: g.negate(x) }).inputs), ['x']);
  assert.ok(writeGraph({ y: g.negate(x) }).bytes.length < writeGraph({ y: unused }).bytes.length);
  assert.deepEqual(writeGraph({ y: unused }).bytes, writeGraph({ y: unused }).bytes);
});

test('an output that is nothing but an input is a copy of it', async () => {
  const x = input('x', 'float32', [2]);
  const program = await Program.open({ y: x });
  const feed = float([2], 1, 2);
  const { y } = await program.run({ x: feed });
  (y!.data as Float32Array)[0] = 9;
  assert.deepEqual(numbers(feed), [1, 2]);
  await program.close();
});

test('outputs go where they are wanted, but never over a feed', async () => {
  const x = input('x', 'float32', ['n', 2]);
  const program = await Program.open({ y: g.scale(x, 2) });
  const memory = new Float32Array(6);
  await program.run({ x: float([1, 2], 1, 2) }, { y: memory.subarray(2, 4) });
  assert.deepEqual([...memory], [0, 0, 2, 4, 0, 0]);
  const feed = new Tensor('float32', memory.subarray(1, 3), [1, 2]);
  await assert.rejects(program.run({ x: feed }, { y: memory.subarray(2, 4) }), /"y" would be written over the input "x"/);
  await assert.rejects(program.run({ x: float([1, 2], 1, 2) }, { y: memory }), /"y" of \[1, 2\] does not fit into 6 elements/);
  await program.close();
});

test('a feed that is missing or of another shape is refused in a sentence', async () => {
  const program = await Program.open({ y: g.add(input('a', 'float32', ['n', 2]), input('b', 'float32', ['n', 1])) });
  await assert.rejects(program.run({ a: float([1, 2], 1, 2) }), /not fed its input "b"/);
  await assert.rejects(program.run({ a: float([1, 2], 1, 2), b: float([2, 1], 1, 2) }), /Input "b" is float32 of \[2, 1\], where the graph wants float32 of \[n, 1\] with \{"n":1\}/);
  await program.close();
});

test('what cannot be differentiated says so', () => {
  const x = input('x', 'float32', ['n']);
  assert.throws(() => denseGradients(x, [x]), /A loss is one number, not of shape \[n\]/);
  assert.throws(() => denseGradients(g.reduceSum(x), [input('z', 'float32', [])]), /The loss does not depend on z/);
  assert.throws(() => denseGradients(g.reduceSum(g.gather(x, input('ids', 'int64', [1]))), [x]), /The gradient of x is made of gathered rows/);
  assert.throws(() => writeGraph({ y: g.expand(g.scalar(1), ['n']) }), /No input of the graph says how long "n" is/);
  assert.throws(() => writeGraph({ y: g.add(x, input('x', 'float32', ['n'])) }), /Two inputs or weights of one graph are called "x"/);
});

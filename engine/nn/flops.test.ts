import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flopsOf } from './flops.ts';
import { denseGradients } from './gradient.ts';
import * as g from './graph.ts';
import { input } from './value.ts';

test('a product takes two operations for each of its multiplications, and its gradients as much again each', () => {
  const [x, w] = [input('x', 'float32', ['n', 3]), input('w', 'float32', [4, 3])];
  const y = g.gemm(x, w, { transposeB: true });
  assert.deepEqual(flopsOf([y], { n: 10 }), { all: 240, products: 240 });
  // The sum of y is not needed for its gradients, nor is y.
  assert.equal(flopsOf(denseGradients(g.reduceSum(y), [x, w]), { n: 10 }).products, 480);
  assert.deepEqual(flopsOf([g.softmax(g.add(y, g.scalar(1)))], { n: 10 }), { all: 240 + 40 + 200, products: 240 });
});

test('attention is two products and a softmax', () => {
  const q = input('q', 'float32', ['n', 2, 5, 3]);
  assert.equal(flopsOf([g.attention(q, q, q, 1)], { n: 7 }).all, 7 * 2 * (2 * 5 * 5 * 3 * 2 + 7 * 25));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openKernels, STRIDE } from './kernels.ts';

test('adds and multiplies as plain loops do, and nothing beside the numbers it was given', () => {
  const kernels = openKernels();
  const [a, b] = [kernels.floats(6 * STRIDE), kernels.floats(6 * STRIDE)];
  // Whole numbers, so that no order of additions rounds.
  a.forEach((_, i) => (a[i] = (i * 7) % 11));
  b.forEach((_, i) => (b[i] = (i * 5) % 13));
  const from = STRIDE;
  const count = 3 * STRIDE;
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += a[i]! * b[i]!;
  assert.equal(kernels.dot(a.byteOffset + from * 4, b.byteOffset + from * 4, count), sum);
  const expected = a.map((value, i) => (i >= from && i < from + count ? value - 0.5 * b[i]! : value));
  kernels.add(a.byteOffset + from * 4, b.byteOffset + from * 4, count, -0.5);
  assert.deepEqual(a, expected);
});

test('arrays stay valid when the memory grows', () => {
  const kernels = openKernels();
  const first = kernels.floats(STRIDE).fill(2);
  const large = kernels.floats(1 << 22);
  assert.equal(large.every((value) => value === 0), true);
  assert.equal(kernels.dot(first.byteOffset, first.byteOffset, STRIDE), 4 * STRIDE);
});

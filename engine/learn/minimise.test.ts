import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minimise } from './minimise.ts';
import { next } from './train-query.ts';

test('a narrow valley in fifty dimensions is descended to its floor in as few steps as conjugate gradients would need', () => {
  // ½·xᵀDx − bᵀx with curvatures from 1 to 300; its least is at b / D.
  const random = { random: 3 };
  const curvature = Float64Array.from({ length: 50 }, (_, i) => 300 ** (i / 49));
  const b = Float64Array.from(curvature, () => next(random) - 0.5);
  let asked = 0;
  const at = new Float64Array(50);
  minimise((x, gradient) => {
    asked++;
    let value = 0;
    for (let i = 0; i < 50; i++) {
      gradient[i] = curvature[i]! * x[i]! - b[i]!;
      value += (0.5 * curvature[i]! * x[i]! - b[i]!) * x[i]!;
    }
    return value;
  }, at, { most: 500, precision: 1e-9 });
  at.forEach((x, i) => assert.ok(Math.abs(x - b[i]! / curvature[i]!) < 1e-6, `${i}: ${x}`));
  assert.ok(asked < 200, `${asked} times asked`);
});

test('every step goes down, it never asks more often than it may, and at the floor it rests', () => {
  const values: number[] = [];
  let asked = 0;
  const steep = (x: Float64Array, gradient: Float64Array): number => {
    asked++;
    gradient[0] = Math.sinh(x[0]!) * 100;
    return Math.cosh(x[0]!) * 100;
  };
  const at = Float64Array.of(6);
  minimise(steep, at, { most: 12, precision: 1e-12 }, (value) => values.push(value));
  assert.ok(asked <= 12 && values.length > 2);
  values.slice(1).forEach((value, i) => assert.ok(value < values[i]!));
  asked = 0;
  minimise(steep, new Float64Array(1), { most: 12, precision: 1e-9 });
  assert.equal(asked, 1);
});

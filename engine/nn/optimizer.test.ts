import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { advance, constantRate, cosine, linear, loadState, newState, saveState, type OptimizerOptions, type TrainingState } from './optimizer.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'optimizer-'));
after(() => rmSync(folder, { recursive: true }));

const start = (...values: number[]): TrainingState => newState({ w: { shape: [values.length], data: Float32Array.from(values) } });
const near = (actual: ArrayLike<number>, expected: number[], tolerance = 1e-6): void => expected.forEach((value, i) => assert.ok(Math.abs(actual[i]! - value) < tolerance, `${Array.from(actual).join()} is not ${expected.join()}`));
const options: OptimizerOptions = { learningRate: 0.1, schedule: constantRate(), weightDecay: 0 };

test('the first step goes by the learning rate against the sign of the gradient', () => {
  const { state, norm } = advance(start(1, 1, 1), { w: Float32Array.of(5, -0.001, 0) }, options);
  near(state.weights['w']!.data, [0.9, 1.1, 1], 1e-5);
  near([norm], [Math.hypot(5, 0.001)], 1e-5);
  assert.equal(state.step, 1);
});

test('many steps follow the paper, written out in float64', () => {
  let state = start(0.5, -2);
  const [w, m, v] = [[0.5, -2], [0, 0], [0, 0]];
  for (let t = 1; t <= 20; t++) {
    const g = w.map((value, i) => 2 * value - i);
    const computed = Float32Array.from(state.weights['w']!.data, (value, i) => 2 * value - i);
    ({ state } = advance(state, { w: computed }, { ...options, weightDecay: 0.02, beta1: 0.8, beta2: 0.95 }));
    for (let i = 0; i < 2; i++) {
      // Loshchilov and Hutter, algorithm 2
      m[i] = 0.8 * m[i]! + 0.2 * g[i]!;
      v[i] = 0.95 * v[i]! + 0.05 * g[i]! ** 2;
      w[i]! -= 0.1 * (m[i]! / (1 - 0.8 ** t) / (Math.sqrt(v[i]! / (1 - 0.95 ** t)) + 1e-8) + 0.02 * w[i]!);
    }
    near(state.weights['w']!.data, w, 1e-5);
  }
});

test('weights decay by themselves, but not those that are exempt', () => {
  const decay = { ...options, weightDecay: 0.5 };
  near(advance(start(2), { w: Float32Array.of(0) }, decay).state.weights['w']!.data, [1.9]);
  near(advance(start(2), { w: Float32Array.of(0) }, { ...decay, decays: (name) => name !== 'w' }).state.weights['w']!.data, [2]);
});

test('gradients that are too long together are shortened together', () => {
  const state = newState({ a: { shape: [1], data: Float32Array.of(0) }, b: { shape: [1], data: Float32Array.of(0) } });
  const { norm, state: next } = advance(state, { a: Float32Array.of(3), b: Float32Array.of(4) }, { ...options, longest: 1 });
  near([norm], [5]);
  near([next.first['a']![0]!, next.first['b']![0]!], [0.06, 0.08]);
});

test('of a table only the rows that were used are touched', () => {
  const table = newState({ w: { shape: [3, 2], data: Float32Array.of(1, 1, 1, 1, 1, 1) } });
  const { state } = advance(table, { w: { indices: [2, 0], width: 2, data: Float32Array.of(1, -1, 2, 2) } }, { ...options, weightDecay: 0.1 });
  near(state.weights['w']!.data, [0.89, 0.89, 1, 1, 0.89, 1.09]);
});

test('schedules rise, then fall to nothing', () => {
  const at = (schedule: (step: number) => number): number[] => [0, 5, 10, 20, 30, 40].map((step) => Math.round(schedule(step) * 1e4) / 1e4);
  assert.deepEqual(at(linear(30, 10)), [0, 0.5, 1, 0.5, 0, 0]);
  assert.deepEqual(at(cosine(30, 10)), [0, 0.5, 1, 0.5, 0, 0]);
  assert.equal(Math.round(cosine(30, 10)(15) * 1e4) / 1e4, 0.8536);
  assert.equal(linear(10, 0)(0), 1);
});

test('a gradient that is no number stops the training and spoils nothing', () => {
  const state = start(1);
  assert.throws(() => advance(state, { w: Float32Array.of(NaN) }, options), /no number any more/);
  assert.deepEqual([...state.weights['w']!.data, ...state.first['w']!], [1, 0]);
  assert.throws(() => advance(state, { z: Float32Array.of(1) }, options), /gradient for z, which is not trained/);
});

test('a state that was kept goes on as if it had never been put away, to the last bit', () => {
  const gradient = (step: number): Float32Array => Float32Array.of(Math.sin(step), Math.cos(step));
  const steps = (state: TrainingState, count: number): TrainingState => Array.from({ length: count }).reduce<TrainingState>((now) => advance(now, { w: gradient(now.step) }, { ...options, schedule: linear(20, 3) }).state, state);
  const [whole, half, resumed] = ['whole', 'half', 'resumed'].map((name) => path.join(folder, name)) as [string, string, string];
  saveState(whole, steps(start(1, 2), 10));
  saveState(half, steps(start(1, 2), 5), { place: '7' });
  const { state, notes } = loadState(half);
  assert.deepEqual(notes, { place: '7' });
  saveState(resumed, steps(state, 5));
  assert.deepEqual(readFileSync(resumed), readFileSync(whole));
});

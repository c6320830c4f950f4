import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../nn/random.ts';
import { selectGroup, selectionOf, type NegativeRule, type PositiveRule } from './selection.ts';

/** LE-6. Texts 0 and 1 answer, 2 to 5 do not; the teacher likes one of these best. */
const sample = { right: [0, 1], wrong: [2, 3, 4, 5], rewards: [-3.13, -2, -4, -1.16, -5, -2.5] };
const select = (positive: PositiveRule, negative: NegativeRule, size = 3, seed = 1, of: Parameters<typeof selectGroup>[0] = sample) => selectGroup(of, { positive, negative, taught: true }, size, new Random(seed));

test('what comes first: the first, any, the teacher’s best of all, or of those that answer', () => {
  assert.equal(select('first', 'first')!.first, 0);
  assert.deepEqual(new Set(Array.from({ length: 40 }, (_, seed) => select('random', 'first', 3, seed)!.first)), new Set([0, 1]));
  assert.equal(select('teacher-pos', 'first')!.first, 1);
  const { first, others } = select('teacher', 'first', 8)!;
  assert.equal(first, 3, 'out of those that were called wrong');
  assert.deepEqual(others, [2, 4, 5], 'it is not among them any more, nor are others that answer');
});

test('what it is told from: random ones, the first, the teacher’s best, its worst', () => {
  assert.deepEqual(select('first', 'first')!.others, [2, 3]);
  assert.deepEqual(select('first', 'teacher+')!.others, [3, 5]);
  assert.deepEqual(select('first', 'teacher-')!.others, [4, 2]);
  const drawn = Array.from({ length: 60 }, (_, seed) => select('first', 'random', 3, seed)!.others);
  assert.deepEqual(new Set(drawn.flat()), new Set([2, 3, 4, 5]));
  assert.ok(drawn.every((others) => new Set(others).size === 2));
});

test('too few texts make a smaller group and nothing twice; none, no group', () => {
  assert.deepEqual(select('first', 'random', 8)!.others.toSorted(), [2, 3, 4, 5]);
  assert.equal(select('first', 'random', 8, 1, { right: [0], wrong: [], rewards: [-1] }), undefined);
});

test('where nobody said what answers, the teacher does; without a teacher nobody does', () => {
  assert.equal(select('first', 'random', 3, 1, { right: [], wrong: [2, 3, 4], rewards: sample.rewards })!.first, 3);
  assert.equal(select('first', 'random', 3, 1, { right: [], wrong: [2, 3, 4] }), undefined);
});

test('each task as LLM-Embedder was trained; a teacher that sees little difference in long texts teaches nothing', () => {
  assert.deepEqual(['qa', 'icl', 'convsearch', 'tool', 'chat', 'lrlm', undefined].map((task) => { const { positive, negative, taught, temperature } = selectionOf(task); return [positive, negative, taught, temperature]; }), [
    ['first', 'random', true, undefined], ['random', 'random', true, undefined], ['first', 'random', false, undefined], ['first', 'random', false, undefined],
    ['teacher', 'random', true, 0.1], ['teacher', 'random', true, 0.1], ['first', 'random', true, undefined],
  ]);
  const inUnits = (...scores: number[]) => scores.map((score) => score / selectionOf('lrlm').temperature!);
  const flat = { right: [], wrong: [0, 1, 2], rewards: inUnits(-1, -1.05, -1.02) };
  assert.equal(selectGroup(flat, selectionOf('lrlm'), 8, new Random(1)), undefined);
  assert.equal(selectGroup({ ...flat, rewards: inUnits(-1, -1.2, -1.02) }, selectionOf('lrlm'), 8, new Random(1))!.first, 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { homogeneous } from './homogeneous.ts';

/** LE-5: three tasks of 10, 7 and 23 rows. */
const rows = [['a', 10], ['b', 7], ['c', 23]].flatMap(([set, count]) => Array.from({ length: Number(count) }, (_, i) => ({ set: String(set), name: `${set}${i}` })));
const leftOf = ({ sets }: ReturnType<typeof homogeneous>) => sets.map(({ left }) => left);

test('every batch is of one task, no row comes twice, and what does not fill a batch waits for another pass: 2, 3 and 3', () => {
  const drawn = homogeneous(rows, { batch: 4, seed: 1 });
  assert.deepEqual(leftOf(drawn), [2, 3, 3]);
  assert.ok(drawn.batches.every((batch) => batch.length === 4 && new Set(batch.map(({ set }) => set)).size === 1));
  const used = drawn.batches.flat().map(({ name }) => name);
  assert.equal(new Set(used).size, used.length);
  assert.equal(used.length, 40 - 8);
  assert.notDeepEqual(drawn.batches.map(([first]) => first!.set), drawn.batches.map(([first]) => first!.set).toSorted(), 'batches of all tasks by turns');
});

test('another pass draws others, the same seed the same', () => {
  const names = (seed: number) => homogeneous(rows, { batch: 4, seed }).batches.map((batch) => batch.map(({ name }) => name));
  assert.deepEqual(names(3), names(3));
  assert.notDeepEqual(names(3), names(4));
  const passes = Array.from({ length: 30 }, (_, seed) => names(seed).flat()).flat();
  assert.equal(new Set(passes).size, 40, 'nothing is left out for good');
});

test('two workers take disjoint halves of the same steps; the task that two batches are too many for is said, and comes in smaller ones', () => {
  const [first, second] = [0, 1].map((worker) => homogeneous(rows, { batch: 4, seed: 1, workers: 2, worker }));
  assert.deepEqual(first!.sets, second!.sets);
  assert.deepEqual(first!.sets, [{ set: 'a', rows: 10, batch: 4, left: 2 }, { set: 'b', rows: 7, batch: 3, left: 1 }, { set: 'c', rows: 23, batch: 4, left: 7 }]);
  assert.deepEqual(first!.batches.map((batch) => batch[0]!.set), second!.batches.map((batch) => batch[0]!.set));
  assert.deepEqual(first!.batches.map(({ length }) => length), second!.batches.map(({ length }) => length));
  const used = [first!, second!].flatMap(({ batches }) => batches.flat().map(({ name }) => name));
  assert.equal(new Set(used).size, used.length);
  assert.equal(used.length, 8 + 6 + 16);
});

test('where less than a batch is worth a step, only less than that waits', () => {
  const drawn = homogeneous(rows, { batch: 4, seed: 1, least: 3 });
  assert.deepEqual(leftOf(drawn), [2, 0, 0]);
  assert.deepEqual(drawn.batches.map(({ length }) => length).toSorted(), [3, 3, ...new Array<number>(8).fill(4)]);
  assert.deepEqual(leftOf(homogeneous(rows.slice(0, 1), { batch: 4, seed: 1 })), [0], 'a single row is a batch of its own');
  assert.deepEqual(homogeneous([], { batch: 4, seed: 1 }), { batches: [], sets: [] });
});

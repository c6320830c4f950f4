import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forward, GradientCollector, newTable, update, type Bags, type BagTable } from './bags.ts';
import { toBags } from './batches.ts';
import { InfoNCE } from './infonce.ts';

const DIMENSIONS = 16;
const TEMPERATURE = 0.5;

function seeded(): () => number {
  let state = 42;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

const queries = toBags([[1, 2, 2], [3], [4, 5, 1]]);
/** Where a token counts the less the more often it is said, as long texts are given. */
const passages = toBags([[2, 6, 7, 7, 7], [5, 3], [1, 8]], 0.5);
/** Pairs 0 and 2 stand on one passage. */
const mask = Float32Array.of(0, 0, -1e9, 0, 0, 0, -1e9, 0, 0);

/** The loss in double precision, written out as in the paper. */
function slowLoss(table: BagTable): number {
  const embed = (bags: Bags): number[][] => [...bags.offsets.subarray(1)].map((end, text) => {
    const sum = new Array<number>(DIMENSIONS).fill(0);
    for (let at = bags.offsets[text]!; at < end; at++) {
      const id = bags.ids[at]!;
      for (let d = 0; d < DIMENSIONS; d++) sum[d]! += (bags.shares?.[at] ?? 1) * Math.exp(table.logWeights[id]!) * table.vectors[id * DIMENSIONS + d]!;
    }
    return sum.map((value) => value / Math.hypot(...sum));
  });
  const q = embed(queries);
  const p = embed(passages);
  const score = (i: number, j: number): number => Math.exp(q[i]!.reduce((sum, value, d) => sum + value * p[j]![d]!, 0) / TEMPERATURE + mask[i * 3 + j]!);
  let loss = 0;
  for (let i = 0; i < 3; i++) {
    const row = [0, 1, 2].reduce((sum, j) => sum + score(i, j), 0);
    const column = [0, 1, 2].reduce((sum, j) => sum + score(j, i), 0);
    loss -= (Math.log(score(i, i) / row) + Math.log(score(i, i) / column)) / 2;
  }
  return loss / 3;
}

async function gradientOf(table: BagTable): Promise<{ loss: number; rows: Map<number, Float32Array> }> {
  const loss = await InfoNCE.open(DIMENSIONS, TEMPERATURE, 1);
  const contrast = await loss.run(forward(table, queries), forward(table, passages), mask);
  await loss.close();
  const collector = new GradientCollector(table);
  collector.add(queries, contrast.queries);
  collector.add(passages, contrast.passages);
  const { tokens, rows } = collector.take();
  return { loss: contrast.loss, rows: new Map([...tokens].map((token, i) => [token, rows.slice(i * DIMENSIONS, (i + 1) * DIMENSIONS)])) };
}

test('the graph gives the loss of the definition', async () => {
  const table = newTable(Float64Array.of(9, 5, 3, 2, 7, 1, 1, 4, 2, 3), DIMENSIONS, seeded());
  assert.ok(Math.abs((await gradientOf(table)).loss - slowLoss(table)) < 1e-5);
});

test('gradients agree with finite differences, of vectors and of weights', async () => {
  const table = newTable(Float64Array.of(9, 5, 3, 2, 7, 1, 1, 4, 2, 3), DIMENSIONS, seeded());
  const { rows } = await gradientOf(table);
  assert.deepEqual([...rows.keys()].sort(), [1, 2, 3, 4, 5, 6, 7, 8], 'only tokens of the batch have a gradient');
  const step = 1e-3;
  const difference = (values: Float32Array, at: number): number => {
    const value = values[at]!;
    values[at] = value + step;
    const [above, high] = [slowLoss(table), values[at]!];
    values[at] = value - step;
    const [below, low] = [slowLoss(table), values[at]!];
    values[at] = value;
    return (above - below) / (high - low);
  };
  for (const [token, row] of rows) {
    const weight = Math.exp(table.logWeights[token]!);
    let along = 0;
    for (let d = 0; d < DIMENSIONS; d++) {
      along += row[d]! * table.vectors[token * DIMENSIONS + d]!;
      assert.ok(Math.abs(row[d]! * weight - difference(table.vectors, token * DIMENSIONS + d)) < 1e-4);
    }
    assert.ok(Math.abs(along * weight - difference(table.logWeights, token)) < 1e-4);
  }
});

test('steps make the loss small and leave other tokens alone', async () => {
  const table = newTable(Float64Array.of(9, 5, 3, 2, 7, 1, 1, 4, 2, 3), DIMENSIONS, seeded());
  const untouched = table.vectors.slice(9 * DIMENSIONS);
  const loss = await InfoNCE.open(DIMENSIONS, TEMPERATURE, 1);
  const collector = new GradientCollector(table);
  const before = slowLoss(table);
  for (let i = 0; i < 200; i++) {
    const contrast = await loss.run(forward(table, queries), forward(table, passages), mask);
    collector.add(queries, contrast.queries);
    collector.add(passages, contrast.passages);
    update(table, collector.take(), { vectors: 0.1, weights: 0.05 });
  }
  await loss.close();
  assert.ok(slowLoss(table) < before / 3, `${before} → ${slowLoss(table)}`);
  assert.deepEqual(table.vectors.slice(9 * DIMENSIONS), untouched);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repeated } from './repeated.ts';

test('what is asked for while it is under way is done once more, and sees what came before it was asked', async () => {
  let [latest, begun, atOnce] = [0, 0, 0];
  let gate = Promise.withResolvers<void>();
  const seen: number[] = [];
  const work = repeated(async () => {
    begun++;
    assert.equal(++atOnce, 1);
    seen.push(latest);
    await gate.promise;
    atOnce--;
  });
  assert.equal(work.busy, false);
  for (latest = 1; latest < 5; latest++) work.ask();
  await Promise.resolve();
  assert.deepEqual([begun, work.busy], [1, true]);
  for (; latest < 100; latest++) work.ask();
  gate.resolve();
  await work.rest();
  assert.deepEqual([seen, work.busy], [[5, 100], false]);

  gate = Promise.withResolvers();
  work.ask();
  await Promise.resolve();
  assert.equal(begun, 3, 'and again, whenever it is asked for');
  gate.resolve();
  await work.rest();
});

test('it fails as the work fails', async () => {
  const work = repeated(async () => { throw new Error('The folder went away.'); });
  work.ask();
  await assert.rejects(work.rest(), /went away/);
});

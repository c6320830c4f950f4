import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lessThanQuick } from './learn-levels.ts';
import { saveAdapter, type AdapterReport } from './store/adapters.ts';
import { useSpace } from './store/spaces.ts';
import { memoryDatabase } from './store/testing.ts';

const measure = (before: number, after: number) => ({ questions: 40, before, after, mrrBefore: before, mrrAfter: after });
const report = (gain: number): AdapterReport => ({
  recipe: {}, snapshot: 's', signals: 40, questions: 40, mine: measure(0.5, 0.5 + gain), guard: measure(0.8, 0.8), bound: 0, alpha: 1, refusals: [], seconds: 1,
});

test('an embedder that gains no more than what was learned the quick way for the one in use is refused; one that learns again is not held against it', () => {
  const { db } = memoryDatabase();
  useSpace(db, 'letters', 4);
  const [letters, learned] = [{ id: 'letters' }, { id: 'letters-learned-1' }];
  assert.equal(lessThanQuick(db, { used: letters, base: letters }, 0.01), false, 'nothing was learned yet');
  saveAdapter(db, { level: 'query', space: 'letters', bytes: new Uint8Array(1), report: report(0.125), comparisons: [], events: [], contents: [] });
  assert.deepEqual([0.0625, 0.125, 0.1875].map((gain) => lessThanQuick(db, { used: letters, base: letters }, gain)), [true, true, false]);
  assert.equal(lessThanQuick(db, { used: learned, base: letters }, 0.05), false, 'it is of another index');
  saveAdapter(db, { level: 'query', space: 'letters', bytes: new Uint8Array(1), report: { ...report(0.25), refusals: ['unsure'] }, comparisons: [], events: [], contents: [] });
  assert.equal(lessThanQuick(db, { used: letters, base: letters }, 0.2), false, 'a refused version is in nobody’s way');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lessThanQuick } from './learn-levels.ts';
import { saveAdapter, type AdapterReport } from './store/adapters.ts';
import { useSpace } from './store/spaces.ts';
import { memoryDatabase } from './store/testing.ts';

const measure = (before: number, after: number) => ({ questions: 40, before, after, mrrBefore: before, mrrAfter: after });
const report = (gain: number, more: Partial<AdapterReport> = {}): AdapterReport => ({
  recipe: {}, snapshot: 's', signals: 40, questions: 40, mine: measure(0.5, 0.5 + gain), guard: measure(0.8, 0.8), bound: 0, alpha: 1, refusals: [], seconds: 1, ...more,
});
const NOTHING = { bytes: new Uint8Array(1), comparisons: [], events: [], contents: [] };

test('an embedder that gains no more than what was learned the quick way for the one in use is refused; one that learns again is not held against it', () => {
  const { db } = memoryDatabase();
  useSpace(db, 'letters', 4);
  const [letters, learned] = [{ id: 'letters' }, { id: 'letters-learned-1' }];
  const less = (used: { id: string }, gain: number): boolean => lessThanQuick(db, 'embedder', { used, base: letters }, gain, 'reranker');
  assert.equal(less(letters, 0.01), false, 'nothing was learned yet');
  saveAdapter(db, { level: 'query', space: 'letters', report: report(0.125, { reranker: 'reranker' }), ...NOTHING });
  assert.deepEqual([0.0625, 0.125, 0.1875].map((gain) => less(letters, gain)), [true, true, false]);
  assert.equal(less(learned, 0.05), false, 'it is of another index');
  assert.equal(lessThanQuick(db, 'embedder', { used: letters, base: letters }, 0.05, undefined), false, 'it rests already, where its reranker is not in use');
  saveAdapter(db, { level: 'query', space: 'letters', report: report(0.25, { reranker: 'reranker', refusals: ['unsure'] }), ...NOTHING });
  assert.equal(less(letters, 0.2), false, 'a refused version is in nobody’s way');
});

test('a reranker that gains no more than the version for questions that would rest with it is refused; what the reranker in use had learned counts with that', () => {
  const { db } = memoryDatabase();
  useSpace(db, 'letters', 4);
  const [base, learned] = [{ id: 'head' }, { id: 'head-learned-1' }];
  const less = (used: { id: string }, gain: number): boolean => lessThanQuick(db, 'reranker', { used, base }, gain, used.id);
  saveAdapter(db, { level: 'reranker', space: 'head', report: report(0.25, { base: 'head', model: 'head-learned-1' }), ...NOTHING });
  saveAdapter(db, { level: 'query', space: 'letters', report: report(0.125, { reranker: 'head' }), ...NOTHING });
  assert.deepEqual([0.0625, 0.125, 0.1875].map((gain) => less(base, gain)), [true, true, false]);
  assert.equal(less(learned, 0.0625), false, 'it rests over the reranker that was learned');
  saveAdapter(db, { level: 'query', space: 'letters', report: report(0.125, { reranker: 'head-learned-1' }), ...NOTHING });
  assert.deepEqual([0.25, 0.375, 0.5].map((gain) => less(learned, gain)), [true, true, false]);
});

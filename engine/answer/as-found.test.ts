import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hit } from '../api.ts';
import { hitOf } from '../learn/testing.ts';
import { asFound } from './as-found.ts';

const logistic = (score: number): number => 1 / (1 + Math.exp(-score));
/** A hit as search gives it: its score holds what was added. */
const hit = (chunk: number, score: number, { outdated, drafted, read }: { outdated?: number; drafted?: 'new' | 'old'; read?: boolean } = {}): Hit => ({
  ...hitOf(chunk), relevance: logistic(score),
  trace: { fused: { rank: 1, score: read ? 0 : score }, ...(read && { rerank: { rank: 1, score, model: 'm' } }), ...(outdated !== undefined && { outdated: { addition: outdated } }), ...(drafted && { drafted: { side: drafted } }) },
});

test('as they come where nothing was mixed and nothing is outdated', () => {
  const hits = [hit(1, 1), hit(2, 2)];
  assert.equal(asFound(hits), hits);
});

test('an outdated hit is as sure as before, by whichever score there is, and in its place again', () => {
  for (const read of [true, false]) {
    const found = asFound([hit(1, 1.5, { read }), hit(2, 1, { outdated: -1, read })]);
    assert.deepEqual(found.map(({ chunk }) => chunk), [2, 1]);
    assert.deepEqual([found[0]!.relevance, (found[0]!.trace.rerank ?? found[0]!.trace.fused).score], [logistic(2), 2]);
  }
});

test('of two rankings the surest comes first', () => {
  assert.deepEqual(asFound([hit(1, 0, { drafted: 'new' }), hit(2, 2, { drafted: 'old' })]).map(({ chunk }) => chunk), [2, 1]);
});

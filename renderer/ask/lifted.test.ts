import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hit } from '../../engine/api.ts';
import { lifted } from './lifted.ts';

/** A hit of that score, of which so much was added by a thumb. */
function hit(score: number, addition?: number): Hit {
  const taught = addition === undefined ? {} : { taught: { thumb: addition > 0 ? 'up' : 'down', question: '?', nearness: 1, addition } };
  return { trace: { fused: { rank: 1, score }, ...taught } } as Hit;
}

test('a hit is lifted where it passed another', () => {
  const [first, second] = [hit(5, 3), hit(4)];
  assert.equal(lifted(first, [first, second]), true);
  assert.equal(lifted(second, [first, second]), false);
});

test('a hit that would stand first anyhow is not', () => {
  const [first, second] = [hit(9, 3), hit(4)];
  assert.equal(lifted(first, [first, second]), false);
});

test('another that was called wrong lets it pass too, but only a thumb up is a lift', () => {
  const [right, plain, wrong] = [hit(3, 1), hit(2.5), hit(0.5, -2)];
  assert.equal(lifted(right, [right, plain, wrong]), true);
  assert.equal(lifted(wrong, [right, plain, wrong]), false);
});

test('what alone would rather have been no answer is lifted', () => {
  const only = hit(2, 3);
  assert.equal(lifted(only, [only]), true);
});

test('what was learned of passages like it lifts too', () => {
  const [learned, plain] = [hit(3), hit(2.5)];
  learned.trace.learned = { addition: 1 };
  assert.equal(lifted(learned, [learned, plain]), true);
  learned.trace.learned = { addition: 0.2 };
  assert.equal(lifted(learned, [learned, plain]), false);
  plain.trace.learned = { addition: -1 };
  assert.equal(lifted(learned, [learned, plain]), true);
});

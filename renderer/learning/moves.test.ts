import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Comparison, RankedChunk } from '../../engine/api.ts';
import { en } from '../words/en.ts';
import { sideBySide, whyChanged } from './moves.ts';

/** "a B c" is a ranking of three chunks of which the one in capitals answers. */
const ranking = (line: string): RankedChunk[] => line.split(' ').filter(Boolean).map((name, i) => ({
  documentName: `${name}.md`, text: name, contentHash: name.toLowerCase(), place: { start: 0, end: 1 }, answers: name !== name.toLowerCase(), rank: i + 1,
}));
const { learning: words } = en;
const changed = (before: string, after: string, ndcg: [number, number] = [0, 0]): Comparison => ({ question: '?', heldOut: false, ndcgBefore: ndcg[0], ndcgAfter: ndcg[1], before: ranking(before), after: ranking(after) });

test('a chunk is found again in the other ranking, or is not there', () => {
  const { before, after } = sideBySide(changed('a B c', 'B a d'));
  assert.deepEqual(before.map(({ other }) => other), [2, 1, undefined]);
  assert.deepEqual(after.map(({ other }) => other), [2, 1, undefined]);
});

test('the first right chunk says why', () => {
  assert.equal(whyChanged(changed('a b C', 'C a b'), en), words.rightMoved(3, 1));
  assert.equal(whyChanged(changed('a b', 'a C'), en), words.rightCame(2));
  assert.equal(whyChanged(changed('C b', 'a b'), en), words.rightWent(1));
  assert.equal(whyChanged(changed('a b', 'b a'), en), words.rightNowhere);
  assert.equal(whyChanged(changed('C b a', 'C a b'), en), words.rightStayed(1));
  assert.equal(whyChanged(changed('C b D', 'C D b', [0.9, 1]), en), `${words.rightStayed(1)} ${words.othersMoved}`);
});

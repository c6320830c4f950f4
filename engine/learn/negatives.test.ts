import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hardNegatives, type Ranked } from './negatives.ts';

const ranking = Array.from({ length: 300 }, (_, i): Ranked => ({ contentHash: 'a', start: 100 * i, end: 100 * i + 100, parent: i, text: `text ${i}`, relevance: 0.05 }));
const positive: Ranked = { contentHash: 'b', start: 0, end: 100, parent: 500, text: 'the answer', relevance: 1, vector: Float32Array.of(1, 0) };
const mined = (change: Partial<Ranked>, answers: string[] = []) =>
  hardNegatives(ranking.map((one, i) => (i === 12 ? { ...one, ...change } : one)), [positive], answers).find(({ chunk }) => chunk.text === (change.text ?? 'text 12'));

test('negatives come from ranks 10 to 200, fifteen of them', () => {
  assert.deepEqual(hardNegatives(ranking, [positive], []).map(({ chunk }) => chunk.text), Array.from({ length: 15 }, (_, i) => `text ${i + 9}`));
  assert.equal(hardNegatives(ranking.map((one, i) => ({ ...one, relevance: i < 195 ? 0.95 : 0 })), [positive], []).length, 5, 'nothing below rank 200');
});

test('what may be right after all is no negative', () => {
  assert.ok(mined({}));
  assert.equal(mined({ contentHash: 'b', start: 50, end: 150 }), undefined, 'it overlaps a positive');
  assert.equal(mined({ contentHash: 'b', start: 700, end: 800, parent: 500 }), undefined, 'it stands in the same parent');
  assert.equal(mined({ text: 'the answer ' }), undefined, 'it says the same');
  assert.equal(mined({ vector: Float32Array.of(0.99, 0.141) }), undefined, 'it means the same');
  assert.equal(mined({ text: 'in the year 1906' }, ['1906']), undefined, 'it holds an accepted answer');
  assert.ok(mined({ text: 'item 19' }, ['19']), 'a short answer stands anywhere by chance');
  assert.equal(mined({ relevance: 0.95 }), undefined, 'the ranking is sure of it: ask the person');
  assert.equal(mined({ relevance: 0.5 })!.weight, 0.5);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChunkId } from '../api.ts';
import type { FusedHit } from '../rank.ts';
import { addTaught, taughtFor, taughtQuestion } from './at-once.ts';
import { judge, markOf, type StoredEvent } from './judgements.ts';
import { eventOf } from './testing.ts';

const background = { mean: 0, deviation: 0.08 };
const chunkAt = ({ start }: { start: number }) => [(start / 100) as ChunkId];
const known = (events: StoredEvent[], vector?: Float32Array) => judge(events.map(markOf)).questions.flatMap((question) => taughtQuestion(question, () => vector));
const up = eventOf({ kind: 'citation-thumb', number: 1, thumb: 'up' });
const down = eventOf({ kind: 'citation-thumb', number: 2, thumb: 'down' });

test('what was said of a passage counts in full for the same question, in whatever case and punctuation', () => {
  const taught = taughtFor('how long is tea brewed', undefined, known([up, down]), background, chunkAt);
  assert.deepEqual([...taught].map(([chunk, { thumb, nearness, addition }]) => [chunk, thumb, nearness, Math.sign(addition)]), [[1, 'up', 1, 1], [2, 'down', 1, -1]]);
  assert.equal(taught.get(1 as ChunkId)!.question, 'How long is tea brewed?');
});

test('for a question that means the same by how near it is, for another not at all', () => {
  const addition = (cosine: number, question = 'How long is our tea brewed?') =>
    taughtFor(question, Float32Array.of(cosine, Math.sqrt(1 - cosine ** 2)), known([up], Float32Array.of(1, 0)), background, chunkAt).get(1 as ChunkId)?.addition ?? 0;
  assert.ok(addition(0.95) > addition(0.82) && addition(0.82) > 0);
  assert.equal(addition(0.7), 0);
  assert.equal(addition(0.95, 'How long is tea brewed at 80?'), 0, 'another number makes another question');
  assert.equal(addition(0.95, 'Why is our tea brewed?'), 0, 'so does asking for a reason');
});

test('without vectors it takes nearly all of the words', () => {
  const size = (question: string) => taughtFor(question, undefined, known([up]), background, chunkAt).size;
  assert.deepEqual([size('Tea: brewed how long?'), size('How long is wine brewed and stored?')], [1, 0]);
});

test('what was only observed waits for training', () => {
  assert.deepEqual(known([eventOf({ kind: 'opened', number: 1, dwell: 60 })]), []);
});

const hit = (id: number, score: number, rerank?: number): FusedHit<ChunkId> => ({
  id: id as ChunkId, rank: 0, score, relevance: 0.5, slope: 1, made: { evidence: 0, share: 0, coverage: 0, above: 0, across: false, unspaced: 0 }, ...(rerank !== undefined && { rerank: { rank: 0, score: rerank, model: 'm' } }),
});
const raise = new Map([[3 as ChunkId, { thumb: 'up' as const, question: 'q', nearness: 1, addition: 8 }]]);

test('nothing taught, nothing touched', () => {
  const hits = [hit(1, 3), hit(2, 2)];
  assert.equal(addTaught(hits, new Map()), hits);
});

test('an addition moves its chunk and no other, and the relevance follows', () => {
  const raised = addTaught([hit(1, 3), hit(2, 2), hit(3, -1)], raise);
  assert.deepEqual(raised.map(({ id, rank, score }) => [id, rank, score]), [[3, 1, 7], [1, 2, 3], [2, 3, 2]]);
  assert.ok(raised[0]!.relevance > 0.99);
});

test('after a reranker the addition goes to its score, and what it has not read stays behind', () => {
  const raised = addTaught([hit(1, 3, 2), hit(3, 2, -4), hit(2, 5)], raise);
  assert.deepEqual(raised.map(({ id, rerank }) => [id, rerank?.rank, rerank?.score]), [[3, 1, 4], [1, 2, 2], [2, undefined, undefined]]);
});

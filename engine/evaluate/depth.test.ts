import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openEmbedder } from '../models/embedder.ts';
import { Random } from '../nn/random.ts';
import type { Reranker } from '../rank.ts';
import { CANDIDATES, chosen, curves, hit, readings, type Reading } from './depth.ts';
import { withSet } from './evaluate.ts';

/** OV-1: how many candidates to read, and by what, is decided on questions that had no part in the choice. */

/** A question whose answer search put at a place; one reranker knows it, one puts it last, one wakes up for what stands far down. */
function reading(answer: number, seed: number): Reading {
  const random = new Random(seed);
  const right = Array.from({ length: 120 }, (_, i) => i === answer);
  return { right, logits: {
    good: right.map((answers) => (answers ? 5 : 0) + random.next()), bad: right.map((answers) => (answers ? -5 : 0) + random.next()),
    distracted: right.map((answers, place) => (place > 25 ? 9 : answers ? 5 : 0) + random.next()),
  } };
}
const PLACES = Array.from({ length: 200 }, (_, i) => (i * 7) % 60);
const ASKED = PLACES.map(reading);

test('hit@3 as a loop counts it: those read in their new order, the others behind them', () => {
  const { right, logits } = reading(7, 1);
  for (const reranker of ['good', 'bad', 'distracted']) {
    for (const candidates of CANDIDATES) {
      const order = [...logits[reranker]!.slice(0, candidates).entries()].sort((a, b) => b[1] - a[1]).map(([place]) => place);
      assert.equal(hit({ right, logits }, reranker, candidates), order.slice(0, 3).includes(7) ? 1 : 0, `${reranker} ${candidates}`);
    }
  }
  assert.deepEqual([hit({ right: [false, false, true, false], logits: {} }), hit({ right: [false, false, false, true], logits: {} })], [1, 0]);
});

test('more candidates raise what a good reranker finds, and can lower what another finds', () => {
  const [without, good, bad, distracted] = curves(ASKED, ['good', 'bad', 'distracted']);
  assert.deepEqual(without!.hits, CANDIDATES.map(() => PLACES.filter((place) => place < 3).length / 200));
  assert.deepEqual(good!.hits, CANDIDATES.map((candidates) => PLACES.filter((place) => place < candidates).length / 200));
  assert.deepEqual(bad!.hits, CANDIDATES.map(() => 0));
  assert.ok(distracted!.hits[2]! > distracted!.hits[0]! && distracted!.hits[3]! < distracted!.hits[2]!);
});

test('the best is taken with the fewest candidates it needs; of bad ones none, nor what was better by luck', () => {
  const { reranker, candidates } = chosen(ASKED, ['bad', 'good', 'distracted']);
  assert.deepEqual([reranker, candidates], ['good', 100]);
  assert.deepEqual(chosen(ASKED, ['bad', 'distracted']).candidates, 20);
  assert.deepEqual(Object.keys(chosen(ASKED, ['bad'])), ['hits']);
  assert.deepEqual(chosen(ASKED.map((one, i) => ({ ...one, logits: { lucky: one.logits[i % 2 === 0 ? 'good' : 'bad']! } })), ['lucky']).reranker, undefined);
});

test('a reranker that turns everything round ends up as none, with real documents and questions', async () => {
  const things = ['owl', 'ferry', 'violin', 'kiln', 'orchard', 'lantern', 'glacier', 'granary', 'telescope', 'harbour', 'quarry', 'dairy'];
  const set = {
    name: 'things', documents: things.map((thing, i) => ({ id: thing, title: '', text: `The ${thing} was built in ${1700 + i} and is open on Mondays.` })),
    questions: things.map((thing) => ({ id: thing, text: `When was the ${thing} built?` })), judged: new Map(things.map((thing) => [thing, new Map([[thing, 1]])])),
  };
  const embedder = await openEmbedder(join(fileURLToPath(new URL('../../resources/models', import.meta.url)), 'lodestone-embed-static-v2'));
  const turned: Reranker = { id: 'turned', score: async (_, candidates) => candidates.map(({ prior }) => -prior) };
  const read = await withSet(set, (indexed) => readings(set, indexed, embedder, [turned]));
  await embedder.close();
  assert.ok(read.every(({ right, logits }) => right.filter(Boolean).length === 1 && logits['turned']!.length === right.length));
  const [without, with_] = curves(read, ['turned']);
  assert.ok(without!.hits[0] === 1 && with_!.hits[2] === 0, `${without!.hits} ${with_!.hits}`);
  assert.deepEqual(chosen(read, ['turned']), { hits: 1 });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuse, readTogether, RELEVANT, rerank, unspacedShare, WEIGHTS, type Reranker } from './rank.ts';
import { questionWords, scoreWords, wordTokens } from './words.ts';

const PASSAGES: Record<string, string> = {
  owl: 'The owl is a bird of prey that hunts at night.',
  tea: 'Green tea is made of leaves that were not fermented.',
  茶: '绿茶是未经发酵的茶叶制成的饮品。',
  raft: 'Raft elects a leader by majority vote of the servers.',
};

/** The word leg over the passages above. */
function wordLeg(question: string) {
  const tokens = Object.values(PASSAGES).map((text) => new Set(wordTokens(text)));
  return scoreWords(questionWords(question), Object.entries(PASSAGES).map(([id, text]) => ({ id, text })), {
    df: (token) => tokens.filter((set) => set.has(token)).length, total: tokens.length, averageLength: 8,
  });
}

/** Fuses the word leg with similarities given as `{ owl: 0.6 }`. */
function fused(question: string, similarities: Record<string, number> = {}) {
  const vectors = Object.entries(similarities).sort((a, b) => b[1] - a[1]).map(([id, similarity]) => ({ id, similarity }));
  return fuse(wordLeg(question), vectors, { question, text: (id) => PASSAGES[id]!, background: { mean: 0, deviation: 0.1 } });
}

const order = (hits: { id: string }[]) => hits.map((hit) => hit.id);

test('a passage with all the words of the question stays first, whatever the vectors prefer', () => {
  assert.equal(fused('Which bird hunts at night?', { tea: 0.3, raft: 0.25, owl: 0.2 })[0]!.id, 'owl');
});

test('without words in common meaning decides, across languages too', () => {
  assert.deepEqual(order(fused('饮料怎么制作', { tea: 0.6, raft: 0.05, owl: 0.1 })), ['tea', 'owl', 'raft']);
  assert.equal(fused('How is consensus reached?', { raft: 0.7, owl: 0.1 })[0]!.id, 'raft');
});

test('a passage in the language of the question is expected to share its words, one in another language is not', () => {
  assert.deepEqual(order(fused('怎么泡一壶好的龙井', { tea: 0.5, 茶: 0.5 })), ['tea', '茶']);
  assert.deepEqual(order(fused('未经发酵的茶叶是什么', { tea: 0.5, 茶: 0.5 })), ['茶', 'tea']);
});

test('a passage that has no vector yet is judged by its words', () => {
  const [only] = fused('Raft leader vote');
  assert.ok(only!.relevance > RELEVANT);
  assert.equal(only!.vectors, undefined);
});

test('a fit is judged by the fusion itself, with its weights in the place of the shipped', () => {
  const hits = (weights?: typeof WEIGHTS) => fuse(wordLeg('Which bird hunts at night?'), [{ id: 'tea', similarity: 0.4 }, { id: 'owl', similarity: 0.2 }], { question: 'Which bird hunts at night?', text: (id) => PASSAGES[id]! }, weights);
  const meaningAlone = { constant: -3, evidence: 0, share: 0, coverage: 0, meaning: 1 };
  assert.deepEqual(order(hits()), ['owl', 'tea']);
  assert.deepEqual(order(hits({ ...WEIGHTS, same: meaningAlone })), ['tea', 'owl']);
  assert.deepEqual(hits(WEIGHTS), hits());
});

test('a hit knows its rank and evidence in each leg', () => {
  const [first, second] = fused('owl bird', { raft: 0.4, owl: 0.3 });
  assert.deepEqual(first!.words!.terms, ['owl', 'bird']);
  assert.equal(first!.words!.coverage, 1);
  assert.deepEqual([first!.rank, first!.words!.rank, first!.vectors!.rank], [1, 1, 2]);
  assert.deepEqual([second!.id, second!.rank, second!.words], ['raft', 2, undefined]);
});

test('relevance is a probability that grows with the evidence', () => {
  const all = fused('Which bird hunts at night?', { owl: 0.6, tea: 0.1 });
  assert.ok(all.every(({ relevance }) => relevance > 0 && relevance < 1));
  assert.ok(all[0]!.relevance > RELEVANT * 2 && all.at(-1)!.relevance < RELEVANT);
});

test('one leg alone is a ranking too, and none an empty one', () => {
  assert.deepEqual(order(fused('owl', {})), ['owl']);
  assert.deepEqual(fuse([], [], { question: '', text: () => '' }), []);
});

test('how much of a text is written without spaces', () => {
  assert.equal(unspacedShare('plain English'), 0);
  assert.equal(unspacedShare('纯中文'), 1);
  assert.ok(unspacedShare('如何在 Kubernetes 上部署 TiDB 集群') > 0.5);
});

test('a reranker has the last word; without one nothing changes', async () => {
  const hits = fused('owl tea raft');
  const candidate = ({ id, score }: { id: string; score: number }) => ({ text: PASSAGES[id]!, prior: score });
  assert.deepEqual(await rerank(undefined, 'owl tea raft', hits, candidate), hits);
  const shortest: Reranker = { id: 'shortest', score: async (_, candidates) => candidates.map(({ text }) => -text.length) };
  const reranked = await rerank(shortest, 'owl tea raft', hits, candidate);
  assert.deepEqual(order(reranked), ['owl', 'tea', 'raft']);
  assert.deepEqual(reranked[0]!.rerank, { rank: 1, score: -PASSAGES.owl!.length, model: 'shortest' });
});

test('for two rankings of one question each passage is read once, and both come out as if they were alone', async () => {
  const [one, other] = [fused('owl tea raft', { owl: 0.5 }), fused('owl tea raft', { raft: 0.5, 茶: 0.4 })];
  const candidate = ({ id, score }: { id: string; score: number }) => ({ text: PASSAGES[id]!, prior: score });
  const read: string[] = [];
  const reader: Reranker = {
    id: 'reader', trust: 0.7,
    async score(_, candidates) {
      read.push(...candidates.map(({ text }) => text));
      return candidates.map(({ text, prior }) => Math.sin(text.length) + 0.7 * prior);
    },
  };
  const alone = [await rerank(reader, 'owl tea raft', one, candidate), await rerank(reader, 'owl tea raft', other, candidate)];
  read.length = 0;
  const together = await readTogether(reader, 'owl tea raft', [...one, ...other].map(candidate));
  assert.deepEqual([await rerank(together, 'owl tea raft', one, candidate), await rerank(together, 'owl tea raft', other, candidate)], alone);
  assert.deepEqual(read.toSorted(), Object.values(PASSAGES).toSorted());
});

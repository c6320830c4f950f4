import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meanQuality, ndcg, ranked, recall, reciprocalRank } from './metrics.ts';

const near = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);

/** A ranking and its judgements in one line: `a2 b c1` is a (grade 2), b (not relevant), c (grade 1); after | not ranked. */
function of(notation: string): [string[], Map<string, number>] {
  const [seen = '', unseen = ''] = notation.split('|');
  const names = (part: string) => part.match(/[a-z]/g) ?? [];
  return [names(seen), new Map([...`${seen} ${unseen}`.matchAll(/([a-z])(\d)/g)].map(([, name, grade]) => [name!, Number(grade)]))];
}

test('nDCG by hand', () => {
  near(ndcg(...of('a1 b c'), 10), 1);
  near(ndcg(...of('b a1 c'), 10), 1 / Math.log2(3));
  near(ndcg(...of('b a1 c2'), 10), (1 / Math.log2(3) + 2 / 2) / (2 + 1 / Math.log2(3)));
  near(ndcg(...of('a1 | b1'), 10), 1 / (1 + 1 / Math.log2(3)));
  near(ndcg(...of('b c a1'), 2), 0);
  near(ndcg(...of('b a3 | c0'), 10), 1 / Math.log2(3));
});

test('the worked example of Wikipedia, "Discounted cumulative gain"', () => {
  const [ranking, judgements] = of('a3 b2 c3 d0 e1 f2 | g3 h2');
  near(ndcg(ranking, judgements, 6), (3 + 2 / Math.log2(3) + 3 / 2 + 1 / Math.log2(6) + 2 / Math.log2(7))
    / (3 + 3 / Math.log2(3) + 3 / 2 + 2 / Math.log2(5) + 2 / Math.log2(6) + 2 / Math.log2(7)));
  assert.equal(ndcg(ranking, judgements, 6).toFixed(3), '0.785');
});

test('reciprocal rank and recall by hand', () => {
  near(reciprocalRank(...of('x y a1'), 10), 1 / 3);
  near(reciprocalRank(...of('x y a1'), 2), 0);
  near(recall(...of('a1 x b2 | c1 d0'), 10), 2 / 3);
  near(recall(...of('a1 x b2 | c1'), 1), 1 / 3);
});

test('equal scores rank by document id backwards, as in trec_eval', () => {
  assert.deepEqual(ranked([['a', 1], ['b', 2], ['c', 1]]), ['b', 'c', 'a']);
});

test('means are over all questions with a relevant document, answered or not', () => {
  const judged = new Map([['q1', new Map([['a', 1]])], ['q2', new Map([['b', 1]])], ['q3', new Map([['c', 0]])]]);
  const quality = meanQuality(new Map([['q1', ['x', 'a']], ['q3', ['c']]]), judged);
  near(quality.ndcg10, 0.5 / Math.log2(3));
  near(quality.mrr10, 0.25);
  near(quality.recall10, 0.5);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeptRewards } from '../store/rewards.ts';
import { candidatesOf } from './candidates.ts';
import type { Judgement } from './judgements.ts';
import { lessonsOfSamples } from './imported.ts';
import type { Lesson } from './prepare.ts';
import { parseSamples, samplesOf } from './samples.ts';

/** What a sample holds where a language model scored texts: the example of LLM-Embedder's scores for a maintenance contract. */

const term = { chunk: 1, contentHash: '9f3c', start: 1200, end: 1790, text: '… §4 Laufzeit: bis 31.12.2027 …', relevance: 0.9 };
const scope = { chunk: 2, contentHash: '9f3c', start: 300, end: 810, text: '… §2 Umfang …', relevance: 0.4 };
const amendment = { chunk: 3, contentHash: '77ab', start: 0, end: 540, text: '… Nachtrag: verlängert bis 2028 …', relevance: 0.5 };
const deep = Array.from({ length: 20 }, (_, i) => ({ chunk: 10 + i, contentHash: 'c', start: 100 * i, end: 100 * i + 50, text: `text ${i}`, relevance: 0.3 }));
const said = (label: 0 | 1, trust: Judgement['trust'], weight: number, inferred?: true) => ({ label, trust, weight, ...(inferred && { inferred }) });
const lesson = (positives: [chunk: object, judgement: object][], negatives: [chunk: object, judgement: object][] = []): Lesson => ({
  row: { question: 'Wann läuft der Wartungsvertrag aus?', weight: 0.8 }, group: 'g', heldOut: false, events: ['e-2231'], answers: ['Ende 2027, mit Nachtrag Ende 2028.'],
  positives: positives.map(([chunk, judgement]) => ({ chunk, judgement })), negatives: negatives.map(([chunk, judgement]) => ({ chunk, judgement })),
  ranked: [term, scope, amendment, ...deep], served: new Map([term, scope, amendment, ...deep].map(({ chunk }, i) => [chunk, 5 - i])),
} as unknown as Lesson);
const kept: KeptRewards = { teacher: 'qwen2.5-1.5b-q4:qa-v1:mean_loglik', none: -3.05, margin: 0.1, scores: new Map([['9f3c#1200-1790', -0.82], ['9f3c#300-810', -2.41], ['77ab#0-540', -0.77]]) };

test('what was opened keeps its score, and what nobody clicked may stand above it', () => {
  const [row] = samplesOf([lesson([[term, said(1, 'observed', 0.5)]])], { reranker: 'late', rewardsFor: () => kept });
  assert.deepEqual([row!.pos_ids, row!.neg_ids, row!['teacher_scores']], [['9f3c#1200-1790'], ['9f3c#300-810', '77ab#0-540'], [-0.82, -2.41, -0.77]]);
  assert.deepEqual([row!.pos_weights, row!.neg_weights, row!.teacher, row!['base_score']], [[0.5], [0.5, 0.5], 'qwen2.5-1.5b-q4:qa-v1:mean_loglik', -3.05]);
  const [learned] = lessonsOfSamples(parseSamples(JSON.stringify(row)), new Set());
  assert.ok(learned!.rewards![2]! > learned!.rewards![0]! && learned!.rewards![0]! > learned!.rewards![1]!, 'and it is learned in that order where it comes in again');
});

test('what was said outright stands above and below the teacher’s scores', () => {
  const { right, wrong, scored } = candidatesOf(lesson([[term, said(1, 'pointed', 1)]], [[scope, said(0, 'pointed', 1)]]), undefined, kept)!;
  assert.deepEqual([[...right, ...wrong].map(({ text }) => text), scored!.scores.map((score) => score.toFixed(2))], [[term.text, scope.text, amendment.text], ['0.23', '-3.41', '-0.77']]);
});

test('a passage that an accepted answer leans on is right only where that answer needs it', () => {
  const leaning = (score: number) => candidatesOf(lesson([[term, said(1, 'answer', 0.5, true)], [amendment, said(1, 'answer', 0.5, true)]]), undefined, { ...kept, scores: new Map([...kept.scores, ['9f3c#1200-1790', score]]) });
  assert.deepEqual(leaning(-0.82)!.right.map(({ text }) => text), [term.text, amendment.text]);
  const { right, wrong } = leaning(-2.96)!;
  assert.deepEqual([right.map(({ text }) => text), wrong.map(({ text }) => text)], [[amendment.text], [term.text, scope.text]], 'a candidate like others');
  assert.equal(candidatesOf(lesson([[scope, said(1, 'answer', 0.5, true)]]), 'late', { ...kept, none: -2.4 }), undefined, 'and where nothing else is right there is no sample');
});

test('where nothing helps the model, or something it has not read was judged since, scores are the reranker’s', () => {
  const judged = lesson([[term, said(1, 'pointed', 1)]]);
  const without = candidatesOf(judged, 'late')!;
  assert.equal(without.scored!.teacher, 'late:rerank_logit');
  assert.deepEqual(candidatesOf(judged, 'late', { ...kept, none: -0.7 }), without, 'it knew the answer without any text');
  const fresh = lesson([[term, said(1, 'pointed', 1)]], [[deep[0]!, said(0, 'pointed', 1)]]);
  assert.equal(candidatesOf(fresh, 'late', kept)!.scored!.teacher, 'late:rerank_logit');
});

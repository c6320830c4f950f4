import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdapterId } from '../api.ts';
import { coinsOf, draft, drawn, isInterleaved, SHARE } from './draft.ts';

const version = 3 as AdapterId;
const letters = (text: string): string[] => [...text];
const told = (newer: string, older: string, limit: number, coins: string): string =>
  draft(letters(newer), letters(older), (hit) => hit, limit, (round) => coins[round] === 'n').map(({ hit, side }) => hit + ({ new: 'n', old: 'o' }[side!] ?? '')).join(' ');

test('both sides put in their best by turns, a coin says who begins each round', () => {
  assert.equal(told('abcdef', 'bdefac', 6, 'non'), 'an bo do cn en fo');
  assert.equal(told('abcdef', 'bdefac', 6, 'ooo'), 'bo an do cn eo fn');
  // Captains who want the same: the one who chooses later takes the next best.
  assert.equal(told('xabc', 'yabc', 4, 'nn'), 'xn yo an bo');
});

test('what both begin with belongs to neither, and two rankings that are the same are shown as they are', () => {
  assert.equal(told('abcde', 'abdce', 5, 'nn'), 'a b cn do en');
  assert.equal(told('abcde', 'abcde', 4, 'nn'), 'a b c d');
  assert.equal(told('abcdef', 'abcdfe', 4, 'nn'), 'a b c d', 'below what is shown they may differ');
});

test('each side has half of what is drafted, in its own order, and nothing stands there twice', () => {
  for (let question = 0; question < 200; question++) {
    const coin = coinsOf(`question ${question}`, version);
    const shuffled = (seed: number): number[] => Array.from({ length: 30 }, (_, i) => i).sort((a, b) => ((a * 7919 + seed) % 31) - ((b * 7919 + seed) % 31));
    const [newer, older] = [shuffled(question), shuffled(question * 13 + 5)];
    const hits = draft(newer, older, (hit) => hit, 10, coin);
    assert.equal(new Set(hits.map(({ hit }) => hit)).size, 10);
    const sizes = ([['new', newer], ['old', older]] as const).map(([side, ranking]) => {
      const own = hits.filter((hit) => hit.side === side).map(({ hit }) => ranking.indexOf(hit));
      assert.deepEqual(own, own.toSorted((a, b) => a - b));
      return own.length;
    });
    assert.ok(Math.abs(sizes[0]! - sizes[1]!) <= 1);
  }
});

test('a tenth of questions, always the same ones, are drafted; another version drafts others; coins are fair', () => {
  const questions = Array.from({ length: 20_000 }, (_, i) => `What is number ${i}?`);
  const chosen = questions.filter((question) => isInterleaved(question, version));
  assert.ok(Math.abs(chosen.length / questions.length - SHARE) < 0.01, `${chosen.length}`);
  assert.deepEqual(questions.filter((question) => isInterleaved(question, version)), chosen);
  assert.ok(chosen.every((question) => isInterleaved(question.toUpperCase().replace('?', ' ? '), version)), 'in other letters and points it is the same question');
  const other = chosen.filter((question) => isInterleaved(question, 4 as AdapterId)).length;
  assert.ok(other < 0.2 * chosen.length);
  for (const round of [0, 1, 4]) {
    const heads = chosen.filter((question) => coinsOf(question, version)(round)).length;
    assert.ok(Math.abs(heads / chosen.length - 0.5) < 0.05, `round ${round}: ${heads} of ${chosen.length}`);
  }
});

test('two versions on trial share the tenth: a question is drawn for one of them at most, for either as often', () => {
  const questions = Array.from({ length: 20_000 }, (_, i) => `What is number ${i}?`);
  const trials = [3, 4].map((id) => ({ version: id as AdapterId }));
  const drawings = questions.map((question) => drawn(question, trials)?.version);
  assert.deepEqual(questions.map((question) => drawn(question, trials)?.version), drawings);
  for (const { version: one } of trials) {
    const share = drawings.filter((id) => id === one).length / questions.length;
    assert.ok(Math.abs(share - SHARE / 2) < 0.01, `${one}: ${share}`);
  }
  assert.ok(questions.every((question) => (drawn(question, trials.slice(0, 1)) !== undefined) === isInterleaved(question, trials[0]!.version)), 'one alone has it all');
  assert.equal(drawn('What?', []), undefined);
});

test('two rankings of equal worth win as often as each other', () => {
  // The right passage is second on one side and fourth on the other, as often as the other way round.
  let wins = 0;
  let decided = 0;
  for (let i = 0; i < 4000; i++) {
    const [newer, older] = i % 2 === 0 ? ['arbcd', 'uvwrx'] : ['uvwrx', 'arbcd'];
    const first = draft(letters(newer!), letters(older!), (hit) => hit, 4, coinsOf(`question ${i}`, version)).find(({ hit }) => hit === 'r');
    if (!first) continue;
    decided++;
    if (first.side === 'new') wins++;
  }
  assert.ok(decided > 3000 && Math.abs(wins / decided - 0.5) < 0.03, `${wins} of ${decided}`);
});

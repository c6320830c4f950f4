import assert from 'node:assert/strict';
import { test } from 'node:test';
import { falseAccepts } from './guard.ts';

test('false answers are counted where as many right ones pass as before', () => {
  const answered = [4, 3, 2, 1, -2];
  const unanswerable = [2.5, 0.5, -1, -3];
  const same = { before: answered, after: answered };
  assert.deepEqual(falseAccepts(same, { before: unanswerable, after: unanswerable }, 0), { before: 0.25, after: 0.25 }, 'four pass: 1 is the least of them, and of four fifths of four as well');
  const surer = (scores: number[]): number[] => scores.map((score) => score + 7);
  assert.deepEqual(falseAccepts({ before: answered, after: surer(answered) }, { before: unanswerable, after: surer(unanswerable) }, 0), { before: 0.25, after: 0.25 }, 'being surer of everything is no harm');
  assert.equal(falseAccepts({ before: answered, after: answered }, { before: unanswerable, after: [2.5, 1.5, 1.2, -3] }, 0).after, 0.75, 'being surer of what is not answered is');
  assert.deepEqual(falseAccepts({ before: [-1], after: [-1] }, { before: [1], after: [-1] }, 0), { before: 1, after: 0 }, 'where none passes, the threshold stays');
});

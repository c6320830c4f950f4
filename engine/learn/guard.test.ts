import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusals, type Trial } from './gate.ts';
import { falseAccepts, type Best } from './guard.ts';
import { next } from './train-query.ts';

test('false answers are counted where as many right ones pass as before', () => {
  const answered = [4, 3, 2, 1, -2];
  const unanswerable = [2.5, 0.5, -1, -3];
  const same = { before: answered, after: answered };
  const shares = (...asked: Parameters<typeof falseAccepts>) => { const { before, after } = falseAccepts(...asked); return { before, after }; };
  assert.deepEqual(shares(same, { before: unanswerable, after: unanswerable }, 0), { before: 0.25, after: 0.25 }, 'four pass: 1 is the least of them, and of four fifths of four as well');
  const surer = (scores: number[]): number[] => scores.map((score) => score + 7);
  assert.deepEqual(shares({ before: answered, after: surer(answered) }, { before: unanswerable, after: surer(unanswerable) }, 0), { before: 0.25, after: 0.25 }, 'being surer of everything is no harm');
  assert.equal(falseAccepts({ before: answered, after: answered }, { before: unanswerable, after: [2.5, 1.5, 1.2, -3] }, 0).after, 0.75, 'being surer of what is not answered is');
  assert.deepEqual(shares({ before: [-1], after: [-1] }, { before: [1], after: [-1] }, 0), { before: 1, after: 0 }, 'where none passes, the threshold stays');
});

test('false answers that rise by more than chance refuse a candidate; by chance alone one in ten is refused', () => {
  const random = { random: 3 };
  const normal = (): number => 2 * (next(random) + next(random) + next(random) - 1.5);
  const sound: Omit<Trial, 'falseAccepts'> = { applied: true, mine: ['g', 'h'].map((group) => ({ group, before: { ndcg: 0.4, mrr: 0.4 }, after: { ndcg: 0.6, mrr: 0.6 } })), guard: [], finite: true };
  /** Of 40 candidates by which the best scores of unanswerable questions rise so far, the share that is refused and that has more false answers. */
  const refused = (rise: number): { refused: number; higher: number } => {
    const counts = { refused: 0, higher: 0 };
    for (let round = 0; round < 40; round++) {
      const asked = (questions: number, level: number, rise = 0): Best => {
        const known = Array.from({ length: questions }, () => level + normal());
        const seen = (rise: number): number[] => known.map((score) => score + 0.5 * normal() + rise);
        return { before: seen(0), after: seen(rise) };
      };
      const found = falseAccepts(asked(80, 1), asked(60, -1, rise), 0);
      if (found.after > found.before) counts.higher++;
      if (refusals({ ...sound, falseAccepts: found }).includes('answers-unanswerable')) counts.refused++;
    }
    return { refused: counts.refused / 40, higher: counts.higher / 40 };
  };
  const [chance, worse] = [refused(0), refused(1)];
  assert.ok(chance.higher > 0.3 && chance.refused < 0.25, JSON.stringify(chance));
  assert.ok(worse.refused > 0.9, JSON.stringify(worse));
});

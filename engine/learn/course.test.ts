import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atTheBeginning, runCourse, type CourseData, type CourseState, type Watcher } from './course.ts';
import { deal } from './deal.ts';
import { lowerBound, quality, refusals, SHOWN, standsOut, UNSEEN, type JudgedRow, type Trial } from './gate.ts';
import { next, STANDARD, type TrainOptions } from './train-query.ts';
import { WordList } from './train-weighing.ts';
import { CLUES } from './weighing.ts';
import { Vectors } from './vectors.ts';

/**
 * A small world in which it is known what can be learned: texts are points in two dozen dimensions, the first says whose
 * they are. A general question is answered by the point it stands at. A person's question means a point that is turned.
 */
const D = 24;
const CANDIDATES = 30;
type Point = number[];
type Meaning = (question: Point) => Point;

const unit = (point: Point): Float32Array => {
  const norm = Math.hypot(...point);
  return Float32Array.from(point, (x) => x / norm);
};

function world(seed: number, { mine, questions = 80, own = 1, settled = false, headed = false }: { mine: Meaning | 'noise'; questions?: number; own?: number; settled?: boolean; headed?: boolean }): CourseData {
  const words = new WordList();
  const random = { random: seed };
  const normal = (): number => next(random) + next(random) + next(random) + next(random) - 2;
  const matrix = new Vectors(D);
  let made = 0;
  const point = (flag: number): Point => [2 * flag, ...Array.from({ length: D - 1 }, normal)];
  const rowOf = (flag: number, meaning: Meaning | 'noise'): JudgedRow => {
    const question = point(flag);
    const wanted = meaning === 'noise' ? point(flag) : meaning(question).map((x) => x + 0.25 * normal());
    const at = Math.floor(next(random) * CANDIDATES);
    const points = Array.from({ length: CANDIDATES }, (_, i) => (i === at ? wanted : point(flag)));
    const query = unit(question);
    const found = points.map(unit);
    const fixed = Float32Array.from({ length: CANDIDATES }, (_, i) => (settled && i === at ? 30 : 0));
    // What is known of a candidate beside its vector: where answers stand in this person's documents.
    const told = (i: number): string => (headed && i === at ? 'heading answers' : `heading ${made % 7}`);
    const rows = points.map((one) => matrix.add(`chunk ${made++}`, () => unit(one)));
    return {
      question: `${made}`, query, weight: 1, found: CANDIDATES, positives: [at], candidates: Int32Array.from(rows),
      fixed, score: fixed.map((value, i) => value + 8 * found[i]!.reduce((sum, x, d) => sum + x * query[d]!, 0)), standing: new Uint8Array(CANDIDATES).fill(SHOWN),
      clues: { numbers: new Float32Array(CANDIDATES * CLUES.length), words: points.map((_, i) => Int32Array.of(words.number(told(i)))) },
      slope: new Float32Array(CANDIDATES).fill(8), counts: new Float32Array(CANDIDATES).fill(1), target: Float32Array.from({ length: CANDIDATES }, (_, i) => (i === at ? 1 : 0)),
    };
  };
  const same: Meaning = (question) => question;
  const rows = (count: number, make: () => JudgedRow): JudgedRow[] => Array.from({ length: count }, make);
  const lessons = (count: number, named: string) => rows(count, () => rowOf(own, mine)).map((row, i) => ({ row, group: `${named}${i}` }));
  const [train, heldOut, guard, replay] = [lessons(questions, 'g'), lessons(20, 'h'), rows(60, () => rowOf(-1, same)), rows(60, () => rowOf(-1, same))];
  return { matrix, mean: new Float32Array(D), background: { mean: 0, deviation: 0.2 }, words: words.words, train, heldOut, guard, replay, imported: [], unanswerable: [] };
}

/** Two of the dimensions trade places: a person says one thing and means another. */
const turned: Meaning = ([flag, ...rest]) => [flag!, ...rest.slice(12), ...rest.slice(0, 12)];
const nothing: Watcher = { passed: async () => undefined };
const options: TrainOptions = { ...STANDARD, rate: 0.01, rateOfPrior: 0.005, rank: 12, anchor: 0.02, passes: 20 };
const course = (data: CourseData, change: Partial<TrainOptions> = {}, state: CourseState = atTheBeginning(), watch = nothing) => runCourse(data, { ...options, ...change }, state, watch);

test('DM-5a: what can be learned is learned and passes', async () => {
  const data = world(1, { mine: turned });
  const { refusals: why, adapter, gain, bound, answered } = await course(data);
  assert.deepEqual(why, []);
  // What is shown before and after is what is judged by.
  assert.ok(Math.abs(answered.reduce((sum, { before, after }) => sum + after.ndcg - before.ndcg, 0) / answered.length - gain) < 1e-12);
  const learned = new Set(data.train.map(({ row }) => row));
  assert.deepEqual([answered.length, new Set(answered.map(({ row }) => row)).size], [100, 100]);
  for (const { row, adapter: by } of answered) assert.equal(by === adapter, !learned.has(row), 'by a candidate that has not learned from it');
  assert.ok(adapter.alpha > 0 && gain > 0.05 && bound > 0, `α ${adapter.alpha}, gain ${gain}, bound ${bound}`);
});

test('what tells answers from other passages in this person’s documents is learned, and the vector stays as it was', async () => {
  const { refusals: why, adapter: { alpha, weighing }, gain } = await course(world(6, { mine: 'noise', headed: true }));
  assert.deepEqual([why, alpha], [[], 0]);
  assert.ok(weighing!.alpha > 0 && gain > 0.3, `gain ${gain}`);
  const [best] = [...weighing!.words].sort((a, b) => b[1] - a[1]);
  assert.equal(best![0], 'heading answers');
});

test('a control deals labels out anew among what was seen, and elsewhere only what was right', () => {
  const data = world(7, { mine: turned, questions: 1 });
  const row = { ...data.train[0]!.row, standing: Uint8Array.from({ length: CANDIDATES }, (_, i) => (i < 10 ? SHOWN : UNSEEN)), positives: [3, 20], target: Float32Array.from({ length: CANDIDATES }, (_, i) => (i === 3 || i === 20 ? 0.5 : 0)) };
  const places = Array.from({ length: 200 }, (_, seed) => deal([{ row, group: 'g' }], { random: seed })[0]!.row.positives as [number, number]);
  for (const [seen, other] of places) assert.ok(seen < 10 && other >= 10);
  assert.equal(new Set(places.map(([seen]) => seen)).size, 10);
  const { target, positives } = deal([{ row, group: 'g' }], { random: 1 })[0]!.row;
  assert.deepEqual(positives.map((i) => target[i]), [0.5, 0.5]);
  assert.equal(target.reduce((sum, x) => sum + x), 1);
});

test('within a group a control deals to the same passages, as far as they were shown', () => {
  const { train } = world(8, { mine: turned, questions: 1 });
  const { row } = train[0]!;
  // Nearly the same question: the last five that were shown are others.
  const again = { ...row, candidates: row.candidates.map((candidate, i) => (i < CANDIDATES - 5 ? candidate : candidate + 1000)) };
  const alike = (...groups: [string, string]): number => Array.from({ length: 200 }, (_, seed) => {
    const [one, other] = deal([{ row, group: groups[0] }, { row: again, group: groups[1] }], { random: seed }).map((lesson) => lesson.row.candidates[lesson.row.positives[0]!]);
    return Number(one === other);
  }).reduce((sum, same) => sum + same) / 200;
  // Of 35 passages that either shows, both show 25; by chance it is one of 30 twice.
  assert.ok(alike('g', 'g') > 0.6, `${alike('g', 'g')}`);
  assert.ok(alike('g', 'h') < 0.1, `${alike('g', 'h')}`);
});

test('a gain stands out that is above every control and far from their middle', () => {
  const controls = Array.from({ length: 19 }, (_, i) => (i - 9) / 1000);
  assert.ok(standsOut(0.02, controls));
  assert.ok(!standsOut(0.01, controls), 'above all of them, yet as far as chance goes');
  assert.ok(!standsOut(0.02, [...controls, 0.03]));
});

test('DM-5b: labels without any sense are refused in 19 of 20 worlds', async () => {
  let refused = 0;
  for (let seed = 0; seed < 20; seed++) if ((await course(world(100 + seed, { mine: 'noise', questions: 40 }), { passes: 8 })).refusals.length > 0) refused++;
  assert.ok(refused >= 19, `${refused} of 20`);
});

test('DM-5c: what serves a person by ruining search for everyone is refused', async () => {
  // The person's questions look like the general ones and want the opposite; nothing is replayed that would hold it back.
  const data = { ...world(2, { mine: (question) => question.map((x) => -x), own: -1 }), replay: [] };
  const { refusals: why, gain } = await course(data);
  assert.ok(gain > 0.05 && why.includes('guard-worse'), `gain ${gain}: ${why}`);
});

test('DM-5d: where nothing helps, α is 0, and that is no gain', async () => {
  // By words every answer stands first already.
  const { adapter, refusals: why, trial } = await course(world(3, { mine: turned, settled: true }));
  assert.deepEqual([adapter.alpha, adapter.weighing!.alpha], [0, 0]);
  assert.ok(why.includes('no-gain'));
  for (const { before, after } of trial.guard) assert.deepEqual(before, after);
});

test('DM-8: a course that is cut off after any pass and gone on with ends the same', async () => {
  const data = world(4, { mine: turned, questions: 40 });
  const short = { passes: 4 };
  const whole = await course(data, short);
  class Killed extends Error {}
  let kept: CourseState = atTheBeginning();
  let reached = 0;
  for (let left = 25; ; left = 25) {
    let passes = left;
    try {
      const outcome = await course(data, short, structuredClone(kept), {
        async passed(state, { done }) {
          kept = structuredClone(state);
          assert.ok(done >= reached, `it was at ${reached} and now is at ${done}`);
          reached = done;
          if (--passes === 0) throw new Killed();
        },
      });
      assert.deepEqual(outcome, whole);
      return;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }
});

const trialOf = (change: Partial<Trial>): Trial => ({
  applied: true, mine: Array.from({ length: 40 }, (_, i) => ({ group: `g${i}`, before: { ndcg: 0.5, mrr: 0.5 }, after: { ndcg: 0.6, mrr: 0.6 } })),
  guard: [{ before: { ndcg: 0.9, mrr: 0.9 }, after: { ndcg: 0.895, mrr: 0.9 } }], falseAccepts: { before: 0.1, after: 0.1, rises: 0.4 }, finite: true, ...change,
});

test('each condition of the gate refuses for its own reason', () => {
  assert.deepEqual(refusals(trialOf({})), []);
  assert.deepEqual(refusals(trialOf({ applied: false })), ['no-gain']);
  assert.deepEqual(refusals(trialOf({ mine: [0.9, ...Array.from({ length: 9 }, () => 0.45)].map((ndcg, i) => ({ group: `g${i}`, before: { ndcg: 0.49, mrr: 0 }, after: { ndcg, mrr: 0 } })) })), ['unsure'], 'one lucky question proves nothing');
  assert.deepEqual(refusals(trialOf({ mine: ['g', 'h'].map((group) => ({ group, before: { ndcg: 0.5, mrr: 1 }, after: { ndcg: 0.6, mrr: 0.5 } })) })), ['first-hit-worse']);
  assert.deepEqual(refusals(trialOf({ guard: [{ before: { ndcg: 0.9, mrr: 1 }, after: { ndcg: 0.88, mrr: 1 } }] })), ['guard-worse']);
  assert.deepEqual(refusals(trialOf({ falseAccepts: { before: 0.1, after: 0.2, rises: 0.97 } })), ['answers-unanswerable']);
  assert.deepEqual([[5, 0], [4, 0], [7, 1], [8, 3], [0, 9]].map(([lost, won]) => refusals(trialOf({ passing: { lost: lost!, won: won! } }))), [['answers-fewer'], [], ['answers-fewer'], [], []], 'one in twenty by chance');
  assert.deepEqual(refusals(trialOf({ finite: false })), ['collapsed']);
});

test('the bootstrap bound covers the mean as often as it says', () => {
  const random = { random: 9 };
  let covered = 0;
  for (let round = 0; round < 200; round++) {
    const sample = Array.from({ length: 60 }, () => 0.1 + 0.5 * (next(random) + next(random) + next(random) - 1.5));
    if (lowerBound(sample, undefined, round) <= 0.1) covered++;
  }
  assert.ok(covered >= 180 && covered < 200, `${covered} of 200`);
});

test('where questions rise and fall in groups, the bound is above a gain of nothing no oftener than it says', () => {
  const random = { random: 7 };
  const normal = (): number => next(random) + next(random) + next(random) + next(random) - 2;
  for (const [groups, each] of [[60, 1], [30, 2], [20, 3], [12, 5]] as const) {
    let passed = 0;
    for (let round = 0; round < 200; round++) {
      const gains: number[] = [];
      for (let i = 0; i < groups; i++) {
        const ofGroup = 0.4 * normal();
        for (let k = 0; k < each; k++) gains.push(ofGroup + 0.1 * normal());
      }
      if (lowerBound(gains, gains.map((_, i) => `${Math.floor(i / each)}`), round) >= 0) passed++;
    }
    // One in twenty, and three deviations of chance.
    assert.ok(passed <= 10 + 3 * Math.sqrt(10 * 0.95), `${groups} groups of ${each}: ${passed} of 200`);
  }
  assert.equal(lowerBound([0.3, 0.2, 0.4], ['g', 'g', 'g']), -1, 'one group says nothing of any other');
});

test('a positive that search had not found counts as not found', () => {
  const data = world(5, { mine: turned, questions: 1 });
  const row = data.train[0]!.row;
  assert.deepEqual(quality([{ ...row, found: 20, positives: [25] }], data.matrix), [{ ndcg: 0, mrr: 0 }]);
});

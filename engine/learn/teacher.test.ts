import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Teacher } from './reward.ts';
import { inOrderOfReward } from './stabilised.ts';
import { taughtBy, type Pupil } from './teacher.ts';

/** Thinks an answer as likely as its words stand in the knowledge; one without sense thinks the same of all. */
const teacher = (sense: boolean): Teacher => ({
  count: async (texts) => texts.map((text) => String(text).split(' ').length),
  likelihood: async (pairs) => pairs.map(({ prompt, answer }) => {
    const knowledge = prompt.slice('Knowledge: '.length, prompt.indexOf('\n\nQuestion: '));
    const words = answer.trim().split(' ');
    return sense ? -3 + (2.5 * words.filter((word) => knowledge.includes(word)).length) / words.length : -2;
  }),
});

const codeOf = (box: number): number => 1234 + (box % 10) * 7919;

/** A question on a box, ten passages on boxes; what was said outright of some is right. */
function lesson(box: number, labelled: boolean): Pupil {
  const texts = Array.from({ length: 10 }, (_, i) => `Box ${(box + i) % 10} has the code ${codeOf(box + i)}.`);
  const right = (box * 3) % 10;
  // Another passage says the same in other words, and nobody has said so.
  texts[(right + 5) % 10] = `For code ${codeOf(box + right)} see the list.`;
  return {
    question: `Which code has box ${(box + right) % 10}?`, texts, priors: texts.map(() => 0), counts: texts.map(() => 1), weight: 1,
    target: texts.map((_, i) => Number(i === right)), accepted: `code ${codeOf(box + right)}`,
    labels: texts.map((_, i) => (!labelled ? undefined : i === right ? 1 : i === (right + 1) % 10 ? 0 : undefined)),
  };
}
const wait = async (): Promise<void> => undefined;

test('a teacher that foretells what people said gives its rewards; their own word stands above and below them, and is what is judged by', async () => {
  const lessons = [...Array.from({ length: 25 }, (_, i) => lesson(i, true)), { ...lesson(3, false), labels: new Array<undefined>(10).fill(undefined) }];
  const { lessons: made, fit, taught } = await taughtBy(teacher(true), lessons, wait);
  assert.deepEqual([fit.usable, fit.auc, taught], [true, 1, 26]);
  for (const [i, { rewards, target }] of made.entries()) {
    assert.deepEqual(target, lessons[i]!.target, 'what people said stays what it was');
    const order = inOrderOfReward(rewards!);
    const right = lessons[i]!.target.indexOf(1);
    if (i < 25) {
      assert.equal(order[0], right);
      assert.equal(order.at(-1), (right + 1) % 10, 'what they called wrong comes last');
      const taught = order.slice(1, -1).map((place) => rewards![place]!);
      assert.ok(rewards![right]! >= Math.max(...taught) + 1 && rewards![order.at(-1)!]! <= Math.min(...taught) - 1);
    }
    assert.ok(order.slice(0, 2).some((place) => place === (right + 5) % 10), 'the passage nobody pointed at is found');
  }
});

test('a teacher that does not, and one nobody can check, change nothing', async () => {
  const lessons = Array.from({ length: 25 }, (_, i) => lesson(i, true));
  const none = await taughtBy(teacher(false), lessons, wait);
  assert.deepEqual([none.fit.usable, none.taught], [false, 0]);
  assert.deepEqual(none.lessons, lessons);
  const unchecked = await taughtBy(teacher(true), lessons.slice(0, 5), wait);
  assert.deepEqual([unchecked.fit.usable, unchecked.taught], [false, 0]);
});

test('what an accepted answer leans on stays right only where it raises that answer; a lesson that has nothing else falls out', async () => {
  const sure = Array.from({ length: 25 }, (_, i) => lesson(i, true));
  const right = (12 * 3) % 10;
  const other = (right + 3) % 10;
  const leaning = (places: number[]): Pupil => ({
    ...lesson(12, false), accepted: String(codeOf(12 + right)), labels: new Array<undefined>(10).fill(undefined),
    target: Array.from({ length: 10 }, (_, i) => (places.includes(i) ? 1 / places.length : 0)), inferred: Array.from({ length: 10 }, (_, i) => places.includes(i)),
  });
  const { lessons: made } = await taughtBy(teacher(true), [...sure, leaning([right, other]), leaning([other])], wait);
  assert.equal(made.length, 26, 'the last one is gone');
  assert.deepEqual([made[25]!.target[right], made[25]!.target[other], made[25]!.counts[right], made[25]!.counts[other]], [1, 0, 1, 0]);
  assert.deepEqual((await taughtBy(teacher(false), [...sure, leaning([right, other])], wait)).lessons[25]!.target[other], 0.5, 'a teacher that foretells nothing is not asked for this either');
  const pointed = { ...leaning([other]), inferred: new Array<boolean>(10).fill(false) };
  assert.equal((await taughtBy(teacher(true), [...sure, pointed], wait)).lessons[25]!.target[other], 1, 'what was pointed at stays right');
});

test('lessons without an accepted answer are not scored, and a stop between two is heard', async () => {
  const { accepted: _, ...bare } = lesson(1, true);
  let asked = 0;
  const counting: Teacher = { ...teacher(true), likelihood: async (pairs) => { asked++; return pairs.map(() => -1); } };
  await taughtBy(counting, [bare], wait);
  assert.equal(asked, 0);
  await assert.rejects(taughtBy(counting, [lesson(1, true), lesson(2, true)], async (done) => { if (done === 1) throw new Error('stopped'); }), /stopped/);
  assert.equal(asked, 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TextLesson, Trainee } from './trainee.ts';
import { beginTexts, planOf, stepTexts, type TextOptions, type TextTraining } from './train-texts.ts';

/** How a deep level is trained, step by step, on a trainee of one number: what it makes of a text that begins with "good". */
const trainee: Trainee = {
  begin: () => ({ liking: { shape: [1], data: Float32Array.of(-3) } }),
  gradients: async (lessons) => ({ loss: lessons.length, gradients: { liking: Float32Array.of(-1) } }),
  scores: async ({ texts }, weights) => Float32Array.from(texts, (text) => (text.startsWith('good') ? weights['liking']!.data[0]! : 0)),
  atStrength: (weights) => ({ ...weights }), kept: (weights) => ({ ...weights }), close: async () => undefined,
};
const lesson = (question: string, more: Partial<TextLesson> = {}): TextLesson => ({ question, texts: ['good', 'bad', 'worse'], priors: [0, 0, 0], target: [1, 0, 0], counts: [1, 1, 1], weight: 1, ...more });
const OPTIONS: TextOptions = { passes: 2, batch: 2, texts: 3, learningRate: 0.3, seed: 1, temperature: 1 };

async function trained(lessons: readonly TextLesson[], aside: readonly TextLesson[], options = OPTIONS): Promise<TextTraining> {
  let training = await beginTexts(trainee, aside, options);
  while (!training.done) training = await stepTexts(trainee, lessons, aside, structuredClone(training), options);
  return training;
}

test('a long pass is looked at every ten steps: loss since the last look, loss and nDCG@10 on what is kept aside', async () => {
  const lessons = Array.from({ length: 50 }, (_, i) => lesson(`q${i}`));
  const { curve, best } = await trained(lessons, [lesson('kept'), lesson('other', { target: [0, 0.5, 0.5] })]);
  assert.deepEqual(curve.map(({ pass }) => pass), [0.4, 0.8, 1, 1.4, 1.8, 2]);
  assert.ok(curve.every(({ loss }) => loss === 2), 'each step has two questions');
  // The good text comes to stand first: of one question that is right, of the other its two right ones stand second and third.
  const last = (1 + (1 / Math.log2(3) + 1 / Math.log2(4)) / (1 + 1 / Math.log2(3))) / 2;
  assert.ok(Math.abs(curve.at(-1)!.quality - last) < 1e-6 && curve[0]!.quality < last, JSON.stringify(curve));
  assert.equal(best.loss, Math.min(...curve.map(({ aside }) => aside)));
});

test('steps are of one set each; a small one comes in a smaller step and is told', async () => {
  const seen: string[][] = [];
  const watching: Trainee = { ...trainee, gradients: async (lessons, weights) => { seen.push(lessons.map(({ set = 'qa' }) => set)); return trainee.gradients(lessons, weights); } };
  const lessons = [...Array.from({ length: 9 }, (_, i) => lesson(`q${i}`)), ...Array.from({ length: 2 }, (_, i) => lesson(`c${i}`, { set: 'chat' }))];
  const options = { ...OPTIONS, batch: 4, passes: 1 };
  let training = await beginTexts(watching, [lesson('kept')], options);
  while (!training.done) training = await stepTexts(watching, lessons, [lesson('kept')], training, options);
  assert.deepEqual(seen.map((sets) => [new Set(sets).size, sets.length]).toSorted((a, b) => a[1]! - b[1]!), [[1, 1], [1, 2], [1, 4], [1, 4]]);
  assert.deepEqual(planOf(lessons, options), { steps: 4, sets: [{ set: 'qa', rows: 9, batch: 4, left: 0 }, { set: 'chat', rows: 2, batch: 2, left: 0 }] });
  assert.deepEqual(planOf(lessons.slice(0, 9), { batch: 8, seed: 1 }).sets, [{ set: 'qa', rows: 9, batch: 8, left: 1 }], 'a single question is no step of eight');
});

test('where a teacher spoke, a group of what it scored is drawn, others each pass; in tasks that learn without one, what answers', async () => {
  const drawn: TextLesson[] = [];
  const watching: Trainee = { ...trainee, gradients: async (lessons, weights) => { drawn.push(...lessons); return trainee.gradients(lessons, weights); } };
  const texts = Array.from({ length: 12 }, (_, i) => `text ${i}`);
  const rewards = texts.map((_, i) => (i < 10 ? -i : undefined));
  const plain = { priors: texts.map(() => 0), texts, counts: texts.map(() => 1), rewards };
  const options = { ...OPTIONS, batch: 1, passes: 3, texts: 4 };
  const drawFor = async (one: TextLesson): Promise<TextLesson[]> => {
    drawn.length = 0;
    let training = await beginTexts(watching, [one], options);
    for (let pass = 0; pass < 3; pass++) training = await stepTexts(watching, [one], [one], { ...training, done: false }, options);
    return [...drawn];
  };
  const silent = await drawFor(lesson('q', { ...plain, target: texts.map(() => 0) }));
  assert.ok(silent.every((one) => one.texts.length === 4 && one.texts[0] === 'text 0' && one.rewards!.every((reward) => reward !== undefined)), 'the teacher’s best and three of the others');
  assert.ok(new Set(silent.map((one) => one.texts.join())).size > 1);
  const tool = await drawFor(lesson('q', { ...plain, target: texts.map((_, i) => Number(i === 3)), task: 'tool' }));
  assert.ok(tool.every((one) => one.rewards === undefined && one.target[0] === 1 && one.texts[0] === 'text 3'));
});

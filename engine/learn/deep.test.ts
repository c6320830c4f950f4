import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { makeRecordedFolder } from '../models/testing.ts';
import { denseGradients } from '../nn/gradient.ts';
import * as g from '../nn/graph.ts';
import { Program } from '../nn/program.ts';
import { Tensor } from '../nn/session.ts';
import { input } from '../nn/value.ts';
import { runDeepCourse, type DeepLesson, type DeepRecipe, type DeepState } from './deep-course.ts';
import { writeLearnedFolder } from './learned-folder.ts';
import { openEmbedderTrainee } from './lora-embedder.ts';
import { openRerankerTrainee } from './lora-reranker.ts';
import { contrastive, mask, similarity } from './losses.ts';
import { scoresOfFolder } from './testing.ts';
import { batchLoss, batchOf } from './text-batch.ts';
import { listLoss, LORA, spreadOf, type TextLesson, type Trainee } from './trainee.ts';
import { beginTexts, stepTexts, type TextOptions, type TextTraining } from './train-texts.ts';

/** The deep levels on tiny models of real architectures: what is trained is what the app then opens. */

const root = mkdtempSync(path.join(tmpdir(), 'deep-'));
after(() => rmSync(root, { recursive: true }));

const folderOf = (name: string, network: string): Promise<string> => makeRecordedFolder(path.join(root, name), network);

const THINGS = ['ferry', 'boiler', 'library', 'cheese', '渡轮', '锅炉', '图书馆', '奶酪'];
const LESSONS: TextLesson[] = THINGS.map((thing, i) => ({
  question: `where is the ${thing}`, texts: [0, 1, 2, 3].map((k) => `${THINGS[(i + k) % THINGS.length]} stands here`), priors: [0, 0, 0, 0], target: [1, 0, 0, 0], counts: [1, 1, 1, 1], weight: 1,
}));
const OPTIONS: TextOptions = { passes: 60, batch: 4, texts: 4, learningRate: 0.02, seed: 1, temperature: 1 };

async function trained(trainee: Trainee, options = OPTIONS, lessons = LESSONS): Promise<TextTraining> {
  let training = await beginTexts(trainee, lessons, options);
  while (!training.done) training = await stepTexts(trainee, lessons, lessons, training, options);
  return training;
}

async function firstOfAll(trainee: Trainee, weights: TextTraining['best']['weights']): Promise<number> {
  let right = 0;
  for (const lesson of LESSONS) {
    const scores = await trainee.scores(lesson, weights);
    right += Number(scores.indexOf(Math.max(...scores)) === 0);
  }
  return right / LESSONS.length;
}

test('the loss of a list is that of the graph, slope and all; what does not count has none', async () => {
  const lesson = { target: [0.75, 0, 0.25, 0], counts: [1, 1, 1, 0], weight: 2 };
  const scores = Float32Array.of(0.3, 1.2, -0.7, 5);
  const all = input('scores', 'float32', [1, 4]);
  const loss = contrastive(mask(all, input('counts', 'float32', [1, 4])), input('targets', 'float32', [1, 4]));
  const program = await Program.open({ loss, slope: denseGradients(loss, [all])[0]! });
  const row = (values: readonly number[]) => new Tensor('float32', Float32Array.from(values), [1, 4]);
  const expected = await program.run({ scores: row([...scores]), counts: row(lesson.counts), targets: row(lesson.target) });
  const found = listLoss(scores, lesson);
  assert.ok(Math.abs(found.loss - 2 * (expected['loss']!.data as Float32Array)[0]!) < 1e-6);
  (expected['slope']!.data as Float32Array).forEach((slope, i) => assert.ok(Math.abs(found.slope[i]! - 2 * slope) < 1e-6));
  assert.equal(found.slope[3], 0);
  await program.close();
});

test('the loss of a batch of vectors is the graph’s contrastive loss, with its gradient', async () => {
  const lessons: TextLesson[] = [['q', 'a', 'x'], ['r', 'b', 'y']].map(([question, right, wrong]) => ({ question: question!, texts: [right!, wrong!], priors: [0, 0], target: [1, 0], counts: [1, 1], weight: 1 }));
  const { texts, rows } = batchOf(lessons);
  assert.deepEqual(texts.map(({ text }) => text), ['q', 'a', 'x', 'r', 'b', 'y']);
  assert.deepEqual(rows.map(({ keys }) => keys), [[1, 2, 4], [4, 5, 1]]);
  const width = 3;
  const vectors = Float32Array.from({ length: texts.length * width }, (_, i) => Math.sin(i * 1.7));
  for (let t = 0; t < texts.length; t++) {
    const length = Math.hypot(...vectors.subarray(t * width, (t + 1) * width));
    for (let d = 0; d < width; d++) vectors[t * width + d]! /= length;
  }
  const all = input('all', 'float32', [texts.length, width]);
  const pick = (place: number) => g.slice(all, 0, place, 1);
  const each = rows.map(({ question, keys }, i) => contrastive(similarity(pick(question), g.concat(keys.map(pick), 0), 0.05), input(`t${i}`, 'float32', [1, 3])));
  const loss = g.scale(g.add(each[0]!, each[1]!), 0.5);
  const program = await Program.open({ loss, slope: denseGradients(loss, [all])[0]! });
  const target = new Tensor('float32', Float32Array.of(1, 0, 0), [1, 3]);
  const expected = await program.run({ all: new Tensor('float32', vectors, [texts.length, width]), t0: target, t1: target });
  const found = batchLoss(vectors, width, rows);
  assert.ok(Math.abs(found.loss - (expected['loss']!.data as Float32Array)[0]!) < 1e-5);
  // The graph brings vectors to unit length once more: along a vector its gradient is zero.
  const slope = expected['slope']!.data as Float32Array;
  for (let t = 0; t < texts.length; t++) {
    const at = (i: number) => t * width + i;
    const along = [0, 1, 2].reduce((sum, i) => sum + found.gradient[at(i)]! * vectors[at(i)]!, 0);
    for (let i = 0; i < width; i++) assert.ok(Math.abs(found.gradient[at(i)]! - along * vectors[at(i)]! - slope[at(i)]!) < 1e-4);
  }
  await program.close();
});

for (const [kind, network, name] of [['reranker', 'bert-reranker', 'bge-reranker-tiny'], ['reranker', 'roberta-reranker', 'bge-reranker-tiny-m'], ['embedder', 'bert', 'bge-small-en-tiny']] as const) {
  test(`LoRA on a ${network}: nothing at first, eight questions by heart, and the same once worked into a folder`, async () => {
    const folder = await folderOf(name, network);
    const trainee = await (kind === 'reranker' ? openRerankerTrainee : openEmbedderTrainee)(folder);
    const lesson = LESSONS[2]!;
    const opened = (at: string): Promise<number[]> => scoresOfFolder(at, kind, lesson);
    const near = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).forEach((value, i) => assert.ok(Math.abs(value - b[i]!) < 1e-4, `${value} is not ${b[i]}`));
    const shipped = await opened(folder);
    near(await trainee.scores(lesson, trainee.begin(1)), shipped);

    const options = kind === 'reranker' ? { ...OPTIONS, learningRate: 0.01, passes: 100 } : { ...OPTIONS, learningRate: 0.01, temperature: 0.05 };
    const { best } = await trained(trainee, options);
    assert.equal(await firstOfAll(trainee, best.weights), 1);
    const out = path.join(root, `${name}-learned`);
    for (const strength of [0, 0.5, 1]) {
      const applied = trainee.atStrength(best.weights, strength);
      await writeLearnedFolder(folder, trainee.kept(applied), LORA, out);
      near(await opened(out), strength === 0 ? shipped : await trainee.scores(lesson, applied));
    }
    if (trainee.steadied) {
      const steady = await trainee.steadied(best.weights, LESSONS);
      const spread = (weights: typeof steady) => spreadOf((one) => trainee.scores(one, weights), LESSONS);
      const [before, learned, after] = [await spread(trainee.begin(1)), await spread(best.weights), await spread(steady)];
      assert.ok(Math.abs(learned.deviation - before.deviation) > 1e-3);
      near([after.mean, after.deviation], [before.mean, before.deviation]);
      assert.equal(await firstOfAll(trainee, steady), 1, 'the order stays');
      for (const strength of [0.5, 1]) {
        const applied = trainee.atStrength(steady, strength);
        await writeLearnedFolder(folder, trainee.kept(applied), LORA, out);
        near(await opened(out), await trainee.scores(lesson, applied));
      }
    }
    await trainee.close();
  });
}

test('the same seed trains to the same bytes; a training goes on from between any two steps; it ends with the weights that did best on what was kept aside', async () => {
  const trainee = await openRerankerTrainee(await folderOf('bge-reranker-tiny', 'bert-reranker'));
  const options = { ...OPTIONS, passes: 3 };
  const [one, other] = [await trained(trainee, options), await trained(trainee, options)];
  assert.deepEqual(one, other);
  let resumed = await beginTexts(trainee, LESSONS, options);
  while (!resumed.done) resumed = await stepTexts(trainee, LESSONS, LESSONS, structuredClone(resumed), options);
  assert.deepEqual(resumed, one);
  // Kept aside is the opposite of what is trained: learning on makes it worse.
  const opposite = LESSONS.map((lesson) => ({ ...lesson, target: [0, 0, 0, 1] }));
  let spoiled = await beginTexts(trainee, opposite, OPTIONS);
  const untrained = spoiled.best.loss;
  while (!spoiled.done) spoiled = await stepTexts(trainee, LESSONS, opposite, spoiled, OPTIONS);
  assert.ok(spoiled.pass < OPTIONS.passes, 'it ends early');
  assert.equal(spoiled.best.loss, Math.min(untrained, ...spoiled.curve.map(({ aside }) => aside)));
  await trainee.close();
});

test('folders that cannot be trained are refused with a sentence', async () => {
  await assert.rejects(openRerankerTrainee(await folderOf('bge-small-en-tiny', 'bert')), /is an embedder, not a reranker/);
  await assert.rejects(openEmbedderTrainee(await folderOf('bge-reranker-tiny', 'bert-reranker')), /is a reranker, not an embedder/);
});

test('a course on a deep level accepts what was said with sense, refuses labels without any, and goes on from where it was cut off', async () => {
  const trainee = await openEmbedderTrainee(await folderOf('bge-small-en-tiny', 'bert'));
  // Every question asks for a thing by its other name: nothing the untrained model knows.
  const names: [string, string][] = [['database', '北京'], ['lease', '年休假'], ['passages', '图书馆'], ['python', '条例'], ['employees', '数据库'], ['machine', '人工智能']];
  const lessons = (right: (i: number, k: number) => number): DeepLesson[] => Array.from({ length: 48 }, (_, i) => {
    const [asked] = names[i % names.length]!;
    const texts = names.map(([, other]) => `${other}在这里`);
    const at = right(i % names.length, i);
    return {
      question: `${['where is', 'when opens', 'who keeps', 'what about', 'how much is', 'at what time is', 'the cost of', 'anything on'][Math.floor(i / names.length)]} the ${asked}`, texts, priors: texts.map(() => 0),
      target: texts.map((_, k) => Number(k === at)), counts: texts.map(() => 1), weight: 1, group: `g${i}`, found: texts.length, seen: [],
    };
  });
  const recipe: DeepRecipe = { passes: 40, batch: 8, texts: 6, learningRate: 0.01, seed: 1, temperature: 0.05, folds: 3, controls: 2, controlFolds: 1 };
  const course = (train: DeepLesson[], state: DeepState = { finished: {} }, stopAfter = Infinity) => {
    let steps = 0;
    return runDeepCourse(trainee, { train, heldOut: [], guard: [], replay: [], unanswerable: [] }, recipe, { logOdds: 2 }, state, {
      async passed() {
        if (++steps >= stopAfter) throw new Error('killed');
      },
    });
  };
  const sense = lessons((thing) => thing);
  const made = await course(sense);
  assert.deepEqual(made.refusals, []);
  assert.ok(made.gain > 0.1 && made.bound > 0, `${made.gain} ${made.bound}`);
  const shown = made.judged.map(({ lesson, before, after, order }) => ({ question: lesson.question, told: after.ndcg - before.ndcg, right: lesson.target.indexOf(1), order }));
  assert.deepEqual(shown.map(({ question }) => question).sort(), sense.map(({ question }) => question).sort(), 'each once, as the fold has it that has not learned from it');
  assert.ok(Math.abs(shown.reduce((sum, { told }) => sum + told, 0) / shown.length - made.gain) < 1e-12);
  for (const { told, right, order: { before, after } } of shown) assert.ok(Math.abs(told - (1 / Math.log2(after.indexOf(right) + 2) - 1 / Math.log2(before.indexOf(right) + 2))) < 1e-12);
  const none = await course(lessons((_, i) => (i * 7 + 3 * Math.floor(i / 5)) % names.length));
  assert.ok(none.refusals.length > 0, `without sense: ${none.gain}`);

  const state: DeepState = { finished: {} };
  await assert.rejects(course(sense, state, 20), /killed/);
  const resumed = await course(sense, structuredClone(state));
  assert.deepEqual([resumed.gain, resumed.weights], [made.gain, made.weights]);
  await trainee.close();
});

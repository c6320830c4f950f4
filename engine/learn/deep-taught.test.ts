import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { installedModels } from '../models/installed.ts';
import { makeRecordedFolder } from '../models/testing.ts';
import { dealtAnew } from './deal-texts.ts';
import type { DeepLesson } from './deep-course.ts';
import { openLateTrainee } from './late-head.ts';
import { openEmbedderTrainee } from './lora-embedder.ts';
import { openRerankerTrainee } from './lora-reranker.ts';
import { openStaticTrainee } from './static-map.ts';
import { batchLoss, batchOf, taskFor, textsOf } from './text-batch.ts';
import type { Anchor, TextLesson, Trainee } from './trainee.ts';

/** A teacher's rewards on every deep level: what is trained by is what they say, down to the last weight. */

const root = mkdtempSync(path.join(tmpdir(), 'deep-taught-'));
after(() => rmSync(root, { recursive: true }));
const { models } = await installedModels([fileURLToPath(new URL('../../resources/models', import.meta.url))]);
const bundled = (role: string): string => models.find(({ manifest }) => manifest.role === role)!.folder;

const lesson = (question: string, texts: string[], rewards?: (number | undefined)[]): TextLesson => ({
  question, texts, priors: texts.map((_, i) => 0.2 * i), target: texts.map((_, i) => Number(rewards === undefined && i === 0)), counts: texts.map(() => 1), weight: 1, ...(rewards && { rewards }),
});
const LESSONS = [
  lesson('where is the ferry', ['a boat at the quay', 'the boiler is warm', 'cheese and bread', 'the ferry waits'], [-0.4, -2, undefined, 0.6]),
  lesson('谁管图书馆', ['锅炉房在楼下', '图书馆有管理员'], [-1, 1.5]),
  lesson('when opens the library', ['the library opens at eight', 'the ferry leaves at nine']),
];
const ANCHORS: Anchor[] = [{ text: 'the mill stands still', side: 'document' }, { text: 'who owns the mill', side: 'query' }];

const OPEN: [name: string, open: () => Promise<Trainee>, anchors: Anchor[]][] = [
  ['LoRA on a reranker', async () => openRerankerTrainee(await makeRecordedFolder(path.join(root, 'bge-reranker-tiny'), 'bert-reranker')), []],
  ['LoRA on an embedder', async () => openEmbedderTrainee(await makeRecordedFolder(path.join(root, 'bge-small-en-tiny'), 'bert')), ANCHORS],
  ['the head of the reranker that ships', () => openLateTrainee(bundled('reranker'), LESSONS), []],
  ['the map of the embedder that ships', () => openStaticTrainee(bundled('embedder')), ANCHORS],
];

for (const [name, open, anchors] of OPEN) {
  test(`LE-2: ${name} follows a teacher's rewards: its gradients are those of differences`, async () => {
    const trainee = await open();
    // Somewhere off the beginning, where B is zero and so is half of the gradient.
    const weights = Object.fromEntries(Object.entries(trainee.begin(1)).map(([key, { shape, data }]) => [key, { shape, data: data.map((value, i) => value + 0.02 * Math.sin(1 + i)) }]));
    const { gradients } = await trainee.gradients(LESSONS, weights, anchors);
    const found: Record<string, Float32Array> = Object.fromEntries(Object.entries(gradients).map(([key, gradient]) => [key, Float32Array.from('data' in gradient ? gradient.data : gradient)]));
    const lossAt = async (key: string, along: Float32Array, by: number): Promise<number> => {
      const moved = { ...weights, [key]: { shape: weights[key]!.shape, data: weights[key]!.data.map((value, i) => value + by * along[i]!) } };
      return (await trainee.gradients(LESSONS, moved, anchors)).loss;
    };
    const keys = Object.keys(weights);
    for (const key of [keys[0]!, keys.at(-1)!]) {
      const gradient = found[key]!;
      const length = Math.hypot(...gradient);
      assert.ok(length > 1e-6, `${key} learns nothing`);
      // Along its own direction the slope is the gradient's length.
      const along = gradient.map((value) => value / length);
      const step = 0.02;
      const slope = ((await lossAt(key, along, step)) - (await lossAt(key, along, -step))) / (2 * step);
      const drawn = name.startsWith('the head') ? 0.02 * weights[key]!.data.reduce((sum, value, i) => sum + value * along[i]!, 0) : 0;
      assert.ok(Math.abs(slope + drawn - length) < 0.01 * length + 1e-4, `${key}: ${slope + drawn} is not ${length}`);
    }
    const without = await trainee.gradients(LESSONS.map(({ rewards: _, ...rest }) => rest), weights, anchors);
    assert.ok(Math.abs(without.loss - (await trainee.gradients(LESSONS, weights, anchors)).loss) > 1e-3, 'without rewards it is another loss');
    await trainee.close();
  });
}

test('a task goes on both sides where the model knows it, an instruction in its own words where it follows any, and neither elsewhere', async () => {
  const knows = { tasks: { qa: { query: 'q: ', document: 'd: ' } } };
  const follows = { tasks: {}, instruction: 'Instruct: {task}\nQuery: ' };
  const row = { task: 'qa', instruction: 'Find the law.' };
  assert.deepEqual([taskFor(knows, row), taskFor(follows, row), taskFor({}, row), taskFor(follows, { task: 'qa' }), taskFor(knows, { task: 'chat' })], ['qa', 'Find the law.', undefined, undefined, undefined]);
  const texts = textsOf({ question: 'a', texts: ['b'], ...row }, knows);
  assert.deepEqual(texts, [{ text: 'a', side: 'query', task: 'qa' }, { text: 'b', side: 'document', task: 'qa' }]);
  assert.equal(textsOf({ question: 'a', texts: ['b'], type: 'symmetric_sts' }, {})[1]!.side, 'query');

  // LLM-Embedder's own way: the same lesson is another one for another task.
  const trainee = await openEmbedderTrainee(await makeRecordedFolder(path.join(root, 'llm-embedder-tiny'), 'bert'));
  const [plain, qa, chat] = await Promise.all([{}, { task: 'qa' }, { task: 'chat' }].map((more) => trainee.scores({ ...LESSONS[2]!, ...more }, trainee.begin(1))));
  assert.deepEqual(plain, qa, 'questions are what it is used for where nothing is said');
  assert.notDeepEqual(qa, chat);
  await trainee.close();
});

test('BG-4: where what answers another question may be right too, a row moves none of the other rows’ texts', () => {
  const vectors = Float32Array.from({ length: 6 * 2 }, (_, i) => Math.sin(i + 1));
  const lessons = [lesson('q', ['a', 'x']), lesson('r', ['b', 'y'])];
  const gradientOf = (type?: string): Float32Array => {
    const { rows } = batchOf(lessons.map((one) => ({ ...one, ...(type !== undefined && { type }) })));
    return batchLoss(vectors, 2, [rows[0]!]).gradient;
  };
  assert.ok(gradientOf().subarray(8, 10).some((value) => value !== 0), 'b is told from a');
  assert.deepEqual([...gradientOf('symmetric_class').subarray(6)], [0, 0, 0, 0, 0, 0]);
});

test('labels dealt out anew take the teacher’s rewards and what was called wrong with them: as much as before, and without any sense', () => {
  const texts = Array.from({ length: 14 }, (_, i) => `text ${i}`);
  const taught: DeepLesson = {
    question: 'q', texts, priors: texts.map(() => 0), target: texts.map((_, i) => Number(i === 2)), counts: texts.map((_, i) => (i < 10 ? 0.5 : 1)), weight: 1, group: 'g', found: 10, seen: [0, 1, 2, 3, 4, 5],
    rewards: texts.map((_, i) => (i < 8 ? (i === 2 ? 9 : -i) : undefined)), against: { said: [1], front: [0, 3, 4, 5], mined: [11, 12, 13] },
  };
  const dealt = Array.from({ length: 40 }, (_, seed) => dealtAnew([taught], seed)[0]!);
  for (const { target, rewards, against, seen } of dealt) {
    const right = target.indexOf(1);
    assert.ok(seen.includes(right) && target.filter((share) => share > 0).length === 1);
    assert.deepEqual(rewards!.filter((reward) => reward !== undefined).sort(), taught.rewards!.filter((reward) => reward !== undefined).sort(), 'the same rewards');
    assert.equal(rewards![right], 9, 'the best where it is called right now');
    assert.deepEqual([against!.said, against!.mined], [[], [11, 12, 13]]);
    assert.ok(!against!.front.includes(right));
  }
  assert.deepEqual(new Set(dealt.map(({ target }) => target.indexOf(1))), new Set(taught.seen));
  assert.ok(new Set(dealt.map(({ rewards }) => rewards!.join())).size > 10);
  const pairs = Array.from({ length: 40 }, (_, seed) => dealtAnew([taught, { ...taught, question: 'q, again' }, { ...taught, group: 'h' }], seed).map(({ target }) => target.indexOf(1)));
  assert.ok(pairs.every(([one, again]) => one === again), 'nearly the same question is answered alike');
  assert.ok(pairs.some(([one, , other]) => one !== other), 'and another is not');
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { installedModels } from '../models/installed.ts';
import type { DeepState } from './deep-course.ts';
import { formOf, TRAININGS } from './deep-model.ts';
import { curveUpTo, loadDeepState, saveDeepState } from './deep-state.ts';
import { packed, unpacked } from './packed.ts';
import { scoresOfFolder } from './testing.ts';
import type { TextLesson } from './trainee.ts';
import { beginTexts, stepTexts, type TextOptions, type TextTraining } from './train-texts.ts';

/** The models that ship, as they learn: what is trained is what the folder then gives. */

const root = mkdtempSync(path.join(tmpdir(), 'deep-bundled-'));
after(() => rmSync(root, { recursive: true }));
const { models } = await installedModels([fileURLToPath(new URL('../../resources/models', import.meta.url))]);
const names = { id: 'learned', name: 'Learned' };

const THINGS = ['ferry', 'boiler', 'library', 'cheese', '渡轮', '锅炉', '图书馆', '奶酪'];
/** Of two passages that both name the thing, the one with a date is right. */
const LESSONS: TextLesson[] = THINGS.map((thing, i) => ({
  question: `when does the ${thing} open`, texts: [`The ${thing} opens, and when it opens the ${thing} is open.`, `From 8:${10 + i} on Mondays the ${thing} may be entered.`, 'Nothing to do with it.'],
  priors: [0.5, 0, -2], target: [0, 1, 0], counts: [1, 1, 1], weight: 1,
}));
const OPTIONS: TextOptions = { passes: 30, batch: 4, texts: 3, learningRate: 0.05, seed: 1, temperature: 1 };
const near = (found: ArrayLike<number>, wanted: ArrayLike<number>, by: number) => Array.from(found).forEach((value, i) => assert.ok(Math.abs(value - wanted[i]!) < by, `${value} is not ${wanted[i]}`));

for (const level of ['reranker', 'embedder'] as const) {
  test(`the ${level} that ships: nothing at first, eight questions by heart, and the same once worked into a folder`, async () => {
    const folder = models.find(({ manifest }) => manifest.role === level)!.folder;
    const form = (await formOf(folder, level))!;
    assert.equal(form, level === 'reranker' ? 'late' : 'static');
    const training = TRAININGS[form];
    const trainee = await training.open(folder, level, LESSONS, {});
    const opened = (at: string): Promise<number[]> => scoresOfFolder(at, level, LESSONS[2]!);
    near(await trainee.scores(LESSONS[2]!, trainee.begin(1)), await opened(folder), 1e-4);

    let state = await beginTexts(trainee, LESSONS, OPTIONS);
    while (!state.done) state = await stepTexts(trainee, LESSONS, LESSONS, state, OPTIONS);
    const { weights } = state.best;
    for (const lesson of LESSONS) {
      const scores = await trainee.scores(lesson, weights);
      assert.equal(scores.indexOf(Math.max(...scores)), 1);
    }
    for (const strength of [0.5, 1]) {
      const applied = trainee.atStrength(weights, strength);
      const out = path.join(root, level);
      await training.write(folder, unpacked(packed(trainee.kept(applied), {})), names, out);
      near(await opened(out), await trainee.scores(LESSONS[2]!, applied), 1e-4);
    }
    if (trainee.steadied) {
      const order = async (by: typeof weights) => Array.from(await trainee.scores(LESSONS[2]!, by)).map((score, i) => ({ score, i })).sort((a, b) => b.score - a.score).map(({ i }) => i);
      const steady = await trainee.steadied(weights, LESSONS);
      assert.deepEqual(await order(steady), await order(weights));
      const total = async (by: typeof weights) => (await Promise.all(LESSONS.map((lesson) => trainee.scores(lesson, by)))).reduce((sum, scores) => sum + scores.reduce((all, score) => all + score, 0), 0);
      assert.ok(Math.abs((await total(steady)) - (await total(trainee.begin(1)))) < 1e-2, 'scores are as high as they were');
    }
    await trainee.close();
  });
}

test('the state of a run is kept in a file, and is not taken for that of another', () => {
  const weight = (...data: number[]) => ({ shape: [data.length], data: Float32Array.from(data) });
  const training: TextTraining = {
    state: { step: 7, weights: { a: weight(1, 2), b: weight(3) }, first: { a: Float32Array.of(4, 5), b: Float32Array.of(6) }, second: { a: Float32Array.of(7, 8), b: Float32Array.of(9) } },
    pass: 2, at: 3, curve: [{ pass: 1, loss: 0.1 + 0.2, aside: 1 / 3, quality: 0.5 }], best: { pass: 1, loss: 1 / 3, weights: { a: weight(0, 1), b: weight(2) } }, sum: 1.5, done: false,
  };
  const scores = { ndcg: 0.5, mrr: 1 };
  const state: DeepState = { finished: { final: { alpha: 0.5, judged: [{ group: 'g', before: scores, after: scores, order: { before: [0, 1], after: [1, 0] } }], gains: [0.25], weights: { a: weight(1), b: weight(2) } }, 'fold 1': { alpha: 0, judged: [], gains: [] } }, current: { name: 'fold 2', training } };
  const file = path.join(root, 'runs', '1.safetensors');
  saveDeepState(file, state, 'these');
  assert.deepEqual(loadDeepState(file, 'these'), state);
  assert.equal(loadDeepState(file, 'those'), undefined);
  assert.equal(loadDeepState(`${file} gone`, 'these'), undefined);
  // The page was shown more than was kept: two points of the training under way, and one of the next.
  const shown = ['final', 'final', 'fold 1', 'fold 2', 'fold 2', 'fold 3'].map((training, i) => ({ training, pass: i, loss: i, aside: i }));
  assert.deepEqual(curveUpTo(state, shown), [...shown.slice(0, 3), { training: 'fold 2', ...training.curve[0]! }], 'trainings that are over stay on the curve');
});

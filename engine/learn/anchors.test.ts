import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { installedModels } from '../models/installed.ts';
import { makeSmallEmbedder } from '../models/testing.ts';
import { anchorLoss, likeness } from './anchors.ts';
import { runDeepCourse, type DeepLesson, type DeepRecipe } from './deep-course.ts';
import { refusals, type Trial } from './gate.ts';
import { candidateSlower } from './slower.ts';
import { openStaticTrainee } from './static-map.ts';
import { beginTexts, stepTexts } from './train-texts.ts';
import type { Anchor, Trainee } from './trainee.ts';

/** What keeps an embedder from forgetting: texts that are held where they are, and a gate that sees when all grow alike. */

const { models } = await installedModels([fileURLToPath(new URL('../../resources/models', import.meta.url))]);
const folder = models.find(({ manifest }) => manifest.role === 'embedder')!.folder;
const root = mkdtempSync(path.join(tmpdir(), 'anchors-'));
after(() => rmSync(root, { recursive: true }));

const THINGS = ['ferry', 'boiler', 'library', 'cheese', 'lantern', 'granite', 'violin', 'harbour', 'orchard', 'saddle', 'compass', 'theatre'];
const CHUNKS = THINGS.flatMap((thing, i) => [`The ${thing} was built in ${1700 + i}.`, `${THINGS[(i + 5) % 12]} and ${thing} are sold on Mondays.`]);
const LESSONS: DeepLesson[] = THINGS.map((thing, i) => ({
  question: `where is the ${thing}`, texts: [0, 1, 2, 3].map((k) => `${THINGS[(i + 3 + k) % 12]} stands here`), priors: [0, 0, 0, 0], target: [1, 0, 0, 0], counts: [1, 1, 1, 1], weight: 1, group: thing, found: 4, seen: [],
}));
const RECIPE: DeepRecipe = { passes: 12, batch: 6, texts: 4, learningRate: 0.01, seed: 1, temperature: 0.05, folds: 2, controls: 1, controlFolds: 1 };

test('an anchor pays for its vector being turned, with the slope of differences', () => {
  const vectors = Float32Array.from({ length: 9 }, (_, i) => Math.sin(2 * i + 1));
  const anchors = [{ at: 1, vector: Float32Array.of(0.6, 0, 0.8) }, { at: 2, vector: Float32Array.of(0, 1, 0) }];
  const gradient = new Float32Array(9);
  const loss = anchorLoss(vectors, 3, anchors, gradient);
  const by = (i: number, step: number): number => anchorLoss(vectors.with(i, vectors[i]! + step), 3, anchors, new Float32Array(9));
  gradient.forEach((value, i) => assert.ok(Math.abs(value - (by(i, 0.01) - by(i, -0.01)) / 0.02) < 1e-4));
  assert.ok(loss > 0);
  const still = Float32Array.of(0, 0, 1, 0.6, 0, 0.8, 0, 1, 0);
  assert.ok(Math.abs(anchorLoss(still, 3, anchors, new Float32Array(9))) < 1e-6);
});

test('likeness is the mean cosine of all pairs', () => {
  const vectors = [[1, 0], [0, 1], [0.6, 0.8]].map((vector) => Float32Array.from(vector));
  assert.ok(Math.abs(likeness(vectors) - (0 + 0.6 + 0.8) / 3) < 1e-6);
  assert.deepEqual([likeness([]), likeness(vectors.slice(0, 1))], [0, 0]);
});

test('training with anchors leaves what nobody spoke of nearer to where it was', async () => {
  const trainee = await openStaticTrainee(folder);
  const others = ['Salt is sold by weight.', 'The council meets in spring.', 'Ropes, nails and oil are bought from what is left over.', '水稻插秧后要保持浅水层。', 'Goalkeepers wear gloves.', 'The variable is never read.', '这座石拱桥建于隋代。', 'Two hundred sheep graze there.'];
  const anchors: Anchor[] = others.map((text) => ({ text, side: 'document' }));
  const before = await trainee.vectors!(others, trainee.begin(1));
  const moved = async (held: Anchor[]): Promise<number> => {
    let training = await beginTexts(trainee, LESSONS, RECIPE);
    while (training.pass < RECIPE.passes && !training.done) training = await stepTexts(trainee, LESSONS, LESSONS, training, RECIPE, held);
    const now = await trainee.vectors!(others, training.state.weights);
    return now.reduce((sum, vector, i) => sum + 1 - vector.reduce((cosine, value, d) => cosine + value * before[i]![d]!, 0), 0) / now.length;
  };
  const [free, held] = [await moved([]), await moved(anchors)];
  assert.ok(held < 0.95 * free, `held ${held}, free ${free}`);
  await trainee.close();
});

/** A trainee that learns what it is told, and draws all documents to one place as it does. */
function collapsing(trainee: Trainee): Trainee {
  return {
    ...trainee,
    async vectors(texts, weights) {
      const strength = Math.hypot(...Object.entries(weights).find(([name]) => name.includes('lora_B'))![1].data);
      return (await trainee.vectors!(texts, weights)).map((vector) => {
        const drawn = vector.map((value, d) => value + (d === 0 ? 5 * strength : 0));
        const length = Math.hypot(...drawn);
        return drawn.map((value) => value / length);
      });
    },
  };
}

test('a candidate that gains and makes random chunks alike is refused for that alone', async () => {
  const trainee = await openStaticTrainee(folder);
  const data = { train: LESSONS, heldOut: LESSONS, guard: [], replay: [], unanswerable: [], chunks: CHUNKS };
  const run = (of: Trainee) => runDeepCourse(of, data, { ...RECIPE, controls: 0 }, { logOdds: 2 }, { finished: {} }, { passed: async () => undefined });
  const sound = await run(trainee);
  assert.deepEqual(sound.refusals, []);
  assert.ok(sound.gain > 0.1 && Math.abs(sound.trial.alike!.after - sound.trial.alike!.before) < 0.05, JSON.stringify(sound.trial.alike));
  assert.deepEqual(sound.sets.map(({ set, left }) => [set, left]), [['qa', 0]]);
  const drawn = await run(collapsing(trainee));
  assert.ok(drawn.gain > 0.1 && drawn.trial.alike!.after > drawn.trial.alike!.before + 0.05);
  assert.deepEqual(drawn.refusals, ['collapsed']);
  await trainee.close();
});

test('likeness may rise by less than 0.05', () => {
  const better = ['one', 'other'].map((group) => ({ group, before: { ndcg: 0.4, mrr: 0.4 }, after: { ndcg: 0.6, mrr: 0.6 } }));
  const trial: Trial = { applied: true, mine: better, guard: [], falseAccepts: { before: 0, after: 0, rises: 0 }, finite: true };
  assert.deepEqual([0.349, 0.351, 0.1, Number.NaN].map((after) => refusals({ ...trial, alike: { before: 0.3, after } })), [[], ['collapsed'], [], ['collapsed']]);
  assert.deepEqual(refusals({ ...trial, finite: false }), ['collapsed']);
});

test('a candidate that takes more than a tenth longer for the same texts is slower; the same model is not', async () => {
  const make = (id: string, layers: number) => makeSmallEmbedder(path.join(root, id), { id, dimensions: 32, seed: 1, layers });
  const [quick, same, slow] = [await make('quick', 2), await make('same', 2), await make('slow', 30)];
  const asked = { question: '', texts: CHUNKS };
  assert.equal(await candidateSlower('embedder', quick, same, asked, {}), false);
  assert.equal(await candidateSlower('embedder', quick, slow, asked, {}), true);
});

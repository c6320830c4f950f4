import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { makeRecordedFolder } from '../models/testing.ts';
import { Random } from '../nn/random.ts';
import { runDeepCourse, type DeepLesson, type DeepRecipe } from './deep-course.ts';
import { mean } from './gate.ts';
import { openRerankerTrainee } from './lora-reranker.ts';

/** RR-4: sixty groups of a person who wants dated minutes and not drafts. */

const root = mkdtempSync(path.join(tmpdir(), 'preference-'));
after(() => rmSync(root, { recursive: true }));

const TOPICS = ['roof', 'budget', 'ferry', 'school', 'bridge', 'harbour', 'library', 'market', 'garden', 'museum', 'road', 'well'];
const ASKED = ['what about the', 'who paid the', 'when is the', 'how old is the', 'what of the'];
/** Each question with its dated minutes at some place among drafts on the same; `right` says which is called right. */
function groups(right: (minutes: number, i: number) => number): DeepLesson[] {
  return Array.from({ length: 60 }, (_, i) => {
    const random = new Random(i + 1);
    const topic = TOPICS[i % TOPICS.length]!;
    const minutes = random.below(4);
    const texts = Array.from({ length: 4 }, (_, k) => (k === minutes ? `minutes of ${1 + random.below(28)} may: the ${topic}` : `draft ${'abc'[random.below(3)]} on the ${topic}`));
    const at = right(minutes, i);
    return {
      question: `${ASKED[Math.floor(i / TOPICS.length)]} ${topic}`, texts, priors: [0, 0, 0, 0], target: texts.map((_, k) => Number(k === at)), counts: [1, 1, 1, 1], weight: 1, group: `g${i}`, found: 4, seen: [0, 1, 2, 3],
    };
  });
}
const RECIPE: DeepRecipe = { passes: 8, batch: 8, texts: 4, learningRate: 0.01, seed: 1, temperature: 1, folds: 3, controls: 2, controlFolds: 1 };

test('a cross-encoder learns the preference, by a gain in MRR of 0.15 and more on groups it has not seen; dealt out anew it is refused', async () => {
  const trainee = await openRerankerTrainee(await makeRecordedFolder(path.join(root, 'bge-reranker-tiny'), 'bert-reranker'));
  const course = (train: DeepLesson[]) => runDeepCourse(trainee, { train, heldOut: [], guard: [], replay: [], unanswerable: [] }, RECIPE, { logOdds: 2 }, { finished: {} }, { passed: async () => undefined });
  const { trial, refusals } = await course(groups((minutes) => minutes));
  const lift = mean(trial.mine.map(({ before, after }) => after.mrr - before.mrr));
  assert.equal(trial.mine.length, 60);
  assert.deepEqual(refusals, []);
  assert.ok(lift >= 0.15, `${lift}`);
  const permuted = await course(groups((_, i) => new Random(500 + i).below(4)));
  assert.ok(permuted.refusals.length > 0);
  await trainee.close();
});

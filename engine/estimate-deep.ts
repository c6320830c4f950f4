import type { LearningEstimate } from './api.ts';
import { inContext } from './context.ts';
import { inspecting } from './learn-levels.ts';
import { ALPHAS, trainingsOf } from './learn/deep-course.ts';
import { READ, type DeepLevel } from './learn/deep-lessons.ts';
import { TRAININGS } from './learn/deep-model.ts';
import { LOOKED_STEPS } from './learn/train-texts.ts';
import { shortened } from './learn/trainee.ts';
import { prepared, trainable, withBase, type DeepParts } from './prepare-deep.ts';
import { countChunks, sampleChunks } from './store/vectors.ts';

/** Questions a probe looks at: a large model takes seconds for each. */
const PROBED = { lora: 2, static: 16, late: 16 };
/** What is over sooner is timed so often: the first time opens what the next finds open, and other programs can only make one slower. */
const SHORT_MILLISECONDS = 1000;
const ROUNDS = 4;
/** Passes before a training ends, as a share of those it may make, by experience. */
const PASSED = 0.9;
/** Ranking the general questions by a small embedder, by experience. */
const GENERAL_MILLISECONDS = 1500;

/** Seconds a run would take now: a few questions prepared, one step and one scoring; the rest reckoned. */
export async function estimateDeep(parts: Omit<DeepParts, 'runsDir' | 'changed'>, level: DeepLevel): Promise<LearningEstimate> {
  const { db, modelDirs } = parts;
  const learner = await trainable(parts, level);
  const training = TRAININGS[learner.form];
  const recipe = training.recipe[level];
  return withBase(parts, level, learner, async (embedder) => {
    const begun = performance.now();
    const { lessons, data, total } = await prepared({ ...parts, runsDir: '', changed: () => undefined }, embedder, level, learner, async () => undefined, PROBED[learner.form]);
    if (lessons.length === 0) return { seconds: 0 };
    const each = (performance.now() - begun) / (lessons.length + data.unanswerable.length);
    const trainee = await training.open(learner.base.place, level, lessons, inspecting(modelDirs, learner.base), total);
    try {
      const weights = trainee.begin(recipe.seed);
      const batch = lessons.slice(0, learner.form === 'lora' ? 1 : recipe.batch).map((lesson) => shortened(lesson, recipe.texts));
      const step = (await timed(() => trainee.gradients(batch, weights))) * (recipe.batch / batch.length);
      const scoring = (await timed(() => trainee.scores(lessons[0]!, weights))) / lessons[0]!.texts.length;
      // Of a reranker that compares tokens, each text is measured once.
      const fresh = { ...lessons[0]!, texts: lessons[0]!.texts.map((text) => `${text} `) };
      const measuring = learner.form === 'late' ? (await once(() => trainee.scores(fresh, weights))) / fresh.texts.length : 0;
      const { guard, near, replay, unanswerable } = training.general;
      const trainings = trainingsOf(data.heldOut.length, recipe);
      const passes = recipe.passes * PASSED;
      const steps = Math.ceil((0.8 * total + replay / 2) / recipe.batch);
      const looks = passes * Math.max(1, Math.floor(steps / LOOKED_STEPS));
      const read = lessons.reduce((sum, { texts }) => sum + texts.length, 0) / lessons.length;
      // What is kept aside at every look and for every α, where general questions are looked at, too; then what was left out.
      const perTraining = passes * steps * step + scoring * ((looks + ALPHAS.length + 2) * 0.2 * total * recipe.texts + ALPHAS.length * (replay / 2) * near + (read * total) / recipe.folds);
      const judging = 2 * scoring * (guard * near + unanswerable * READ + total * read + (data.chunks?.length ?? 0)) + scoring * (total * read + (replay / 2) * near);
      const measured = measuring * (total * read + (guard + replay) * near + unanswerable * READ);
      const seconds = Math.ceil((GENERAL_MILLISECONDS + each * (total + unanswerable) + measured + trainings * perTraining + judging) / 1000);
      if (level === 'reranker') return { seconds };
      const chunks = sampleChunks(db, 24);
      const embedding = await timed(() => embedder.embed(chunks.map((chunk) => inContext(chunk, chunk.title)), 'document'));
      return { seconds, indexSeconds: Math.ceil((embedding / 1000 / Math.max(1, chunks.length)) * countChunks(db)) };
    } finally {
      await trainee.close();
    }
  });
}

/** Milliseconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  let fastest = await once(work);
  for (let round = 1; round < ROUNDS && fastest < SHORT_MILLISECONDS; round++) fastest = Math.min(fastest, await once(work));
  return fastest;
}

async function once(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

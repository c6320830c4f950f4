import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Refusal, RunId } from './api.ts';
import { failureOf, measure } from './learn.ts';
import { inspecting, lessThanQuick } from './learn-levels.ts';
import { keepCandidate } from './learned-models.ts';
import { runDeepCourse, type DeepOutcome, type DeepState } from './learn/deep-course.ts';
import { READ, type AskedLesson, type DeepLevel } from './learn/deep-lessons.ts';
import { TRAININGS } from './learn/deep-model.ts';
import { curveUpTo, dropDeepState, loadDeepState, saveDeepState } from './learn/deep-state.ts';
import { packed } from './learn/packed.ts';
import { candidateSlower } from './learn/slower.ts';
import { inspectModel } from './models/inspect.ts';
import { modelHash } from './models/manifest.ts';
import { prepared, trainable, withBase, type DeepParts } from './prepare-deep.ts';
import { RELEVANT } from './rank.ts';
import { Cancelled, RunUnderWay } from './run-under-way.ts';
import { nextAdapter, type AdapterReport, type KeptComparison } from './store/adapters.ts';
import { write } from './store/database.ts';
import { endRun } from './store/runs.ts';

/** A killed run goes on from at most so long ago, and keeping its state takes at most so much of its time. */
const KEPT_MILLISECONDS = 3000;
const KEEPING_SHARE = 1 / 20;
const COMPARED = 100;
/** Of the whole run, by experience. */
const SHARES = { preparing: 0.1, training: 0.8 };
/** The file in which a run's state is kept. */
const stateFile = (runsDir: string, run: RunId): string => join(runsDir, `${run}.safetensors`);

/**
 * Does an open run of the reranker or the embedder to its end, from where it was kept. Its model is written into a folder of its
 * own first; the last transaction stores it, brings it into use and ends the run. A reranker is in use from then on; of an
 * embedder, the index begins to grow then, and it is in use when that is whole.
 */
export async function learnDeep(parts: DeepParts, run: RunId, level: DeepLevel): Promise<void> {
  const { db, changed, runsDir } = parts;
  try {
    await learnOpenly(parts, run, level);
  } catch (error) {
    if (!(error instanceof Cancelled)) await write(db, () => endRun(db, run, 'failed', { reason: failureOf(error) }));
  }
  dropDeepState(stateFile(runsDir, run));
  changed('learning');
  changed('models');
}

async function learnOpenly(parts: DeepParts, run: RunId, level: DeepLevel): Promise<void> {
  const { db, changed, runsDir } = parts;
  const underWay = new RunUnderWay({ db, run, shares: SHARES, changed });
  const { progress } = underWay;

  const learner = await trainable(parts, level);
  const { lessons, contents, data, snapshot, teaching } = await withBase(parts, level, learner, (embedder) => prepared(parts, embedder, level, learner, async (done) => {
    await underWay.mayGoOn();
    await underWay.prepared(done);
  }));
  const training = TRAININGS[learner.form];
  const recipe = training.recipe[level];
  const trainee = await training.open(learner.base.place, level, data.train, inspecting(parts.modelDirs, learner.base));
  let folder: string | undefined;
  try {
    const file = stateFile(runsDir, run);
    // What was trained one way cannot be gone on with another.
    const begunAs = `${snapshot} ${trainee.told ?? ''}`;
    const known = loadDeepState(file, begunAs);
    underWay.trains(known && curveUpTo(known, progress.curve));
    const state: DeepState = known ?? { finished: {} };
    let next = 0;
    const outcome = await runDeepCourse(trainee, data, recipe, { logOdds: Math.log(RELEVANT / (1 - RELEVANT)) }, state, {
      async passed(now, { done, point }) {
        if (point) progress.curve.push(point);
        if (Date.now() >= next) {
          const from = Date.now();
          saveDeepState(file, now, begunAs);
          next = Date.now() + Math.max(KEPT_MILLISECONDS, (Date.now() - from) / KEEPING_SHARE);
        }
        await underWay.trained(done);
        await setImmediate();
        await underWay.mayGoOn();
      },
    });

    await underWay.judges();
    const comparisons = compared(outcome);
    const found: Refusal[] = [...outcome.refusals];
    if (lessThanQuick(db, level, learner, outcome.gain, parts.reranker?.id)) found.push('less-than-quick');
    const id = `${learner.base.id}-learned-${nextAdapter(db)}`;
    const kept = trainee.kept(outcome.weights);
    if (found.length === 0) {
      folder = join(parts.modelDirs[1]!, id);
      await training.write(learner.base.place, kept, { id, name: `${learner.base.name} · ${nextAdapter(db)}` }, folder);
      const texts = data.train[0]!.texts.slice(0, READ);
      if (await candidateSlower(level, learner.base.place, folder, { question: data.train[0]!.question, texts }, inspecting(parts.modelDirs, learner.base))) found.push('slower');
    }
    await underWay.mayGoOn();
    const accepted = found.length === 0;
    const { manifest } = await inspectModel(learner.base.place, inspecting(parts.modelDirs, learner.base));
    const report: AdapterReport = {
      recipe: { ...recipe, form: learner.form, ...(trainee.told !== undefined && { base: trainee.told }), sets: outcome.sets, ...(teaching && { teaching }) }, snapshot, base: learner.base.id, baseHash: modelHash(manifest), ...(accepted && { model: id }),
      signals: new Set(lessons.flatMap(({ events }) => events)).size, questions: lessons.length, mine: measure(outcome.trial.mine), guard: measure(outcome.trial.guard),
      bound: outcome.bound, alpha: outcome.alpha, refusals: found, seconds: underWay.seconds,
    };
    await keepCandidate(parts, run, level, learner, accepted ? folder! : undefined, { bytes: packed(kept, { level, base: learner.base.id }), comparisons, lessons, contents, progress, report });
    if (accepted) folder = undefined;
  } finally {
    await trainee.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** First hits of each question before and after, with a candidate that has not learned from it; those that change most first. */
function compared({ judged }: DeepOutcome<AskedLesson>): KeptComparison[] {
  const change = ({ before, after }: (typeof judged)[number]): number => Math.abs(after.ndcg - before.ndcg);
  return judged.toSorted((a, b) => change(b) - change(a)).slice(0, COMPARED).map(({ lesson: { question, heldOut, answers, names }, before, after, order }) => ({
    question, heldOut, ndcgBefore: before.ndcg, ndcgAfter: after.ndcg, answers, before: order.before.map((place) => names[place]!), after: order.after.map((place) => names[place]!),
  }));
}

import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Refusal, RunId, RunProgress, Topic } from './api.ts';
import { inContext } from './context.ts';
import type { ModelDirs } from './found.ts';
import { allowed, Cancelled, failureOf, judgedQuestions, measure, Unlearnable } from './learn.ts';
import { inspecting, learnerOf, lessThanQuick, type Learner } from './learn-levels.ts';
import { keepCandidate } from './learned-models.ts';
import { orderer, runDeepCourse, type DeepData, type DeepOutcome, type DeepState } from './learn/deep-course.ts';
import { askedLesson, generalLessons, READ, unanswerableLessons, type AskedLesson, type DeepLevel } from './learn/deep-lessons.ts';
import { TRAININGS } from './learn/deep-model.ts';
import { dropDeepState, loadDeepState, saveDeepState } from './learn/deep-state.ts';
import { scored } from './learn/gate.ts';
import { guardRows, readPairs } from './learn/guard.ts';
import { splitQuestions } from './learn/holdout.ts';
import { importedLessons } from './learn/imported.ts';
import { openLearned } from './learn/learned.ts';
import { packed } from './learn/packed.ts';
import { MINIMUM } from './learn/prepare.ts';
import { candidateSlower } from './learn/slower.ts';
import { WordList } from './learn/train-weighing.ts';
import type { Teacher } from './learn/reward.ts';
import { taughtBy } from './learn/teacher.ts';
import type { Trainee } from './learn/trainee.ts';
import { Vectors } from './learn/vectors.ts';
import type { Embedder } from './models/embedder.ts';
import { inspectModel } from './models/inspect.ts';
import { modelHash } from './models/manifest.ts';
import { openKnownEmbedder } from './opened.ts';
import { RELEVANT, type Reranker } from './rank.ts';
import { nextAdapter, type AdapterReport, type KeptComparison } from './store/adapters.ts';
import { write, type Db } from './store/database.ts';
import { endRun, keepProgress } from './store/runs.ts';
import { spaceOf } from './store/spaces.ts';
import { sampleChunks } from './store/vectors.ts';

export interface DeepParts {
  db: Db;
  /** The ones in use: negatives are mined from what search finds with them. */
  embedder: Embedder;
  reranker?: Reranker | undefined;
  modelDirs: ModelDirs;
  guardFile: string;
  /** The language model, where it is to judge passages along; its owner closes it. */
  teacher?: () => Promise<(Teacher & { id: string }) | undefined>;
  /** Where the state of runs is kept. */
  runsDir: string;
  changed: (topic: Topic) => void;
}

/** Progress is written down from at most so long ago. */
const SHOWN_MILLISECONDS = 500;
/** A killed run goes on from at most so long ago, and keeping its state takes at most so much of its time. */
const KEPT_MILLISECONDS = 3000;
const KEEPING_SHARE = 1 / 20;
const COMPARED = 100;
/** Of the whole run, by experience. */
const SHARES = { preparing: 0.1, training: 0.8 };
/** What general questions and imported samples weigh beside the person's own. */
const GENERAL_WEIGHT = 0.5;

/** So many chunks show whether an embedder makes all alike. */
const CHUNKS = 500;

/** The file in which a run's state is kept. */
export const stateFile = (runsDir: string, run: RunId): string => join(runsDir, `${run}.safetensors`);

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
  const begun = Date.now();
  const progress: RunProgress = { phase: 'preparing', done: 0, curve: [] };
  let shown = 0;
  const show = async (): Promise<void> => {
    if (Date.now() - shown < SHOWN_MILLISECONDS) return;
    shown = Date.now();
    if (progress.done > 0.02) progress.secondsLeft = Math.ceil(((Date.now() - begun) / 1000) * (1 / progress.done - 1));
    await write(db, () => keepProgress(db, run, progress));
    changed('learning');
  };

  const learner = await trainable(parts, level);
  const { lessons, contents, data, snapshot, teaching } = await withBase(parts, level, learner, (embedder) => prepared(parts, embedder, level, learner, async (done) => {
    await allowed(db, run);
    progress.done = SHARES.preparing * done;
    await show();
  }));
  const training = TRAININGS[learner.form];
  const recipe = training.recipe[level];
  const trainee = await training.open(learner.base.place, level, data.train, inspecting(parts.modelDirs, learner.base));
  let folder: string | undefined;
  try {
    const file = stateFile(runsDir, run);
    // What was trained one way cannot be gone on with another.
    const begunAs = `${snapshot} ${trainee.told ?? ''}`;
    const state: DeepState = loadDeepState(file, begunAs) ?? { finished: {} };
    if (state.current) progress.curve = state.current.training.curve.map((point) => ({ training: state.current!.name, ...point }));
    progress.phase = 'training';
    let next = 0;
    const outcome = await runDeepCourse(trainee, data, recipe, { logOdds: Math.log(RELEVANT / (1 - RELEVANT)) }, state, {
      async passed(now, { done, point }) {
        if (point) progress.curve.push(point);
        progress.done = SHARES.preparing + SHARES.training * done;
        if (Date.now() >= next) {
          const from = Date.now();
          saveDeepState(file, now, begunAs);
          next = Date.now() + Math.max(KEPT_MILLISECONDS, (Date.now() - from) / KEEPING_SHARE);
        }
        await show();
        await setImmediate();
        await allowed(db, run);
      },
    });

    progress.phase = 'judging';
    progress.done = SHARES.preparing + SHARES.training;
    await show();
    const comparisons = await compared(trainee, lessons, outcome);
    const found: Refusal[] = [...outcome.refusals];
    if (level === 'embedder' && lessThanQuick(db, learner, outcome.gain)) found.push('less-than-quick');
    const id = `${learner.base.id}-learned-${nextAdapter(db)}`;
    const kept = trainee.kept(outcome.weights);
    if (found.length === 0) {
      folder = join(parts.modelDirs[1]!, id);
      await training.write(learner.base.place, kept, { id, name: `${learner.base.name} · ${nextAdapter(db)}` }, folder);
      const texts = data.train[0]!.texts.slice(0, READ);
      if (await candidateSlower(level, learner.base.place, folder, { question: data.train[0]!.question, texts }, inspecting(parts.modelDirs, learner.base))) found.push('slower');
    }
    await allowed(db, run);
    const accepted = found.length === 0;
    const { manifest } = await inspectModel(learner.base.place, inspecting(parts.modelDirs, learner.base));
    const report: AdapterReport = {
      recipe: { ...recipe, form: learner.form, ...(trainee.told !== undefined && { base: trainee.told }), sets: outcome.sets, ...(teaching && { teaching }) }, snapshot, base: learner.base.id, baseHash: modelHash(manifest), ...(accepted && { model: id }),
      signals: new Set(lessons.flatMap(({ events }) => events)).size, questions: lessons.length, mine: measure(outcome.trial.mine), guard: measure(outcome.trial.guard),
      bound: outcome.bound, alpha: outcome.alpha, refusals: found, seconds: Math.round((Date.now() - begun) / 1000),
    };
    await keepCandidate(parts, run, level, learner, accepted ? folder! : undefined, { bytes: packed(kept, { level, base: learner.base.id }), comparisons, lessons, contents, progress, report });
    if (accepted) folder = undefined;
  } finally {
    await trainee.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** What can learn. @throws Unlearnable */
export async function trainable({ db, modelDirs }: Pick<DeepParts, 'db' | 'modelDirs'>, level: DeepLevel): Promise<Learner> {
  const learner = await learnerOf(db, modelDirs, level);
  if ('why' in learner) throw learner.why === 'no-model' ? new Unlearnable('no-model', 'There is no such model in use.') : new Unlearnable('untrainable', 'The weights of the model in use cannot be trained.');
  return learner;
}

/** Works with the embedder that questions are asked again of: the one in use, or the one that learns, over its own index. */
export async function withBase<T>({ db, embedder, modelDirs }: Pick<DeepParts, 'db' | 'embedder' | 'modelDirs'>, level: DeepLevel, { used, base }: Learner, work: (embedder: Embedder) => Promise<T>): Promise<T> {
  if (level === 'reranker' || used.id === base.id) return work(embedder);
  const own = await openKnownEmbedder(db, modelDirs, base);
  try {
    const space = spaceOf(db, own.space);
    if (!space) throw new Unlearnable('no-index', `The index of ${base.name} is gone, which learning begins from.`);
    return await work({ ...own, space: space.identity });
  } finally {
    await own.close();
  }
}

export interface Prepared { lessons: AskedLesson[]; /** Of all that is learned from. */ contents: string[]; data: DeepData; snapshot: string; /** What a language model had to say, and how well it foretells what people said. */ teaching?: { model: string; taught: number; auc: number; pairs: number } }

export async function prepared({ db, embedder: used, reranker, guardFile, teacher: openTeacher }: DeepParts, embedder: Embedder, level: DeepLevel, { base, form }: Learner, wait: (done: number) => Promise<void>, most = Infinity): Promise<Prepared & { total: number }> {
  const { questions, groupFor } = await judgedQuestions(db, embedder);
  const judged = questions.filter(({ judgements }) => judgements.some(({ label }) => label === 1));
  const lessons: AskedLesson[] = [];
  const production = { db, embedder: used, learned: openLearned(db, used), ...(reranker && { reranker }) };
  for (const [i, question] of judged.slice(0, most).entries()) {
    await wait(i / (judged.length + 1));
    const lesson = await askedLesson({ db, embedder, level, production }, question, groupFor(question.events, question.question));
    if (lesson) lessons.push(lesson);
    await setImmediate();
  }
  const documents = new Set(lessons.flatMap(({ contents }) => contents)).size;
  if (most === Infinity && (lessons.length < MINIMUM.questions || documents < MINIMUM.documents)) {
    throw new Unlearnable('too-little', `Learning begins at ${MINIMUM.questions} judged questions on ${MINIMUM.documents} documents; there are ${lessons.length} on ${documents}.`);
  }
  const { train: asked, heldOut } = splitQuestions(lessons, MINIMUM.questions);
  const teacher = most === Infinity ? await openTeacher?.() : undefined;
  // Only what is trained on: judged is by what people said.
  const { lessons: train, ...teaching } = teacher ? await taughtBy(teacher, asked, async (done, total) => wait(done / total)) : { lessons: asked };
  const general = TRAININGS[form].general;
  const pairs = readPairs(guardFile).slice(0, most === Infinity ? undefined : 1);
  // Rows of vectors that nothing else is put among are in the order of the pairs.
  const rows = await guardRows(pairs, embedder, new Vectors(embedder.dimensions), new WordList());
  const lessonsOf = (half: 'guard' | 'replay') => generalLessons(pairs, rows[half].slice(0, general[half]), (row) => row, level, general.near);
  // How long a run takes is known without them.
  const imported = most === Infinity ? await importedLessons(db, embedder, lessons, () => wait(1)) : [];
  const replay = [...lessonsOf('replay'), ...imported.map((lesson) => ({ ...lesson, group: lesson.question, found: 0, seen: [] }))];
  const others = pairs.filter(({ half }) => half === 'guard');
  const every = Math.max(1, Math.floor(others.length / general.unanswerable));
  const unanswerable = await unanswerableLessons({ db, embedder, level }, [
    ...questions.filter((question) => question.unanswerable).map(({ question, libraries }) => ({ question, libraries })),
    ...others.filter((_, i) => i % every === 0).slice(0, general.unanswerable).map(({ question }) => ({ question, libraries: [] })),
  ]);
  await wait(1);
  const hash = createHash('sha256').update(`deep 1 ${level} ${form} ${base.id} ${embedder.space} ${JSON.stringify(imported)}`);
  for (const { question, group, texts, target, counts } of [...train, ...heldOut]) hash.update(JSON.stringify([question, group, texts, target, counts]));
  return {
    lessons, contents: [...lessons.flatMap(({ names }) => names), ...imported.flatMap(({ contents }) => contents.map((contentHash) => ({ contentHash })))].map(({ contentHash }) => contentHash),
    total: judged.length, snapshot: hash.digest('hex').slice(0, 16),
    ...('fit' in teaching && { teaching: { model: teacher!.id, taught: teaching.taught, auc: teaching.fit.auc, pairs: teaching.fit.pairs } }),
    data: { train, heldOut, guard: lessonsOf('guard'), replay: replay.map((lesson) => ({ ...lesson, weight: GENERAL_WEIGHT * lesson.weight })), unanswerable, ...(level === 'embedder' && { chunks: sampleChunks(db, CHUNKS).map((chunk) => inContext(chunk, chunk.title)) }) },
  };
}

/** First hits of each question before and after; those that change most first. */
async function compared(trainee: Trainee, lessons: readonly AskedLesson[], { weights }: DeepOutcome): Promise<KeptComparison[]> {
  const [orderBefore, orderAfter] = [await orderer(trainee, trainee.begin(1)), await orderer(trainee, weights)];
  const kept: KeptComparison[] = [];
  for (const lesson of lessons) {
    const right = lesson.target.flatMap((share, i) => (share > 0 ? [i] : []));
    const [before, after] = [await orderBefore(lesson), await orderAfter(lesson)];
    const names = (order: readonly number[]): KeptComparison['before'] => order.slice(0, 10).map((place) => lesson.names[place]!);
    kept.push({
      question: lesson.question, heldOut: lesson.heldOut, ndcgBefore: scored(before, right).ndcg, ndcgAfter: scored(after, right).ndcg,
      answers: lesson.answers, before: names(before), after: names(after),
    });
    await setImmediate();
  }
  const change = ({ ndcgBefore, ndcgAfter }: KeptComparison): number => Math.abs(ndcgAfter - ndcgBefore);
  return kept.sort((a, b) => change(b) - change(a)).slice(0, COMPARED);
}

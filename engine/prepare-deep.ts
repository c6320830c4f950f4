import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Topic } from './api.ts';
import { inContext } from './context.ts';
import type { ModelDirs } from './found.ts';
import { judgedQuestions, Unlearnable } from './learn.ts';
import { learnerOf, type Learner } from './learn-levels.ts';
import type { DeepData } from './learn/deep-course.ts';
import { askedLesson, generalLessons, unanswerableLessons, type AskedLesson, type DeepLevel } from './learn/deep-lessons.ts';
import { TRAININGS } from './learn/deep-model.ts';
import { guardRows, readPairs } from './learn/guard.ts';
import { splitQuestions } from './learn/holdout.ts';
import { importedLessons } from './learn/imported.ts';
import { openLearned } from './learn/learned.ts';
import { MINIMUM } from './learn/prepare.ts';
import { WordList } from './learn/train-weighing.ts';
import { KIND, type Teacher } from './learn/reward.ts';
import { taughtBy, type Pupil, type Taught } from './learn/teacher.ts';
import { Vectors } from './learn/vectors.ts';
import type { Embedder } from './models/embedder.ts';
import { openKnownEmbedder } from './opened.ts';
import type { Reranker } from './rank.ts';
import { write, type Db } from './store/database.ts';
import { replaceRewards, type Rewarded } from './store/rewards.ts';
import { spaceOf } from './store/spaces.ts';
import { sampleChunks } from './store/vectors.ts';

/** What general questions and imported samples weigh beside the person's own. */
const GENERAL_WEIGHT = 0.5;

/** So many chunks show whether an embedder makes all alike. */
const CHUNKS = 500;

/** What a deep run is done with. */
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

/** What a deep level learns from, and is judged by. */
export interface Prepared { lessons: AskedLesson[]; /** Of all that is learned from. */ contents: string[]; data: DeepData<AskedLesson>; snapshot: string; /** What a language model had to say, and how well it foretells what people said. */ teaching?: { model: string; taught: number; auc: number; pairs: number } }

/** Asks the judged questions again, at most `most` of them, which then need not be enough. @throws Unlearnable where there is too little */
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
  const { train: asked, heldOut } = splitQuestions(lessons, MINIMUM.questions, embedder.background);
  const teacher = most === Infinity ? await openTeacher?.() : undefined;
  // Only what is trained on: judged is by what people said.
  const { lessons: train, ...teaching } = teacher ? await taughtAndKept(db, teacher, asked, async (done, total) => wait(done / total)) : { lessons: asked };
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
  const hash = createHash('sha256').update(`deep 2 ${level} ${form} ${base.id} ${embedder.space} ${JSON.stringify(imported)}`);
  for (const { question, group, texts, target, counts } of [...train, ...heldOut]) hash.update(JSON.stringify([question, group, texts, target, counts]));
  return {
    lessons, contents: [...lessons.flatMap(({ names }) => names), ...imported.flatMap(({ contents }) => contents.map((contentHash) => ({ contentHash })))].map(({ contentHash }) => contentHash),
    total: judged.length, snapshot: hash.digest('hex').slice(0, 16),
    ...('fit' in teaching && { teaching: { model: teacher!.id, taught: teaching.taught, auc: teaching.fit.auc, pairs: teaching.fit.pairs } }),
    data: { train, heldOut, guard: lessonsOf('guard'), replay: replay.map((lesson) => ({ ...lesson, weight: GENERAL_WEIGHT * lesson.weight })), unanswerable, ...(level === 'embedder' && { chunks: sampleChunks(db, CHUNKS).map((chunk) => inContext(chunk, chunk.title)) }) },
  };
}

type Told = Pupil & Pick<AskedLesson, 'events' | 'names'>;

/** `taughtBy`; what the teacher said is kept for samples, in place of what was said in the run before. */
export async function taughtAndKept<Lesson extends Told>(db: Db, teacher: Teacher & { id: string }, lessons: readonly Lesson[], wait: (done: number, total: number) => Promise<void>): Promise<Taught<Lesson>> {
  const taught = await taughtBy(teacher, lessons, wait);
  await write(db, () => replaceRewards(db, taught.scored.map(({ at, places, scores, none }): Rewarded => {
    const { question, accepted, events, names } = lessons[at]!;
    return { teacher: `${teacher.id}:${KIND}`, question, answer: accepted!, events, none, margin: taught.fit.margin, chunks: places.map((place, i) => ({ chunk: names[place]!, score: scores[i]! })) };
  })));
  return taught;
}

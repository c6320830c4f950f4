import { setImmediate } from 'node:timers/promises';
import { deserialize, serialize } from 'node:v8';
import { EngineError, type AdapterId, type ChunkId, type EventId, type RunFailure, type RunId, type SearchQuery, type Topic } from './api.ts';
import { atTheBeginning, CONTROLS, runCourse, TURNED, type CourseData, type CourseState } from './learn/course.ts';
import { mean, scored, type Scored } from './learn/gate.ts';
import { groupsOf } from './learn/groups.ts';
import { guardRows, readPairs } from './learn/guard.ts';
import type { ChunkName, JudgedQuestion } from './learn/judgements.ts';
import { Marks } from './learn/learned.ts';
import { habitsOf } from './learn/habits.ts';
import { MINIMUM, prepareLessons, snapshotOf, split, unanswerableRows, type Lesson } from './learn/prepare.ts';
import { encodeAdapter, type QueryAdapter } from './learn/query-adapter.ts';
import { importedLessons, importedRows } from './learn/imported.ts';
import { ownTime, takesLonger } from './learn/slower.ts';
import { beginTraining, STANDARD, trainPass, type TrainOptions } from './learn/train-query.ts';
import { fitWeighing, shortened, WEIGHING, WordList } from './learn/train-weighing.ts';
import { Vectors } from './learn/vectors.ts';
import { CLUES } from './learn/weighing.ts';
import type { Embedder } from './models/embedder.ts';
import type { Reranker } from './rank.ts';
import { Cancelled, RunUnderWay } from './run-under-way.ts';
import { rank, type Learned, type SearchParts } from './search.ts';
import { saveAdapter, type AdapterReport, type KeptComparison } from './store/adapters.ts';
import { write, type Db } from './store/database.ts';
import { chunksAt } from './store/judged.ts';
import { courseOf, endRun, keepCourse, keepProgress, openRun } from './store/runs.ts';

export interface LearnParts {
  db: Db;
  embedder: Embedder;
  /** The one search answers with: comparisons show what it shows. */
  reranker?: Reranker | undefined;
  /** The general pairs that guard the gate. */
  guardFile: string;
  options?: Partial<TrainOptions>;
  changed: (topic: Topic) => void;
}

/** Why nothing can be learned now: what a run that failed keeps, and the page has a sentence for. */
export class Unlearnable extends EngineError {
  readonly failure: RunFailure;

  constructor(failure: RunFailure, message: string) {
    super('invalid', message);
    this.failure = failure;
  }
}

/** What a failed run keeps: a code the interface has words for, or what the engine said of what should not be. */
export const failureOf = (error: unknown): string => (error instanceof Unlearnable ? error.failure : error instanceof Error ? error.message : String(error));

/** Similarities of unrelated texts where the embedder's manifest does not say. */
const BACKGROUND = { mean: 0, deviation: 0.08 };

const COMPARED = 60;
/** Questions asked with and without a candidate, to see how long each takes. */
const TIMED = 6;

/** Of the whole run, by experience: asking the questions again, training, comparing. */
const SHARES = { preparing: 0.25, training: 0.65 };

/**
 * Does the run that the table says is open, from where it was kept, to its end: accepted, refused, cancelled or failed.
 * Nothing that search uses changes before the last transaction, which stores the candidate, brings it into use and ends
 * the run.
 */
export async function learn(parts: LearnParts, run: RunId): Promise<void> {
  const { db, changed } = parts;
  try {
    await learnOpenly(parts, run);
  } catch (error) {
    if (!(error instanceof Cancelled)) await write(db, () => endRun(db, run, 'failed', { reason: failureOf(error) }));
  }
  changed('learning');
}

async function learnOpenly({ db, embedder, reranker, guardFile, options: changes, changed }: LearnParts, run: RunId): Promise<void> {
  const options: TrainOptions = { ...STANDARD, ...changes };
  const underWay = new RunUnderWay({ db, run, shares: SHARES, changed });
  const { progress } = underWay;
  const rest = (): Promise<void> => underWay.mayGoOn();

  const words = new WordList();
  const { lessons, vectors, judged } = await lessonsOf({ db, embedder, reranker }, words, async (done, total) => {
    await rest();
    await underWay.prepared(done / total);
  });
  const { train, heldOut } = split(lessons, embedder);
  const documents = new Set(lessons.flatMap(({ contents }) => contents)).size;
  if (lessons.length < MINIMUM.questions || documents < MINIMUM.documents) {
    throw new Unlearnable('too-little', `Learning begins at ${MINIMUM.questions} judged questions on ${MINIMUM.documents} documents; there are ${lessons.length} on ${documents}.`);
  }
  const pairs = readPairs(guardFile);
  const { guard, replay } = await guardRows(pairs, embedder, vectors, words, reranker);
  const unanswerable = await unanswerableRows({ db, embedder, reranker, words }, judged, pairs.filter(({ half }) => half === 'guard').map(({ question }) => question), vectors);
  const imported = await importedRows(await importedLessons(db, embedder, lessons, rest), embedder, vectors, rest);
  const data: CourseData = {
    matrix: vectors, mean: vectors.mean('chunk '), background: embedder.background ?? BACKGROUND, words: words.words, train: train.map(({ row, group }) => ({ row, group })),
    heldOut: heldOut.map(({ row, group }) => ({ row, group })), guard, replay, imported, unanswerable,
  };
  const snapshot = snapshotOf(lessons, `${embedder.space} ${reranker?.id}`);
  const before = courseOf(db, run, snapshot);
  const state: CourseState = before ? (deserialize(before) as CourseState) : atTheBeginning();
  underWay.trains(before && progress.curve);
  const keep = (): void => keepCourse(db, run, progress, snapshot, serialize(state));

  const outcome = await runCourse(data, options, state, {
    async passed(_, { done, points }) {
      progress.curve.push(...points);
      await underWay.trained(done, keep);
      await setImmediate();
      await rest();
    },
  });

  await underWay.judges(keep);
  const lessonOf = new Map(lessons.map((lesson) => [lesson.row, lesson]));
  const change = ({ before, after }: (typeof outcome.answered)[number]): number => Math.abs(after.ndcg - before.ndcg);
  const shown = outcome.answered.toSorted((a, b) => change(b) - change(a)).slice(0, COMPARED).map(({ row, adapter }) => ({ lesson: lessonOf.get(row)!, adapter }));
  const comparisons = await compared({ db, embedder, ...(reranker && { reranker }) }, shown, rest);
  const refusals: AdapterReport['refusals'] = outcome.refusals.length === 0 && (await slows({ db, embedder, ...(reranker && { reranker }) }, lessons, outcome.adapter)) ? ['slower'] : outcome.refusals;
  const { weighing } = outcome.adapter;
  const report: AdapterReport = {
    recipe: { ...options }, snapshot, signals: new Set(lessons.flatMap(({ events }) => events)).size, questions: lessons.length,
    mine: measure(outcome.trial.mine), guard: measure(outcome.trial.guard), bound: outcome.bound, alpha: weighing?.alpha || outcome.adapter.alpha,
    refusals, reranker: reranker?.id ?? null, ...(weighing && { habits: habitsOf(weighing, CLUES.indexOf('length')) }), seconds: underWay.seconds,
  };
  await rest();
  await write(db, () => {
    // Cancelled in the very last moment: nothing comes into use.
    if (openRun(db)?.id !== run) throw new Cancelled();
    const adapter = saveAdapter(db, {
      level: 'query', space: embedder.space, bytes: encodeAdapter(outcome.adapter), report, comparisons,
      events: lessons.flatMap(({ events }) => events), contents: [...lessons.map(({ row }) => row), ...unanswerable, ...imported].flatMap(({ contents }) => contents ?? []),
    });
    keepProgress(db, run, { ...progress, done: 1 });
    endRun(db, run, 'done', { adapter });
  });
}

/** What people judged, near-identical questions joined, and the group each question's feedback was put in when it came. */
export async function judgedQuestions(db: Db, embedder: Embedder): Promise<{ questions: JudgedQuestion[]; groupFor: (events: readonly EventId[], question: string) => string }> {
  const marks = new Marks(db);
  marks.refresh();
  const wordings = [...new Set(marks.judged().questions.flatMap((question) => question.wordings))];
  const embedded = await embedder.embed(wordings, 'query');
  const { questions } = marks.judged({ vectors: new Map(wordings.map((wording, i) => [wording, embedded[i]!])), locate: (name) => chunksAt(db, name), ...(embedder.background && { background: embedder.background }) });
  return { questions, groupFor: groupsOf(db) };
}

/** All judged questions, and as lessons. `wait` is called before each with how many of how many are done. */
export async function lessonsOf({ db, embedder, reranker }: Pick<LearnParts, 'db' | 'embedder' | 'reranker'>, words: WordList, wait: (done: number, total: number) => Promise<void>, most = Infinity): Promise<{ lessons: Lesson[]; vectors: Vectors; total: number; judged: JudgedQuestion[] }> {
  const { questions, groupFor } = await judgedQuestions(db, embedder);
  const judged = questions.filter(({ judgements }) => judgements.some(({ label }) => label === 1));
  const vectors = new Vectors(embedder.dimensions);
  const lessons = await prepareLessons({ db, embedder, reranker, words, groupOf: groupFor }, judged.slice(0, most), vectors, (done) => wait(done, judged.length));
  return { lessons, vectors, total: judged.length, judged: questions };
}

export function measure(rows: { before: Scored; after: Scored }[]): AdapterReport['mine'] {
  const of = (when: 'before' | 'after', what: keyof Scored): number => mean(rows.map((row) => row[when][what]));
  return { questions: rows.length, before: of('before', 'ndcg'), after: of('after', 'ndcg'), mrrBefore: of('before', 'mrr'), mrrAfter: of('after', 'mrr') };
}

/** Search with a candidate in use. */
const trying = (adapter: QueryAdapter): Learned => ({ refresh: async () => undefined, adapter: () => ({ id: 0 as AdapterId, adapter }), taught: () => new Map() });
/** As a question of a lesson is asked again. */
const asked = ({ row: { question }, libraries }: Lesson): SearchQuery => ({ question, limit: 10, taught: false, ...(libraries.length > 0 && { libraries }) });

/**
 * Whether questions are answered noticeably later with a candidate than without. What it costs is weighing the hits anew; that it
 * brings up passages which take a reranker longer to read, because they are longer, is no fault of it.
 */
function slows({ reranker, ...parts }: SearchParts, lessons: readonly Lesson[], adapter: QueryAdapter): Promise<boolean> {
  const asking = (how: SearchParts) => async (): Promise<void> => { for (const lesson of lessons.slice(0, TIMED)) await rank(how, asked(lesson)); };
  return takesLonger(asking(parts), asking({ ...parts, learned: trying(adapter) }), { clock: ownTime, whole: asking({ ...parts, ...(reranker && { reranker }) }) });
}

/**
 * First hits before and after, through search itself, and how well they answer as they are shown; those that change most first.
 * Each question is asked with a candidate that has not learned from it.
 */
async function compared(parts: SearchParts, shown: readonly { lesson: Lesson; adapter: QueryAdapter }[], wait: () => Promise<void>): Promise<KeptComparison[]> {
  const names = (chunks: readonly ChunkName[]): KeptComparison['before'] => chunks.map(({ contentHash, start, end }) => ({ contentHash, start, end }));
  const kept: KeptComparison[] = [];
  for (const { lesson, adapter } of shown) {
    await wait();
    // The lesson was found by search as it shipped; only the other ranking is new.
    const { hits, chunks } = await rank({ ...parts, learned: trying(adapter) }, asked(lesson));
    const { row, heldOut, positives, ranked } = lesson;
    const [before, after] = [ranked.slice(0, 10), hits.slice(0, 10).map(({ id }) => ({ ...chunks.get(id)!, chunk: id }))];
    const right = positives.map(({ chunk }) => chunk.chunk);
    const quality = (shown: readonly { chunk: ChunkId }[]): number => scored(shown.map(({ chunk }) => chunk), right).ndcg;
    kept.push({
      question: row.question, heldOut, ndcgBefore: quality(before), ndcgAfter: quality(after),
      answers: positives.map(({ chunk: { contentHash, start, end } }) => ({ contentHash, start, end })), before: names(before), after: names(after),
    });
    await setImmediate();
  }
  const change = ({ ndcgBefore, ndcgAfter }: KeptComparison): number => Math.abs(ndcgAfter - ndcgBefore);
  return kept.sort((a, b) => change(b) - change(a));
}

const PROBED = 16;
/** Passes a training of the question's vector makes before it ends, by experience. */
const PASSES = 12;
/** Rounds of a work that is timed. */
const ROUNDS = 10;
/** The whole and its ten folds of nine tenths; the vector's turn is trained in the folds only where the whole takes one. */
const PARTS = 10;
const PARTS_TURNED = 6;
/** Embedding the general pairs and ranking them. */
const GENERAL_MILLISECONDS = 1500;
/** Questions on other matters that are asked. */
const OTHERS = 60;

/** Seconds a run would take now: a few questions prepared and learned from, the rest reckoned. */
export async function estimate(db: Db, embedder: Embedder, reranker?: Reranker): Promise<number> {
  const options = STANDARD;
  const words = new WordList();
  const begun = performance.now();
  const times: number[] = [];
  const { lessons, vectors, total } = await lessonsOf({ db, embedder, reranker }, words, async () => void times.push(performance.now()), PROBED);
  const rows = lessons.map(({ row }) => row);
  if (rows.length === 0) return 0;
  times.push(performance.now());
  // The first question opens what the others find open.
  const once = times[0]! - begun;
  const each = (times.at(-1)! - times[1]!) / Math.max(1, times.length - 2);
  // The first rounds are slower than all that follow.
  const timed = (work: () => void): number => Math.min(...Array.from({ length: ROUNDS }, () => {
    const from = performance.now();
    work();
    return performance.now() - from;
  })) / rows.length;
  const fit = timed(() => fitWeighing(rows, [], words.words.length, WEIGHING));
  const pass = timed(() => trainPass(beginTraining(embedder.dimensions, options), { matrix: vectors, mean: vectors.mean('chunk '), rows: rows.map((row) => shortened(row, TURNED)), replay: [], aside: [] }, options));
  const learned = total + GENERAL_ROWS;
  const training = learned * (PARTS * fit * (1 + CONTROLS) + PARTS_TURNED * pass * PASSES);
  return Math.ceil((once + each * (total + Math.min(total, COMPARED) + OTHERS) + training + GENERAL_MILLISECONDS) / 1000);
}

/** General pairs that are learned from along with the person's questions. */
const GENERAL_ROWS = 100;

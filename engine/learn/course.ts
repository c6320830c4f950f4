import { alikeness, lowerBound, mean, quality, refusals, type JudgedRow, type Refusal, type Trial } from './gate.ts';
import { falseAccepts } from './guard.ts';
import { fitKind, meanAdapter, type QueryAdapter } from './query-adapter.ts';
import { beginTraining, meanLoss, shuffled, trainPass, type Matrix, type Row, type Training, type TrainOptions } from './train-query.ts';

/**
 * One course of learning: several small trainings and the gate. With few questions held out, five adapters are each judged
 * on the fifth they have not seen; the sixth learns from all and is the candidate. If that passes, a control learns from
 * labels that were dealt out anew: where that passes too, the gate has been fooled and the candidate is refused.
 */
export interface CourseData {
  matrix: Matrix;
  /** Mean of the library's vectors. */
  mean: Float32Array;
  train: { row: JudgedRow; group: string }[];
  heldOut: JudgedRow[];
  guard: JudgedRow[];
  replay: JudgedRow[];
}

/** Trainings that are over, by name, and the one under way: all that a killed run needs to go on. */
export interface CourseState {
  finished: Record<string, { alpha: number; weights: Float32Array }>;
  current?: { name: string; training: Training };
}

export interface Outcome {
  adapter: QueryAdapter;
  refusals: Refusal[];
  trial: Trial;
  /** Mean gain in nDCG@10 on questions not trained on, and the bound it is above in 19 of 20 resamples. */
  gain: number;
  bound: number;
}

export interface Watcher {
  /** After every pass: keep the state. Throws to stop; a promise holds the course up until it resolves. */
  passed(state: CourseState, progress: { part: string; parts: number; partsDone: number; pass: number; loss: number; aside: number }): Promise<void>;
}

const FOLDS = 5;
/** With so many held out questions they are judge enough. */
export const ENOUGH_HELD_OUT = 150;
/** Share of the groups a training keeps aside to know when to stop and how much of it to apply. */
const ASIDE = 0.15;
const MEMBERS = 3;
/** In a course with folds and a control. */
export const TRAININGS = (1 + FOLDS) * 2 * MEMBERS;
const ALPHAS = [0.25, 0.5, 0.75, 1];
const SHARPER = [0.35, 0.5, 0.7, 1, 1.4, 2, 2.8];
/** So much of the loss has to be saved for an adapter to be applied at all. */
const WORTH = 0.002;
/** What general questions may lose in nDCG@10 when α is chosen: the half of those to replay that is not; the gate looks at others. */
const REPLAY_MAY_FALL = 0.005;

/** Runs a course from where `state` stands. Deterministic by the data and the seed. */
export async function runCourse(data: CourseData, options: TrainOptions, state: CourseState, watch: Watcher): Promise<Outcome> {
  const folds = data.heldOut.length >= ENOUGH_HELD_OUT ? 0 : FOLDS;
  const final = await adapterOf('final', data.train, data, options, state, watch, 2 + 2 * folds);
  const trial = await tried('fold', data, final, folds, options, state, watch);
  const found = refusals(trial);
  if (found.length === 0 && (await controlPasses(data, options, folds, state, watch))) found.push('control-passed');
  const gains = trial.mine.map(({ before, after }) => after.ndcg - before.ndcg);
  return { adapter: final, refusals: found, trial, gain: mean(gains), bound: lowerBound(gains) };
}

/** Every question before and after, by an adapter that has not seen it. */
async function tried(name: string, data: CourseData, final: QueryAdapter, folds: number, options: TrainOptions, state: CourseState, watch: Watcher): Promise<Trial> {
  const { matrix, guard, heldOut } = data;
  const mine = compared(heldOut, matrix, final);
  const groups = shuffled([...new Set(data.train.map(({ group }) => group))], { random: options.seed });
  for (let fold = 0; fold < folds; fold++) {
    const out = new Set(groups.filter((_, i) => i % folds === fold));
    const adapter = await adapterOf(`${name} ${fold + 1}`, data.train.filter(({ group }) => !out.has(group)), data, options, state, watch, 2 + 2 * folds);
    mine.push(...compared(data.train.filter(({ group }) => out.has(group)).map(({ row }) => row), matrix, adapter));
  }
  const queries = [...data.train.map(({ row }) => row.query), ...guard.map((row) => row.query)];
  const [before, after] = [alikeness(queries), alikeness(queries, final)];
  return {
    alpha: final.alpha, mine, guard: compared(guard, matrix, final),
    falseAccepts: { before: falseAccepts(guard, matrix), after: falseAccepts(guard, matrix, final) },
    alike: { before: before.alike, after: after.alike }, finite: after.finite,
  };
}

/** The same with every question's positives put where another's stand: as likely by rank, and without any sense. */
async function controlPasses(data: CourseData, options: TrainOptions, folds: number, state: CourseState, watch: Watcher): Promise<boolean> {
  const random = { random: options.seed + 1000 };
  const deal = (rows: readonly JudgedRow[]): JudgedRow[] => {
    const ranks = shuffled(rows.map(({ positives }) => positives), random);
    return rows.map((row, i) => withPositives(row, ranks[i]!.map((position) => Math.min(position, row.found - 1)).filter((position) => position >= 0)));
  };
  const rows = deal(data.train.map(({ row }) => row));
  const dealt: CourseData = { ...data, train: data.train.map(({ group }, i) => ({ group, row: rows[i]! })), heldOut: deal(data.heldOut) };
  const final = await adapterOf('control', dealt.train, dealt, options, state, watch, 2 + 2 * folds);
  return refusals(await tried('control', dealt, final, folds, options, state, watch)).length === 0;
}

function withPositives(row: JudgedRow, positions: readonly number[]): JudgedRow {
  const positives = [...new Set(positions)];
  return {
    ...row, positives, target: row.target.map((_, i) => (positives.includes(i) ? 1 / positives.length : 0)),
    counts: row.counts.map((count, i) => (positives.includes(i) ? 1 : count)),
  };
}

function compared(rows: readonly JudgedRow[], matrix: Matrix, adapter: QueryAdapter): Trial['mine'] {
  const before = quality(rows, matrix);
  const after = adapter.alpha === 0 ? before : quality(rows, matrix, adapter);
  return before.map((scored, i) => ({ before: scored, after: after[i]! }));
}

/**
 * The adapter that some lessons make: the mean of several trained alike, each with other lessons kept aside. With so few
 * lessons each is as much chance as sense, and chance averages out.
 */
async function adapterOf(name: string, lessons: CourseData['train'], data: CourseData, options: TrainOptions, state: CourseState, watch: Watcher, parts: number): Promise<QueryAdapter> {
  const kind = fitKind(lessons.map(({ row }) => row.query), data.replay.map((row) => row.query), data.matrix.dimensions);
  const members: QueryAdapter[] = [];
  for (let member = 0; member < MEMBERS; member++) members.push(await memberOf(name, member, lessons, data, kind, options, state, watch, parts * MEMBERS));
  return meanAdapter(members);
}

/** One training to its end, or what it ended with earlier. */
async function memberOf(
  adapterName: string, member: number, lessons: CourseData['train'], data: CourseData, kind: Float32Array, options: TrainOptions, state: CourseState, watch: Watcher, parts: number,
): Promise<QueryAdapter> {
  const { matrix } = data;
  const name = `${adapterName}, ${member + 1}`;
  const adapter = (alpha: number, weights: Float32Array): QueryAdapter => ({ dimensions: matrix.dimensions, rank: options.rank, alpha, weights, mean: data.mean, kind });
  const known = state.finished[name];
  if (known) return adapter(known.alpha, known.weights);
  const own = { ...options, seed: options.seed + 100 * member };
  const groups = shuffled([...new Set(lessons.map(({ group }) => group))], { random: own.seed });
  const asideGroups = new Set(groups.slice(0, Math.max(1, Math.round(groups.length * ASIDE))));
  const aside = lessons.filter(({ group }) => asideGroups.has(group)).map(({ row }) => row);
  const rows = lessons.filter(({ group }) => !asideGroups.has(group)).map(({ row }) => row);
  const training = state.current?.name === name ? state.current.training : beginTraining(matrix.dimensions, own);
  while (!training.done) {
    trainPass(training, { matrix, mean: data.mean, kind, rows, replay: data.replay.filter((_, i) => i % 2 === 0), aside }, own);
    state.current = { name, training };
    const { loss, aside: asideLoss } = training.curve.at(-1)!;
    await watch.passed(state, { part: name, parts, partsDone: Object.keys(state.finished).length, pass: training.pass, loss, aside: asideLoss });
  }
  const { weights } = training.best;
  const alpha = training.best.pass === 0 ? 0 : alphaOf(adapter(1, weights), aside, data.replay.filter((_, i) => i % 2 === 1), matrix, own);
  state.finished[name] = { alpha, weights };
  delete state.current;
  return adapter(alpha, weights);
}

/** The share of an adapter that answers the questions kept aside best and costs general ones nothing; 0 where none does. */
function alphaOf(adapter: QueryAdapter, aside: readonly Row[], replay: readonly JudgedRow[], matrix: Matrix, options: TrainOptions): number {
  // At the temperature that suits it best: being surer or less sure of the same order is no gain.
  const loss = (alpha: number): number => Math.min(...SHARPER.map((by) => meanLoss({ ...adapter, alpha }, matrix, aside, { ...options, temperature: options.temperature * by })));
  const shipped = loss(0);
  const replayed = mean(quality(replay, matrix).map(({ ndcg }) => ndcg));
  let best = { alpha: 0, loss: shipped * (1 - WORTH) };
  for (const alpha of ALPHAS) {
    const now = loss(alpha);
    if (now >= best.loss) continue;
    if (replayed - mean(quality(replay, matrix, { ...adapter, alpha }).map(({ ndcg }) => ndcg)) > REPLAY_MAY_FALL) break;
    best = { alpha, loss: now };
  }
  return best.alpha;
}

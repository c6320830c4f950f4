import type { RunProgress } from '../api.ts';
import { deal } from './deal.ts';
import { gainsOfShown, lowerBound, mean, quality, refusals, scoresOf, standsOut, type GroupedRow, type JudgedRow, type Refusal, type Trial } from './gate.ts';
import { bestScores, falseAccepts, type Best } from './guard.ts';
import { fitKind, ofKind, weightCount, type QueryAdapter } from './query-adapter.ts';
import { chosen, leastSurprise, meanQuality } from './strength.ts';
import { beginTraining, shuffled, trainPass, type Matrix, type Row, type Training, type TrainOptions } from './train-query.ts';
import { fitWeighing, levelOf, shortened, weighedRow, weighedScores, weighingOf, WEIGHING, type Fitted, type Weighed } from './train-weighing.ts';

/**
 * One course of learning: small trainings and the gate. First the clues are weighed, then, on what they leave, a turn of the
 * question's vector is learned, and kept where it adds to them beyond chance. With few questions held out, ten candidates are
 * each judged on the tenth they have not seen; the eleventh learns from all and is the candidate. Last come the controls: the
 * same course on labels dealt out anew among what the person saw. A gain that does not stand out from theirs is none.
 */
export interface CourseData {
  matrix: Matrix;
  /** Mean of the library's vectors. */
  mean: Float32Array;
  /** Similarities of unrelated texts, of the embedder. */
  background: { mean: number; deviation: number };
  /** The words that rows name by number. */
  words: readonly string[];
  train: GroupedRow[];
  heldOut: GroupedRow[];
  guard: JudgedRow[];
  replay: JudgedRow[];
  /** Rows without clues, to learn the turn from. */
  imported: JudgedRow[];
  unanswerable: JudgedRow[];
}

export interface Share { alpha: number; everyKind: boolean }

/** What is over, by name, and the training under way: all that a killed run needs to go on. */
export interface CourseState {
  /** By part: how much of what clues weigh is applied, and whether to questions of every kind. */
  shares: Record<string, Share>;
  weighed: Record<string, Weighed>;
  turns: Record<string, { alpha: number; weights: Float32Array }>;
  controls: number[];
  /** The control under way: parts done, and the gains of their questions. */
  control?: { parts: number; gains: number[] };
  current?: { name: string; training: Training };
  /** Of what the whole course costs; absent of one that has not begun. */
  spent?: number;
}
export const atTheBeginning = (): CourseState => ({ shares: {}, weighed: {}, turns: {}, controls: [] });

export interface Outcome {
  adapter: QueryAdapter;
  refusals: Refusal[];
  trial: Trial;
  /** Every question that is judged by, before and after, each with the candidate that has not learned from it. */
  answered: (Trial['mine'][number] & { row: JudgedRow; adapter: QueryAdapter })[];
  /** Mean gain in nDCG@10 on questions not trained on, and the bound it is above in 19 of 20 resamples. */
  gain: number;
  bound: number;
}

export interface Step { done: number; points: RunProgress['curve'] }

export interface Watcher {
  /** After every step: keep the state. Throws to stop; a promise holds the course up until it resolves. */
  passed(state: CourseState, step: Step): Promise<void>;
}

const FOLDS = 10;
/** With so many held out questions they are judge enough. */
export const ENOUGH_HELD_OUT = 150;
/** Share of the groups a training keeps aside to know when to stop and how much of it to apply. */
const ASIDE = 0.2;
/** What general questions weigh beside the person's own where clues are fitted. */
const GENERAL = 0.5;
/** Candidates of a question, besides those that were judged, that a turn is trained to tell apart. */
export const TURNED = 60;
/** What the turn has to add to the nDCG@10 of the clues in 19 of 20 resamples. */
const TURN_EARNS = 0.003;
export const CONTROLS = 19;
/** What a step of each kind costs, in fits of clues, by experience. */
const COSTS = { share: 6, fit: 1, turn: 8 };

type Lessons = GroupedRow[];

/** What some lessons make. */
interface Candidate { weighed: Weighed; kind: Float32Array; turn: QueryAdapter }

/** Runs a course from where `state` stands. Deterministic by the data and the seed. */
export async function runCourse(data: CourseData, options: TrainOptions, state: CourseState, watch: Watcher): Promise<Outcome> {
  const course = new Course(data, options, state, watch);
  const parts = course.parts(data);
  const candidates: Candidate[] = [];
  for (const part of parts) candidates.push(await course.weighedOf(part));
  // The turn has to earn its place on top of what the clues gain; where the whole takes none, its folds need not be asked.
  const turned = [await course.turnedOf(parts[0]!, candidates[0]!)];
  for (const [i, part] of parts.entries()) if (i > 0) turned.push(turned[0]!.turn.alpha > 0 ? await course.turnedOf(part, candidates[i]!) : candidates[i]!);
  const without = parts.flatMap((part, i) => course.judged(part.judged, candidates[i]!));
  const withTurn = parts.flatMap((part, i) => course.judged(part.judged, turned[i]!));
  const groups = without.map(({ group }) => group);
  const turns = turned[0]!.turn.alpha > 0 && lowerBound(withTurn.map(({ after }, i) => after.ndcg - without[i]!.after.ndcg), groups) > TURN_EARNS;

  const [used, mine] = turns ? [turned, withTurn] : [candidates, without];
  const trial = course.trial(used[0]!, mine, { ...course.best(...parts.map((part, i) => [rowsOf(part.judged), used[i]!] as const)), groups });
  const found = refusals(trial);
  const gains = mine.map(({ before, after }) => after.ndcg - before.ndcg);
  // Whether there is sense in the labels, the clues tell as well as the turn does, in a fraction of the time.
  const byClues = candidates[0]!.weighed.alpha > 0;
  if (found.length === 0 && !(await course.standsOut(parts.flatMap((part, i) => course.gains(part.judged, (byClues ? candidates : turned)[i]!)), byClues))) found.push('control-passed');
  const adapters = used.map(({ weighed, kind, turn }): QueryAdapter => ({ ...turn, kind, weighing: weighingOf(weighed, data.words) }));
  const answered = parts.flatMap(({ judged }, i) => judged.map(({ row }) => ({ row, adapter: adapters[i]! }))).map((question, i) => ({ ...mine[i]!, ...question }));
  return { adapter: adapters[0]!, refusals: found, trial, answered, gain: mean(gains), bound: lowerBound(gains, groups) };
}

/** Lessons to learn from, and others those have nothing to do with. */
interface Part { name: string; train: Lessons; judged: Lessons }

class Course {
  readonly #data: CourseData;
  readonly #options: TrainOptions;
  readonly #state: CourseState;
  readonly #watch: Watcher;
  readonly #kinds = new Map<string, Float32Array>();
  readonly #total: number;

  constructor(data: CourseData, options: TrainOptions, state: CourseState, watch: Watcher) {
    this.#data = data;
    this.#options = options;
    this.#state = state;
    this.#watch = watch;
    this.#total = this.parts(data).length * (COSTS.share + COSTS.fit * (1 + CONTROLS) + COSTS.turn);
  }

  /** The whole, judged by what is held out, and the folds. */
  parts({ train, heldOut }: Pick<CourseData, 'train' | 'heldOut'>): Part[] {
    const folds = heldOut.length >= ENOUGH_HELD_OUT ? 0 : FOLDS;
    const groups = shuffled([...new Set(train.map(({ group }) => group))], { random: this.#options.seed });
    return [{ name: 'final', train, judged: heldOut }, ...Array.from({ length: folds }, (_, fold): Part => {
      const out = new Set(groups.filter((_, i) => i % folds === fold));
      return { name: `fold ${fold + 1}`, train: train.filter(({ group }) => !out.has(group)), judged: train.filter(({ group }) => out.has(group)) };
    })];
  }

  /** How much of what clues weigh is applied: what some of a part's lessons, kept aside, show to be best. */
  async #shareOf({ name, train }: Part): Promise<Share> {
    const known = this.#state.shares[name];
    if (known) return known;
    const { matrix, replay } = this.#data;
    const { rows, aside } = this.#split(train);
    const { weights, curve } = this.#fit(rows, aside);
    const choose = (everyKind: boolean): number => chosen((alpha) => {
      const trial = this.#candidate(name, train, { weights, level: 0, alpha }, everyKind);
      return { loss: () => leastSurprise(this.#weighedRows(aside, trial)), general: () => meanQuality(this.#weighedRows(odd(replay), trial), matrix) };
    });
    // Questions are told apart by kind only where others would suffer.
    const every = choose(true);
    const apart = every === 1 ? 0 : choose(false);
    const share = { alpha: Math.max(apart, every), everyKind: every > 0 && every >= apart };
    this.#state.shares[name] = share;
    this.#spend(COSTS.share);
    await this.#passed(curve.map((point, i) => ({ training: name, pass: i + 1, ...point })));
    return share;
  }

  /** Clues weighed by the lessons of a part; `dealt` names labels that were dealt out anew, of which nothing is kept. */
  async weighedOf(part: Part, dealt?: string): Promise<Candidate> {
    const { name, train } = part;
    const { alpha, everyKind } = await this.#shareOf(part);
    const known = dealt === undefined ? this.#state.weighed[name] : undefined;
    if (known) return this.#candidate(name, train, known, everyKind);
    const rows = rowsOf(train);
    const { weights } = this.#fit(rows, []);
    const weighed: Weighed = { weights, level: levelOf(rows, weights), alpha };
    this.#spend(COSTS.fit);
    if (dealt === undefined) {
      this.#state.weighed[name] = weighed;
      await this.#passed([]);
    }
    return this.#candidate(name, train, weighed, everyKind);
  }

  #candidate(name: string, lessons: Lessons, weighed: Weighed, everyKind: boolean): Candidate {
    const { matrix: { dimensions }, mean: middle } = this.#data;
    const kind = everyKind ? fitKind([], [], dimensions) : this.#kindOf(name, lessons);
    return { weighed, kind, turn: { dimensions, rank: 0, alpha: 0, weights: new Float32Array(weightCount(dimensions, 0)), mean: middle, kind } };
  }

  #fit(rows: readonly JudgedRow[], aside: readonly JudgedRow[]): Fitted {
    const general = even(this.#data.replay);
    return fitWeighing([...rows, ...general.map((row) => ({ ...row, weight: (GENERAL * rows.length) / general.length }))], aside, this.#data.words.length, WEIGHING);
  }

  /** The candidate with a turn of the question's vector, trained on what its clues leave. */
  async turnedOf({ name, train: lessons }: Part, candidate: Candidate, dealt?: string): Promise<Candidate> {
    const { matrix, mean: middle, replay, imported } = this.#data;
    const options = this.#options;
    const turn = (alpha: number, weights: Float32Array): QueryAdapter => ({ ...candidate.turn, rank: options.rank, alpha, weights });
    const known = dealt === undefined ? this.#state.turns[name] : undefined;
    if (known) return { ...candidate, turn: turn(known.alpha, known.weights) };
    const { rows, aside } = this.#split(lessons);
    const [train, held, general] = [rows, aside, replay].map((some) => this.#weighedRows(some, candidate, true)) as [JudgedRow[], JudgedRow[], JudgedRow[]];
    const [learned, replayed, watched] = [train, even(general), held].map((some) => some.map((row) => shortened(row, TURNED))) as [Row[], Row[], Row[]];
    const at = `${dealt ?? ''}${name}`;
    const training = this.#state.current?.name === at ? this.#state.current.training : beginTraining(matrix.dimensions, options);
    while (!training.done) {
      trainPass(training, { matrix, mean: middle, kind: candidate.kind, rows: learned, replay: [...replayed, ...imported], aside: watched }, options);
      this.#state.current = { name: at, training };
      await this.#passed(dealt === undefined ? [{ training: `${name}, meaning`, pass: training.pass, ...training.curve.at(-1)!, quality: meanQuality(held, matrix, turn(1, training.weights)) }] : []);
    }
    const { weights } = training.best;
    const alpha = training.best.pass === 0 ? 0 : chosen((share) => ({
      loss: () => leastSurprise(held.map((row) => ({ ...row, score: scoresOf(row, matrix, turn(share, weights)) })), options.temperature),
      general: () => meanQuality(odd(general), matrix, turn(share, weights)),
    }));
    this.#spend(COSTS.turn);
    delete this.#state.current;
    if (dealt === undefined) this.#state.turns[name] = { alpha, weights };
    return { ...candidate, turn: turn(alpha, weights) };
  }

  /** Rows before and after a candidate that has not seen them. */
  judged(lessons: Lessons, candidate: Candidate): Trial['mine'] {
    const found = this.#scored(rowsOf(lessons), candidate);
    return lessons.map(({ group }, i) => ({ group, ...found[i]! }));
  }

  #scored(rows: readonly JudgedRow[], candidate: Candidate): Trial['guard'] {
    const { matrix } = this.#data;
    const before = quality(rows, matrix);
    const after = quality(this.#weighedRows(rows, candidate), matrix, candidate.turn);
    return before.map((scored, i) => ({ before: scored, after: after[i]! }));
  }

  gains(lessons: Lessons, candidate: Candidate): number[] {
    const rows = rowsOf(lessons);
    return gainsOfShown(rows, this.#weighedRows(rows, candidate), this.#data.matrix, candidate.turn);
  }

  trial(final: Candidate, mine: Trial['mine'], answered: Best): Trial {
    const { guard, unanswerable } = this.#data;
    return {
      applied: final.weighed.alpha > 0 || final.turn.alpha > 0, mine, guard: this.#scored(guard, final),
      falseAccepts: falseAccepts(answered, this.best([unanswerable, final])),
      finite: [final.weighed.weights, final.turn.weights].every((weights) => weights.every(Number.isFinite)),
    };
  }

  /** Scores of the best hits of rows, before and after a candidate. */
  best(...judged: (readonly [readonly JudgedRow[], Candidate])[]): Best {
    const { matrix } = this.#data;
    return {
      before: judged.flatMap(([rows]) => bestScores(rows, matrix)),
      after: judged.flatMap(([rows, candidate]) => bestScores(this.#weighedRows(rows, candidate), matrix, candidate.turn)),
    };
  }

  /** Whether the gain stands out from those of controls. One control that does as well is enough to know that it does not. */
  async standsOut(gains: readonly number[], byClues: boolean): Promise<boolean> {
    const gain = mean(gains);
    const { controls } = this.#state;
    while (controls.length < CONTROLS && controls.every((control) => gain > control)) {
      const random = { random: this.#options.seed + 1000 + controls.length };
      const dealt = { train: deal(this.#data.train, random), heldOut: deal(this.#data.heldOut, random) };
      const name = `control ${controls.length + 1}, `;
      const control = (this.#state.control ??= { parts: 0, gains: [] });
      for (const part of this.parts(dealt).slice(control.parts)) {
        const weighed = await this.weighedOf(part, name);
        control.gains.push(...this.gains(part.judged, byClues ? weighed : await this.turnedOf(part, weighed, name)));
        control.parts++;
        await this.#passed([]);
      }
      controls.push(mean(control.gains));
      delete this.#state.control;
    }
    return controls.length === CONTROLS && standsOut(gain, controls);
  }

  /** Rows as a candidate's clues rank them; with the lines that a turn moves along where there is to be one. */
  #weighedRows(rows: readonly JudgedRow[], { weighed, kind, turn }: Candidate, lines = turn.alpha > 0): JudgedRow[] {
    if (weighed.alpha === 0) return [...rows];
    return rows.map((row) => {
      const share = ofKind(kind, row.query);
      return lines ? weighedRow(row, weighed, share, this.#data.background) : weighedScores(row, weighed, share);
    });
  }

  /** Questions tell the kind, not their labels: once for each part. */
  #kindOf(name: string, lessons: Lessons): Float32Array {
    const { dimensions } = this.#data.matrix;
    let kind = this.#kinds.get(name);
    if (!kind) this.#kinds.set(name, (kind = fitKind(lessons.map(({ row }) => row.query), this.#data.replay.map((row) => row.query), dimensions)));
    return kind;
  }

  #split(lessons: Lessons): { rows: JudgedRow[]; aside: JudgedRow[] } {
    const groups = shuffled([...new Set(lessons.map(({ group }) => group))], { random: this.#options.seed });
    const out = new Set(groups.slice(0, Math.max(1, Math.round(groups.length * ASIDE))));
    return { rows: lessons.filter(({ group }) => !out.has(group)).map(({ row }) => row), aside: lessons.filter(({ group }) => out.has(group)).map(({ row }) => row) };
  }

  #spend(cost: number): void { this.#state.spent = (this.#state.spent ?? 0) + cost; }

  #passed(points: Step['points']): Promise<void> {
    return this.#watch.passed(this.#state, { done: Math.min(1, (this.#state.spent ?? 0) / this.#total), points });
  }
}

const rowsOf = (lessons: Lessons): JudgedRow[] => lessons.map(({ row }) => row);
const even = <Item>(items: readonly Item[]): Item[] => items.filter((_, i) => i % 2 === 0);
const odd = <Item>(items: readonly Item[]): Item[] => items.filter((_, i) => i % 2 === 1);

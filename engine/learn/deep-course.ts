import { Random } from '../nn/random.ts';
import type { Weight } from '../nn/safetensors.ts';
import { lowerBound, mean, refusals, scored, type Refusal, type Trial } from './gate.ts';
import { asideLoss, beginTexts, stepTexts, type TextOptions, type TextTraining } from './train-texts.ts';
import type { TextLesson, Trainee } from './trainee.ts';

/**
 * One course of learning on a deep level: the reranker's weights or the embedder's. The same gate as on the query side, with
 * fewer trainings, because each takes minutes: one that learns from all, three that are each judged on the third they have not
 * seen, and two controls that learn from labels dealt out anew.
 */
export interface DeepLesson extends TextLesson {
  group: string;
  /** The first so many texts were found by search, in the order in which it shows them; others were added to learn from. */
  found: number;
  /** By how much the final score rises with the model's own: 1 where it is the model's. */
  slope: number;
}

export interface DeepData {
  train: readonly DeepLesson[];
  heldOut: readonly DeepLesson[];
  guard: readonly DeepLesson[];
  /** Questions the libraries do not answer. */
  unanswerable: readonly DeepLesson[];
}

/** Trainings that are over, by name, and the one under way: all that a killed run needs to go on. */
export interface DeepState {
  finished: Record<string, { alpha: number; weights: Record<string, Weight> }>;
  current?: { name: string; training: TextTraining };
}

export interface DeepOutcome { weights: Record<string, Weight>; alpha: number; refusals: Refusal[]; trial: Trial; gain: number; bound: number; after: readonly number[][] }

export interface DeepWatcher {
  /** After every step. Throws to stop; a promise holds the course up until it resolves. */
  passed(state: DeepState, step: { done: number; point?: { training: string; pass: number; loss: number; aside: number } }): Promise<void>;
}

const FOLDS = 3;
const CONTROLS = 2;
/** With so many held out questions they are judge enough. */
const ENOUGH_HELD_OUT = 150;
const ASIDE = 0.2;
const ALPHAS = [0.25, 0.5, 0.75, 1];
const WORTH = 0.002;

/** How many trainings a course makes at most. */
export const trainingsOf = (heldOut: number): number => 1 + (heldOut >= ENOUGH_HELD_OUT ? 0 : FOLDS) + CONTROLS;

/** What of a model counts as an answer: the final score's log-odds. */
export interface Enough { logOdds: number }

/** Runs a course from where `state` stands. Deterministic by the data and the options' seed. */
export async function runDeepCourse(trainee: Trainee, data: DeepData, options: TextOptions, enough: Enough, state: DeepState, watch: DeepWatcher): Promise<DeepOutcome> {
  const course = new DeepCourse(trainee, data, options, state, watch);
  const folds = data.heldOut.length >= ENOUGH_HELD_OUT ? 0 : FOLDS;
  const final = await course.trained('final', data.train);
  const mine = await course.compared(data.heldOut, final);
  for (let fold = 0; fold < folds; fold++) {
    const [seen, out] = course.fold(data.train, fold, folds);
    mine.push(...(await course.compared(out, await course.trained(`fold ${fold + 1}`, seen))));
  }
  const weights = final.alpha === 0 ? course.shipped : trainee.atStrength(final.weights, final.alpha);
  const trial: Trial = {
    applied: final.alpha > 0, mine, guard: await course.compared(data.guard, final),
    falseAccepts: { before: await course.accepted(data.unanswerable, course.shipped, enough), after: await course.accepted(data.unanswerable, weights, enough) },
    finite: Object.values(weights).every(({ data: values }) => values.every(Number.isFinite)),
  };
  const found = refusals(trial);
  const gains = mine.map(({ before, after }) => after.ndcg - before.ndcg);
  if (found.length === 0) {
    for (let control = 0; control < CONTROLS && found.length === 0; control++) {
      const dealt = data.train.map((lesson, i) => dealtAnew(lesson, options.seed + 31 * control + i));
      const [seen, out] = course.fold(dealt, control % FOLDS, FOLDS);
      // By its own labels, on questions it has not seen, a control shows what chance and habit are worth.
      const gain = mean((await course.compared(out, await course.trained(`control ${control + 1}`, seen))).map(({ before, after }) => after.ndcg - before.ndcg));
      if (gain >= mean(gains)) found.push('control-passed');
    }
  }
  const after: number[][] = [];
  for (const lesson of [...data.heldOut, ...data.train]) after.push(await course.order(lesson, weights));
  return { weights: final.weights, alpha: final.alpha, refusals: found, trial, gain: mean(gains), bound: lowerBound(gains), after };
}

interface Made { alpha: number; weights: Record<string, Weight> }

class DeepCourse {
  readonly #trainee: Trainee;
  readonly #options: TextOptions;
  readonly #state: DeepState;
  readonly #watch: DeepWatcher;
  readonly #total: number;
  /** The model as it is. */
  readonly shipped: Record<string, Weight>;

  constructor(trainee: Trainee, data: DeepData, options: TextOptions, state: DeepState, watch: DeepWatcher) {
    this.#trainee = trainee;
    this.#options = options;
    this.#state = state;
    this.#watch = watch;
    this.#total = trainingsOf(data.heldOut.length);
    this.shipped = trainee.begin(options.seed);
  }

  /** Lessons without those of a fold, and those; whole groups together. */
  fold(lessons: readonly DeepLesson[], fold: number, folds: number): [DeepLesson[], DeepLesson[]] {
    const groups = [...new Set(lessons.map(({ group }) => group))].sort();
    const out = new Set(groups.filter((_, i) => i % folds === fold));
    return [lessons.filter(({ group }) => !out.has(group)), lessons.filter(({ group }) => out.has(group))];
  }

  /** One training to its end, or what it ended with earlier. */
  async trained(name: string, lessons: readonly DeepLesson[]): Promise<Made> {
    const known = this.#state.finished[name];
    if (known) return known;
    const groups = [...new Set(lessons.map(({ group }) => group))].sort();
    const random = new Random(this.#options.seed);
    const asideGroups = new Set(groups.map((group) => ({ group, at: random.next() })).sort((a, b) => a.at - b.at).slice(0, Math.max(1, Math.round(groups.length * ASIDE))).map(({ group }) => group));
    const aside = lessons.filter(({ group }) => asideGroups.has(group));
    const rest = lessons.filter(({ group }) => !asideGroups.has(group));
    let training = this.#state.current?.name === name ? this.#state.current.training : await beginTexts(this.#trainee, aside, this.#options);
    while (!training.done && rest.length > 0) {
      const passes = training.curve.length;
      training = await stepTexts(this.#trainee, rest, aside, training, this.#options);
      this.#state.current = { name, training };
      const over = Object.keys(this.#state.finished).length;
      const within = (training.pass + training.at / Math.ceil(rest.length / this.#options.batch)) / this.#options.passes;
      const point = training.curve.length > passes ? { training: name, ...training.curve.at(-1)! } : undefined;
      await this.#watch.passed(this.#state, { done: Math.min(1, (over + within) / this.#total), ...(point && { point }) });
    }
    const made = { alpha: training.best.pass === 0 ? 0 : await this.#alphaOf(training.best.weights, aside), weights: training.best.weights };
    this.#state.finished[name] = made;
    delete this.#state.current;
    return made;
  }

  /** The share of what was learned that answers the questions kept aside best; 0 where none does. */
  async #alphaOf(weights: Record<string, Weight>, aside: readonly DeepLesson[]): Promise<number> {
    let best = { alpha: 0, loss: (await asideLoss(this.#trainee, aside, this.shipped, this.#options)) * (1 - WORTH) };
    for (const alpha of ALPHAS) {
      const loss = await asideLoss(this.#trainee, aside, this.#trainee.atStrength(weights, alpha), this.#options);
      if (loss < best.loss) best = { alpha, loss };
    }
    return best.alpha;
  }

  async compared(lessons: readonly DeepLesson[], made: Made): Promise<Trial['mine']> {
    const weights = this.#trainee.atStrength(made.weights, made.alpha);
    const rows: Trial['mine'] = [];
    for (const lesson of lessons) {
      const right = lesson.texts.flatMap((_, i) => (lesson.target[i]! > 0 ? [i] : []));
      const before = scored(await this.order(lesson, this.shipped), right);
      rows.push({ before, after: made.alpha === 0 ? before : scored(await this.order(lesson, weights), right) });
    }
    return rows;
  }

  /** Positions of the texts that were found, best first. */
  async order(lesson: DeepLesson, weights: Readonly<Record<string, Weight>>): Promise<number[]> {
    const scores = await this.#scores(lesson, weights);
    return Array.from({ length: lesson.found }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  }

  async #scores(lesson: DeepLesson, weights: Readonly<Record<string, Weight>>): Promise<Float32Array> {
    const scores = await this.#trainee.scores(lesson, weights);
    if (lesson.slope === 1) return scores;
    // The prior holds what the shipped model said already.
    const shipped = weights === this.shipped ? scores : await this.#trainee.scores(lesson, this.shipped);
    return scores.map((score, i) => lesson.priors[i]! + lesson.slope * (score - shipped[i]!));
  }

  /** Share of the questions whose best text counts as an answer. */
  async accepted(lessons: readonly DeepLesson[], weights: Readonly<Record<string, Weight>>, { logOdds }: Enough): Promise<number> {
    let accepted = 0;
    for (const lesson of lessons) if ((await this.#scores(lesson, weights)).subarray(0, lesson.found).some((score) => score >= logOdds)) accepted++;
    return lessons.length === 0 ? 0 : accepted / lessons.length;
  }
}

/** A lesson whose right texts are others of those it was found with, drawn at random: as many, and without any sense. */
function dealtAnew(lesson: DeepLesson, seed: number): DeepLesson {
  const random = new Random(seed);
  const among = Array.from({ length: Math.max(1, Math.min(10, lesson.found)) }, (_, i) => i);
  const right = lesson.target.filter((share) => share > 0).length;
  const chosen = new Set<number>();
  while (chosen.size < Math.min(right, among.length)) chosen.add(among[random.below(among.length)]!);
  return { ...lesson, target: lesson.texts.map((_, i) => (chosen.has(i) ? 1 / chosen.size : 0)), counts: lesson.texts.map(() => 1) };
}

import { Random } from '../nn/random.ts';
import type { Weight } from '../nn/safetensors.ts';
import { dealtAnew, seenOf } from './deal-texts.ts';
import { lowerBound, mean, refusals, scored, standsOut, type JudgedOf, type Refusal, type Scored, type Trial } from './gate.ts';
import { likeness } from './anchors.ts';
import { crossing, falseAccepts, type Best } from './guard.ts';
import type { SetDrawn } from './homogeneous.ts';
import { asideLoss, beginTexts, planOf, stepTexts, type Point, type TextOptions, type TextTraining } from './train-texts.ts';
import { finalScorer, type Anchor, type TextLesson, type Trainee } from './trainee.ts';

/**
 * One course of learning on a deep level: the reranker's weights or the embedder's. The same gate as on the query side: one
 * training that learns from all and is the candidate; folds, each judged on the part it has not seen; controls that learn from
 * labels dealt out anew. Of folds and controls there are as many as the recipe says, because a training takes a second with
 * some models and an hour with others.
 */
export interface DeepLesson extends TextLesson {
  group: string;
  /** The first so many texts were found by search, in the order in which it shows them; others were added to learn from. */
  found: number;
  /** Places of the texts that the person saw. */
  seen: readonly number[];
}

export interface DeepData<Lesson extends DeepLesson = DeepLesson> {
  train: readonly Lesson[];
  heldOut: readonly Lesson[];
  /** General questions: to judge by, and others to learn from along with the person's, so that what was known is kept. */
  guard: readonly DeepLesson[];
  replay: readonly DeepLesson[];
  /** Questions the libraries do not answer. */
  unanswerable: readonly DeepLesson[];
  /** Chunks from all over the libraries: an embedder holds them where they are, and must not make them all alike. */
  chunks?: readonly string[];
}

export interface DeepRecipe extends TextOptions {
  folds: number;
  controls: number;
  /** Folds of a control. */
  controlFolds: number;
}

/** A question that was judged, by a candidate that has not learned from it. */
export interface DeepJudged extends JudgedOf {
  /** What was gained among the texts the person saw, where one of those is right. */
  gain?: number;
  /** The final scores of its best text. */
  best?: { before: number; after: number };
  /** Places of its ten best texts. */
  order: { before: number[]; after: number[] };
}

/** What is left of a training: how its candidate did; of a control, only what it gained. Only of the one that may come into use are the weights needed. */
interface Over { alpha: number; judged: DeepJudged[]; gains: number[]; weights?: Record<string, Weight> }

/** Trainings that are over, by name, and the one under way: all that a killed run needs to go on. */
export interface DeepState {
  finished: Record<string, Over>;
  current?: { name: string; training: TextTraining };
}

export interface DeepOutcome<Lesson extends DeepLesson = DeepLesson> {
  weights: Record<string, Weight>;
  alpha: number;
  refusals: Refusal[];
  trial: Trial;
  /** Every question that is judged by. */
  judged: (DeepJudged & { lesson: Lesson })[];
  gain: number;
  bound: number;
  /** How each set of lessons fares in a pass of the training that learns from all. */
  sets: SetDrawn[];
}

export interface DeepWatcher {
  /** After every step. Throws to stop; a promise holds the course up until it resolves. */
  passed(state: DeepState, step: { done: number; point?: Point & { training: string } }): Promise<void>;
}

/** With so many held out questions they are judge enough. */
const ENOUGH_HELD_OUT = 150;
const ASIDE = 0.2;
/** Shares of what was learned that are tried. */
export const ALPHAS = [0.25, 0.5, 0.75, 1];
/** So much of the loss has to be saved for anything to be applied at all. */
const WORTH = 0.002;
/** What a greater share saves beyond this is not worth what it moves. */
const NEARLY_ALL = 0.95;
/** What general questions may lose in nDCG@10 where α is chosen, by those to replay that are not trained on; the gate looks at others. */
const GENERAL_MAY_FALL = 0.004;
/** What one question loses that slips from the first place to the second: less than that a few questions cannot tell. */
const SLIP = 1 - 1 / Math.log2(3);
/** With fewer controls their scatter says nothing. */
const SCATTERED = 5;
/** So many of the first texts are shown when a question is looked at before and after. */
const SHOWN = 10;

/** How many trainings a course makes at most. */
export function trainingsOf(heldOut: number, { folds, controls, controlFolds }: Pick<DeepRecipe, 'folds' | 'controls' | 'controlFolds'>): number {
  return 1 + (heldOut >= ENOUGH_HELD_OUT ? 0 : folds) + controls * controlFolds;
}

/** What of a model counts as an answer: the final score's log-odds. */
export interface Enough { logOdds: number }

/** Runs a course from where `state` stands. Deterministic by the data and the recipe's seed. */
export async function runDeepCourse<Lesson extends DeepLesson>(trainee: Trainee, data: DeepData<Lesson>, recipe: DeepRecipe, enough: Enough, state: DeepState, watch: DeepWatcher): Promise<DeepOutcome<Lesson>> {
  const course = new DeepCourse(trainee, data, recipe, state, watch);
  const final = await course.over('final', data.train, data.heldOut, 'weights');
  const parts = [final];
  const asked = [...data.heldOut];
  const folds = data.heldOut.length >= ENOUGH_HELD_OUT ? 0 : recipe.folds;
  for (let fold = 0; fold < folds; fold++) {
    const [train, judge] = course.fold(data.train, fold, folds);
    parts.push(await course.over(`fold ${fold + 1}`, train, judge, 'judged'));
    asked.push(...judge);
  }
  const mine = parts.flatMap(({ judged }) => judged);

  const weights = final.alpha === 0 ? course.shipped : trainee.atStrength(final.weights!, final.alpha);
  const trial: Trial = {
    applied: final.alpha > 0, mine, guard: await course.judged(data.guard, weights),
    falseAccepts: falseAccepts(bestOf(mine), bestOf(await course.judged(data.unanswerable, weights)), enough.logOdds), passing: crossing(bestOf(mine), enough.logOdds),
    finite: Object.values(weights).every(({ data: values }) => values.every(Number.isFinite)),
    ...(final.alpha > 0 && (await course.alike(weights))),
  };
  const found = refusals(trial);
  const gains = mine.map(({ before, after }) => after.ndcg - before.ndcg);
  if (found.length === 0 && !(await course.standsOut(mean(parts.flatMap((part) => part.gains))))) found.push('control-passed');
  return { weights, alpha: final.alpha, refusals: found, trial, judged: mine.map((question, i) => ({ ...question, lesson: asked[i]! })), gain: mean(gains), bound: lowerBound(gains, mine.map(({ group }) => group)), sets: planOf(course.lessonsOf(data.train).rest, recipe).sets };
}

class DeepCourse {
  readonly #trainee: Trainee;
  readonly #data: DeepData;
  readonly #recipe: DeepRecipe;
  readonly #state: DeepState;
  readonly #watch: DeepWatcher;
  readonly #total: number;
  /** The model as it is, and what it gives texts: every training is held against it, again and again. */
  readonly shipped: Record<string, Weight>;
  readonly #scores = new Map<readonly string[], Float32Array>();

  constructor(trainee: Trainee, data: DeepData, recipe: DeepRecipe, state: DeepState, watch: DeepWatcher) {
    this.#trainee = trainee;
    this.#data = data;
    this.#recipe = recipe;
    this.#state = state;
    this.#watch = watch;
    this.#total = trainingsOf(data.heldOut.length, recipe);
    this.shipped = trainee.begin(recipe.seed);
  }

  /** Lessons without those of a fold, and those; whole groups together. */
  fold<Lesson extends DeepLesson>(lessons: readonly Lesson[], fold: number, folds: number): [Lesson[], Lesson[]] {
    const groups = this.#shuffledGroups(lessons);
    const out = new Set(groups.filter((_, i) => i % folds === fold));
    return [lessons.filter(({ group }) => !out.has(group)), lessons.filter(({ group }) => out.has(group))];
  }

  /** A training on some lessons, judged by others; or what came of it earlier. */
  async over(name: string, train: readonly DeepLesson[], judge: readonly DeepLesson[], keeps: 'gains' | 'judged' | 'weights'): Promise<Over> {
    const known = this.#state.finished[name];
    if (known) return known;
    const { weights, alpha } = await this.#trained(name, train);
    const judged = await this.judged(judge, alpha === 0 ? this.shipped : this.#trainee.atStrength(weights, alpha));
    const over: Over = { alpha, judged: keeps === 'gains' ? [] : judged, gains: judged.flatMap(({ gain }) => gain ?? []), ...(keeps === 'weights' && { weights }) };
    this.#state.finished[name] = over;
    delete this.#state.current;
    await this.#watch.passed(this.#state, { done: Math.min(1, Object.keys(this.#state.finished).length / this.#total) });
    return over;
  }

  /** What of lessons is kept aside to see when to stop, and what is trained on along with general ones. */
  lessonsOf(lessons: readonly DeepLesson[]): { aside: DeepLesson[]; rest: DeepLesson[] } {
    const groups = this.#shuffledGroups(lessons);
    const out = new Set(groups.slice(0, Math.max(1, Math.round(groups.length * ASIDE))));
    return { aside: lessons.filter(({ group }) => out.has(group)), rest: [...lessons.filter(({ group }) => !out.has(group)), ...this.#data.replay.filter((_, i) => i % 2 === 0)] };
  }

  async #trained(name: string, lessons: readonly DeepLesson[]): Promise<{ alpha: number; weights: Record<string, Weight> }> {
    const { aside, rest } = this.lessonsOf(lessons);
    const anchors = this.#anchors();
    const { steps } = planOf(rest, this.#recipe);
    let training = this.#state.current?.name === name ? this.#state.current.training : await beginTexts(this.#trainee, aside, this.#recipe);
    while (!training.done && rest.length > 0) {
      const looks = training.curve.length;
      training = await stepTexts(this.#trainee, rest, aside, training, this.#recipe, anchors);
      this.#state.current = { name, training };
      const within = (training.pass + training.at / steps) / this.#recipe.passes;
      const point = training.curve.length > looks ? { training: name, ...training.curve.at(-1)! } : undefined;
      await this.#watch.passed(this.#state, { done: Math.min(1, (Object.keys(this.#state.finished).length + within) / this.#total), ...(point && { point }) });
    }
    const { pass } = training.best;
    if (pass === 0) return { alpha: 0, weights: training.best.weights };
    const weights = (await this.#trainee.steadied?.(training.best.weights, lessons)) ?? training.best.weights;
    return { alpha: await this.#alphaOf(weights, aside), weights };
  }

  /** Chunks and general questions, as many of either. */
  #anchors(): Anchor[] {
    const { chunks = [], replay } = this.#data;
    const questions = replay.filter(({ found }) => found > 0).slice(0, chunks.length);
    return [...chunks.map((text): Anchor => ({ text, side: 'document' })), ...questions.map(({ question }): Anchor => ({ text: question, side: 'query' }))];
  }

  /** How alike an embedder makes random chunks, before and after. */
  async alike(weights: Readonly<Record<string, Weight>>): Promise<Pick<Trial, 'alike'>> {
    const { chunks = [] } = this.#data;
    if (!this.#trainee.vectors || chunks.length < 2) return {};
    return { alike: { before: likeness(await this.#trainee.vectors(chunks, this.shipped)), after: likeness(await this.#trainee.vectors(chunks, weights)) } };
  }

  /**
   * The share of what was learned that is applied: of those that cost general questions next to nothing, the least that brings
   * nearly all of what the best brings on the questions kept aside; 0 where none brings anything.
   */
  async #alphaOf(weights: Record<string, Weight>, aside: readonly DeepLesson[]): Promise<number> {
    const general = this.#data.replay.filter(({ found }, i) => i % 2 === 1 && found > 0);
    const shipped = await asideLoss(this.#trainee, aside, this.shipped, this.#recipe);
    const saved: { alpha: number; loss: number }[] = [];
    for (const alpha of ALPHAS) {
      const applied = this.#trainee.atStrength(weights, alpha);
      const loss = shipped - (await asideLoss(this.#trainee, aside, applied, this.#recipe));
      if (loss <= shipped * WORTH) continue;
      const fallen = (await this.judged(general, applied)).reduce((sum, { before, after }) => sum + before.ndcg - after.ndcg, 0);
      if (fallen > Math.max(SLIP, GENERAL_MAY_FALL * general.length)) break;
      saved.push({ alpha, loss });
    }
    const most = Math.max(0, ...saved.map(({ loss }) => loss));
    return saved.find(({ loss }) => loss >= NEARLY_ALL * most)?.alpha ?? 0;
  }

  async judged(lessons: readonly DeepLesson[], weights: Readonly<Record<string, Weight>>): Promise<DeepJudged[]> {
    const rows: DeepJudged[] = [];
    const [scoresBefore, scoresAfter] = [await finalScorer(this.#trainee, this.shipped), await finalScorer(this.#trainee, weights)];
    for (const lesson of lessons) {
      const right = lesson.texts.flatMap((_, i) => (lesson.target[i]! > 0 ? [i] : []));
      const was = this.#scores.get(lesson.texts) ?? (await scoresBefore(lesson));
      this.#scores.set(lesson.texts, was);
      const is = weights === this.shipped ? was : await scoresAfter(lesson);
      const [before, after] = [ordered(lesson, was), ordered(lesson, is)];
      const seen = new Set(seenOf(lesson));
      const among = (order: readonly number[]): Scored => scored(order.filter((place) => seen.has(place)), right.filter((place) => seen.has(place)));
      rows.push({
        group: lesson.group, before: scored(before, right), after: scored(after, right),
        ...(right.some((place) => seen.has(place)) && { gain: among(after).ndcg - among(before).ndcg }),
        order: { before: before.slice(0, SHOWN), after: after.slice(0, SHOWN) },
        ...(lesson.found > 0 && { best: { before: was[before[0]!]!, after: is[after[0]!]! } }),
      });
    }
    return rows;
  }

  /**
   * Whether a gain stands out from those of controls: the same course on labels without sense, judged by such labels on questions
   * it has not seen, shows what chance and habit are worth. One that does as well is enough to know.
   */
  async standsOut(gain: number): Promise<boolean> {
    const { controls, controlFolds, folds, seed } = this.#recipe;
    const found: number[] = [];
    while (found.length < controls && found.every((control) => gain > control)) {
      const control = found.length;
      const dealt = dealtAnew(this.#data.train, seed + 7919 * (control + 1));
      const gains: number[] = [];
      for (let fold = 0; fold < controlFolds; fold++) {
        const at = controlFolds === 1 ? control % folds : fold;
        gains.push(...(await this.over(`control ${control + 1}.${at + 1}`, ...this.fold(dealt, at, folds), 'gains')).gains);
      }
      found.push(mean(gains));
    }
    return found.length < SCATTERED ? found.every((control) => gain > control) : standsOut(gain, found);
  }

  #shuffledGroups(lessons: readonly DeepLesson[]): string[] {
    const random = new Random(this.#recipe.seed);
    return [...new Set(lessons.map(({ group }) => group))].sort().map((group) => ({ group, at: random.next() })).sort((a, b) => a.at - b.at).map(({ group }) => group);
  }
}

/** Places of the texts that were found, best first. */
const ordered = ({ found }: DeepLesson, scores: Float32Array): number[] => Array.from({ length: found }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);

function bestOf(judged: readonly DeepJudged[]): Best {
  const best = judged.flatMap(({ group, best }) => best ? [{ group, ...best }] : []);
  return { before: best.map(({ before }) => before), after: best.map(({ after }) => after), groups: best.map(({ group }) => group) };
}

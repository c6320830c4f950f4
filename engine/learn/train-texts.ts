import { advance, linear, newState, type TrainingState } from '../nn/optimizer.ts';
import { Random } from '../nn/random.ts';
import type { Weight } from '../nn/safetensors.ts';
import { mean, scored } from './gate.ts';
import { homogeneous, type Drawn, type SetDrawn } from './homogeneous.ts';
import { selectGroup, selectionOf, shuffled } from './selection.ts';
import { lessonLoss } from './stabilised.ts';
import { finalScorer, picked, shortened, type Anchor, type TextLesson, type Trainee } from './trainee.ts';

/** How a deep level is trained. */
export interface TextOptions {
  passes: number;
  /** Lessons a step. */
  batch: number;
  /** Texts of a lesson that are trained on in a pass. */
  texts: number;
  learningRate: number;
  seed: number;
  /** Where a model's own scores are judged on what is kept aside, they are divided by it: cosines are far smaller than logits. */
  temperature: number;
}

/** Mean loss since the look before, and loss and nDCG@10 on what is kept aside, among the texts the loss is taken over. */
export interface Point { pass: number; loss: number; aside: number; quality: number }

/** What a training consists of between two steps. */
export interface TextTraining {
  state: TrainingState;
  pass: number;
  /** Place in the present pass. */
  at: number;
  /** A look every so many steps; between the ends of passes, a pass is a fraction. */
  curve: Point[];
  /** The weights after the pass that did best on what was kept aside; pass 0 is the untrained model. */
  best: { pass: number; loss: number; weights: Record<string, Weight> };
  /** Sum of the losses since the last look. */
  sum: number;
  done: boolean;
}

/** Share of all passes without getting better on what is kept aside, after which a training ends; two at least. */
const PATIENCE = 0.25;
const WARM_UP = 0.1;
const LONGEST = 1;
/** Within a long pass, what is kept aside is looked at every so many steps. */
export const LOOKED_STEPS = 10;
/** What is left of a set makes a step of its own from this share of a batch on. */
const LEAST_SHARE = 0.25;
/** Texts that are held where they are, a step. */
const ANCHORED = 8;
/** Of the mined texts so many are drawn anew for each pass. */
const MINED = 7;
/** What stands in front and nobody judged may be what the model is wrong about: so many at least are told from what answers. */
const LEAST_FRONT = 2;

/** The steps of a pass, each of one set. */
function stepsOf<Lesson extends TextLesson>(lessons: readonly Lesson[], { batch, seed }: Pick<TextOptions, 'batch' | 'seed'>, pass: number): Drawn<Lesson> {
  return homogeneous(lessons, { batch, seed: seed * 1009 + pass, least: Math.ceil(batch * LEAST_SHARE) });
}

/** How many steps a pass has, and how each set fares in it. */
export function planOf(lessons: readonly TextLesson[], options: Pick<TextOptions, 'batch' | 'seed'>): { steps: number; sets: SetDrawn[] } {
  const { batches, sets } = stepsOf(lessons, options, 0);
  return { steps: batches.length, sets };
}

/** A training before its first step. */
export async function beginTexts(trainee: Trainee, aside: readonly TextLesson[], options: TextOptions): Promise<TextTraining> {
  const state = newState(trainee.begin(options.seed));
  const loss = await asideLoss(trainee, aside, state.weights, options);
  return { state, pass: 0, at: 0, curve: [], best: { pass: 0, loss, weights: copied(state.weights) }, sum: 0, done: false };
}

/**
 * One step: some lessons, gradients, the optimizer; at the end of a pass a look at what is kept aside. Deterministic by the
 * options' seed. Short, so that whoever trains may pause, stop or keep the training between two steps.
 *
 * @param anchors random texts of which an embedder holds a few in place at each step
 */
export async function stepTexts(trainee: Trainee, lessons: readonly TextLesson[], aside: readonly TextLesson[], training: TextTraining, options: TextOptions, anchors: readonly Anchor[] = []): Promise<TextTraining> {
  const { batches } = stepsOf(lessons, options, training.pass);
  const steps = batches.length;
  const batch = batches[training.at]!.map((lesson) => drawn(lesson, options, training.pass));
  const held = shuffled(anchors, new Random(options.seed * 31 + training.pass * 8191 + training.at)).slice(0, ANCHORED);
  const { loss, gradients } = await trainee.gradients(batch, training.state.weights, held);
  const { state } = advance(training.state, gradients, {
    learningRate: options.learningRate, schedule: linear(steps * options.passes, Math.ceil(WARM_UP * steps * options.passes)), longest: LONGEST, weightDecay: 0.01,
  });
  const at = training.at + 1;
  const ends = at >= steps;
  const after: TextTraining = { ...training, state, at, sum: training.sum + loss };
  if (!ends && (at % LOOKED_STEPS !== 0 || steps - at < LOOKED_STEPS / 2)) return after;

  const pass = training.pass + (ends ? 1 : at / steps);
  const now = await lookAside(trainee, aside, state.weights, options);
  const best = now.loss < training.best.loss ? { pass, loss: now.loss, weights: copied(state.weights) } : training.best;
  const since = at - lastLook(training, steps);
  const looked = { ...after, sum: 0, best, curve: [...training.curve, { pass, loss: after.sum / since, aside: now.loss, quality: now.quality }] };
  if (!ends) return looked;
  return { ...looked, pass, at: 0, done: pass >= options.passes || pass - best.pass >= Math.max(2, Math.ceil(PATIENCE * options.passes)) };
}

/** The step of this pass after which what is kept aside was last looked at. */
function lastLook({ pass, curve }: TextTraining, steps: number): number {
  return Math.max(0, Math.round(((curve.at(-1)?.pass ?? 0) - pass) * steps));
}

/** Being surer or less sure of the same order is no gain: the loss is taken where scores are multiplied by the best of these. */
const SHARPER = [0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4];

/** Mean loss over lessons, nothing trained, at the sharpness that suits it best. */
export async function asideLoss(trainee: Trainee, lessons: readonly TextLesson[], weights: Readonly<Record<string, Weight>>, options: TextOptions): Promise<number> {
  return (await lookAside(trainee, lessons, weights, options)).loss;
}

/** `asideLoss`, and mean nDCG@10 of the lessons in which something is said to answer; 0 where there are none. */
async function lookAside(trainee: Trainee, lessons: readonly TextLesson[], weights: Readonly<Record<string, Weight>>, options: TextOptions): Promise<{ loss: number; quality: number }> {
  const scoresOf = await finalScorer(trainee, weights);
  const sums = SHARPER.map(() => 0);
  const qualities: number[] = [];
  let total = 0;
  for (const lesson of lessons) {
    const short = shortened(lesson, options.texts);
    const scores = await scoresOf(short);
    SHARPER.forEach((by, i) => (sums[i]! += lessonLoss(scores, short, (short.slopes ? 1 : options.temperature) / by).loss));
    total += lesson.weight;
    const places = short.texts.map((_, i) => i);
    const right = places.filter((place) => short.target[place]! > 0);
    if (right.length > 0) qualities.push(scored(places.sort((a, b) => scores[b]! - scores[a]! || a - b), right).ndcg);
  }
  return { loss: total === 0 ? 0 : Math.min(...sums) / total, quality: mean(qualities) };
}

/** A lesson with what answers it and other texts drawn anew for each pass. */
function drawn(lesson: TextLesson, options: TextOptions, pass: number): TextLesson {
  const right = lesson.texts.flatMap((_, i) => (lesson.target[i]! > 0 ? [i] : []));
  const others = lesson.texts.flatMap((_, i) => (lesson.target[i]! > 0 || lesson.counts[i] === 0 ? [] : [i]));
  const random = new Random(options.seed * 7919 + pass * 104_729 + lesson.question.length);
  const { rewards, against, ...labelled } = lesson;
  const mined = shuffled(against?.mined ?? [], random).slice(0, MINED);
  const selection = selectionOf(lesson.task);
  if (rewards && (selection.taught || right.length === 0)) {
    const wrong = lesson.texts.flatMap((_, i) => (lesson.target[i]! > 0 || rewards[i] === undefined ? [] : [i]));
    const group = selectGroup({ right, wrong, rewards }, selection, options.texts, random);
    if (group) return picked(lesson, [...new Set([group.first, ...group.others, ...mined])]);
  }
  if (against) {
    const said = against.said.slice(0, options.texts);
    const room = Math.max(LEAST_FRONT, options.texts - right.length - said.length - mined.length);
    return picked(labelled, [...right, ...said, ...against.front.slice(0, room), ...mined]);
  }
  // Half of them are those the present ranking is likeliest to put in front.
  const hard = others.slice(0, Math.max(0, Math.ceil((options.texts - right.length) / 2)));
  const rest = others.slice(hard.length);
  while (rest.length > 0 && hard.length + right.length < options.texts) hard.push(...rest.splice(random.below(rest.length), 1));
  return picked(labelled, [...right, ...hard]);
}

function copied(weights: Readonly<Record<string, Weight>>): Record<string, Weight> {
  return Object.fromEntries(Object.entries(weights).map(([name, { shape, data }]) => [name, { shape: [...shape], data: data.slice() }]));
}

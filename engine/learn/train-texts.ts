import { advance, linear, newState, type TrainingState } from '../nn/optimizer.ts';
import { Random } from '../nn/random.ts';
import type { Weight } from '../nn/safetensors.ts';
import { finalScorer, listLoss, picked, shortened, type TextLesson, type Trainee } from './trainee.ts';

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

/** What a training consists of between two steps. */
export interface TextTraining {
  state: TrainingState;
  pass: number;
  /** Place in the present pass. */
  at: number;
  curve: { pass: number; loss: number; aside: number }[];
  /** The weights after the pass that did best on what was kept aside; pass 0 is the untrained model. */
  best: { pass: number; loss: number; weights: Record<string, Weight> };
  /** Sum of the losses of this pass so far. */
  sum: number;
  done: boolean;
}

/** Share of all passes without getting better on what is kept aside, after which a training ends; two at least. */
const PATIENCE = 0.25;
const WARM_UP = 0.1;
const LONGEST = 1;

/** A training before its first step. */
export async function beginTexts(trainee: Trainee, aside: readonly TextLesson[], options: TextOptions): Promise<TextTraining> {
  const state = newState(trainee.begin(options.seed));
  const loss = await asideLoss(trainee, aside, state.weights, options);
  return { state, pass: 0, at: 0, curve: [], best: { pass: 0, loss, weights: copied(state.weights) }, sum: 0, done: false };
}

/**
 * One step: some lessons, gradients, the optimizer; at the end of a pass a look at what is kept aside. Deterministic by the
 * options' seed. Short, so that whoever trains may pause, stop or keep the training between two steps.
 */
export async function stepTexts(trainee: Trainee, lessons: readonly TextLesson[], aside: readonly TextLesson[], training: TextTraining, options: TextOptions): Promise<TextTraining> {
  const steps = Math.ceil(lessons.length / options.batch);
  const order = shuffledPlaces(lessons.length, options.seed * 1009 + training.pass);
  const batch = order.slice(training.at * options.batch, (training.at + 1) * options.batch).map((place) => drawn(lessons[place]!, options, training.pass));
  const { loss, gradients } = await trainee.gradients(batch, training.state.weights);
  const { state } = advance(training.state, gradients, {
    learningRate: options.learningRate, schedule: linear(steps * options.passes, Math.ceil(WARM_UP * steps * options.passes)), longest: LONGEST, weightDecay: 0.01,
  });
  const after: TextTraining = { ...training, state, at: training.at + 1, sum: training.sum + loss };
  if (after.at < steps) return after;

  const pass = training.pass + 1;
  const now = await asideLoss(trainee, aside, state.weights, options);
  const best = now < training.best.loss ? { pass, loss: now, weights: copied(state.weights) } : training.best;
  return {
    ...after, pass, at: 0, sum: 0, best, curve: [...training.curve, { pass, loss: after.sum / steps, aside: now }],
    done: pass >= options.passes || pass - best.pass >= Math.max(2, Math.ceil(PATIENCE * options.passes)),
  };
}

/** Being surer or less sure of the same order is no gain: the loss is taken where scores are multiplied by the best of these. */
const SHARPER = [0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4];

/** Mean loss over lessons, nothing trained, at the sharpness that suits it best. */
export async function asideLoss(trainee: Trainee, lessons: readonly TextLesson[], weights: Readonly<Record<string, Weight>>, options: TextOptions): Promise<number> {
  const scoresOf = await finalScorer(trainee, weights);
  const sums = SHARPER.map(() => 0);
  let total = 0;
  for (const lesson of lessons) {
    const short = shortened(lesson, options.texts);
    const scores = await scoresOf(short);
    SHARPER.forEach((by, i) => (sums[i]! += listLoss(scores, short, (short.slopes ? 1 : options.temperature) / by).loss));
    total += lesson.weight;
  }
  return total === 0 ? 0 : Math.min(...sums) / total;
}

/** A lesson with what answers it and other texts drawn anew for each pass, the best ranked ones more often. */
function drawn(lesson: TextLesson, options: TextOptions, pass: number): TextLesson {
  const right = lesson.texts.flatMap((_, i) => (lesson.target[i]! > 0 ? [i] : []));
  const others = lesson.texts.flatMap((_, i) => (lesson.target[i]! > 0 || lesson.counts[i] === 0 ? [] : [i]));
  const random = new Random(options.seed * 7919 + pass * 104_729 + lesson.question.length);
  // Half of them are those the present ranking is likeliest to put in front.
  const hard = others.slice(0, Math.max(0, Math.ceil((options.texts - right.length) / 2)));
  const rest = others.slice(hard.length);
  while (rest.length > 0 && hard.length + right.length < options.texts) hard.push(...rest.splice(random.below(rest.length), 1));
  return picked(lesson, [...right, ...hard]);
}

function shuffledPlaces(count: number, seed: number): number[] {
  const random = new Random(seed);
  const places = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [places[i], places[j]] = [places[j]!, places[i]!];
  }
  return places;
}

function copied(weights: Readonly<Record<string, Weight>>): Record<string, Weight> {
  return Object.fromEntries(Object.entries(weights).map(([name, { shape, data }]) => [name, { shape: [...shape], data: data.slice() }]));
}

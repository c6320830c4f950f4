import type { Background } from '../models/background.ts';
import type { Gradients } from '../nn/optimizer.ts';
import type { Weight } from '../nn/safetensors.ts';

/** A question with texts to tell apart: what the deep levels of learning train on. */
export interface TextLesson {
  question: string;
  texts: readonly string[];
  /** What search thinks of each text without this model: log-odds. */
  priors: readonly number[];
  /** By how much the final score of each text rises with the model's own; absent where that is the final score. */
  slopes?: readonly number[];
  /** How much each text answers: they sum to 1, or are all 0 where only a teacher speaks. */
  target: readonly number[];
  /** How much each text counts as an alternative, 0…1; 0: not to be held against it, since it may answer and nobody said so. */
  counts: readonly number[];
  /** What a teacher thinks of each text, in units of a temperature, the person's own word above it; undefined where it was not asked. */
  rewards?: readonly (number | undefined)[];
  /** Places of texts to tell it from: those a person called wrong, the first ones nobody judged, and those mined from the present ranking, of which some are drawn for each pass. */
  against?: { said: readonly number[]; front: readonly number[]; mined: readonly number[] };
  weight: number;
  /** Lessons of one set are trained on together (`homogeneous.ts`); questions, the person's own and general ones, if absent. */
  set?: string;
  /** What a text is looked for, by name, or in the words of an instruction. */
  task?: string;
  instruction?: string;
  /** As FlagEmbedding names kinds of lessons: of `symmetric_…` texts are read as questions are. */
  type?: string;
}

/** A text that is to stay near to where it is. */
export interface Anchor { text: string; side: 'query' | 'document' }

/** What can be trained on lessons: an adapter on a reranker, or on an embedder. Weights are passed in and out; it keeps none. */
export interface Trainee {
  /** What is learned, before the first step: nothing changed yet. The same seed gives the same bytes. */
  begin(seed: number): Record<string, Weight>;
  /**
   * Mean loss of some lessons and its gradients; these are valid until the next call.
   *
   * @param anchors of an embedder: texts whose vectors are held where they were before the first step
   */
  gradients(lessons: readonly TextLesson[], weights: Readonly<Record<string, Weight>>, anchors?: readonly Anchor[]): Promise<{ loss: number; gradients: Gradients }>;
  /** A score for each text, higher is better; a reranker's logits, an embedder's cosines. */
  scores(lesson: Pick<TextLesson, 'question' | 'texts' | 'priors' | 'task' | 'instruction' | 'type'>, weights: Readonly<Record<string, Weight>>): Promise<Float32Array>;
  /** Of an embedder: the vectors of documents, of unit length. */
  vectors?(texts: readonly string[], weights: Readonly<Record<string, Weight>>): Promise<Float32Array[]>;
  /** Of an embedder: what a cosine of these weights would be among those of the base, by what unrelated texts have with each. */
  calibrated?(weights: Readonly<Record<string, Weight>>): Promise<(cosine: number) => number>;
  /** The same order by scores as high, and as far apart, as before: a score is also what decides whether there is an answer. */
  steadied?(weights: Readonly<Record<string, Weight>>, lessons: readonly TextLesson[]): Promise<Record<string, Weight>>;
  /** A model with so much of what was learned applied, 0…1. */
  atStrength(weights: Readonly<Record<string, Weight>>, strength: number): Record<string, Weight>;
  /** How it is trained, in a few words, where there is more than one way. */
  told?: string;
  /** What a folder is made of, with the base's, that gives the scores of these weights (`learned-folder.ts`). */
  kept(weights: Readonly<Record<string, Weight>>): Record<string, Weight>;
  close(): Promise<void>;
}

/** From a lesson to the scores that search would give its texts with these weights, which must not change meanwhile. */
export async function finalScorer(trainee: Trainee, weights: Readonly<Record<string, Weight>>): Promise<(lesson: TextLesson) => Promise<Float32Array>> {
  const calibrated = (await trainee.calibrated?.(weights)) ?? ((score: number) => score);
  return async (lesson) => {
    const scores = await trainee.scores(lesson, weights);
    const { slopes, priors } = lesson;
    return slopes ? scores.map((score, i) => priors[i]! + slopes[i]! * calibrated(score)) : scores;
  };
}

/** Cosines of one background as they would be before another. */
export function betweenBackgrounds(from: Background, to: Background): (cosine: number) => number {
  return (cosine) => to.mean + ((cosine - from.mean) * to.deviation) / from.deviation;
}

/** Where a model's scores lie over all texts of some lessons, as far as these are spread over `most` of them. */
export async function spreadOf(scoresOf: (lesson: TextLesson) => Promise<Float32Array>, lessons: readonly TextLesson[], most = Infinity): Promise<Background> {
  const all: number[] = [];
  const step = Math.max(1, lessons.length / most);
  for (let at = 0; at < lessons.length; at += step) all.push(...(await scoresOf(lessons[Math.floor(at)]!)));
  const mean = all.reduce((sum, score) => sum + score, 0) / all.length;
  return { mean, deviation: Math.sqrt(all.reduce((sum, score) => sum + (score - mean) ** 2, 0) / all.length) };
}

/** How an adapter is trained. */
export interface LoraRecipe {
  rank: number;
  alpha: number;
  /** Texts in one uninterrupted run. */
  chunk: number;
  threads?: number;
  /** Of the frozen base. Absent: eight bits where that is faster and its gradients are those of full precision; `int8` does without being faster. */
  precision?: 'float32' | 'int8';
  /** Share of activations that are dropped in training; none where a token's vector is shorter than `dropsFrom`, since nothing can be spared there. */
  dropout?: number;
  dropsFrom?: number;
  /** So many of the lower layers are not adapted, and what comes out of them is kept. */
  frozen?: number;
  /** Where `frozen` is not said: half of the layers if so many texts would take longer than this. */
  most?: { texts: number; seconds: number };
}

export const LORA: LoraRecipe = { rank: 8, alpha: 16, chunk: 8, threads: 1 };

/**
 * −Σ target · log softmax(scores + log counts), and its slope for every score: localized contrastive loss
 * (https://arxiv.org/abs/2101.08751) where one text answers. In closed form: `losses.ts` has it as a graph.
 */
export function listLoss(scores: Float32Array, { target, counts, weight }: Pick<TextLesson, 'target' | 'counts' | 'weight'>, temperature = 1): { loss: number; slope: Float32Array } {
  // What answers counts, whatever else was thought of it.
  const count = (i: number): number => (target[i]! > 0 ? 1 : counts[i]!);
  let best = -Infinity;
  scores.forEach((score, i) => (best = count(i) > 0 ? Math.max(best, score / temperature) : best));
  const powers = scores.map((score, i) => (count(i) > 0 ? count(i) * Math.exp(score / temperature - best) : 0));
  const total = powers.reduce((sum, power) => sum + power, 0);
  const wanted = target.reduce((sum, share) => sum + share, 0);
  let loss = 0;
  const slope = scores.map((score, i) => {
    if (count(i) === 0) return 0;
    loss -= weight * target[i]! * (score / temperature - best - Math.log(total));
    return (weight * ((wanted * powers[i]!) / total - target[i]!)) / temperature;
  });
  return { loss, slope };
}

/** What is left of a lesson when only so many texts are taken: all that answer, those a teacher judged, and the first of the others that count. */
export function shortened(lesson: TextLesson, most: number): TextLesson {
  const right = lesson.texts.flatMap((_, i) => (lesson.target[i]! > 0 ? [i] : []));
  const judged = (i: number): boolean => lesson.rewards?.[i] !== undefined;
  const others = lesson.texts.flatMap((_, i) => (lesson.target[i]! > 0 || (lesson.counts[i] === 0 && !judged(i)) ? [] : [i]));
  const kept = [...right, ...others.filter(judged), ...others.filter((i) => !judged(i))].slice(0, Math.max(right.length, most));
  return picked(lesson, kept);
}

/** A lesson with only these of its texts. */
export function picked<Lesson extends TextLesson>(lesson: Lesson, places: readonly number[]): Lesson {
  const pick = <T>(values: readonly T[]): T[] => places.map((place) => values[place]!);
  const now = (before: readonly number[]): number[] => before.flatMap((place) => (places.includes(place) ? [places.indexOf(place)] : []));
  return {
    ...lesson, texts: pick(lesson.texts), priors: pick(lesson.priors), target: pick(lesson.target), counts: pick(lesson.counts),
    ...(lesson.slopes && { slopes: pick(lesson.slopes) }), ...(lesson.rewards && { rewards: pick(lesson.rewards) }),
    ...(lesson.against && { against: { said: now(lesson.against.said), front: now(lesson.against.front), mined: now(lesson.against.mined) } }),
  };
}

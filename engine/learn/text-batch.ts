import type { Manifest } from '../models/manifest.ts';
import type { Side } from '../models/prompts.ts';
import { lessonLoss } from './stabilised.ts';
import type { TextLesson } from './trainee.ts';

/** Cosines are divided by it; FlagEmbedding and E5-mistral take 0.01 to 0.02 with thousands of negatives, here there are a few dozen. */
const TEMPERATURE = 0.05;

/** A text as an embedder reads it: with the prompt of its side, and of a task where the model knows that. */
export interface AskedText { text: string; side: Side; task?: string }

/** A question and what it is compared with, by places among the texts of a batch. */
export interface BatchRow {
  question: number;
  keys: number[];
  target: number[];
  counts: number[];
  weight: number;
  rewards?: readonly (number | undefined)[];
  /** By which a teacher's word is taught (`lessonLoss`). */
  task?: string;
  /** Where it is told apart by the final scores: what these are beside the cosines, and what a cosine adds. */
  priors?: readonly number[];
  slopes?: readonly number[];
}

type Tasked = Pick<Manifest, 'tasks' | 'instruction'>;

/**
 * The task a model is given for a lesson, on both sides: one that it knows by name; else the instruction in its own words where
 * it follows any. A model that knows neither reads the texts as always.
 */
export function taskFor({ tasks, instruction }: Tasked, lesson: Pick<TextLesson, 'task' | 'instruction'>): string | undefined {
  if (lesson.task !== undefined && tasks?.[lesson.task] !== undefined) return lesson.task;
  return instruction === undefined || lesson.instruction === undefined || lesson.instruction.trim() === '' ? undefined : lesson.instruction;
}

/** A lesson's question and behind it its texts, as a model reads them. */
export function textsOf(lesson: Pick<TextLesson, 'question' | 'texts' | 'task' | 'instruction' | 'type'>, model: Tasked): AskedText[] {
  const task = taskFor(model, lesson);
  const side = lesson.type?.startsWith('symmetric') ? 'query' : 'document';
  const asked = (text: string, side: Side): AskedText => ({ text, side, ...(task !== undefined && { task }) });
  return [asked(lesson.question, 'query'), ...lesson.texts.map((text) => asked(text, side))];
}

/** Kinds of lessons in which what answers another question may be right too. */
const OWN_TEXTS_ONLY = /^symmetric_(?:class|clustering)/;

/**
 * The texts of a batch, each once, and its rows. Where a lesson says how search scores its texts, the row has these; otherwise
 * its own texts come first, then what answers the other questions, where that is surely wrong.
 */
export function batchOf(lessons: readonly TextLesson[], model: Tasked = {}): { texts: AskedText[]; rows: BatchRow[] } {
  const texts: AskedText[] = [];
  const places = new Map<string, number>();
  const placeOf = (one: AskedText): number => {
    const name = `${one.side} ${one.task ?? ''}\n${one.text}`;
    if (!places.has(name)) places.set(name, texts.push(one) - 1);
    return places.get(name)!;
  };
  const own = lessons.map((lesson) => {
    const [question, ...keys] = textsOf(lesson, model).map(placeOf);
    return { lesson, question: question!, keys };
  });
  const rows = own.map(({ lesson, question, keys }): BatchRow => {
    const { slopes, rewards, priors, weight, task } = lesson;
    const one = { question, weight, ...(task !== undefined && { task }) };
    if (slopes) return { ...one, keys, target: [...lesson.target], counts: [...lesson.counts], priors, slopes, ...(rewards && { rewards }) };
    const others = own.flatMap((other) => (other.question === question || OWN_TEXTS_ONLY.test(lesson.type ?? '') ? [] : other.keys.filter((_, i) => other.lesson.target[i]! > 0)));
    // A text of one's own keeps its own label, even where it answers another question too.
    const strangers = [...new Set(others)].filter((key) => !keys.includes(key));
    return {
      ...one, keys: [...keys, ...strangers], target: [...lesson.target, ...strangers.map(() => 0)], counts: [...lesson.counts, ...strangers.map(() => 1)],
      ...(rewards && { rewards: [...rewards, ...strangers.map(() => undefined)] }),
    };
  });
  return { texts, rows };
}

/** Mean loss over a batch's rows, and its gradient for all vectors [texts, width], which are of unit length. */
export function batchLoss(vectors: Float32Array, width: number, rows: readonly BatchRow[]): { loss: number; gradient: Float32Array } {
  const gradient = new Float32Array(vectors.length);
  const vector = (place: number): Float32Array => vectors.subarray(place * width, (place + 1) * width);
  let loss = 0;
  for (const { question, keys, ...row } of rows) {
    const { priors, slopes } = row;
    const scores = Float32Array.from(keys, (key, i) => (priors?.[i] ?? 0) + (slopes?.[i] ?? 1) * dot(vector(question), vector(key)));
    const found = lessonLoss(scores, { ...row, weight: row.weight / rows.length }, slopes ? 1 : TEMPERATURE);
    loss += found.loss;
    keys.forEach((key, i) => {
      const slope = found.slope[i]! * (slopes?.[i] ?? 1);
      for (let d = 0; d < width; d++) {
        gradient[question * width + d]! += slope * vectors[key * width + d]!;
        gradient[key * width + d]! += slope * vectors[question * width + d]!;
      }
    });
  }
  return { loss, gradient };
}

export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

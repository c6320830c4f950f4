import { join } from 'node:path';
import { isAcross, openMeasurer } from '../models/late.ts';
import { readManifest } from '../models/manifest.ts';
import { GradientCache, weightFeeds } from '../nn/gradcache.ts';
import * as g from '../nn/graph.ts';
import { lateHead, MEASURES } from '../nn/late.ts';
import { openCheckpoint, type Weight } from '../nn/safetensors.ts';
import { Tensor } from '../nn/session.ts';
import { input } from '../nn/value.ts';
import { Weights } from '../nn/weights.ts';
import { lessonLoss } from './stabilised.ts';
import { spreadOf, type TextLesson, type Trainee } from './trainee.ts';

const N = MEASURES.length;
/** So many lessons tell how far each measure scatters. */
const LOOKED_AT = 100;
const LEAST_DEVIATION = 1e-3;
/** Of half the sum of squares of what is learned: a few numbers are not to follow a few odd labels. */
const RIDGE = 0.02;

type Weighted = Readonly<Record<string, Weight>>;

/**
 * The head of a late-interaction reranker: what its measures and the prior weigh. What is learned are differences from the
 * head that ships, in units of how far each measure scatters; so weight decay draws towards that head and not towards nothing.
 * Measures are taken once of every pair of texts.
 *
 * @param lessons what it will be trained on
 */
export async function openLateTrainee(path: string, lessons: readonly TextLesson[]): Promise<Trainee> {
  const manifest = await readManifest(path);
  if (manifest.role !== 'reranker' || manifest.architecture !== 'late') throw new Error(`The model in ${path} is no late-interaction reranker.`);
  const measurer = await openMeasurer(path, manifest, { threads: 1 });
  const known = new Map<string, Float32Array>();
  async function measured(question: string, texts: readonly string[]): Promise<Float32Array[]> {
    const keyOf = (text: string): string => `${question}\n\n${text}`;
    const missing = [...new Set(texts.filter((text) => !known.has(keyOf(text))))];
    if (missing.length > 0) {
      const found = await measurer.measure(question, missing);
      missing.forEach((text, i) => known.set(keyOf(text), found.slice(i * N, (i + 1) * N)));
    }
    return texts.map((text) => known.get(keyOf(text))!);
  }

  const shipped = openCheckpoint(join(path, 'head.safetensors'));
  const weights = new Weights(shipped, { trains: () => true });
  const logits = lateHead(input('measures', 'float32', ['passages', N]), weights);
  const prior = g.multiply(input('priors', 'float32', ['passages']), weights.get('trust'));
  const cache = await GradientCache.open(g.add(logits, prior), weights.trained, weights.initial(0), { threads: 1 });
  const units = await unitsOf(lessons, measured);
  const base = weights.initial(0);
  /** By name, what one unit of what is learned changes. */
  const unitOf = (name: string, i: number): number => (name === 'head.weight' ? units[i % N]! : 1);
  const whole = (learned: Weighted): Record<string, Weight> =>
    Object.fromEntries(Object.entries(base).map(([name, { shape, data }]) => [name, { shape, data: data.map((value, i) => value + learned[name]!.data[i]! * unitOf(name, i)) }]));

  async function feedsOf(lessons: readonly Pick<TextLesson, 'question' | 'texts' | 'priors'>[]): Promise<Record<string, Tensor>> {
    const rows: Float32Array[] = [];
    for (const { question, texts } of lessons) rows.push(...(await measured(question, texts)));
    const measures = new Float32Array(rows.length * N);
    rows.forEach((row, i) => measures.set(row, i * N));
    return {
      measures: new Tensor('float32', measures, [rows.length, N]),
      across: new Tensor('float32', Float32Array.from(lessons.flatMap(({ question, texts }) => texts.map((text) => Number(isAcross(question, text))))), [rows.length, 1]),
      priors: new Tensor('float32', Float32Array.from(lessons.flatMap(({ priors }) => priors)), [rows.length]),
    };
  }

  const nothing = (): Record<string, Weight> => Object.fromEntries(Object.entries(base).map(([name, { shape, data }]) => [name, { shape: [...shape], data: new Float32Array(data.length) }]));
  async function scores(lesson: Pick<TextLesson, 'question' | 'texts' | 'priors'>, learned: Weighted): Promise<Float32Array> {
    return cache.run({ ...(await feedsOf([lesson])), ...weightFeeds(whole(learned)) });
  }

  return {
    begin: nothing,
    async gradients(lessons, learned) {
      const { loss, gradients } = await cache.gradients([await feedsOf(lessons)], weightFeeds(whole(learned)), async (scores) => {
        const gradient = new Float32Array(scores.length);
        let [sum, at] = [0, 0];
        for (const lesson of lessons) {
          const found = lessonLoss(scores.subarray(at, at + lesson.texts.length), { ...lesson, weight: lesson.weight / lessons.length });
          gradient.set(found.slope, at);
          at += lesson.texts.length;
          sum += found.loss;
        }
        return { loss: sum, gradient };
      });
      const drawn = (name: string, i: number): number => RIDGE * learned[name]!.data[i]!;
      return { loss, gradients: Object.fromEntries(Object.entries(gradients).map(([name, values]) => [name, (values as Float32Array).map((value, i) => value * unitOf(name, i) + drawn(name, i))])) };
    },
    scores,
    async steadied(learned, steady) {
      const of = (by: Weighted) => spreadOf((lesson) => scores(lesson, by), steady);
      const [before, after] = [await of(nothing()), await of(learned)];
      const by = before.deviation / after.deviation;
      // Everything times a factor, and the rest into both languages' constants.
      return Object.fromEntries(Object.entries(whole(learned)).map(([name, { shape, data }]) => [name, {
        shape, data: data.map((value, i) => (value * by + (name === 'head.bias' ? before.mean - after.mean * by : 0) - base[name]!.data[i]!) / unitOf(name, i)),
      }]));
    },
    atStrength: (learned, strength) => Object.fromEntries(Object.entries(learned).map(([name, { shape, data }]) => [name, { shape, data: data.map((value) => value * strength) }])),
    kept: whole,
    async close() {
      await cache.close();
      await measurer.close();
    },
  };
}

/** One over how far each measure scatters within a question, on average. */
async function unitsOf(lessons: readonly TextLesson[], measured: (question: string, texts: readonly string[]) => Promise<Float32Array[]>): Promise<number[]> {
  const squares = new Array<number>(N).fill(0);
  let count = 0;
  for (const { question, texts } of lessons.slice(0, LOOKED_AT)) {
    const rows = await measured(question, texts);
    for (let k = 0; k < N; k++) {
      const mean = rows.reduce((sum, row) => sum + row[k]!, 0) / rows.length;
      for (const row of rows) squares[k]! += (row[k]! - mean) ** 2;
    }
    count += rows.length;
  }
  return squares.map((sum) => 1 / Math.max(LEAST_DEVIATION, Math.sqrt(sum / Math.max(1, count))));
}

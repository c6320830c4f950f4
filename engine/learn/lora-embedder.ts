import { finish, readArchitecture } from '../models/architectures.ts';
import { measureBackground, type Background } from '../models/background.ts';
import { readerOf, type Side } from '../models/embedder.ts';
import { inspectFolder, type InspectOptions } from '../models/inspect.ts';
import { textFeeds, type TokenText } from '../models/network.ts';
import { GradientCache, weightFeeds } from '../nn/gradcache.ts';
import { atStrength } from '../nn/lora.ts';
import type { Weight } from '../nn/safetensors.ts';
import type { Tensor } from '../nn/session.ts';
import { betweenBackgrounds, listLoss, LORA, type LoraRecipe, type TextLesson, type Trainee } from './trainee.ts';

/** Cosines are divided by it; FlagEmbedding and E5-mistral take 0.01 to 0.02 with thousands of negatives, here there are a few dozen. */
const TEMPERATURE = 0.05;

/**
 * LoRA on both sides of an embedder (a folder with safetensors): one adapter for questions and documents, since they share the
 * network. A question is told from its own texts by the scores that search would give
 * them; without these, by cosine, and from those that answer the other questions of its batch, too.
 *
 * Throws a sentence where the folder is no embedder whose weights can be trained.
 */
export async function openEmbedderTrainee(path: string, recipe: LoraRecipe = LORA, options: InspectOptions = {}): Promise<Trainee> {
  const { folder, manifest, tokenizer } = await inspectFolder(path, options);
  if (manifest.role !== 'embedder') throw new Error(`The model in ${path} is a ${manifest.role}, not an embedder.`);
  if (folder.checkpoint === undefined) throw new Error(`The model in ${path} has no safetensors, so it cannot be trained.`);
  const architecture = readArchitecture(folder.config, folder.checkpoint, { lora: { ...recipe, adapts: () => true } });
  const pooling = manifest.pooling as 'cls' | 'mean' | 'last';
  const reader = readerOf(tokenizer, manifest);
  const vector = finish(architecture.embedder(pooling, manifest.maxTokens), folder.projection, true);
  const width = Number(vector.shape[1]);
  const begin = (seed: number): Record<string, Weight> => architecture.weights.initial(seed);
  const cache = await GradientCache.open(vector, architecture.weights.trained, begin(0), { folder: folder.checkpoint.folder, threads: recipe.threads ?? 1 });

  const feedsOf = (texts: readonly TokenText[]): Record<string, Tensor> => {
    const known = textFeeds(texts, pooling);
    return Object.fromEntries(Object.keys(cache.inputs).filter((name) => name in known).map((name) => [name, known[name]!()]));
  };
  /** Chunks of texts of like length, and where each text went. */
  const chunked = (texts: readonly { text: string; side: Side }[]): { chunks: Record<string, Tensor>[]; at: Uint32Array } => {
    const order = texts.map(({ text, side }, i) => ({ tokens: reader.read(text, side), i })).sort((a, b) => b.tokens.ids.length - a.tokens.ids.length);
    const at = new Uint32Array(texts.length);
    order.forEach(({ i }, place) => (at[i] = place));
    return { at, chunks: Array.from({ length: Math.ceil(order.length / recipe.chunk) }, (_, i) => feedsOf(order.slice(i * recipe.chunk, (i + 1) * recipe.chunk).map(({ tokens }) => tokens))) };
  };

  async function vectorsOf(texts: readonly { text: string; side: Side }[], weights: Readonly<Record<string, Weight>>): Promise<(text: number) => Float32Array> {
    const { chunks, at } = chunked(texts);
    const parts: Float32Array[] = [];
    for (const chunk of chunks) parts.push(await cache.run({ ...chunk, ...weightFeeds(weights) }));
    return (i) => parts[Math.floor(at[i]! / recipe.chunk)]!.subarray((at[i]! % recipe.chunk) * width, ((at[i]! % recipe.chunk) + 1) * width);
  }
  const backgroundOf = (weights: Readonly<Record<string, Weight>>): Promise<Background> => measureBackground({
    async embed(texts, side) {
      const row = await vectorsOf(texts.map((text) => ({ text, side })), weights);
      return texts.map((_, i) => row(i));
    },
  });
  const shipped = await backgroundOf(begin(0));

  return {
    begin,
    async gradients(lessons, weights) {
      const { texts, rows } = batchOf(lessons);
      const { chunks, at } = chunked(texts);
      return cache.gradients(chunks, weightFeeds(weights), (outputs) => Promise.resolve(batchLoss(outputs, width, rows.map(({ question, keys, ...row }) => ({ ...row, question: at[question]!, keys: keys.map((key) => at[key]!) })))));
    },
    async scores({ question, texts }, weights) {
      const row = await vectorsOf([{ text: question, side: 'query' }, ...texts.map((text) => ({ text, side: 'document' as const }))], weights);
      return Float32Array.from(texts, (_, i) => dot(row(0), row(i + 1)));
    },
    calibrated: async (weights) => betweenBackgrounds(await backgroundOf(weights), shipped),
    atStrength,
    kept: (weights) => ({ ...weights }),
    close: () => cache.close(),
  };
}

/** A question and what it is compared with, by places among the texts of a batch. */
export interface BatchRow {
  question: number;
  keys: number[];
  target: number[];
  counts: number[];
  weight: number;
  /** Where it is told apart by the final scores: what these are beside the cosines, and what a cosine adds. */
  priors?: readonly number[];
  slopes?: readonly number[];
}

/**
 * The texts of a batch, each once, and its rows. Where a lesson says how search scores its texts, the row has these; otherwise
 * its own texts come first, then what answers the other questions.
 */
export function batchOf(lessons: readonly TextLesson[]): { texts: { text: string; side: Side }[]; rows: BatchRow[] } {
  const texts: { text: string; side: Side }[] = [];
  const places = new Map<string, number>();
  const placeOf = (text: string, side: Side): number => {
    const name = `${side} ${text}`;
    if (!places.has(name)) places.set(name, texts.push({ text, side }) - 1);
    return places.get(name)!;
  };
  const own = lessons.map((lesson) => ({ lesson, question: placeOf(lesson.question, 'query'), keys: lesson.texts.map((text) => placeOf(text, 'document')) }));
  const rows = own.map(({ lesson, question, keys }): BatchRow => {
    if (lesson.slopes) return { question, keys, weight: lesson.weight, target: [...lesson.target], counts: [...lesson.counts], priors: lesson.priors, slopes: lesson.slopes };
    const others = own.flatMap((other) => (other.question === question ? [] : other.keys.filter((_, i) => other.lesson.target[i]! > 0)));
    // A text of one's own keeps its own label, even where it answers another question too.
    const strangers = [...new Set(others)].filter((key) => !keys.includes(key));
    return {
      question, keys: [...keys, ...strangers], weight: lesson.weight,
      target: [...lesson.target, ...strangers.map(() => 0)], counts: [...lesson.counts, ...strangers.map(() => 1)],
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
    const found = listLoss(scores, { ...row, weight: row.weight / rows.length }, slopes ? 1 : TEMPERATURE);
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

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

import { readArchitecture } from '../models/architectures.ts';
import { inspectFolder, type InspectOptions } from '../models/inspect.ts';
import { textFeeds, type TokenText } from '../models/network.ts';
import { promptedText } from '../models/prompts.ts';
import { GradientCache, weightFeeds } from '../nn/gradcache.ts';
import { atStrength } from '../nn/lora.ts';
import type { Weight } from '../nn/safetensors.ts';
import type { Tensor } from '../nn/session.ts';
import { lessonLoss } from './stabilised.ts';
import { taskFor } from './text-batch.ts';
import { LORA, spreadOf, type LoraRecipe, type Trainee } from './trainee.ts';

/** Beside the adapter: what logits are multiplied with, and what is added to them then. */
export const LINE = 'logit.line';
/** So many lessons tell where logits lie. */
const STEADIED_BY = 32;

/**
 * LoRA on a cross-encoder (a folder with safetensors): every linear layer of the encoder is adapted, the table of tokens and the
 * classifier stay. Pairs go through in chunks, so memory does not grow with the number of texts of a question.
 *
 * Throws a sentence where the folder is no cross-encoder whose weights can be trained.
 */
export async function openRerankerTrainee(path: string, recipe: LoraRecipe = LORA, options: InspectOptions = {}): Promise<Trainee> {
  const { folder, manifest, tokenizer } = await inspectFolder(path, options);
  if (manifest.role !== 'reranker') throw new Error(`The model in ${path} is an ${manifest.role}, not a reranker.`);
  if (folder.checkpoint === undefined) throw new Error(`The model in ${path} has no safetensors, so it cannot be trained.`);
  const architecture = readArchitecture(folder.config, folder.checkpoint, { lora: { ...recipe, adapts: (layer) => !layer.includes('classifier') } });
  if (architecture.crossEncoder === undefined) throw new Error(`The model in ${path} is no cross-encoder.`);
  const logits = architecture.crossEncoder(manifest.maxTokens);
  const begin = (seed: number): Record<string, Weight> => architecture.weights.initial(seed);
  const cache = await GradientCache.open(logits, architecture.weights.trained, begin(0), { folder: folder.checkpoint.folder, threads: recipe.threads ?? 1 });

  const pairsOf = (lesson: Parameters<Trainee['scores']>[0]): TokenText[] => {
    const { question, texts } = lesson;
    const asked = tokenizer.plain(promptedText(manifest, question, 'query', taskFor(manifest, lesson))).slice(0, Math.floor((manifest.maxTokens * 3) / 4));
    const room = manifest.maxTokens - asked.length - tokenizer.aroundPair;
    return texts.map((text) => ({ ...tokenizer.join(asked, tokenizer.plain(text).slice(0, Math.max(0, room))), from: 0 }));
  };
  const feedsOf = (pairs: readonly TokenText[]): Record<string, Tensor> => {
    const known = textFeeds(pairs, 'cls');
    return Object.fromEntries(Object.keys(cache.inputs).filter((name) => name in known).map((name) => [name, known[name]!()]));
  };

  async function scores(lesson: Parameters<Trainee['scores']>[0], weights: Readonly<Record<string, Weight>>): Promise<Float32Array> {
    const { [LINE]: line, ...fed } = weights;
    const [factor, offset] = line?.data ?? [1, 0];
    const order = pairsOf(lesson).map((pair, text) => ({ pair, text })).sort((a, b) => b.pair.ids.length - a.pair.ids.length);
    const logits = new Float32Array(lesson.texts.length);
    for (let from = 0; from < order.length; from += recipe.chunk) {
      const part = order.slice(from, from + recipe.chunk);
      const found = await cache.run({ ...feedsOf(part.map(({ pair }) => pair)), ...weightFeeds(fed) });
      part.forEach(({ text }, i) => (logits[text] = factor! * found[i]! + offset!));
    }
    return logits;
  }

  return {
    begin,
    async gradients(lessons, weights) {
      const pairs = lessons.flatMap((one, lesson) => pairsOf(one).map((pair, text) => ({ pair, lesson, text })));
      // Like lengths together, or most of a chunk is padding.
      const order = pairs.toSorted((a, b) => b.pair.ids.length - a.pair.ids.length);
      const chunks = Array.from({ length: Math.ceil(order.length / recipe.chunk) }, (_, i) => feedsOf(order.slice(i * recipe.chunk, (i + 1) * recipe.chunk).map(({ pair }) => pair)));
      return cache.gradients(chunks, weightFeeds(weights), (outputs) => {
        const scores = lessons.map(({ texts }) => new Float32Array(texts.length));
        order.forEach(({ lesson, text }, i) => (scores[lesson]![text] = outputs[i]!));
        const found = lessons.map((lesson, i) => lessonLoss(scores[i]!, lesson));
        const share = 1 / lessons.length;
        return Promise.resolve({ loss: share * found.reduce((sum, { loss }) => sum + loss, 0), gradient: Float32Array.from(order, ({ lesson, text }) => share * found[lesson]!.slope[text]!) });
      });
    },
    scores,
    async steadied(weights, lessons) {
      // A loss over lists does not mind where logits lie.
      const of = (by: typeof weights) => spreadOf((lesson) => scores(lesson, by), lessons, STEADIED_BY);
      const [before, after] = [await of(begin(0)), await of(weights)];
      const factor = before.deviation / after.deviation;
      return { ...weights, [LINE]: { shape: [2], data: Float32Array.of(factor, before.mean - after.mean * factor) } };
    },
    atStrength(weights, strength) {
      const { [LINE]: line, ...adapter } = weights;
      const [factor, offset] = line?.data ?? [1, 0];
      return { ...atStrength(adapter, strength), ...(line && { [LINE]: { shape: [2], data: Float32Array.of(1 + (factor! - 1) * strength, offset! * strength) } }) };
    },
    kept: (weights) => ({ ...weights }),
    close: () => cache.close(),
  };
}

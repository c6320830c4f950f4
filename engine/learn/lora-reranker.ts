import { readArchitecture } from '../models/architectures.ts';
import { inspectFolder, type InspectOptions } from '../models/inspect.ts';
import type { TokenText } from '../models/network.ts';
import { promptedText } from '../models/prompts.ts';
import type { Loss } from '../nn/gradcache.ts';
import { atStrength } from '../nn/lora.ts';
import type { Weight } from '../nn/safetensors.ts';
import { openLoraNetwork, sampleOf } from './lora-network.ts';
import { lessonLoss } from './stabilised.ts';
import { taskFor } from './text-batch.ts';
import { LORA, spreadOf, type LoraRecipe, type TextLesson, type Trainee } from './trainee.ts';

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
export async function openRerankerTrainee(path: string, recipe: LoraRecipe = LORA, options: InspectOptions = {}, lessons: readonly TextLesson[] = []): Promise<Trainee> {
  const { folder, manifest, tokenizer } = await inspectFolder(path, options);
  if (manifest.role !== 'reranker') throw new Error(`The model in ${path} is an ${manifest.role}, not a reranker.`);
  if (folder.checkpoint === undefined) throw new Error(`The model in ${path} has no safetensors, so it cannot be trained.`);
  const { checkpoint } = folder;
  if (readArchitecture(folder.config, checkpoint).crossEncoder === undefined) throw new Error(`The model in ${path} is no cross-encoder.`);

  const pairsOf = (lesson: Parameters<Trainee['scores']>[0]): TokenText[] => {
    const { question, texts } = lesson;
    const asked = tokenizer.plain(promptedText(manifest, question, 'query', taskFor(manifest, lesson))).slice(0, Math.floor((manifest.maxTokens * 3) / 4));
    const room = manifest.maxTokens - asked.length - tokenizer.aroundPair;
    return texts.map((text) => ({ ...tokenizer.join(asked, tokenizer.plain(text).slice(0, Math.max(0, room))), from: 0 }));
  };
  /** All pairs of some lessons, like lengths together, or most of a chunk is padding; and the loss over their logits. */
  const batchOf = (some: readonly TextLesson[]): { texts: TokenText[]; loss: Loss } => {
    const order = some.flatMap((one, lesson) => pairsOf(one).map((pair, text) => ({ pair, lesson, text }))).sort((a, b) => b.pair.ids.length - a.pair.ids.length);
    return {
      texts: order.map(({ pair }) => pair),
      loss: (outputs) => {
        const logits = some.map(({ texts }) => new Float32Array(texts.length));
        order.forEach(({ lesson, text }, i) => (logits[lesson]![text] = outputs[i]!));
        const found = some.map((lesson, i) => lessonLoss(logits[i]!, lesson));
        const share = 1 / some.length;
        return Promise.resolve({ loss: share * found.reduce((sum, { loss }) => sum + loss, 0), gradient: Float32Array.from(order, ({ lesson, text }) => share * found[lesson]!.slope[text]!) });
      },
    };
  };
  const network = await openLoraNetwork({
    read: (more) => readArchitecture(folder.config, checkpoint, more), output: (architecture, training) => architecture.crossEncoder!(manifest.maxTokens, training),
    pooling: 'cls', pairs: true, folder: checkpoint.folder, adapts: (layer) => !layer.includes('classifier'),
  }, recipe, sampleOf(lessons, batchOf));
  const { begin } = network;

  async function scores(lesson: Parameters<Trainee['scores']>[0], weights: Readonly<Record<string, Weight>>): Promise<Float32Array> {
    const { [LINE]: line, ...fed } = weights;
    const [factor, offset] = line?.data ?? [1, 0];
    const order = pairsOf(lesson).map((pair, text) => ({ pair, text })).sort((a, b) => b.pair.ids.length - a.pair.ids.length);
    const logits = new Float32Array(lesson.texts.length);
    for (let from = 0; from < order.length; from += recipe.chunk) {
      const part = order.slice(from, from + recipe.chunk);
      const found = await network.run(part.map(({ pair }) => pair), fed);
      part.forEach(({ text }, i) => (logits[text] = factor! * found[i]! + offset!));
    }
    return logits;
  }

  return {
    begin,
    async gradients(some, weights) {
      const { texts, loss } = batchOf(some);
      return network.gradients(texts, weights, loss);
    },
    scores,
    async steadied(weights, steady) {
      // A loss over lists does not mind where logits lie.
      const of = (by: typeof weights) => spreadOf((lesson) => scores(lesson, by), steady, STEADIED_BY);
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
    told: network.told,
    close: () => network.close(),
  };
}

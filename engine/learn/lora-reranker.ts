import { readArchitecture } from '../models/architectures.ts';
import { inspectFolder, type InspectOptions } from '../models/inspect.ts';
import { textFeeds, type TokenText } from '../models/network.ts';
import { promptedText } from '../models/prompts.ts';
import { GradientCache, weightFeeds } from '../nn/gradcache.ts';
import { atStrength } from '../nn/lora.ts';
import type { Weight } from '../nn/safetensors.ts';
import type { Tensor } from '../nn/session.ts';
import { listLoss, LORA, type LoraRecipe, type Trainee } from './trainee.ts';

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

  const pairsOf = (question: string, texts: readonly string[]): TokenText[] => {
    const asked = tokenizer.plain(promptedText(manifest, question, 'query')).slice(0, Math.floor((manifest.maxTokens * 3) / 4));
    const room = manifest.maxTokens - asked.length - tokenizer.aroundPair;
    return texts.map((text) => ({ ...tokenizer.join(asked, tokenizer.plain(text).slice(0, Math.max(0, room))), from: 0 }));
  };
  const feedsOf = (pairs: readonly TokenText[]): Record<string, Tensor> => {
    const known = textFeeds(pairs, 'cls');
    return Object.fromEntries(Object.keys(cache.inputs).filter((name) => name in known).map((name) => [name, known[name]!()]));
  };

  return {
    begin,
    async gradients(lessons, weights) {
      const pairs = lessons.flatMap(({ question, texts }, lesson) => pairsOf(question, texts).map((pair, text) => ({ pair, lesson, text })));
      // Like lengths together, or most of a chunk is padding.
      const order = pairs.toSorted((a, b) => b.pair.ids.length - a.pair.ids.length);
      const chunks = Array.from({ length: Math.ceil(order.length / recipe.chunk) }, (_, i) => feedsOf(order.slice(i * recipe.chunk, (i + 1) * recipe.chunk).map(({ pair }) => pair)));
      return cache.gradients(chunks, weightFeeds(weights), (outputs) => {
        const scores = lessons.map(({ texts }) => new Float32Array(texts.length));
        order.forEach(({ lesson, text }, i) => (scores[lesson]![text] = outputs[i]!));
        const found = lessons.map((lesson, i) => listLoss(scores[i]!, lesson));
        const share = 1 / lessons.length;
        return Promise.resolve({ loss: share * found.reduce((sum, { loss }) => sum + loss, 0), gradient: Float32Array.from(order, ({ lesson, text }) => share * found[lesson]!.slope[text]!) });
      });
    },
    async scores({ question, texts }, weights) {
      const order = pairsOf(question, texts).map((pair, text) => ({ pair, text })).sort((a, b) => b.pair.ids.length - a.pair.ids.length);
      const scores = new Float32Array(texts.length);
      for (let from = 0; from < order.length; from += recipe.chunk) {
        const part = order.slice(from, from + recipe.chunk);
        const found = await cache.run({ ...feedsOf(part.map(({ pair }) => pair)), ...weightFeeds(weights) });
        part.forEach(({ text }, i) => (scores[text] = found[i]!));
      }
      return scores;
    },
    atStrength,
    kept: (weights) => ({ ...weights }),
    close: () => cache.close(),
  };
}

import { finish, readArchitecture } from '../models/architectures.ts';
import { measureBackground, type Background } from '../models/background.ts';
import { readerOf } from '../models/embedder.ts';
import { inspectFolder, type InspectOptions } from '../models/inspect.ts';
import { textFeeds, type TokenText } from '../models/network.ts';
import { GradientCache, weightFeeds } from '../nn/gradcache.ts';
import { atStrength } from '../nn/lora.ts';
import type { Weight } from '../nn/safetensors.ts';
import type { Tensor } from '../nn/session.ts';
import { anchorLoss, heldBy } from './anchors.ts';
import { batchLoss, batchOf, dot, textsOf, type AskedText } from './text-batch.ts';
import { betweenBackgrounds, LORA, type LoraRecipe, type Trainee } from './trainee.ts';

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
  const chunked = (texts: readonly AskedText[]): { chunks: Record<string, Tensor>[]; at: Uint32Array } => {
    const order = texts.map(({ text, side, task }, i) => ({ tokens: reader.read(text, side, task), i })).sort((a, b) => b.tokens.ids.length - a.tokens.ids.length);
    const at = new Uint32Array(texts.length);
    order.forEach(({ i }, place) => (at[i] = place));
    return { at, chunks: Array.from({ length: Math.ceil(order.length / recipe.chunk) }, (_, i) => feedsOf(order.slice(i * recipe.chunk, (i + 1) * recipe.chunk).map(({ tokens }) => tokens))) };
  };

  async function vectorsOf(texts: readonly AskedText[], weights: Readonly<Record<string, Weight>>): Promise<(text: number) => Float32Array> {
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
  const held = heldBy(async (texts) => {
    const row = await vectorsOf(texts, begin(0));
    return texts.map((_, i) => row(i));
  });

  return {
    begin,
    async gradients(lessons, weights, anchors = []) {
      const { texts, rows } = batchOf(lessons, manifest);
      const before = await held(anchors);
      const { chunks, at } = chunked([...texts, ...anchors]);
      const placed = rows.map(({ question, keys, ...row }) => ({ ...row, question: at[question]!, keys: keys.map((key) => at[key]!) }));
      return cache.gradients(chunks, weightFeeds(weights), (outputs) => {
        const found = batchLoss(outputs, width, placed);
        return Promise.resolve({ ...found, loss: found.loss + anchorLoss(outputs, width, before.map((vector, i) => ({ at: at[texts.length + i]!, vector })), found.gradient) });
      });
    },
    async scores(lesson, weights) {
      const row = await vectorsOf(textsOf(lesson, manifest), weights);
      return Float32Array.from(lesson.texts, (_, i) => dot(row(0), row(i + 1)));
    },
    async vectors(texts, weights) {
      const row = await vectorsOf(texts.map((text) => ({ text, side: 'document' })), weights);
      return texts.map((_, i) => row(i));
    },
    calibrated: async (weights) => betweenBackgrounds(await backgroundOf(weights), shipped),
    atStrength,
    kept: (weights) => ({ ...weights }),
    close: () => cache.close(),
  };
}

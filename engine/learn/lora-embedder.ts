import { finish, readArchitecture } from '../models/architectures.ts';
import { measureBackground, type Background } from '../models/background.ts';
import { readerOf } from '../models/embedder.ts';
import { inspectFolder, type InspectOptions } from '../models/inspect.ts';
import type { TokenText } from '../models/network.ts';
import { atStrength } from '../nn/lora.ts';
import type { Weight } from '../nn/safetensors.ts';
import { anchorLoss, heldBy } from './anchors.ts';
import { openLoraNetwork, sampleOf, type LoraSample, type LoraSetup } from './lora-network.ts';
import { batchLoss, batchOf, dot, textsOf, type AskedText } from './text-batch.ts';
import { betweenBackgrounds, LORA, type Anchor, type LoraRecipe, type TextLesson, type Trainee } from './trainee.ts';

/**
 * LoRA on both sides of an embedder (a folder with safetensors): one adapter for questions and documents, since they share the
 * network. A question is told from its own texts by the scores that search would give
 * them; without these, by cosine, and from those that answer the other questions of its batch, too.
 *
 * Throws a sentence where the folder is no embedder whose weights can be trained.
 */
export async function openEmbedderTrainee(path: string, recipe: LoraRecipe = LORA, options: InspectOptions = {}, lessons: readonly TextLesson[] = []): Promise<Trainee> {
  const { folder, manifest, tokenizer } = await inspectFolder(path, options);
  if (manifest.role !== 'embedder') throw new Error(`The model in ${path} is a ${manifest.role}, not an embedder.`);
  if (folder.checkpoint === undefined) throw new Error(`The model in ${path} has no safetensors, so it cannot be trained.`);
  const { checkpoint, projection } = folder;
  const pooling = manifest.pooling as 'cls' | 'mean' | 'last';
  const reader = readerOf(tokenizer, manifest);
  const output: LoraSetup['output'] = (architecture, training) => finish(architecture.embedder(pooling, manifest.maxTokens, training), projection, true);
  const read: LoraSetup['read'] = (more) => readArchitecture(folder.config, checkpoint, more);
  const width = Number(output(read({}), {}).shape[1]);

  /** Texts with like lengths together, and where each text went. */
  const placed = (texts: readonly AskedText[]): { tokens: TokenText[]; at: Uint32Array } => {
    const order = texts.map(({ text, side, task }, i) => ({ tokens: reader.read(text, side, task), i })).sort((a, b) => b.tokens.ids.length - a.tokens.ids.length);
    const at = new Uint32Array(texts.length);
    order.forEach(({ i }, place) => (at[i] = place));
    return { at, tokens: order.map(({ tokens }) => tokens) };
  };
  /** All texts of some lessons, and the loss over their vectors; `before` are those of anchors at the beginning. */
  const batchFor = (some: readonly TextLesson[], anchors: readonly Anchor[] = [], before: readonly Float32Array[] = []): LoraSample => {
    const { texts, rows } = batchOf(some, manifest);
    const { tokens, at } = placed([...texts, ...anchors]);
    const there = rows.map(({ question, keys, ...row }) => ({ ...row, question: at[question]!, keys: keys.map((key) => at[key]!) }));
    return {
      texts: tokens,
      loss: (outputs) => {
        const found = batchLoss(outputs, width, there);
        return Promise.resolve({ ...found, loss: found.loss + anchorLoss(outputs, width, before.map((vector, i) => ({ at: at[texts.length + i]!, vector })), found.gradient) });
      },
    };
  };
  const network = await openLoraNetwork({ read, output, pooling, pairs: false, folder: checkpoint.folder, adapts: () => true }, recipe, sampleOf(lessons, (some) => batchFor(some)));
  const { begin } = network;

  async function vectorsOf(texts: readonly AskedText[], weights: Readonly<Record<string, Weight>>): Promise<(text: number) => Float32Array> {
    const { tokens, at } = placed(texts);
    const parts: Float32Array[] = [];
    for (let from = 0; from < tokens.length; from += recipe.chunk) parts.push(await network.run(tokens.slice(from, from + recipe.chunk), weights));
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
    async gradients(some, weights, anchors = []) {
      const { texts, loss } = batchFor(some, anchors, await held(anchors));
      return network.gradients(texts, weights, loss);
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
    told: network.told,
    close: () => network.close(),
  };
}

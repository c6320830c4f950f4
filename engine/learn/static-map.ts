import { measureBackground, type Background } from '../models/background.ts';
import { openEmbedder } from '../models/embedder.ts';
import { readManifest } from '../models/manifest.ts';
import { GradientCache, weightFeeds } from '../nn/gradcache.ts';
import * as g from '../nn/graph.ts';
import { atStrength, loraTerm, newAdapter } from '../nn/lora.ts';
import type { Weight } from '../nn/safetensors.ts';
import { Tensor } from '../nn/session.ts';
import { input } from '../nn/value.ts';
import { anchorLoss, heldBy } from './anchors.ts';
import { batchLoss, batchOf, dot, textsOf, type AskedText } from './text-batch.ts';
import { betweenBackgrounds, LORA, type LoraRecipe, type Trainee } from './trainee.ts';

/** The one layer of a static embedder that is adapted: from the sum of a text's tokens to its vector. */
export const MAP = 'map';

/**
 * A low-rank map on both sides of a static embedder: v → v + (α/r) B A v, brought to unit length: one product more at the end of
 * its graph. What it is trained on are vectors, made once of every text.
 *
 * Throws a sentence where the folder is no static embedder.
 */
export async function openStaticTrainee(path: string, recipe: LoraRecipe = LORA): Promise<Trainee> {
  const manifest = await readManifest(path);
  if (manifest.role !== 'embedder' || manifest.architecture !== 'static') throw new Error(`The model in ${path} is no static embedder.`);
  const width = manifest.dimensions!;
  const embedder = await openEmbedder(path, { threads: recipe.threads ?? 1 });
  const known = new Map<string, Float32Array>();
  const vectors = input('vectors', 'float32', ['texts', width]);
  const { term, a, b } = loraTerm(vectors, MAP, width, width, { ...recipe, adapts: () => true });
  const trained = new Map([a, b].map((value) => [value.source.kind === 'trainable' ? value.source.name : '', value]));
  const begin = (seed: number): Record<string, Weight> => newAdapter(trained.values(), seed);
  const cache = await GradientCache.open(g.l2Normalise(g.add(vectors, term)), trained, begin(0), { threads: recipe.threads ?? 1 });

  async function feedsOf(texts: readonly AskedText[]): Promise<Record<string, Tensor>> {
    const [keyOf, wayOf] = [({ text, side, task = '' }: AskedText) => `${side} ${task}\n${text}`, ({ side, task = '' }: AskedText) => `${side} ${task}`];
    const missing = new Map(texts.filter((one) => !known.has(keyOf(one))).map((one) => [keyOf(one), one]));
    for (const way of new Set([...missing.values()].map(wayOf))) {
      const some = [...missing.values()].filter((one) => wayOf(one) === way);
      const found = await embedder.embed(some.map(({ text }) => text), some[0]!.side, some[0]!.task);
      some.forEach((one, i) => known.set(keyOf(one), found[i]!));
    }
    const all = new Float32Array(texts.length * width);
    texts.forEach((one, i) => all.set(known.get(keyOf(one))!, i * width));
    return { vectors: new Tensor('float32', all, [texts.length, width]) };
  }

  async function vectorsOf(texts: readonly AskedText[], weights: Readonly<Record<string, Weight>>): Promise<Float32Array> {
    return cache.run({ ...(await feedsOf(texts)), ...weightFeeds(weights) });
  }
  const backgroundOf = (weights: Readonly<Record<string, Weight>>): Promise<Background> => measureBackground({
    async embed(texts, side) {
      const all = await vectorsOf(texts.map((text) => ({ text, side })), weights);
      return texts.map((_, i) => all.subarray(i * width, (i + 1) * width));
    },
  });
  const shipped = await backgroundOf(begin(0));
  const rowsOf = (all: Float32Array): Float32Array[] => Array.from({ length: all.length / width }, (_, i) => all.subarray(i * width, (i + 1) * width));
  const held = heldBy(async (texts) => rowsOf(await vectorsOf(texts, begin(0))));

  return {
    begin,
    async gradients(lessons, weights, anchors = []) {
      const { texts, rows } = batchOf(lessons, manifest);
      const before = await held(anchors);
      return cache.gradients([await feedsOf([...texts, ...anchors])], weightFeeds(weights), (outputs) => {
        const found = batchLoss(outputs, width, rows);
        return Promise.resolve({ ...found, loss: found.loss + anchorLoss(outputs, width, before.map((vector, i) => ({ at: texts.length + i, vector })), found.gradient) });
      });
    },
    async scores(lesson, weights) {
      const [question, ...texts] = rowsOf(await vectorsOf(textsOf(lesson, manifest), weights));
      return Float32Array.from(texts, (text) => dot(question!, text));
    },
    vectors: async (texts, weights) => rowsOf(await vectorsOf(texts.map((text) => ({ text, side: 'document' })), weights)),
    calibrated: async (weights) => betweenBackgrounds(await backgroundOf(weights), shipped),
    atStrength,
    kept: (weights) => ({ ...weights }),
    async close() {
      await cache.close();
      await embedder.close();
    },
  };
}

import { measureBackground, type Background } from '../models/background.ts';
import { openEmbedder, type Side } from '../models/embedder.ts';
import { readManifest } from '../models/manifest.ts';
import { GradientCache, weightFeeds } from '../nn/gradcache.ts';
import * as g from '../nn/graph.ts';
import { atStrength, loraTerm, newAdapter } from '../nn/lora.ts';
import type { Weight } from '../nn/safetensors.ts';
import { Tensor } from '../nn/session.ts';
import { input } from '../nn/value.ts';
import { batchLoss, batchOf } from './lora-embedder.ts';
import { betweenBackgrounds, LORA, type LoraRecipe, type Trainee } from './trainee.ts';

/** The one layer of a static embedder that is adapted: from the sum of a text's tokens to its vector. */
export const MAP = 'map';

/**
 * A low-rank map on both sides of a static embedder: v → v + (α/r) B A v, brought to unit length. A text's vector is the sum of
 * its tokens', so this is the same as mapping every row of the table, and what is learned can be worked into it. What it is
 * trained on are vectors, made once of every text.
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

  async function feedsOf(texts: readonly { text: string; side: Side }[]): Promise<Record<string, Tensor>> {
    const keyOf = ({ text, side }: { text: string; side: Side }): string => `${side} ${text}`;
    for (const side of ['query', 'document'] as const) {
      const missing = [...new Set(texts.filter((one) => one.side === side && !known.has(keyOf(one))).map(({ text }) => text))];
      const found = missing.length === 0 ? [] : await embedder.embed(missing, side);
      missing.forEach((text, i) => known.set(keyOf({ text, side }), found[i]!));
    }
    const all = new Float32Array(texts.length * width);
    texts.forEach((text, i) => all.set(known.get(keyOf(text))!, i * width));
    return { vectors: new Tensor('float32', all, [texts.length, width]) };
  }

  async function vectorsOf(texts: readonly { text: string; side: Side }[], weights: Readonly<Record<string, Weight>>): Promise<Float32Array> {
    return cache.run({ ...(await feedsOf(texts)), ...weightFeeds(weights) });
  }
  const backgroundOf = (weights: Readonly<Record<string, Weight>>): Promise<Background> => measureBackground({
    async embed(texts, side) {
      const all = await vectorsOf(texts.map((text) => ({ text, side })), weights);
      return texts.map((_, i) => all.subarray(i * width, (i + 1) * width));
    },
  });
  const shipped = await backgroundOf(begin(0));

  return {
    begin,
    async gradients(lessons, weights) {
      const { texts, rows } = batchOf(lessons);
      return cache.gradients([await feedsOf(texts)], weightFeeds(weights), (outputs) => Promise.resolve(batchLoss(outputs, width, rows)));
    },
    async scores({ question, texts }, weights) {
      const outputs = await vectorsOf([{ text: question, side: 'query' }, ...texts.map((text) => ({ text, side: 'document' as const }))], weights);
      return Float32Array.from(texts, (_, i) => {
        let cosine = 0;
        for (let d = 0; d < width; d++) cosine += outputs[d]! * outputs[(i + 1) * width + d]!;
        return cosine;
      });
    },
    calibrated: async (weights) => betweenBackgrounds(await backgroundOf(weights), shipped),
    atStrength,
    kept: (weights) => ({ ...weights }),
    async close() {
      await cache.close();
      await embedder.close();
    },
  };
}

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { bertEmbedder, readBertConfig } from './bert.ts';
import { applicationsBehind } from './value.ts';
import { gradients } from './gradient.ts';
import * as g from './graph.ts';
import { GradientCache, weightFeeds, type Loss } from './gradcache.ts';
import { calibrate, compareInt8, INT8_GATE, type Int8Options } from './int8.ts';
import { newAdapter, type LoraOptions } from './lora.ts';
import { randomBert } from './plain-bert.ts';
import { Program } from './program.ts';
import { openCheckpoint, writeCheckpoint } from './safetensors.ts';
import { Tensor } from './session.ts';
import { Weights, type WeightsOptions } from './weights.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'int8-'));
after(() => rmSync(folder, { recursive: true }));

const config = readBertConfig({ model_type: 'bert', hidden_size: 64, num_attention_heads: 4, num_hidden_layers: 2, layer_norm_eps: 1e-12, max_position_embeddings: 16, type_vocab_size: 2 });
const LORA: LoraOptions = { rank: 4, alpha: 8, adapts: (layer) => /query|value/.test(layer) };

/** A model some of whose channels carry far larger activations than the others, as those of real encoders do. */
function model(outliers: number) {
  const base = randomBert(config, { vocabulary: 50, between: 128 }, '', 3);
  for (const [name, { data }] of Object.entries(base)) {
    if (name.includes('LayerNorm.weight')) for (const channel of [3, 40]) data[channel]! *= outliers;
    else if (!name.includes('embeddings')) data.forEach((value, i) => (data[i] = value / 2));
  }
  const file = path.join(folder, `${outliers}.safetensors`);
  writeCheckpoint(file, base);
  const checkpoint = openCheckpoint(file);
  return (options: Partial<WeightsOptions>) => {
    const weights = new Weights(checkpoint, { lora: LORA, ...options });
    return { weights, output: bertEmbedder(config, weights, { pooling: 'mean', normalised: true }) };
  };
}

const ids = (of: (i: number) => number): Tensor => new Tensor('int64', BigInt64Array.from({ length: 96 }, (_, i) => BigInt(of(i))), [8, 12]);
const chunk = { input_ids: ids((i) => (i * 37 + (i >> 3)) % 50), attention_mask: ids((i) => Number(i % 12 < 9 || i < 30)) };
const slopes = Float32Array.from({ length: 8 * 64 }, (_, i) => Math.sin(i * i));
const loss: Loss = () => Promise.resolve({ loss: 0, gradient: slopes });

async function agreement(outliers: number, smoothed: boolean): Promise<number> {
  const build = model(outliers);
  const exact = build({});
  const adapter = newAdapter(exact.weights.trained.values(), 1);
  for (const { data } of Object.values(adapter)) data.forEach((value, i) => (data[i] = value + 0.05 * Math.sin(i)));
  const weights = weightFeeds(adapter);
  const int8: Int8Options = smoothed ? await calibrate(exact.weights, [{ ...chunk, ...weights }], { folder }) : { largest: {} };
  const rounded = build({ int8 });
  const caches = [await GradientCache.open(exact.output, exact.weights.trained, adapter, { folder }), await GradientCache.open(rounded.output, rounded.weights.trained, adapter, { folder })] as const;
  const cosine = await compareInt8(...caches, [chunk], weights, loss);
  await Promise.all(caches.map((cache) => cache.close()));
  return cosine;
}

test('a base in eight bits passes the gate; with large channels, smoothing more than halves what is lost', async () => {
  const plain = await agreement(1, true);
  assert.ok(plain >= INT8_GATE, `without large channels: ${plain}`);
  const [smoothed, rough] = [await agreement(10, true), await agreement(10, false)];
  assert.ok(smoothed >= INT8_GATE, `smoothed: ${smoothed}`);
  assert.ok(1 - rough > 2 * (1 - smoothed), `not smoothed: ${rough}, smoothed: ${smoothed}`);
});

test('a model that eight bits do not carry fails the gate', async () => {
  const cosine = await agreement(20, true);
  assert.ok(cosine < INT8_GATE, `cosine ${cosine}`);
});

test('its outputs are close to those in float32', async () => {
  const build = model(1);
  const exact = build({});
  const weights = weightFeeds(newAdapter(exact.weights.trained.values(), 1));
  const rounded = build({ int8: await calibrate(exact.weights, [{ ...chunk, ...weights }], { folder }) });
  const run = async (output: typeof exact.output): Promise<Float32Array> => {
    const program = await Program.open({ output }, { folder });
    const result = (await program.run({ ...chunk, ...weights }))['output']!.data as Float32Array;
    await program.close();
    return result;
  };
  const [a, b] = [await run(exact.output), await run(rounded.output)];
  for (let text = 0; text < 8; text++) {
    const cosine = a.subarray(text * 64, text * 64 + 64).reduce((sum, value, i) => sum + value * b[text * 64 + i]!, 0);
    assert.ok(cosine > 0.999, `text ${text}: ${cosine}`);
  }
});

test('for inference alone the way back is left out, and there is no gradient', async () => {
  const build = model(1);
  const { weights, output } = build({ int8: { largest: {}, forward: true } });
  const frozenNames = applicationsBehind([output]).leaves.flatMap(({ source }) => (source.kind === 'frozen' ? [source.name] : []));
  assert.ok(frozenNames.some((name) => name.endsWith('.int8')));
  assert.ok(!frozenNames.some((name) => name.includes('int8.back')));
  assert.throws(() => gradients(g.reduceSum(output), [...weights.trained.values()]), /for inference only, so it has no gradient/);
});

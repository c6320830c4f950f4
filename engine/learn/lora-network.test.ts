import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { readArchitecture } from '../models/architectures.ts';
import { textFeeds, type TokenText } from '../models/network.ts';
import { bertReranker, readBertConfig } from '../nn/bert.ts';
import { GradientCache, weightFeeds, type Loss } from '../nn/gradcache.ts';
import { dropoutMasks } from '../nn/layers.ts';
import type { Gradients } from '../nn/optimizer.ts';
import { randomBert } from '../nn/plain-bert.ts';
import { openCheckpoint, writeCheckpoint, type Weight } from '../nn/safetensors.ts';
import { Tensor } from '../nn/session.ts';
import { Weights } from '../nn/weights.ts';
import { openLoraNetwork, type LoraNetwork, type LoraSample, type LoraSetup } from './lora-network.ts';
import { LORA, type LoraRecipe } from './trainee.ts';

/** What LoRA is trained through: eight bits, frozen layers and dropped activations change how it learns, never what is judged. */

const folder = mkdtempSync(path.join(tmpdir(), 'lora-network-'));
after(() => rmSync(folder, { recursive: true }));

const JSON_CONFIG = { model_type: 'bert', hidden_size: 64, num_attention_heads: 4, num_hidden_layers: 4, layer_norm_eps: 1e-12, max_position_embeddings: 32, type_vocab_size: 2, vocab_size: 50, intermediate_size: 128 };
const config = readBertConfig(JSON_CONFIG);

/** An encoder of four layers; with `outliers` two channels carry far larger activations than the others. */
function setupOf(outliers = 1): LoraSetup {
  const base = randomBert(config, { vocabulary: 50, between: 128 }, '', 3);
  for (const [name, { data }] of Object.entries(base)) {
    if (name.includes('LayerNorm.weight')) for (const channel of [3, 40]) data[channel]! *= outliers;
    else if (!name.includes('embeddings')) data.forEach((value, i) => (data[i] = value / 2));
  }
  const file = path.join(folder, `${outliers}.safetensors`);
  writeCheckpoint(file, base);
  const checkpoint = openCheckpoint(file);
  return { read: (options) => readArchitecture(JSON_CONFIG, checkpoint, options), output: (architecture, training) => architecture.embedder('mean', 32, training), pooling: 'mean', pairs: false, folder, adapts: () => true };
}
const SETUP = setupOf();

const TEXTS: TokenText[] = Array.from({ length: 20 }, (_, i) => ({ ids: Array.from({ length: 5 + ((i * 3) % 8) }, (_, k) => 1 + ((i * 7 + k * 11) % 49)), from: 0 })).sort((a, b) => b.ids.length - a.ids.length);
const slopeOf = (i: number): number => Math.sin(i * i);
const loss: Loss = (outputs) => Promise.resolve({ loss: outputs.reduce((sum, value, i) => sum + value * slopeOf(i), 0), gradient: outputs.map((_, i) => slopeOf(i)) });
const sample: LoraSample = { texts: TEXTS, loss };

const moved = (network: LoraNetwork): Record<string, Weight> => Object.fromEntries(Object.entries(network.begin(1)).map(([name, { shape, data }]) => [name, { shape, data: data.map((value, i) => value + 0.05 * Math.sin(i + 1)) }]));
const values = (gradients: Gradients): Record<string, Float32Array> => Object.fromEntries(Object.entries(gradients).map(([name, gradient]) => [name, Float32Array.from('data' in gradient ? gradient.data : gradient)]));
const cosine = (a: Record<string, Float32Array>, b: Record<string, Float32Array>): number => {
  let [both, left, right] = [0, 0, 0];
  for (const [name, x] of Object.entries(a)) x.forEach((value, i) => { both += value * b[name]![i]!; left += value ** 2; right += b[name]![i]! ** 2; });
  return both / Math.sqrt(left * right);
};
async function opened(recipe: Partial<LoraRecipe>, setup = SETUP, of: LoraSample | 'none' = sample): Promise<{ network: LoraNetwork; outputs: Float32Array; gradients: Record<string, Float32Array>; weights: Record<string, Weight> }> {
  const network = await openLoraNetwork(setup, { ...LORA, ...recipe }, of === 'none' ? undefined : of);
  const weights = moved(network);
  const outputs = await network.run(TEXTS.slice(0, 8), weights);
  const gradients = values((await network.gradients(TEXTS, weights, loss)).gradients);
  await network.close();
  return { network, outputs, gradients, weights };
}

test('a base in eight bits gives nearly the same gradients, and what is judged is in full precision; one that eight bits do not carry is trained in full', async () => {
  const [exact, rounded] = [await opened({ precision: 'float32' }), await opened({ precision: 'int8' })];
  assert.deepEqual([exact.network.told, rounded.network.told], ['float32', 'int8']);
  assert.deepEqual(rounded.outputs, exact.outputs);
  const agreement = cosine(exact.gradients, rounded.gradients);
  assert.ok(agreement >= 0.98 && agreement < 1 - 1e-7, `${agreement}`);
  assert.equal((await opened({ precision: 'int8' }, setupOf(25))).network.told, 'float32');
  assert.equal((await opened({ precision: 'int8' }, SETUP, { ...sample, texts: TEXTS.slice(0, 8) })).network.told, 'float32', 'too few texts to know');
  assert.equal((await opened({}, SETUP, 'none')).network.told, 'float32', 'none at all');
});

test('frozen layers are computed once, and what is above them learns as it would with the whole', async () => {
  const frozen = await opened({ frozen: 2, precision: 'float32' });
  assert.equal(frozen.network.told, 'float32, 2 layers frozen');
  assert.ok(Object.keys(frozen.gradients).every((name) => /layer\.[23]\./.test(name)) && Object.keys(frozen.gradients).length > 0);
  const whole = await openLoraNetwork({ ...SETUP, adapts: (layer) => /layer\.[23]\./.test(layer) }, { ...LORA, precision: 'float32' }, sample);
  const expected = values((await whole.gradients(TEXTS, frozen.weights, loss)).gradients);
  for (const [name, gradient] of Object.entries(frozen.gradients)) gradient.forEach((value, i) => assert.ok(Math.abs(value - expected[name]![i]!) < 1e-4 * Math.hypot(...expected[name]!) + 1e-6, name));
  assert.deepEqual(frozen.outputs, await whole.run(TEXTS.slice(0, 8), frozen.weights));
  await whole.close();
});

test('half of the layers is frozen where a run would take longer than is wanted, and none where not', async () => {
  const told = async (seconds: number): Promise<string> => (await opened({ precision: 'float32', most: { texts: 1e6, seconds } })).network.told;
  assert.deepEqual([await told(0.001), await told(1e9)], ['float32, 2 layers frozen', 'float32']);
});

test('dropped activations are the same when a step is made again, others at the next, and none when it is judged', async () => {
  const [none, some] = [await opened({ precision: 'float32' }), await opened({ precision: 'float32', dropout: 0.2 })];
  assert.deepEqual(some.outputs, none.outputs);
  const network = await openLoraNetwork(SETUP, { ...LORA, precision: 'float32', dropout: 0.2 }, sample);
  assert.equal(network.told, 'float32, dropout 0.2');
  assert.equal((await opened({ precision: 'float32', dropout: 0.2, dropsFrom: 65 })).network.told, 'float32', 'a narrow network can spare nothing');
  const lossAt = async (weights: Record<string, Weight>): Promise<number> => (await network.gradients(TEXTS, weights, loss)).loss;
  const weights = moved(network);
  const first = await lossAt(weights);
  assert.equal(await lossAt(structuredClone(weights)), first);
  const [name, { shape, data }] = Object.entries(weights)[0]!;
  const next = await lossAt({ ...weights, [name]: { shape, data: data.with(0, data[0]! + 1e-6) } });
  assert.ok(Math.abs(next - first) > 1e-3, 'a weight moved by a millionth: only the masks are others');
  await network.close();
});

test('RR-2: gradients of a cross-encoder by chunks are those of one run, with activations dropped', async () => {
  const base = randomBert(config, { vocabulary: 50, between: 128 }, 'bert.', 5);
  const file = path.join(folder, 'pairs.safetensors');
  writeCheckpoint(file, base);
  const weights = new Weights(openCheckpoint(file), { prefix: 'bert.', lora: { rank: 4, alpha: 8, adapts: (layer) => !layer.includes('classifier') } });
  const cache = await GradientCache.open(bertReranker(config, weights, { dropout: true }), weights.trained, weights.initial(0), { folder });
  const learned = weightFeeds(Object.fromEntries(Object.entries(weights.initial(1)).map(([name, { shape, data }]) => [name, { shape, data: data.map((value, i) => value + 0.05 * Math.sin(i)) }])));
  const pairs: TokenText[] = Array.from({ length: 6 }, (_, i) => ({ ids: Array.from({ length: 8 }, (_, k) => 1 + ((i * 5 + k * 3) % 49)), types: [0, 0, 0, 1, 1, 1, 1, 1], from: 0 }));
  const feeds = (some: readonly TokenText[]): Record<string, Tensor> => Object.fromEntries(Object.entries(textFeeds(some, 'cls')).map(([name, make]) => [name, make()]));
  const masks = dropoutMasks(cache.inputs, { batch: 6, tokens: 8 }, 0.2, 7);
  const part = (from: number, to: number): Record<string, Tensor> => Object.fromEntries(Object.entries(masks).map(([name, { dims, data }]) => {
    const each = data.length / 6;
    return [name, new Tensor('float32', (data as Float32Array).slice(from * each, to * each), [(dims[0]! * (to - from)) / 6, ...dims.slice(1)])];
  }));
  const group: Loss = (logits) => {
    const powers = logits.map((logit) => Math.exp(logit));
    const total = powers.reduce((sum, power) => sum + power, 0);
    return Promise.resolve({ loss: Math.log(total) - logits[0]!, gradient: powers.map((power, i) => power / total - Number(i === 0)) });
  };
  const whole = await cache.gradients([{ ...feeds(pairs), ...masks }], learned, group);
  const [wholeLoss, expected] = [whole.loss, values(whole.gradients)];
  const chunked = await cache.gradients([[0, 1], [1, 4], [4, 6]].map(([from, to]) => ({ ...feeds(pairs.slice(from, to)), ...part(from!, to!) })), learned, group);
  assert.ok(Math.abs(chunked.loss - wholeLoss) < 1e-5 * Math.max(1, wholeLoss), `${chunked.loss} is not ${wholeLoss}`);
  for (const [name, gradient] of Object.entries(values(chunked.gradients))) gradient.forEach((value, i) => assert.ok(Math.abs(value - expected[name]![i]!) <= 1e-5 * Math.hypot(...expected[name]!) + 1e-8, name));
  const undropped = await cache.gradients([{ ...feeds(pairs), ...dropoutMasks(cache.inputs, { batch: 6, tokens: 8 }, 0, 7) }], learned, group);
  assert.ok(Math.abs(undropped.loss - wholeLoss) > 1e-4, 'the masks count');
  await cache.close();
});

/**
 * For `gpu.test.ts`, in a process of its own: a tiny model's outputs and gradients, on the device named by the first argument
 * and on the processor. Prints the largest difference of each, as a share of its largest number.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { gradientOutputs } from './accumulate.ts';
import { bertEmbedder, readBertConfig } from './bert.ts';
import { weightFeeds } from './gradcache.ts';
import * as g from './graph.ts';
import { randomBert } from './plain-bert.ts';
import { Program } from './program.ts';
import { openCheckpoint, writeCheckpoint } from './safetensors.ts';
import { Tensor, type Device } from './session.ts';
import { input } from './value.ts';
import { Weights } from './weights.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'gpu-'));
const file = path.join(folder, 'bert.safetensors');
const config = readBertConfig({ model_type: 'bert', hidden_size: 32, num_attention_heads: 2, num_hidden_layers: 1, layer_norm_eps: 1e-12, max_position_embeddings: 16, type_vocab_size: 2 });
writeCheckpoint(file, randomBert(config, { vocabulary: 50, between: 64 }, '', 3));

const weights = new Weights(openCheckpoint(file), { lora: { rank: 4, alpha: 8, adapts: () => true }, trains: (name) => name.includes('LayerNorm') });
const y = bertEmbedder(config, weights, { pooling: 'cls', normalised: true });
const loss = g.reduceSum(g.multiply(y, input('c', 'float32', y.shape)));
const outputs = { y, loss, ...gradientOutputs(loss, weights.trained) };
const trained = weights.initial(1);
for (const { data } of Object.values(trained)) data.forEach((value, i) => (data[i] = value + 0.1 * Math.sin(i)));
const ids = (of: (i: number) => number): Tensor => new Tensor('int64', BigInt64Array.from({ length: 24 }, (_, i) => BigInt(of(i))), [3, 8]);
const feeds = {
  ...weightFeeds(trained),
  input_ids: ids((i) => (i * 7) % 50),
  attention_mask: ids((i) => Number(i % 8 < 6 || i < 8)),
  c: new Tensor('float32', Float32Array.from({ length: 3 * 32 }, (_, i) => Math.cos(i)), [3, 32]),
};

async function compute(device: Device): Promise<Record<string, Float32Array>> {
  const program = await Program.open(outputs, { device, folder });
  const results = await program.run(feeds);
  await program.close();
  return Object.fromEntries(Object.keys(outputs).map((name) => [name, results[name]!.data as Float32Array]));
}

const [theirs, ours] = [await compute(process.argv[2] as Device), await compute('cpu')];
const differences = Object.fromEntries(Object.entries(ours).map(([name, values]) => {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-30);
  return [name, values.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[name]![i]!)), 0) / largest];
}));
rmSync(folder, { recursive: true });
console.log(JSON.stringify(differences));

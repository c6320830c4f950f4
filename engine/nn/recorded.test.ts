import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { GradientSum, gradientOutputs } from './accumulate.ts';
import { bertEmbedder, bertReranker, readBertConfig } from './bert.ts';
import { weightFeeds } from './gradcache.ts';
import * as g from './graph.ts';
import { Program } from './program.ts';
import { openCheckpoint, writeCheckpoint } from './safetensors.ts';
import { Tensor } from './session.ts';
import { input } from './value.ts';
import { Weights } from './weights.ts';

/** Whole models against what PyTorch computes in float64 (`fixtures.py` records it; PyTorch itself is not needed here). */
interface Recorded {
  torch: string; rank: number; alpha: number; adapted: string[]; texts: number[][]; kinds: number[][];
  configs: Record<string, Record<string, unknown>>;
  weights: Record<string, Record<string, { shape: number[]; data: number[] }>>;
  cases: { family: string; head: 'cls' | 'mean' | 'logits'; slope: number[]; outputs: number[]; loss: number; gradients: Record<string, number[]> }[];
}

const file = fileURLToPath(new URL('./fixtures/bert.json', import.meta.url));
const missing = existsSync(file) ? false : 'engine/nn/fixtures/bert.json is not there; python3 engine/nn/fixtures.py makes it with PyTorch';
const folder = mkdtempSync(path.join(tmpdir(), 'recorded-'));
after(() => rmSync(folder, { recursive: true }));

const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => Math.hypot(...Array.from(a, (value, i) => value - b[i]!));
const length = (a: ArrayLike<number>): number => Math.hypot(...Array.from(a));

test('outputs and every gradient equal those of PyTorch in float64 to 1e-5', { skip: missing }, async () => {
  const recorded = JSON.parse(readFileSync(file, 'utf8')) as Recorded;
  assert.equal(recorded.cases.length, 4);
  for (const { family, head, slope, outputs, loss, gradients } of recorded.cases) {
    const config = readBertConfig(recorded.configs[family]!);
    const all = Object.fromEntries(Object.entries(recorded.weights[family]!).map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]));
    const checkpointFile = path.join(folder, `${family}.safetensors`);
    writeCheckpoint(checkpointFile, Object.fromEntries(Object.entries(all).filter(([name]) => !name.includes('.lora_'))));
    const lora = { rank: recorded.rank, alpha: recorded.alpha, adapts: (layer: string) => recorded.adapted.some((end) => layer.endsWith(end)) };
    const weights = new Weights(openCheckpoint(checkpointFile), { prefix: `${family}.`, lora, trains: () => true });
    const y = head === 'logits' ? bertReranker(config, weights) : bertEmbedder(config, weights, { pooling: head, normalised: true });
    const sum = g.reduceSum(g.multiply(y, input('slope', 'float32', y.shape)));
    const wanted = { y, loss: sum, ...gradientOutputs(sum, weights.trained) };
    const program = await Program.open(wanted, { folder });
    const trained = Object.fromEntries([...weights.trained.keys()].map((name) => [name, all[name]!]));
    const found = new GradientSum(Object.keys(wanted), trained);
    const count = recorded.texts.length;
    const longest = Math.max(...recorded.texts.map((text) => text.length));
    const ids = (of: (text: number, token: number) => number): Tensor => new Tensor('int64', BigInt64Array.from({ length: count * longest }, (_, i) => BigInt(of(Math.floor(i / longest), i % longest))), [count, longest]);
    const results = await program.run({
      ...weightFeeds(trained),
      input_ids: ids((text, token) => recorded.texts[text]![token] ?? 0),
      attention_mask: ids((text, token) => Number(token < recorded.texts[text]!.length)),
      token_type_ids: ids((text, token) => recorded.kinds[text]![token] ?? 0),
      slope: new Tensor('float32', Float32Array.from(slope), head === 'logits' ? [count] : [count, config.width]),
    }, found.into);
    found.add(results);
    assert.ok(distance(results['y']!.data as Float32Array, outputs) <= 1e-5 * length(outputs), `${family} ${head}: outputs`);
    assert.ok(Math.abs((results['loss']!.data as Float32Array)[0]! - loss) <= 1e-5 * Math.max(1, Math.abs(loss)), `${family} ${head}: loss`);
    const total = found.total();
    assert.deepEqual(Object.keys(total).sort(), Object.keys(gradients).sort());
    for (const [name, expected] of Object.entries(gradients)) {
      const gradient = total[name]!;
      const dense = new Float32Array(expected.length);
      if ('data' in gradient) gradient.indices.forEach((row, i) => dense.set(gradient.data.subarray(i * gradient.width, (i + 1) * gradient.width), row * gradient.width));
      else dense.set(gradient);
      // A key's bias moves all scores of a row alike, which softmax does not see: its true gradient is 0.
      if (name.endsWith('key.bias')) assert.ok(length(expected) < 1e-9 && length(dense) < 1e-5, name);
      else assert.ok(distance(dense, expected) <= 1e-5 * length(expected), `${family} ${head}: ${name} is off by ${distance(dense, expected) / length(expected)}`);
    }
    await program.close();
  }
});

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { GradientSum, gradientOutputs } from './accumulate.ts';
import { weightFeeds } from './gradcache.ts';
import * as g from './graph.ts';
import { llamaEmbedder, llamaHidden, llamaPrefix, llamaWeights, readLlamaConfig } from './llama.ts';
import { Program } from './program.ts';
import { openCheckpoint, writeCheckpoint, type Weight } from './safetensors.ts';
import { Tensor } from './session.ts';
import { distanceBucket, readT5Config, t5CrossEncoder, t5Embedder, t5Weights } from './t5.ts';
import { input, type Value } from './value.ts';
import { Weights } from './weights.ts';

/** T5 encoders and Llama's family against what Hugging Face's transformers computes in float64 (`fixtures_transformers.py` records it). */
interface Recorded {
  rank: number; alpha: number; adapted: string[]; texts: number[][]; instruction: number; buckets: number[];
  configs: Record<string, Record<string, unknown>>;
  weights: Record<string, Record<string, { shape: number[]; data: number[] }>>;
  cases: { model: string; pooling: 'mean' | 'text' | 'last'; causal: boolean; slope: number[]; outputs: number[]; gradients: Record<string, number[]> }[];
}

const recorded = JSON.parse(readFileSync(new URL('./fixtures/transformers.json', import.meta.url), 'utf8')) as Recorded;
const LONGEST = 32;

let folder: string;
before(() => void (folder = mkdtempSync(path.join(tmpdir(), 'transformers-'))));
after(() => rmSync(folder, { recursive: true }));

const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => Math.hypot(...Array.from(a, (value, i) => value - b[i]!));
const length = (a: ArrayLike<number>): number => Math.hypot(...Array.from(a));

const allWeights = (model: string): Record<string, Weight> => Object.fromEntries(Object.entries(recorded.weights[model]!).map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]));

/** A recorded model's checkpoint, without its adapter. */
function checkpointOf(model: string, change: Record<string, Weight> = {}) {
  const file = path.join(folder, `${model}.safetensors`);
  const own = Object.entries({ ...allWeights(model), ...change }).filter(([name]) => !name.includes('.lora_'));
  writeCheckpoint(file, Object.fromEntries(own));
  return openCheckpoint(file);
}

/** Texts as a batch, padded at the end with a token that is not padding's, `more` of it beyond the longest. */
function feeds(texts: readonly number[][], counts: (token: number, text: number[]) => boolean, more = 0, filler = 7): Record<string, Tensor> {
  const longest = Math.max(...texts.map((text) => text.length)) + more;
  const ints = (of: (text: number[], token: number) => number): Tensor => new Tensor('int64', BigInt64Array.from({ length: texts.length * longest }, (_, i) => BigInt(of(texts[Math.floor(i / longest)]!, i % longest))), [texts.length, longest]);
  return {
    input_ids: ints((text, token) => text[token] ?? filler),
    attention_mask: ints((text, token) => Number(token < text.length)),
    pooling_mask: ints((text, token) => Number(token < text.length && counts(token, text))),
  };
}

const counted: Record<string, (token: number, text: number[]) => boolean> = {
  mean: () => true,
  text: (token) => token >= recorded.instruction,
  last: (token, text) => token === text.length - 1,
};

function embedderOf(model: string, weights: Weights, causal: boolean): Value {
  const config = recorded.configs[model]!;
  return config['model_type'] === 't5' ? t5Embedder(readT5Config(config), weights, { longest: LONGEST, normalised: true }) : llamaEmbedder(readLlamaConfig(config), weights, { longest: LONGEST, normalised: true, causal });
}

describe('outputs and every gradient equal those of transformers to 1e-5', () => {
  for (const { model, pooling, causal, slope, outputs, gradients } of recorded.cases) {
    test(`${model}, ${pooling} pooling, ${causal ? 'causal' : 'seeing all'}`, async () => {
      const checkpoint = checkpointOf(model);
      const lora = { rank: recorded.rank, alpha: recorded.alpha, adapts: (layer: string) => recorded.adapted.some((end) => layer.endsWith(end)) };
      const weights = new Weights(checkpoint, { lora, trains: () => true });
      const y = embedderOf(model, weights, causal);
      const sum = g.reduceSum(g.multiply(y, input('slope', 'float32', y.shape)));
      const wanted = { y, ...gradientOutputs(sum, weights.trained) };
      const program = await Program.open(wanted, { folder });
      const all = allWeights(model);
      const trained = Object.fromEntries([...weights.trained.keys()].map((name) => [name, all[name]!]));
      const found = new GradientSum(Object.keys(wanted), trained);
      const batch = { ...feeds(recorded.texts, counted[pooling]!), slope: new Tensor('float32', Float32Array.from(slope), [recorded.texts.length, y.shape[1] as number]) };
      const results = await program.run({ ...weightFeeds(trained), ...batch }, found.into);
      found.add(results);
      assert.ok(distance(results['y']!.data as Float32Array, outputs) <= 1e-5 * length(outputs), `outputs are off by ${distance(results['y']!.data as Float32Array, outputs) / length(outputs)}`);
      const total = found.total();
      assert.deepEqual(Object.keys(total).sort(), Object.keys(gradients).sort());
      for (const [name, expected] of Object.entries(gradients)) {
        const gradient = total[name]!;
        const dense = new Float32Array(expected.length);
        if ('data' in gradient) gradient.indices.forEach((row, i) => gradient.data.subarray(i * gradient.width, (i + 1) * gradient.width).forEach((value, d) => (dense[row * gradient.width + d]! += value)));
        else dense.set(gradient);
        assert.ok(distance(dense, expected) <= 1e-5 * length(expected) + 1e-7, `${name} is off by ${distance(dense, expected)} of ${length(expected)}`);
      }
      await program.close();
    });
  }
});

describe('what a vector does not depend on', () => {
  for (const { model, pooling, causal } of recorded.cases) {
    test(`${model}, ${pooling} pooling: the others of its batch, their order, how far and with what it is padded`, async () => {
      const program = await Program.open({ y: embedderOf(model, new Weights(checkpointOf(model)), causal) }, { folder });
      const run = async (texts: readonly number[][], more = 0, filler = 7): Promise<Float32Array> => (await program.run(feeds(texts, counted[pooling]!, more, filler)))['y']!.data as Float32Array;
      const together = await run(recorded.texts);
      const width = together.length / recorded.texts.length;
      const backwards = await run([...recorded.texts].reverse(), 5, 9);
      for (const [i, text] of recorded.texts.entries()) {
        const expected = together.subarray(i * width, (i + 1) * width);
        assert.ok(distance(await run([text]), expected) < 1e-6);
        assert.ok(distance(await run([text], 9, 1), expected) < 1e-6);
        const at = recorded.texts.length - 1 - i;
        assert.ok(distance(backwards.subarray(at * width, (at + 1) * width), expected) < 1e-6);
      }
      await program.close();
    });
  }
});

describe('what a token sees (seeds LV-1)', () => {
  const text = recorded.texts[2]!;
  for (const model of ['llama', 'mistral', 'qwen2', 'qwen3']) {
    for (const causal of [true, false]) {
      test(`${model}, ${causal ? 'causal: nothing behind it' : 'seeing all: the last token too'}`, async () => {
        const config = readLlamaConfig(recorded.configs[model]!);
        for (let layers = 1; layers <= config.layers; layers++) {
          const hidden = llamaHidden({ ...config, layers }, new Weights(checkpointOf(model)), { causal, longest: LONGEST });
          const program = await Program.open({ hidden }, { folder });
          const states = async (ids: number[]): Promise<Float32Array> => {
            const { pooling_mask: _, ...batch } = feeds([ids], counted['mean']!);
            return (await program.run(batch))['hidden']!.data as Float32Array;
          };
          const [before, behind] = [await states(text), await states([...text.slice(0, -1), (text.at(-1)! + 1) % 11])];
          const change = distance(before.subarray(0, config.width), behind.subarray(0, config.width));
          assert.ok(causal ? change === 0 : change > 1e-4, `layer ${layers}: ${change}`);
          await program.close();
        }
      });
    }
  }
});

test('tokens of an instruction are seen but not averaged (seeds LV-7, IN-2)', async () => {
  for (const model of ['t5', 'llama']) {
    const config = recorded.configs[model]!;
    const weights = new Weights(checkpointOf(model));
    const program = await Program.open({ y: embedderOf(model, weights, false) }, { folder });
    const vector = async (text: number[], counts: (token: number, text: number[]) => boolean): Promise<Float32Array> => (await program.run(feeds([text], counts)))['y']!.data as Float32Array;
    const text = recorded.texts[2]!;
    const skipped = await vector(text, counted['text']!);
    assert.ok(distance(skipped, await vector(text, counted['mean']!)) > 1e-3, `${config['model_type']}: counting them matters`);
    assert.ok(distance(skipped, await vector([9, 9, ...text.slice(2)], counted['text']!)) > 1e-4, 'attention sees them');
    // With the instruction's length as nothing, it is plain mean pooling.
    assert.equal(distance(await vector(text, (token) => token >= 0), await vector(text, counted['mean']!)), 0);
    // The closing token counts.
    assert.ok(distance(skipped, await vector(text, (token, all) => token >= 2 && token < all.length - 1)) > 1e-4);
    await program.close();
  }
});

test('distances are put into the buckets transformers puts them into', () => {
  assert.deepEqual(recorded.buckets.map((_, i) => distanceBucket(i - 600, { buckets: 32, maxDistance: 128 })), recorded.buckets);
});

test('a T5 cross-encoder gives the log-odds of its second label (seeds TA-3)', async () => {
  const model = 't5';
  const config = readT5Config(recorded.configs[model]!);
  // A classifier that says the same of every text: its bias.
  const bias = Float32Array.of(0.3, 1.1);
  const checkpoint = checkpointOf(model, { 'classifier.weight': { shape: [2, 8], data: new Float32Array(16) }, 'classifier.bias': { shape: [2], data: bias } });
  const program = await Program.open({ logit: t5CrossEncoder(config, new Weights(checkpoint), { longest: LONGEST }) }, { folder });
  const { pooling_mask: _, ...batch } = feeds(recorded.texts, () => true);
  const [logit] = (await program.run(batch))['logit']!.data as Float32Array;
  assert.ok(Math.abs(1 / (1 + Math.exp(-logit!)) - 0.689974) < 1e-6);
  await program.close();
});

test('says which weights a configuration needs, and no others', () => {
  for (const model of Object.keys(recorded.configs)) {
    const config = recorded.configs[model]!;
    const there = Object.entries(recorded.weights[model]!).filter(([name]) => !name.includes('.lora_')).map(([name, { shape }]) => [name, shape] as const);
    const names = there.map(([name]) => name);
    const needed = config['model_type'] === 't5' ? t5Weights(readT5Config(config), names) : llamaWeights(readLlamaConfig(config));
    assert.deepEqual(Object.fromEntries(there), needed);
  }
  assert.equal(llamaPrefix(['lm_head.weight', 'model.embed_tokens.weight']), 'model.');
});

test('rotary positions are read from configurations old and new', () => {
  const { rope_parameters: _, ...plain } = recorded.configs['qwen2']!;
  const llama3 = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };
  assert.deepEqual(readLlamaConfig({ ...plain, rope_theta: 1e6, rope_scaling: null }).rope, { theta: 1e6, scaling: { kind: 'none' } });
  assert.deepEqual(readLlamaConfig({ ...plain, rope_theta: 5e5, rope_scaling: { rope_type: 'llama3', ...llama3 } }).rope, readLlamaConfig({ ...plain, rope_parameters: { rope_type: 'llama3', rope_theta: 5e5, ...llama3 } }).rope);
  assert.deepEqual(readLlamaConfig({ ...plain, rope_scaling: { type: 'linear', factor: 4 } }).rope, { theta: 10_000, scaling: { kind: 'linear', factor: 4 } });
});

test('a window over which a model attends is the longest text it reads', () => {
  const qwen = recorded.configs['qwen2']!;
  assert.equal(readLlamaConfig(recorded.configs['mistral']!).longest, 32);
  assert.equal(readLlamaConfig({ ...qwen, sliding_window: 16, use_sliding_window: false }).longest, 64);
  assert.equal(readLlamaConfig({ ...qwen, sliding_window: 16, use_sliding_window: true }).longest, 16);
});

describe('refuses what it would compute wrongly', () => {
  const refusals: [what: string, read: () => unknown, sentence: RegExp][] = [
    ['another family', () => readLlamaConfig({ ...recorded.configs['llama'], model_type: 'gemma' }), /type "gemma" is not of the Llama family/],
    ['another activation', () => readLlamaConfig({ ...recorded.configs['llama'], hidden_act: 'gelu' }), /"gelu" is not "silu"/],
    ['rotary positions stretched in another way', () => readLlamaConfig({ ...recorded.configs['llama'], rope_parameters: { rope_type: 'yarn' } }), /in the way "yarn"/],
    ['heads that do not share evenly', () => readLlamaConfig({ ...recorded.configs['llama'], num_key_value_heads: 3 }), /4 heads cannot share 3/],
    ['T5 with another feed-forward layer', () => readT5Config({ ...recorded.configs['t5'], feed_forward_proj: 'gated-silu' }), /"gated-silu"/],
    ['T5 without a size', () => readT5Config({ ...recorded.configs['t5'], d_kv: null }), /does not say its d_kv/],
    ['texts longer than the window', () => llamaHidden(readLlamaConfig(recorded.configs['mistral']!), new Weights(checkpointOf('mistral')), { causal: true, longest: 33 }), /33 tokens are longer than the 32/],
  ];
  for (const [what, read, sentence] of refusals) test(what, () => assert.throws(read, sentence));
});

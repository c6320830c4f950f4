import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { contrastive, similarity } from '../learn/losses.ts';
import { GradientSum, gradientOutputs } from './accumulate.ts';
import { bertEmbedder, bertReranker, readBertConfig } from './bert.ts';
import { GradientCache, weightFeeds, type Loss } from './gradcache.ts';
import { denseGradients } from './gradient.ts';
import * as g from './graph.ts';
import { dropoutMasks } from './layers.ts';
import type { Adapter, LoraOptions } from './lora.ts';
import { advance, linear, loadState, newState, saveState, type Gradients, type OptimizerOptions, type TrainingState } from './optimizer.ts';
import { randomBert } from './plain-bert.ts';
import { Program, type Feeds } from './program.ts';
import { openCheckpoint, writeCheckpoint } from './safetensors.ts';
import { Tensor } from './session.ts';
import { input, type Value } from './value.ts';
import { Weights } from './weights.ts';

/** Whole training runs on a tiny BERT: they learn, repeat themselves to the bit, go on where they stopped, and can be cut into chunks. */

const folder = mkdtempSync(path.join(tmpdir(), 'training-'));
after(() => rmSync(folder, { recursive: true }));

const config = readBertConfig({ model_type: 'bert', hidden_size: 16, num_attention_heads: 2, num_hidden_layers: 2, layer_norm_eps: 1e-12, max_position_embeddings: 8, type_vocab_size: 2 });
const LORA: LoraOptions = { rank: 4, alpha: 8, adapts: () => true };
const PAIRS = 8;

const file = path.join(folder, 'bert.safetensors');
writeCheckpoint(file, randomBert(config, { vocabulary: 40, between: 32 }, '', 3));
const checkpoint = openCheckpoint(file);

/** Eight questions, then the eight passages that belong to them: tokens that have nothing to do with each other. */
const TEXTS = Array.from({ length: 2 * PAIRS }, (_, i) => [1, 3 + 2 * i, 4 + ((7 * i) % 30), 2].slice(0, 3 + (i % 2)));

function chunk(texts: number[][]): Record<string, Tensor> {
  const longest = Math.max(...texts.map((text) => text.length));
  const fill = (of: (text: number[], token: number) => number): Tensor => new Tensor('int64', BigInt64Array.from(texts.flatMap((text) => Array.from({ length: longest }, (_, token) => BigInt(of(text, token))))), [texts.length, longest]);
  return { input_ids: fill((text, token) => text[token] ?? 0), attention_mask: fill((text, token) => Number(token < text.length)), token_type_ids: fill(() => 0) };
}

const targets = new Tensor('float32', Float32Array.from({ length: PAIRS * PAIRS }, (_, i) => Number(i % (PAIRS + 1) === 0)), [PAIRS, PAIRS]);

/** The embeddings of questions, then passages, to their contrastive loss. */
function contrastiveLoss(all: Value): Value {
  const part = (from: number): Value => g.slice(all, 0, from, PAIRS);
  return contrastive(similarity(part(0), part(PAIRS), 0.1), input('targets', 'float32', [PAIRS, PAIRS]));
}

function embedder(dropout: boolean) {
  const weights = new Weights(checkpoint, { lora: LORA });
  const output = bertEmbedder(config, weights, { pooling: 'mean', normalised: true, dropout });
  return { output, weights };
}

/** One graph from token ids to the loss and its gradients. */
async function whole(dropout = false, threads = 1): Promise<{ program: Program; weights: Weights }> {
  const { output, weights } = embedder(dropout);
  const loss = contrastiveLoss(output);
  return { program: await Program.open({ loss, ...gradientOutputs(loss, weights.trained) }, { folder, threads }), weights };
}

const options = (steps: number): OptimizerOptions => ({ learningRate: 0.02, schedule: linear(steps, 5), longest: 1, weightDecay: 0.01 });

/** Trains up to a step, with other dropout masks at every step; `seed` decides all that is random. */
async function train(state: TrainingState | undefined, until: number, steps: number, seed: number, rate = 0.1): Promise<{ state: TrainingState; losses: number[] }> {
  const { program, weights } = await whole(true);
  let now = state ?? newState(weights.initial(seed));
  const sum = new GradientSum(Object.keys(program.model.outputs), now.weights);
  const losses: number[] = [];
  while (now.step < until) {
    const feeds = { ...chunk(TEXTS), targets, ...weightFeeds(now.weights), ...dropoutMasks(program.model.inputs, { batch: TEXTS.length, tokens: 4 }, rate, seed * 1000 + now.step) };
    const results = await program.run(feeds, sum.into);
    sum.clear();
    sum.add(results);
    losses.push((results['loss']!.data as Float32Array)[0]!);
    now = advance(now, sum.total(), options(steps)).state;
  }
  await program.close();
  return { state: now, losses };
}

test('eight pairs are learned by heart within 200 steps, by an adapter alone', async () => {
  const { losses } = await train(undefined, 200, 200, 1, 0);
  assert.ok(losses[0]! > 1, `it starts at ${losses[0]}`);
  assert.ok(losses.at(-1)! < 0.01, `it ends at ${losses.at(-1)}`);
});

test('the same seed gives the same bytes, another seed others, and a run that was interrupted the same again', async () => {
  const kept = async (name: string, seed: number, stop?: number): Promise<Buffer> => {
    const at = path.join(folder, name);
    let state: TrainingState | undefined;
    if (stop !== undefined) {
      saveState(at, (await train(undefined, stop, 12, seed)).state);
      ({ state } = loadState(at));
    }
    saveState(at, (await train(state, 12, 12, seed)).state);
    return readFileSync(at);
  };
  const first = await kept('first', 1);
  assert.deepEqual(await kept('again', 1), first);
  assert.deepEqual(await kept('interrupted', 1, 5), first);
  assert.notDeepEqual(await kept('other', 2), first);
});

test('gradients by chunks equal those of one run, with dropout on', async () => {
  const { program, weights: base } = await whole(true);
  const adapter = disturbed(base);
  const weights = weightFeeds(adapter);
  const masks = dropoutMasks(program.model.inputs, { batch: TEXTS.length, tokens: 4 }, 0.2, 7);
  const sum = new GradientSum(Object.keys(program.model.outputs), adapter);
  const results = await program.run({ ...chunk(TEXTS), targets, ...weights, ...masks }, sum.into);
  sum.add(results);

  const { output, weights: again } = embedder(true);
  const cache = await GradientCache.open(output, again.trained, adapter, { folder });
  const all = input('all', 'float32', [2 * PAIRS, config.width]);
  const value = contrastiveLoss(all);
  const lossProgram = await Program.open({ value, slope: denseGradients(value, [all])[0]! });
  const loss: Loss = async (outputs) => {
    const { value, slope } = await lossProgram.run({ all: new Tensor('float32', outputs, [2 * PAIRS, config.width]), targets });
    return { loss: (value!.data as Float32Array)[0]!, gradient: slope!.data as Float32Array };
  };
  const chunks = [0, 3, 8, 12].map((from, i, starts) => {
    const to = starts[i + 1] ?? TEXTS.length;
    return { ...chunk(TEXTS.slice(from, to)), ...cut(masks, from, to, Math.max(...TEXTS.slice(from, to).map((text) => text.length))) };
  });
  const cached = await cache.gradients(chunks, weights, loss);
  assert.ok(Math.abs(cached.loss - (results['loss']!.data as Float32Array)[0]!) < 1e-6);
  same(cached.gradients, sum.total(), 1e-5);
  await Promise.all([program.close(), cache.close(), lossProgram.close()]);
});

/** An adapter whose B is not zero, or A had no gradient to compare. */
function disturbed(weights: Weights): Adapter {
  const adapter = weights.initial(3);
  for (const [name, { data }] of Object.entries(adapter)) if (name.includes('lora_B')) data.forEach((_, i) => (data[i] = Math.sin(i)));
  return adapter;
}

test('the gradients of a whole model are the same on four threads as on one', async () => {
  const long = { ...chunk(Array.from({ length: 16 }, (_, i) => Array.from({ length: 8 }, (_, token) => 1 + ((5 * i + 3 * token) % 38)))), targets };
  const [one, four] = [await whole(false, 1), await whole(false, 4)];
  const adapter = disturbed(one.weights);
  const sums: Gradients[] = [];
  for (const { program } of [one, four, four]) {
    const sum = new GradientSum(Object.keys(program.model.outputs), adapter);
    sum.add(await program.run({ ...long, ...weightFeeds(adapter) }, sum.into));
    sums.push(sum.total());
  }
  same(sums[1]!, sums[0]!, 1e-6);
  same(sums[2]!, sums[0]!, 1e-6);
  await Promise.all([one.program.close(), four.program.close()]);
});

/** The masks of some of the texts. Those that belong to tokens are of shape [batch·tokens, width]. */
function cut(masks: Feeds, from: number, to: number, tokens: number): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(masks).map(([name, { data, dims }]) => {
    const width = dims[1]!;
    const each = dims[0]! / TEXTS.length;
    const kept = each === 1 ? 1 : tokens;
    const rows = Array.from({ length: to - from }, (_, i) => (data as Float32Array).slice((from + i) * each * width, ((from + i) * each + kept) * width));
    return [name, new Tensor('float32', Float32Array.from(rows.flatMap((row) => [...row])), [(to - from) * kept, width])];
  }));
}

function same(actual: Gradients, expected: Gradients, tolerance: number): void {
  assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort());
  for (const [name, gradient] of Object.entries(actual)) {
    const [a, b] = [gradient, expected[name]!].map((one) => ('data' in one ? one.data : one)) as [Float32Array, Float32Array];
    const size = Math.hypot(...b);
    assert.ok(size > 0, name);
    assert.ok(Math.hypot(...a.map((value, i) => value - b[i]!)) <= tolerance * size, name);
  }
}

test('a full fine-tune adds up the rows of its word table, by chunks as in one run', async () => {
  const weights = () => new Weights(checkpoint, { trains: (name) => /embeddings|classifier|LayerNorm/.test(name) });
  const [one, parts] = [weights(), weights()];
  const logits = bertReranker(config, one);
  const trained = one.initial(1);
  const loss = g.reduceSum(g.multiply(logits, logits));
  const program = await Program.open({ loss, ...gradientOutputs(loss, one.trained) }, { folder });
  const sum = new GradientSum(Object.keys(program.model.outputs), trained);
  sum.add(await program.run({ ...chunk(TEXTS), ...weightFeeds(trained) }, sum.into));
  const cache = await GradientCache.open(bertReranker(config, parts), parts.trained, trained, { folder });
  const squares: Loss = (outputs) => Promise.resolve({ loss: 0, gradient: outputs.map((value) => 2 * value) });
  const cached = await cache.gradients([chunk(TEXTS.slice(0, 5)), chunk(TEXTS.slice(5))], weightFeeds(trained), squares);
  same(cached.gradients, sum.total(), 1e-5);
  const words = sum.total()['embeddings.word_embeddings.weight']!;
  assert.deepEqual('indices' in words ? words.indices : [], [...new Set(TEXTS.flat().concat(0))].sort((a, b) => a - b));
  await Promise.all([program.close(), cache.close()]);
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { bertEmbedder, bertHidden, bertPrefix, bertReranker, readBertConfig, type BertConfig } from './bert.ts';
import { gradients } from './gradient.ts';
import * as g from './graph.ts';
import { atStrength, merge, newAdapter, unmerge, type Adapter, type LoraOptions } from './lora.ts';
import { plainBert, plainLinear, randomBert, type Numbers } from './plain-bert.ts';
import { Program } from './program.ts';
import { Random } from './random.ts';
import { openCheckpoint, writeCheckpoint, type Checkpoint, type Weight } from './safetensors.ts';
import { Tensor } from './session.ts';
import { input, type Value } from './value.ts';
import { Weights } from './weights.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bert-'));
after(() => rmSync(folder, { recursive: true }));

const JSON_OF = {
  bert: { model_type: 'bert', hidden_size: 8, num_attention_heads: 2, num_hidden_layers: 2, layer_norm_eps: 1e-12, max_position_embeddings: 10, type_vocab_size: 2, pad_token_id: 0 },
  roberta: { model_type: 'xlm-roberta', hidden_size: 8, num_attention_heads: 2, num_hidden_layers: 2, layer_norm_eps: 1e-5, max_position_embeddings: 12, type_vocab_size: 1, pad_token_id: 1 },
};
type Family = keyof typeof JSON_OF;
interface Model { config: BertConfig; weights: Record<string, Weight>; prefix: string; checkpoint: Checkpoint }

/** A tiny model of random weights, in a file as Hugging Face would leave it. */
function model(family: Family): Model {
  const config = readBertConfig(JSON_OF[family]);
  const prefix = `${family}.`;
  const weights = randomBert(config, { vocabulary: 11, between: 12 }, prefix, 3);
  const file = path.join(folder, `${family}.safetensors`);
  writeCheckpoint(file, weights);
  const checkpoint = openCheckpoint(file);
  assert.equal(bertPrefix(checkpoint.names), prefix);
  return { config, weights, prefix, checkpoint };
}

const LORA: LoraOptions = { rank: 2, alpha: 4, adapts: (layer) => /query|value|intermediate/.test(layer) };
/** Three texts of different lengths, with the kinds of their tokens. */
const TEXTS = [[2, 5, 7, 3], [2, 9, 3], [2, 4, 4, 8, 10, 3]];
const KINDS = [[0, 0, 1, 1], [0, 1, 1], [0, 0, 0, 1, 1, 1]];

function feeds(texts = TEXTS, kinds = KINDS, padding = 0): Record<string, Tensor> {
  const longest = Math.max(...texts.map((text) => text.length));
  const fill = (of: (text: number, token: number) => number): Tensor => new Tensor('int64', BigInt64Array.from({ length: texts.length * longest }, (_, i) => BigInt(of(Math.floor(i / longest), i % longest))), [texts.length, longest]);
  return {
    input_ids: fill((text, token) => texts[text]![token] ?? padding),
    attention_mask: fill((text, token) => Number(token < texts[text]!.length)),
    token_type_ids: fill((text, token) => kinds[text]![token] ?? 0),
  };
}

function tensors(weights: Record<string, Weight>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(weights).map(([name, { shape, data }]) => [name, new Tensor('float32', data, shape)]));
}

/** An adapter that does change something. */
function disturbed(trained: Iterable<Value>): Adapter {
  const adapter = newAdapter(trained, 5);
  const random = new Random(9);
  for (const { data } of Object.values(adapter)) data.forEach((_, i) => (data[i]! += 0.3 * random.normal()));
  return adapter;
}

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, what);
  const size = Math.sqrt(Array.from(expected).reduce((sum, value) => sum + value * value, 0));
  const error = Math.sqrt(Array.from(actual).reduce((sum, value, i) => sum + (value - expected[i]!) ** 2, 0));
  assert.ok(error <= tolerance * size, `${what}: ‖difference‖ is ${error / size} of ‖expected‖`);
}

const unit = (row: number[]): number[] => row.map((value) => value / Math.hypot(...row));
const mean = (rows: number[][]): number[] => rows[0]!.map((_, d) => rows.reduce((sum, row) => sum + row[d]!, 0) / rows.length);

function plainEmbeddings({ config, prefix }: Model, weights: Numbers, pooling: 'cls' | 'mean'): number[] {
  return TEXTS.flatMap((text) => {
    const hidden = plainBert(config, weights, prefix, text);
    return unit(pooling === 'cls' ? hidden[0]! : mean(hidden));
  });
}

function plainLogits({ config, prefix }: Model, weights: Numbers): number[] {
  return TEXTS.flatMap((text, i) => {
    const first = plainBert(config, weights, prefix, text, config.tokenTypes > 1 ? KINDS[i] : undefined).slice(0, 1);
    const pooled = plainLinear(weights, config.family === 'bert' ? `${prefix}pooler.dense` : 'classifier.dense', first).map((row) => row.map(Math.tanh));
    return plainLinear(weights, config.family === 'bert' ? 'classifier' : 'classifier.out_proj', pooled)[0]!;
  });
}

interface Variant { family: Family; name: string; build: (model: Model, weights: Weights) => Value; plain: (model: Model, weights: Numbers) => number[] }
const VARIANTS: Variant[] = [
  { family: 'bert', name: 'an embedder by first token', build: ({ config }, weights) => bertEmbedder(config, weights, { pooling: 'cls', normalised: true }), plain: (model, weights) => plainEmbeddings(model, weights, 'cls') },
  { family: 'roberta', name: 'an embedder by mean', build: ({ config }, weights) => bertEmbedder(config, weights, { pooling: 'mean', normalised: true }), plain: (model, weights) => plainEmbeddings(model, weights, 'mean') },
  { family: 'bert', name: 'a reranker', build: ({ config }, weights) => bertReranker(config, weights), plain: plainLogits },
  { family: 'roberta', name: 'a reranker', build: ({ config }, weights) => bertReranker(config, weights), plain: plainLogits },
];

for (const { family, name, build, plain } of VARIANTS) {
  test(`${family}, ${name}: outputs and gradients equal those of plain loops in float64`, async () => {
    const tiny = model(family);
    // Everything is trained: every weight of the checkpoint, and an adapter.
    const weights = new Weights(tiny.checkpoint, { prefix: tiny.prefix, lora: LORA, trains: () => true });
    const y = build(tiny, weights);
    const random = new Random(1);
    const c = Float32Array.from(plain(tiny, tiny.weights), () => random.normal());
    const loss = g.reduceSum(g.multiply(y, input('c', 'float32', y.shape)));
    const found = gradients(loss, [...weights.trained.values()]);
    const outputs: Record<string, Value> = { y, loss };
    const names = [...weights.trained.keys()];
    found.forEach(({ dense, rows }, i) => {
      if (dense !== undefined) outputs[`d ${names[i]}`] = dense;
      rows.forEach(({ rows: gathered, indices }, k) => Object.assign(outputs, { [`rows${k} ${names[i]}`]: gathered, [`ids${k} ${names[i]}`]: indices }));
    });
    const adapter = disturbed(weights.trained.values());
    const trained = Object.fromEntries(names.map((name) => [name, adapter[name] ?? tiny.weights[name]!]));
    const program = await Program.open(outputs, { folder: tiny.checkpoint.folder });
    const results = await program.run({ ...feeds(), ...tensors(trained), c: new Tensor('float32', c, y.shape.map((d) => (d === 'batch' ? TEXTS.length : (d as number)))) });

    const exact: Numbers = { ...tiny.weights, ...adapter, lora_alpha: { shape: [1], data: Float64Array.of(LORA.alpha) } };
    close(results['y']!.data as Float32Array, plain(tiny, exact), 1e-5, 'outputs');
    const plainLoss = (changed: Numbers): number => plain(tiny, changed).reduce((sum, value, i) => sum + value * c[i]!, 0);
    for (const name of names) {
      const gradient = gradientOf(name, trained[name]!, results);
      // Central differences of fourth order at up to eight places of every weight, and those that get most of the gradient.
      const places = [...gradient.keys()].sort((a, b) => Math.abs(gradient[b]!) - Math.abs(gradient[a]!)).slice(0, 3);
      const { data, shape } = trained[name]!;
      while (places.length < Math.min(6, data.length)) places.push(random.below(data.length));
      const slopes = places.map((place) => {
        const at = (h: number): number => plainLoss({ ...exact, [name]: { shape, data: Float64Array.from(data).with(place, data[place]! + h) } });
        const h = 1e-3;
        return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
      });
      // A key's bias moves all scores of a row alike, which softmax does not see: its gradient is rounding.
      if (name.endsWith('key.bias')) assert.ok(Math.max(...slopes.map(Math.abs)) < 1e-9 && Math.max(...gradient.map(Math.abs)) < 1e-5);
      else close(places.map((place) => gradient[place]!), slopes, 1e-5, `gradient of ${name}`);
    }
    await program.close();
  });
}

/** Dense, or rows added up where they belong, or both. */
function gradientOf(name: string, { shape, data }: Weight, results: Record<string, Tensor>): Float64Array {
  const gradient = new Float64Array(data.length);
  (results[`d ${name}`]?.data as Float32Array | undefined)?.forEach((value, i) => (gradient[i]! += value));
  for (let k = 0; `rows${k} ${name}` in results; k++) {
    const rows = results[`rows${k} ${name}`]!.data as Float32Array;
    const width = shape[1]!;
    (results[`ids${k} ${name}`]!.data as BigInt64Array).forEach((id, i) => {
      for (let d = 0; d < width; d++) gradient[Number(id) * width + d]! += rows[i * width + d]!;
    });
  }
  return gradient;
}

test('an adapter of zeros gives what the model gives without one, and merging one gives what feeding it gives', async () => {
  const tiny = model('bert');
  const build = (checkpoint: Checkpoint, lora?: LoraOptions) => {
    const weights = new Weights(checkpoint, { prefix: tiny.prefix, ...(lora === undefined ? {} : { lora }) });
    const y = bertEmbedder(tiny.config, weights, { pooling: 'cls', normalised: true });
    return { y, trained: [...weights.trained.values()] };
  };
  const run = async (y: Value, checkpoint: Checkpoint, adapter: Adapter = {}): Promise<Float32Array> => {
    const program = await Program.open({ y }, { folder: checkpoint.folder });
    const result = (await program.run({ ...feeds(), ...tensors(adapter) }))['y']!.data as Float32Array;
    await program.close();
    return result;
  };
  const base = await run(build(tiny.checkpoint).y, tiny.checkpoint);
  const adapted = build(tiny.checkpoint, LORA);
  close(await run(adapted.y, tiny.checkpoint, newAdapter(adapted.trained, 5)), base, 1e-7, 'adapter of zeros');
  const adapter = disturbed(adapted.trained);
  close(await run(adapted.y, tiny.checkpoint, atStrength(adapter, 0)), base, 1e-7, 'adapter of no strength');

  const merged = merge(tiny.checkpoint, adapter, LORA.alpha);
  assert.equal(Object.keys(merged).length, 6);
  const file = path.join(folder, 'merged.safetensors');
  writeCheckpoint(file, { ...tiny.weights, ...merged });
  const checkpoint = openCheckpoint(file);
  close(await run(build(checkpoint).y, checkpoint), await run(adapted.y, tiny.checkpoint, adapter), 1e-5, 'merged');
  for (const [name, { data }] of Object.entries(unmerge(merged, adapter, LORA.alpha))) close(data, tiny.weights[name]!.data, 1e-6, `unmerged ${name}`);
});

test('padding changes nothing, whatever token it is', async () => {
  const tiny = model('bert');
  const program = await Program.open({ y: bertEmbedder(tiny.config, new Weights(tiny.checkpoint, { prefix: tiny.prefix }), { pooling: 'mean', normalised: true }) }, { folder });
  const one = (await program.run(feeds())).y!.data as Float32Array;
  const other = (await program.run(feeds(TEXTS, KINDS, 6))).y!.data as Float32Array;
  close(other, one, 1e-6, 'padding');
  await program.close();
});

test('a model goes on from hidden states that were kept', async () => {
  const tiny = model('roberta');
  const weights = () => new Weights(tiny.checkpoint, { prefix: tiny.prefix, lora: { ...LORA, adapts: (layer) => layer.includes('layer.1.attention.self.query') } });
  const whole = weights();
  const upper = weights();
  const logits = bertReranker(tiny.config, whole);
  const resumed = bertReranker(tiny.config, upper, { from: 1 });
  const programs = await Promise.all([
    Program.open({ y: logits, dB: gradients(g.reduceSum(logits), [...whole.trained.values()])[1]!.dense! }, { folder }),
    Program.open({ hidden: bertHidden(tiny.config, weights(), 1, true) }, { folder }),
    Program.open({ y: resumed, dB: gradients(g.reduceSum(resumed), [...upper.trained.values()])[1]!.dense! }, { folder }),
  ]);
  assert.deepEqual(Object.keys(programs[2].model.inputs).sort().slice(0, 2), ['attention_mask', 'hidden']);
  const adapter = tensors(disturbed(whole.trained.values()));
  const expected = await programs[0].run({ ...feeds(), ...adapter });
  const { hidden } = await programs[1].run(feeds());
  const results = await programs[2].run({ ...feeds(), ...adapter, hidden: hidden! });
  close(results['y']!.data as Float32Array, expected['y']!.data as Float32Array, 1e-6, 'logits');
  close(results['dB']!.data as Float32Array, expected['dB']!.data as Float32Array, 1e-6, 'gradient');
  await Promise.all(programs.map((program) => program.close()));
});

test('a configuration that is computed otherwise is refused in a sentence', () => {
  assert.throws(() => readBertConfig({ ...JSON_OF.bert, model_type: 'llama' }), /A model of type "llama" is not of the BERT family/);
  assert.throws(() => readBertConfig({ ...JSON_OF.bert, hidden_act: 'gelu_new' }), /activation "gelu_new"/);
  assert.throws(() => readBertConfig({ ...JSON_OF.bert, position_embedding_type: 'relative_key' }), /only "absolute" is read/);
  assert.throws(() => readBertConfig({ ...JSON_OF.bert, num_attention_heads: 3 }), /hidden_size of 8 cannot be shared by 3 heads/);
  assert.throws(() => readBertConfig({ model_type: 'bert' }), /does not say its hidden_size/);
  assert.throws(() => bertPrefix(['lm_head.weight']), /none of the BERT family/);
});

/**
 * A training step of a small BERT beside the limit of the machine: the time ONNX Runtime takes for one plain product of
 * matrices with as many operations, in the same run, turn by turn. Where python3 has PyTorch, its step too.
 *
 *   npm run bench:training [-- --layers 6 --width 384 --sequences 8 --tokens 128 --rounds 7 --threads 1 --python python3]
 *
 * Times are of the processor, the least of all rounds: they hold on a machine that is busy with other things.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { contrastive, similarity } from '../engine/learn/losses.ts';
import { GradientSum, gradientOutputs } from '../engine/nn/accumulate.ts';
import { bertEmbedder, readBertConfig } from '../engine/nn/bert.ts';
import { flopsOf } from '../engine/nn/flops.ts';
import { weightFeeds } from '../engine/nn/gradcache.ts';
import * as g from '../engine/nn/graph.ts';
import { calibrate } from '../engine/nn/int8.ts';
import { advance, constantRate, newState, type OptimizerOptions } from '../engine/nn/optimizer.ts';
import { randomBert } from '../engine/nn/plain-bert.ts';
import { Program } from '../engine/nn/program.ts';
import { openCheckpoint, writeCheckpoint } from '../engine/nn/safetensors.ts';
import { Tensor } from '../engine/nn/session.ts';
import { frozen, input } from '../engine/nn/value.ts';
import { Weights, type WeightsOptions } from '../engine/nn/weights.ts';

const { values } = parseArgs({
  options: {
    layers: { type: 'string', default: '6' }, width: { type: 'string', default: '384' }, sequences: { type: 'string', default: '8' }, tokens: { type: 'string', default: '128' },
    rounds: { type: 'string', default: '7' }, threads: { type: 'string', default: '1' }, python: { type: 'string', default: 'python3' },
  },
});
const [layers, width, batch, tokens, rounds, threads] = [values.layers, values.width, values.sequences, values.tokens, values.rounds, values.threads].map(Number) as [number, number, number, number, number, number];
const VOCABULARY = 1000;
const OPTIMIZER: OptimizerOptions = { learningRate: 1e-4, schedule: constantRate(), longest: 1 };

const folder = mkdtempSync(path.join(tmpdir(), 'training-'));
const config = readBertConfig({ model_type: 'bert', hidden_size: width, num_attention_heads: width / 32, num_hidden_layers: layers, layer_norm_eps: 1e-12, max_position_embeddings: 512, type_vocab_size: 2 });
const file = path.join(folder, 'model.safetensors');
const base = randomBert(config, { vocabulary: VOCABULARY, between: 4 * width }, '', 1);
// Of a size that keeps six layers of random weights from running away.
for (const [name, { data }] of Object.entries(base)) if (!name.includes('LayerNorm')) for (let i = 0; i < data.length; i++) data[i]! *= 0.1;
writeCheckpoint(file, base);
const checkpoint = openCheckpoint(file);

const ids = (of: (i: number) => number): Tensor => new Tensor('int64', BigInt64Array.from({ length: batch * tokens }, (_, i) => BigInt(of(i))), [batch, tokens]);
const texts = { input_ids: ids((i) => (i * 7919) % VOCABULARY), attention_mask: ids(() => 1) };
const pairs = batch / 2;
const targets = new Tensor('float32', Float32Array.from({ length: pairs * pairs }, (_, i) => Number(i % (pairs + 1) === 0)), [pairs, pairs]);

interface Contender { name: string; flops: number; step: () => Promise<unknown>; close: () => Promise<void> }

/** Forward, loss, backward and AdamW. */
async function training(name: string, pooling: 'cls' | 'mean', options: WeightsOptions): Promise<Contender> {
  const weights = new Weights(checkpoint, options);
  const embeddings = bertEmbedder(config, weights, { pooling, normalised: true });
  const loss = contrastive(similarity(g.slice(embeddings, 0, 0, pairs), g.slice(embeddings, 0, pairs, pairs), 0.05), input('targets', 'float32', [pairs, pairs]));
  const outputs = { loss, ...gradientOutputs(loss, weights.trained) };
  const program = await Program.open(outputs, { folder, threads });
  let state = newState(weights.initial(1));
  const sum = new GradientSum(Object.keys(outputs), state.weights);
  return {
    name,
    flops: flopsOf(Object.values(outputs), { batch, tokens }).products,
    async step() {
      sum.clear();
      sum.add(await program.run({ ...texts, targets, ...weightFeeds(state.weights) }, sum.into));
      ({ state } = advance(state, sum.total(), OPTIMIZER));
    },
    close: () => program.close(),
  };
}

/** Hidden states times the widest weight of a layer, as often as it takes to get something to measure. */
async function product(): Promise<Contender> {
  const x = input('x', 'float32', ['n', width]);
  const w = frozen('w', { type: 'float32', shape: [4 * width, width], data: base['encoder.layer.0.intermediate.dense.weight']!.data });
  const y = g.gemm(x, w, { transposeB: true });
  const program = await Program.open({ y }, { threads });
  const feed = new Tensor('float32', new Float32Array(batch * tokens * width).fill(0.5), [batch * tokens, width]);
  const into = { y: new Float32Array(batch * tokens * 4 * width) };
  const times = 20;
  return {
    name: 'a plain product of matrices',
    flops: times * flopsOf([y], { n: batch * tokens }).products,
    async step() {
      for (let time = 0; time < times; time++) await program.run({ x: feed }, into);
    },
    close: () => program.close(),
  };
}

/** A line in, a step made, its seconds of processor time out. */
async function pytorch(kind: 'lora' | 'full'): Promise<{ step: () => Promise<number>; close: () => void } | undefined> {
  const script = fileURLToPath(new URL('./training.py', import.meta.url));
  const child = spawn(values.python, [script, kind, ...[layers, width, batch, tokens, threads].map(String)], { stdio: ['pipe', 'pipe', 'ignore'] });
  const gone = new Promise<undefined>((resolve) => {
    child.on('error', () => resolve(undefined));
    child.on('exit', () => resolve(undefined));
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string | undefined> => (await Promise.race([lines.next(), gone]))?.value as string | undefined;
  const ready = await line();
  if (ready === undefined) return undefined;
  if (kind === 'lora') console.log(ready);
  return {
    async step() {
      child.stdin.write('step\n');
      const answer = await line();
      if (answer === undefined) throw new Error('PyTorch ended in the middle of its steps.');
      return Number(answer);
    },
    close: () => child.stdin.end(),
  };
}

const lora = { rank: 8, alpha: 16, adapts: (layer: string) => /query|value/.test(layer) };
const full = (name: string): boolean => /encoder|embeddings.LayerNorm/.test(name);
const calibrated = new Weights(checkpoint);
bertEmbedder(config, calibrated, { pooling: 'mean', normalised: true });
const int8 = await calibrate(calibrated, [texts], { folder });
const contenders = [
  await product(),
  await training('LoRA, pooled by mean', 'mean', { lora }),
  await training('LoRA, pooled by first token', 'cls', { lora }),
  await training('LoRA, base in eight bits', 'cls', { lora, int8 }),
  await training('LoRA on the upper half only', 'cls', { lora: { ...lora, adapts: (layer) => lora.adapts(layer) && Number(/layer\.(\d+)/.exec(layer)![1]) >= layers / 2 } }),
  await training('all but the word table', 'cls', { trains: full }),
];
const others = { lora: await pytorch('lora'), full: await pytorch('full') };

const seconds = new Map<string, number>();
const keep = (name: string, time: number): void => void seconds.set(name, Math.min(time, seconds.get(name) ?? Infinity));
for (let round = 0; round <= rounds; round++) {
  for (const { name, step } of contenders) {
    const before = process.cpuUsage();
    await step();
    const { user, system } = process.cpuUsage(before);
    // The first round only warms up.
    if (round > 0) keep(name, (user + system) / 1e6);
  }
  for (const [kind, other] of Object.entries(others)) {
    if (other === undefined) continue;
    const time = await other.step();
    if (round > 0) keep(`PyTorch ${kind}`, time);
  }
}

const limit = seconds.get(contenders[0]!.name)! / contenders[0]!.flops;
console.log(`${layers} × ${width}, ${batch} sequences of ${tokens} tokens, ${threads} thread(s), least of ${rounds} rounds`);
console.log(`${'a step of'.padEnd(30)} ${'ms'.padStart(8)} ${'GFLOP'.padStart(8)} ${'× limit'.padStart(8)} ${'× PyTorch'.padStart(10)}`);
for (const { name, flops } of contenders) {
  const time = seconds.get(name)!;
  const other = seconds.get(`PyTorch ${name.startsWith('LoRA') ? 'lora' : 'full'}`);
  const beside = other === undefined || flops === contenders[0]!.flops ? '–' : (time / other).toFixed(2);
  console.log(`${name.padEnd(30)} ${(time * 1e3).toFixed(0).padStart(8)} ${(flops / 1e9).toFixed(1).padStart(8)} ${(time / (flops * limit)).toFixed(2).padStart(8)} ${beside.padStart(10)}`);
}
for (const [kind, other] of Object.entries(others)) {
  if (other === undefined) console.log(`PyTorch ${kind}: ${values.python} has no PyTorch, so there is nothing to compare with.`);
  else console.log(`PyTorch ${kind.padEnd(22)} ${(seconds.get(`PyTorch ${kind}`)! * 1e3).toFixed(0).padStart(8)}`);
  other?.close();
}
console.log(`peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB, all of these graphs together`);
for (const { close } of contenders) await close();
rmSync(folder, { recursive: true });

/** A training step of ours as a process: node step.ts KIND FOLDER SEQUENCES TOKENS THREADS */
import process from 'node:process';
import { contrastive, similarity } from '../../engine/learn/losses.ts';
import { GradientSum, gradientOutputs } from '../../engine/nn/accumulate.ts';
import { bertEmbedder, readBertConfig } from '../../engine/nn/bert.ts';
import { flopsOf } from '../../engine/nn/flops.ts';
import { weightFeeds } from '../../engine/nn/gradcache.ts';
import * as g from '../../engine/nn/graph.ts';
import { calibrate } from '../../engine/nn/int8.ts';
import { advance, constantRate, newState, type OptimizerOptions } from '../../engine/nn/optimizer.ts';
import { Program } from '../../engine/nn/program.ts';
import { Tensor } from '../../engine/nn/session.ts';
import { frozen, input } from '../../engine/nn/value.ts';
import { Weights, type WeightsOptions } from '../../engine/nn/weights.ts';
import { readModelFolder } from '../../engine/models/model-folder.ts';
import { takeTurns } from './turns.ts';

const [kind, folder] = process.argv.slice(2) as [string, string];
const [batch, tokens, threads] = process.argv.slice(4).map(Number) as [number, number, number];
const { checkpoint, config: json } = readModelFolder(folder) as Required<ReturnType<typeof readModelFolder>>;
const config = readBertConfig(json);
const WORDS = 1000;
const OPTIMIZER: OptimizerOptions = { learningRate: 1e-4, schedule: constantRate(), longest: 1 };

const ids = (of: (i: number) => number): Tensor => new Tensor('int64', BigInt64Array.from({ length: batch * tokens }, (_, i) => BigInt(of(i))), [batch, tokens]);
const texts = { input_ids: ids((i) => (i * 7919) % WORDS), attention_mask: ids(() => 1) };
const pairs = batch / 2;
const targets = new Tensor('float32', Float32Array.from({ length: pairs * pairs }, (_, i) => Number(i % (pairs + 1) === 0)), [pairs, pairs]);

/** Forward, loss, backward and AdamW. */
async function training(pooling: 'cls' | 'mean', options: WeightsOptions): Promise<void> {
  const weights = new Weights(checkpoint, options);
  const embeddings = bertEmbedder(config, weights, { pooling, normalised: true });
  const loss = contrastive(similarity(g.slice(embeddings, 0, 0, pairs), g.slice(embeddings, 0, pairs, pairs), 0.05), input('targets', 'float32', [pairs, pairs]));
  const outputs = { loss, ...gradientOutputs(loss, weights.trained) };
  const program = await Program.open(outputs, { folder, threads });
  let state = newState(weights.initial(1));
  const sum = new GradientSum(Object.keys(outputs), state.weights);
  await takeTurns({ name: kind, flops: flopsOf(Object.values(outputs), { batch, tokens }).products }, async () => {
    sum.clear();
    sum.add(await program.run({ ...texts, targets, ...weightFeeds(state.weights) }, sum.into));
    ({ state } = advance(state, sum.total(), OPTIMIZER));
  });
}

/** Hidden states times the widest weight of a layer, as often as it takes to get something to measure. */
async function product(): Promise<void> {
  const { width } = config;
  const x = input('x', 'float32', ['n', width]);
  const y = g.gemm(x, frozen('w', { type: 'float32', shape: [4 * width, width], data: checkpoint.read('encoder.layer.0.intermediate.dense.weight') }), { transposeB: true });
  const program = await Program.open({ y }, { threads });
  const feed = new Tensor('float32', new Float32Array(batch * tokens * width).fill(0.5), [batch * tokens, width]);
  const into = { y: new Float32Array(batch * tokens * 4 * width) };
  const times = 20;
  await takeTurns({ name: kind, flops: times * flopsOf([y], { n: batch * tokens }).products }, async () => {
    for (let time = 0; time < times; time++) await program.run({ x: feed }, into);
  });
}

const lora = { rank: 8, alpha: 16, adapts: (layer: string) => /query|value/.test(layer) };
const upper = { ...lora, adapts: (layer: string) => lora.adapts(layer) && Number(/layer\.(\d+)/.exec(layer)![1]) >= config.layers / 2 };

async function int8(): Promise<void> {
  const whole = new Weights(checkpoint);
  bertEmbedder(config, whole, { pooling: 'mean', normalised: true });
  await training('cls', { lora, int8: await calibrate(whole, [texts], { folder }) });
}

const KINDS: Record<string, () => Promise<void>> = {
  product,
  int8,
  mean: () => training('mean', { lora }),
  cls: () => training('cls', { lora }),
  upper: () => training('cls', { lora: upper }),
  full: () => training('cls', { trains: (name) => /encoder|embeddings.LayerNorm/.test(name) }),
};
await KINDS[kind]!();

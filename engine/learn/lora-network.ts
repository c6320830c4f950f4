import type { Architecture, Training } from '../models/architectures.ts';
import { textFeeds, type TokenText } from '../models/network.ts';
import { GradientCache, weightFeeds, type Loss } from '../nn/gradcache.ts';
import { calibrate, compareInt8, INT8_GATE } from '../nn/int8.ts';
import { dropoutMasks } from '../nn/layers.ts';
import type { Gradients } from '../nn/optimizer.ts';
import { Program, type Feeds } from '../nn/program.ts';
import type { Weight } from '../nn/safetensors.ts';
import { Tensor, type SessionOptions } from '../nn/session.ts';
import type { Value } from '../nn/value.ts';
import type { WeightsOptions } from '../nn/weights.ts';
import { shortened, type LoraRecipe, type TextLesson } from './trainee.ts';

type Learned = Readonly<Record<string, Weight>>;

/** What an adapter is trained through: the frozen base in the precision that serves best, its lower layers perhaps left alone. */
export interface LoraNetwork {
  begin(seed: number): Record<string, Weight>;
  /** What the finished model will make of some texts: in full precision, nothing dropped. */
  run(texts: readonly TokenText[], weights: Learned): Promise<Float32Array>;
  /** Loss and gradients over all texts, chunk by chunk; outputs come in the texts' order. Deterministic by what is given. */
  gradients(texts: readonly TokenText[], weights: Learned, loss: Loss): Promise<{ loss: number; gradients: Gradients }>;
  /** How it is trained, in a few words: a training that was begun otherwise cannot be gone on with. */
  told: string;
  close(): Promise<void>;
}

/** A network to be trained: how it is read and what comes out of it. */
export interface LoraSetup {
  read(options: Omit<WeightsOptions, 'prefix'>): Architecture;
  output(architecture: Architecture, training: Training): Value;
  pooling: 'cls' | 'mean' | 'last';
  /** Texts are pairs: their kinds of tokens count. */
  pairs: boolean;
  folder: string;
  /** Linear layers that are adapted, by name. */
  adapts(layer: string): boolean;
}

/** Texts of the run and a loss over them, to see what eight bits do to its gradients and how long a step takes. */
export interface LoraSample { texts: readonly TokenText[]; loss: Loss }

/** Fewer texts say nothing about a model's activations. */
const LEAST_SAMPLE = 16;
/** In narrower networks little is multiplied, and by the clock chance would decide. */
const LEAST_WIDTH = 256;
/** A base in eight bits has to be so much faster to be worth its errors. */
const FASTER = 1.2;
/** Outputs of frozen layers are kept up to so many bytes; of other texts they are computed anew. */
const KEPT_BYTES = 512e6;
/** Off the beginning, where B is zero and A has no gradient. */
const OFF = 0.02;

/** So many lessons are looked at before, and so many texts of each. */
const SAMPLED = 6;
const SAMPLED_TEXTS = 3;

/** The first lessons of a run, a little of each; undefined where there are none. */
export function sampleOf(lessons: readonly TextLesson[], batchOf: (lessons: readonly TextLesson[]) => LoraSample): LoraSample | undefined {
  return lessons.length === 0 ? undefined : batchOf(lessons.slice(0, SAMPLED).map((lesson) => shortened(lesson, SAMPLED_TEXTS)));
}

/** Opens a network to train an adapter through. `sample` decides about precision and frozen layers where the recipe leaves it open. */
export async function openLoraNetwork(setup: LoraSetup, recipe: LoraRecipe, sample?: LoraSample): Promise<LoraNetwork> {
  const options: SessionOptions = { folder: setup.folder, threads: recipe.threads ?? 1 };
  const { layers, width } = setup.read({});
  const from = layers === undefined ? 0 : (recipe.frozen ?? (sample && recipe.most && (await tooLong(setup, recipe, sample, recipe.most)) ? Math.floor(layers / 2) : 0));
  const build = (training: Training, more: Omit<WeightsOptions, 'prefix' | 'lora'> = {}) => {
    const architecture = setup.read({ ...more, lora: { ...recipe, adapts: (layer) => setup.adapts(layer) && layerOf(layer) >= from } });
    return { architecture, output: setup.output(architecture, training) };
  };
  const whole = build({});
  const begin = (seed: number): Record<string, Weight> => whole.architecture.weights.initial(seed);
  const dropout = layers === undefined || width < (recipe.dropsFrom ?? 0) ? 0 : (recipe.dropout ?? 0);
  const training: Training = { ...(dropout > 0 && { dropout: true }), ...(from > 0 && { from }) };

  const plain = dropout === 0 && from === 0;
  const exact = plain ? whole : build(training);
  let cache = await GradientCache.open(exact.output, exact.architecture.weights.trained, begin(0), options);
  const served = plain ? undefined : await Program.open({ output: whole.output }, options);
  const below = from === 0 ? undefined : await keeper(setup, from, options);

  async function chunkOf(texts: readonly TokenText[], seed: number): Promise<Feeds> {
    const tokens = Math.max(...texts.map(({ ids }) => ids.length));
    return {
      ...idsFeeds(texts, setup.pooling, cache.inputs), ...(below && { hidden: await below.hidden(texts, tokens) }),
      ...(dropout > 0 && dropoutMasks(cache.inputs, { batch: texts.length, tokens }, dropout, seed)),
    };
  }
  async function chunksOf(texts: readonly TokenText[], seed: number): Promise<Feeds[]> {
    const chunks: Feeds[] = [];
    for (let at = 0; at < texts.length; at += recipe.chunk) chunks.push(await chunkOf(texts.slice(at, at + recipe.chunk), seed + at));
    return chunks;
  }

  let precision = 'float32';
  if (sample && recipe.precision !== 'float32' && sample.texts.length >= LEAST_SAMPLE && (recipe.precision === 'int8' || width >= LEAST_WIDTH)) {
    const weights = Object.fromEntries(Object.entries(begin(1)).map(([name, { shape, data }]) => [name, { shape, data: data.map((value, i) => value + OFF * Math.sin(i + 1)) }]));
    // Half of the texts set the smoothing of activations; the whole is looked at, the others among it.
    const seen = sample.texts.filter((_, i) => i % 2 === 0);
    const int8 = await calibrate(whole.architecture.weights, seen.map((text) => ({ ...idsFeeds([text], setup.pooling), ...weightFeeds(weights) })), options);
    const rounded = build(training, { int8 });
    const other = await GradientCache.open(rounded.output, rounded.architecture.weights.trained, begin(0), options);
    const chunks = await chunksOf(sample.texts, 1);
    const agrees = (await compareInt8(cache, other, chunks, weightFeeds(weights), sample.loss)) >= INT8_GATE;
    const time = async (of: GradientCache): Promise<number> => {
      const begun = performance.now();
      await of.gradients(chunks, weightFeeds(weights), sample.loss);
      return performance.now() - begun;
    };
    const [slow, quick] = agrees && recipe.precision === undefined ? [await time(cache), await time(other)] : [1, 0];
    const taken = agrees && slow >= FASTER * quick;
    await (taken ? cache : other).close();
    if (taken) [cache, precision] = [other, 'int8'];
  }
  // What is served is never rounded, whatever was trained through.
  const judged = served ?? (precision === 'int8' ? await Program.open({ output: whole.output }, options) : undefined);

  return {
    begin,
    told: [precision, ...(from > 0 ? [`${from} layers frozen`] : []), ...(dropout > 0 ? [`dropout ${dropout}`] : [])].join(', '),
    async run(texts, weights) {
      const feeds = { ...idsFeeds(texts, setup.pooling, (judged?.model ?? cache).inputs), ...weightFeeds(weights) };
      return judged ? ((await judged.run(feeds))['output']!.data as Float32Array) : cache.run(feeds);
    },
    gradients: async (texts, weights, loss) => cache.gradients(await chunksOf(texts, seedOf(texts, weights)), weightFeeds(weights), loss),
    async close() {
      await cache.close();
      await judged?.close();
      await below?.close();
    },
  };
}

/** Whether a run of so many texts would take longer than is wanted with all layers, by the time of a step. */
async function tooLong(setup: LoraSetup, recipe: LoraRecipe, { texts, loss }: LoraSample, most: NonNullable<LoraRecipe['most']>): Promise<boolean> {
  const probe = await openLoraNetwork(setup, { ...recipe, frozen: 0, dropout: 0 });
  const weights = probe.begin(1);
  const begun = performance.now();
  await probe.gradients(texts, weights, loss);
  const each = (performance.now() - begun) / texts.length;
  await probe.close();
  return (each * most.texts) / 1000 > most.seconds;
}

/** The encoder layer that a linear layer is part of; of others, above all layers. */
function layerOf(name: string): number {
  const found = /\blayer\.(\d+)\./.exec(name);
  return found ? Number(found[1]) : Infinity;
}

/** What a graph asks of texts; all that it may ask, where that is not said. */
function idsFeeds(texts: readonly TokenText[], pooling: 'cls' | 'mean' | 'last', inputs?: Readonly<Record<string, unknown>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(textFeeds(texts, pooling)).filter(([name]) => inputs === undefined || name in inputs).map(([name, make]) => [name, make()]));
}

/** What comes out of the frozen layers, made of each text once and by itself, so that it does not depend on the others. */
async function keeper(setup: LoraSetup, upTo: number, options: SessionOptions): Promise<{ hidden(texts: readonly TokenText[], tokens: number): Promise<Tensor>; close(): Promise<void> }> {
  const architecture = setup.read({});
  const program = await Program.open({ hidden: architecture.hidden!(upTo, setup.pairs) }, options);
  const { width } = architecture;
  const kept = new Map<string, Float32Array>();
  let bytes = 0;
  async function of(text: TokenText): Promise<Float32Array> {
    const name = `${text.ids.join()} ${text.types?.join() ?? ''}`;
    const known = kept.get(name);
    if (known) return known;
    const made = (await program.run(idsFeeds([text], setup.pooling, program.model.inputs)))['hidden']!.data as Float32Array;
    if (bytes + made.byteLength <= KEPT_BYTES) {
      kept.set(name, made);
      bytes += made.byteLength;
    }
    return made;
  }
  return {
    async hidden(texts, tokens) {
      const all = new Float32Array(texts.length * tokens * width);
      for (const [row, text] of texts.entries()) all.set(await of(text), row * tokens * width);
      return new Tensor('float32', all, [texts.length, tokens, width]);
    },
    close: () => program.close(),
  };
}

/** A seed for masks: others at every step, and the same where a step is made again. */
function seedOf(texts: readonly TokenText[], weights: Learned): number {
  let hash = 2166136261;
  const mix = (value: number): void => void (hash = Math.imul(hash ^ value, 16777619));
  for (const { ids } of texts) for (const id of ids) mix(id);
  const bits = new Int32Array(1);
  const float = new Float32Array(bits.buffer);
  for (const { data } of Object.values(weights)) {
    float[0] = data[0] ?? 0;
    mix(bits[0]!);
    float[0] = data.at(-1) ?? 0;
    mix(bits[0]!);
  }
  return hash >>> 0;
}

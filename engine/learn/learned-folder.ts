import { cpSync, existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { measureBackground } from '../models/background.ts';
import { openEmbedder } from '../models/embedder.ts';
import { hashFile, readManifest, type Manifest } from '../models/manifest.ts';
import { readModelFolder } from '../models/model-folder.ts';
import { openTokenizer } from '../models/tokenizer.ts';
import { merge, type Adapter } from '../nn/lora.ts';
import { writeCheckpoint, type Checkpoint, type Weight } from '../nn/safetensors.ts';
import { openSession, Tensor } from '../nn/session.ts';
import { quantise, staticGraph } from './folder.ts';
import { LINE } from './lora-reranker.ts';
import { MAP } from './static-map.ts';
import { betweenBackgrounds, type LoraRecipe } from './trainee.ts';

/** Says of a folder that it was learned, with the version's report: it may be made again at any time from its base and what is stored of it. */
export const LEARNED = 'learned.json';

export interface LearnedName { id: string; name: string }

/** Where folders are that are not whole yet. */
const HALF = '.new';

/** Makes a folder beside the place where it will be, and puts it there when it is whole. */
async function whole(out: string, fill: (half: string) => Promise<void> | void): Promise<void> {
  const target = resolve(out);
  const half = join(dirname(target), HALF, basename(target));
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { recursive: true });
  await fill(half);
  if (existsSync(target)) rmSync(target, { recursive: true });
  renameSync(half, target);
  if (readdirSync(dirname(half)).length === 0) rmdirSync(dirname(half));
}

/**
 * A model folder like any other, made of one and an adapter that is worked into its weights: the same config, tokenizer and
 * prompts, one file of weights. It appears under its name only when it is whole.
 *
 * @param out the new folder; its name should hold the base's, by which its family is recognised
 */
export async function writeLearnedFolder(base: string, adapter: Adapter, recipe: Pick<LoraRecipe, 'alpha'>, out: string): Promise<void> {
  const { path, checkpoint, config } = readModelFolder(base);
  if (checkpoint === undefined) throw new Error(`The model in ${base} has no safetensors, so nothing can be worked into it.`);
  await whole(out, (half) => {
    for (const entry of readdirSync(path)) if (!WEIGHTS.test(entry) && entry !== 'config.json') cpSync(join(path, entry), join(half, entry), { recursive: true, dereference: true });
    writeFileSync(join(half, 'config.json'), JSON.stringify({ ...config, _name_or_path: config['_name_or_path'] ?? basename(path) }, undefined, 2));
    writeFileSync(join(half, LEARNED), '{}');
    const changed = { ...merge(checkpoint, adapter, recipe.alpha), ...lined(checkpoint, adapter[LINE]) };
    const weights: Record<string, Weight> = {};
    for (const name of checkpoint.names) weights[name] = changed[name] ?? { shape: checkpoint.shape(name), data: checkpoint.read(name) };
    writeCheckpoint(join(half, 'model.safetensors'), weights, checkpoint.metadata);
  });
}

/** A cross-encoder's last layer with a line worked in; of two numbers for a pair, the logit is the second less the first. */
function lined(checkpoint: Checkpoint, line: Weight | undefined): Record<string, Weight> {
  if (!line) return {};
  const [factor, offset] = line.data;
  const last = ['classifier.out_proj', 'classifier'].find((layer) => checkpoint.has(`${layer}.weight`))!;
  const times = (name: string): Weight => ({ shape: checkpoint.shape(name), data: checkpoint.read(name).map((value) => value * factor!) });
  const bias = times(`${last}.bias`);
  bias.data[bias.data.length - 1]! += offset!;
  return { [`${last}.weight`]: times(`${last}.weight`), [`${last}.bias`]: bias };
}

/** Weights of the base and what is computed from them: not those of the learned model. */
const WEIGHTS = /^(?:model.*\.safetensors(?:\.index\.json)?|pytorch_model.*|onnx|model\.onnx.*|openvino.*|.*\.(?:bin|h5|msgpack|gguf|ot))$/;

/** A late-interaction reranker with another head; its table and tokenizer are the base's. */
export async function writeLateFolder(base: string, head: Readonly<Record<string, Weight>>, names: LearnedName, out: string): Promise<void> {
  const manifest = await readManifest(base);
  await whole(out, async (half) => {
    for (const name of Object.keys(manifest.files)) if (name !== HEAD) sameFile(join(base, name), join(half, name));
    writeCheckpoint(join(half, HEAD), { ...head });
    await writeManifest(half, manifest, names, [HEAD]);
  });
}

const HEAD = 'head.safetensors';

/** A static embedder whose sums are mapped in the end: v + (α/r) B A v. */
export async function writeStaticFolder(base: string, adapter: Adapter, recipe: Pick<LoraRecipe, 'alpha'>, names: LearnedName, out: string): Promise<void> {
  const manifest = await readManifest(base);
  const width = manifest.dimensions!;
  const rows = await tableOf(base, width);
  const map = mapOf(adapter, recipe, width);
  await whole(out, async (half) => {
    for (const name of Object.keys(manifest.files)) if (name !== TABLE) sameFile(join(base, name), join(half, name));
    const { codes, scales } = quantise(rows, width);
    writeFileSync(join(half, TABLE), staticGraph(codes, scales, width, { novelty: Number(manifest.recipe['novelty'] ?? 0), map }));
    await writeManifest(half, manifest, names, [TABLE]);
    // Unrelated texts are now nearer to each other, or farther apart, by so much; the base's own figure comes from its training.
    if (manifest.background) {
      const [before, after] = [await backgroundOf(base), await backgroundOf(half)];
      const mean = betweenBackgrounds(before, after)(manifest.background.mean);
      const deviation = (manifest.background.deviation * after.deviation) / before.deviation;
      await writeManifest(half, { ...(await readManifest(half)), background: { mean, deviation } }, names, []);
    }
  });
}

/** [width, width] by rows of inputs: the unit matrix and (α/r) (B A)ᵀ. */
function mapOf(adapter: Adapter, { alpha }: Pick<LoraRecipe, 'alpha'>, width: number): Float32Array {
  const a = adapter[`${MAP}.lora_A.weight`]!;
  const b = adapter[`${MAP}.lora_B.weight`]!;
  const rank = a.shape[0]!;
  return Float32Array.from({ length: width * width }, (_, at) => {
    const [from, to] = [Math.floor(at / width), at % width];
    let sum = 0;
    for (let r = 0; r < rank; r++) sum += b.data[to * rank + r]! * a.data[r * width + from]!;
    return Number(from === to) + (sum * alpha) / rank;
  });
}

const TABLE = 'model.onnx';
const ROWS_AT_A_TIME = 8192;

/** All rows of a static embedder's table, [tokens, width]: a text of one token is its row. */
async function tableOf(folder: string, width: number): Promise<Float32Array> {
  const { largest } = await openTokenizer(join(folder, 'tokenizer.json'));
  const session = await openSession(join(folder, TABLE), { threads: 1 });
  const rows = new Float32Array((largest + 1) * width);
  for (let from = 0; from <= largest; from += ROWS_AT_A_TIME) {
    const count = Math.min(ROWS_AT_A_TIME, largest + 1 - from);
    const feeds = { input_ids: new Tensor('int64', BigInt64Array.from({ length: count }, (_, i) => BigInt(from + i)), [count, 1]), attention_mask: new Tensor('int64', new BigInt64Array(count).fill(1n), [count, 1]) };
    rows.set((await session.run(feeds))[session.outputNames[0]!]!.data as Float32Array, from * width);
  }
  await session.release();
  return rows;
}

async function backgroundOf(folder: string): Promise<{ mean: number; deviation: number }> {
  const embedder = await openEmbedder(folder, { threads: 1 });
  const background = await measureBackground(embedder);
  await embedder.close();
  return background;
}

/** The same file in two folders, once on the disk where that is possible. */
function sameFile(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    cpSync(from, to, { dereference: true });
  }
}

async function writeManifest(folder: string, base: Manifest, names: LearnedName, changed: readonly string[]): Promise<void> {
  const files = { ...base.files };
  for (const name of changed) files[name] = { sha256: await hashFile(join(folder, name)), bytes: statSync(join(folder, name)).size };
  const manifest: Manifest = { ...base, ...names, recipe: { ...base.recipe, learnedFrom: base.recipe['learnedFrom'] ?? base.id }, quality: {}, files };
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, undefined, 1)}\n`);
  writeFileSync(join(folder, LEARNED), '{}');
}

/** Puts a version's report into its folder, and into its manifest where it has one. */
export async function writeReport(folder: string, report: object): Promise<void> {
  writeFileSync(join(folder, LEARNED), `${JSON.stringify(report, undefined, 1)}\n`);
  if (!existsSync(join(folder, 'manifest.json'))) return;
  const manifest = await readManifest(folder);
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify({ ...manifest, recipe: { ...manifest.recipe, learned: report } }, undefined, 1)}\n`);
}

/** Removes learned model folders that nothing stands for, and those that did not become whole: the process was killed then. */
export function clearLearned(dir: string, known: ReadonlySet<string>): void {
  if (!existsSync(dir)) return;
  rmSync(join(dir, HALF), { recursive: true, force: true });
  for (const name of readdirSync(dir)) if (!known.has(name) && existsSync(join(dir, name, LEARNED))) rmSync(join(dir, name), { recursive: true, force: true });
}

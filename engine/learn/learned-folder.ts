import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { readModelFolder } from '../models/model-folder.ts';
import { atStrength, merge, type Adapter } from '../nn/lora.ts';
import { writeCheckpoint, type Weight } from '../nn/safetensors.ts';
import type { LoraRecipe } from './trainee.ts';

/**
 * A model folder like any other, made of one and an adapter that is worked into its weights: the same config, tokenizer and
 * prompts, one file of weights. It appears under its name only when it is whole.
 *
 * @param strength share of the adapter, 0…1; at 0 the weights are those of the base
 * @param out the new folder; its name should hold the base's, by which its family is recognised
 */
export function writeLearnedFolder(base: string, adapter: Adapter, strength: number, recipe: Pick<LoraRecipe, 'alpha'>, out: string): void {
  const { path, checkpoint, config } = readModelFolder(base);
  if (checkpoint === undefined) throw new Error(`The model in ${base} has no safetensors, so nothing can be worked into it.`);
  const target = resolve(out);
  const half = `${target}.new`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { recursive: true });
  for (const entry of readdirSync(path)) if (!WEIGHTS.test(entry) && entry !== 'config.json') cpSync(join(path, entry), join(half, entry), { recursive: true, dereference: true });
  writeFileSync(join(half, 'config.json'), JSON.stringify({ ...config, _name_or_path: config['_name_or_path'] ?? basename(path) }, undefined, 2));
  const changed = merge(checkpoint, atStrength(adapter, strength), recipe.alpha);
  const weights: Record<string, Weight> = {};
  for (const name of checkpoint.names) weights[name] = changed[name] ?? { shape: checkpoint.shape(name), data: checkpoint.read(name) };
  writeCheckpoint(join(half, 'model.safetensors'), weights, checkpoint.metadata);
  if (existsSync(target)) rmSync(target, { recursive: true });
  renameSync(half, target);
}

/** Weights of the base and what is computed from them: not those of the learned model. */
const WEIGHTS = /^(?:model.*\.safetensors(?:\.index\.json)?|pytorch_model.*|onnx|model\.onnx.*|openvino.*|.*\.(?:bin|h5|msgpack|gguf|ot))$/;

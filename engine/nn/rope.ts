import * as g from './graph.ts';
import { constant, type Value } from './value.ts';

/** Rotary positions (RoPE, https://arxiv.org/abs/2104.09864), as Hugging Face lays them out: a head's first half is turned with its second. */
export interface Rope {
  theta: number;
  /** How a model was stretched to longer texts than it began with. */
  scaling: { kind: 'none' } | { kind: 'linear'; factor: number } | { kind: 'llama3'; factor: number; low: number; high: number; original: number };
}

/** From `config.json`, in its older form (`rope_theta`, `rope_scaling`) or its newer one (`rope_parameters`). Throws a sentence for a kind that is not known. */
export function readRope(json: Readonly<Record<string, unknown>>): Rope {
  const parameters = (json['rope_parameters'] ?? json['rope_scaling'] ?? {}) as Record<string, unknown>;
  const theta = Number(parameters['rope_theta'] ?? json['rope_theta'] ?? 10_000);
  const kind = String(parameters['rope_type'] ?? parameters['type'] ?? 'default');
  const number = (key: string): number => {
    const value = parameters[key];
    if (typeof value !== 'number') throw new Error(`The model's config.json does not say the ${key} of its rotary positions.`);
    return value;
  };
  if (kind === 'default') return { theta, scaling: { kind: 'none' } };
  if (kind === 'linear') return { theta, scaling: { kind, factor: number('factor') } };
  if (kind === 'llama3') return { theta, scaling: { kind, factor: number('factor'), low: number('low_freq_factor'), high: number('high_freq_factor'), original: number('original_max_position_embeddings') } };
  throw new Error(`The model stretches its rotary positions in the way "${kind}", which is not known here; "default", "linear" and "llama3" are.`);
}

/** By what angle each pair of a head's numbers is turned from one position to the next. */
export function inverseFrequencies({ theta, scaling }: Rope, headWidth: number): number[] {
  const plain = Array.from({ length: headWidth / 2 }, (_, i) => theta ** ((-2 * i) / headWidth));
  if (scaling.kind === 'none') return plain;
  if (scaling.kind === 'linear') return plain.map((frequency) => frequency / scaling.factor);
  return plain.map((frequency) => {
    // Waves shorter than the original text stay, longer ones are stretched, those between in part.
    const waves = (scaling.original * frequency) / (2 * Math.PI);
    const kept = Math.min(1, Math.max(0, (waves - scaling.low) / (scaling.high - scaling.low)));
    return kept * frequency + ((1 - kept) * frequency) / scaling.factor;
  });
}

export interface Rotation { cosines: Value; sines: Value }

/** Cosine and sine of every angle at every position: [tokens, headWidth]. */
export function rotation(frequencies: readonly number[], longest: number): Rotation {
  const width = frequencies.length * 2;
  const table = (of: (angle: number) => number): Value => {
    const data = Float32Array.from({ length: longest * width }, (_, i) => of(Math.floor(i / width) * frequencies[(i % width) % frequencies.length]!));
    return g.slice(constant({ type: 'float32', shape: [longest, width], data }), 0, 0, 'tokens');
  };
  return { cosines: table(Math.cos), sines: table(Math.sin) };
}

/** Turns every head of [batch, heads, tokens, width] by its position. */
export function rotate(x: Value, { cosines, sines }: Rotation): Value {
  const half = (x.shape[3] as number) / 2;
  const turned = g.concat([g.negate(g.slice(x, 3, half, half)), g.slice(x, 3, 0, half)], 3);
  return g.add(g.multiply(x, cosines), g.multiply(turned, sines));
}

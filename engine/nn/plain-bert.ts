import type { BertConfig } from './bert.ts';
import { Random } from './random.ts';
import type { Weight } from './safetensors.ts';

/**
 * What tests hold `bert.ts` against: BERT and XLM-RoBERTa written out in loops over float64, one text at a time and without
 * padding, from Hugging Face's description of the checkpoint. Shares no code with the graphs.
 */
export type Numbers = Record<string, { shape: number[]; data: Float64Array | Float32Array }>;
type Rows = number[][];

/** Hidden states of one text [tokens, width]. */
export function plainBert(config: BertConfig, weights: Numbers, prefix: string, ids: readonly number[], kinds: readonly number[] = ids.map(() => 0)): Rows {
  const table = (name: string): Rows => matrix(weights[`${prefix}${name}`]!);
  const embeddings = ['word', 'position', 'token_type'].map((kind) => table(`embeddings.${kind}_embeddings.weight`));
  let hidden: Rows = ids.map((id, i) => embeddings[0]![id]!.map((value, d) => value + embeddings[1]![config.firstPosition + i]![d]! + embeddings[2]![kinds[i]!]![d]!));
  hidden = norm(config, weights, `${prefix}embeddings.LayerNorm`, hidden);
  for (let layer = 0; layer < config.layers; layer++) {
    const name = `${prefix}encoder.layer.${layer}.`;
    const [q, k, v] = ['query', 'key', 'value'].map((part) => plainLinear(weights, `${name}attention.self.${part}`, hidden));
    const size = config.width / config.heads;
    const context: Rows = hidden.map(() => Array<number>(config.width).fill(0));
    for (let head = 0; head < config.heads; head++) {
      const range = Array.from({ length: size }, (_, d) => head * size + d);
      for (let i = 0; i < hidden.length; i++) {
        const scores = hidden.map((_, j) => range.reduce((sum, d) => sum + q![i]![d]! * k![j]![d]!, 0) / Math.sqrt(size));
        const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
        const total = powers.reduce((sum, power) => sum + power, 0);
        for (const d of range) context[i]![d] = powers.reduce((sum, power, j) => sum + (power / total) * v![j]![d]!, 0);
      }
    }
    const attended = plainLinear(weights, `${name}attention.output.dense`, context);
    const between = norm(config, weights, `${name}attention.output.LayerNorm`, plus(attended, hidden));
    const wide = plainLinear(weights, `${name}intermediate.dense`, between).map((row) => row.map((x) => x * normal(x)));
    hidden = norm(config, weights, `${name}output.LayerNorm`, plus(plainLinear(weights, `${name}output.dense`, wide), between));
  }
  return hidden;
}

/** x Wᵀ + b + (α/r) x Aᵀ Bᵀ, the last where the weights hold A and B; α is stored as `lora_alpha`. */
export function plainLinear(weights: Numbers, layer: string, x: Rows): Rows {
  const product = (rows: Rows, w: Rows): Rows => rows.map((row) => w.map((column) => column.reduce((sum, value, i) => sum + value * row[i]!, 0)));
  const bias = weights[`${layer}.bias`]!.data;
  const y = product(x, matrix(weights[`${layer}.weight`]!)).map((row) => row.map((value, i) => value + bias[i]!));
  const a = weights[`${layer}.lora_A.weight`];
  if (a === undefined) return y;
  const added = product(product(x, matrix(a)), matrix(weights[`${layer}.lora_B.weight`]!));
  return y.map((row, i) => row.map((value, j) => value + (weights['lora_alpha']!.data[0]! / a.shape[0]!) * added[i]![j]!));
}

/** Random weights of the shapes such a checkpoint has, with a classifier of one number. */
export function randomBert(config: BertConfig, sizes: { vocabulary: number; between: number }, prefix: string, seed: number): Record<string, Weight> {
  const random = new Random(seed);
  const weights: Record<string, Weight> = {};
  const { width } = config;
  const fill = (name: string, shape: number[], mean = 0): void => {
    weights[name] = { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => mean + 0.3 * random.normal()) };
  };
  const layer = (name: string, outs: number, ins: number): void => {
    fill(`${name}.weight`, [outs, ins]);
    fill(`${name}.bias`, [outs]);
  };
  const norms = (name: string): void => {
    fill(`${name}.weight`, [width], 1);
    fill(`${name}.bias`, [width]);
  };
  fill(`${prefix}embeddings.word_embeddings.weight`, [sizes.vocabulary, width]);
  fill(`${prefix}embeddings.position_embeddings.weight`, [config.longest + config.firstPosition, width]);
  fill(`${prefix}embeddings.token_type_embeddings.weight`, [config.tokenTypes, width]);
  norms(`${prefix}embeddings.LayerNorm`);
  for (let i = 0; i < config.layers; i++) {
    const name = `${prefix}encoder.layer.${i}`;
    for (const part of ['query', 'key', 'value']) layer(`${name}.attention.self.${part}`, width, width);
    layer(`${name}.attention.output.dense`, width, width);
    norms(`${name}.attention.output.LayerNorm`);
    layer(`${name}.intermediate.dense`, sizes.between, width);
    layer(`${name}.output.dense`, width, sizes.between);
    norms(`${name}.output.LayerNorm`);
  }
  if (config.family === 'bert') {
    layer(`${prefix}pooler.dense`, width, width);
    layer('classifier', 1, width);
  } else {
    layer('classifier.dense', width, width);
    layer('classifier.out_proj', 1, width);
  }
  return weights;
}

function matrix({ shape, data }: Numbers[string]): Rows {
  return Array.from({ length: shape[0]! }, (_, i) => Array.from(data.subarray(i * shape[1]!, (i + 1) * shape[1]!)));
}

function plus(a: Rows, b: Rows): Rows {
  return a.map((row, i) => row.map((value, d) => value + b[i]![d]!));
}

function norm({ epsilon }: BertConfig, weights: Numbers, name: string, rows: Rows): Rows {
  const [gain, bias] = [weights[`${name}.weight`]!.data, weights[`${name}.bias`]!.data];
  return rows.map((row) => {
    const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
    return row.map((value, d) => ((value - mean) / Math.sqrt(variance + epsilon)) * gain[d]! + bias[d]!);
  });
}

/** Φ(x) by the series of the normal distribution around 0 (Marsaglia 2004, https://www.jstatsoft.org/article/view/v011i04). */
function normal(x: number): number {
  let [sum, term] = [x, x];
  for (let i = 3; Math.abs(term) > 1e-17; i += 2) sum += term *= (x * x) / i;
  return 0.5 + sum * Math.exp((-x * x) / 2 - Math.log(2 * Math.PI) / 2);
}

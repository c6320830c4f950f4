import { writeGraph } from '../nn/emission.ts';
import { openSession, Tensor, type Session, type SessionOptions } from '../nn/session.ts';
import { finish } from './architectures.ts';
import type { FoundFolder } from './inspect.ts';
import type { Manifest } from './manifest.ts';
import type { Projection } from './model-folder.ts';

/** A text as a network reads it. Only tokens from `from` on are averaged. */
export interface TokenText { ids: number[]; from: number; types?: number[] }

/**
 * Weights of an encoder are read from memory for every run, and so few tokens' activations stay in a core's cache meanwhile: 256
 * tokens are 15 % faster than 4096 (6 layers of width 384). Devices with many cores want more at once, and so does what has no layers.
 */
const TOKENS_ON_PROCESSOR = 256;
export const TOKENS_TOGETHER = 4096;

/** From tokens to vectors; computes on the calling thread. */
export interface Network {
  vectors(texts: readonly TokenText[]): Promise<Float32Array[]>;
  /** Tokens that are best given to it at once; a text longer than that goes alone. */
  tokensPerRun: number;
  close(): Promise<void>;
}

/** The network of a folder whose weights are in safetensors: the graph does everything, the weights stay in their files. */
export async function openGraph({ folder, architecture, manifest }: FoundFolder, options: SessionOptions): Promise<Network> {
  const pooling = manifest.pooling as 'cls' | 'mean' | 'last';
  const pooled = architecture!.embedder(pooling, manifest.maxTokens);
  const { bytes } = writeGraph({ vector: finish(pooled, folder.projection, manifest.normalised) });
  const session = await openSession(bytes, { ...options, folder: folder.checkpoint!.folder });
  return {
    async vectors(texts) {
      const output = (await session.run(feeds(session, texts, pooling)))['vector']!;
      return rowsOf(output.data as Float32Array, texts.length);
    },
    tokensPerRun: (options.device ?? 'cpu') === 'cpu' ? TOKENS_ON_PROCESSOR : TOKENS_TOGETHER,
    close: () => session.release(),
  };
}

/**
 * The network of an ONNX file. It takes `input_ids` and, if it names them, `attention_mask`, `token_type_ids`, `position_ids`
 * and an empty past (int64, [batch, tokens]); what it gives is one vector a token [batch, tokens, dimensions], or already one a
 * text where the manifest's pooling is `graph`.
 */
export async function openOnnx(file: string, manifest: Manifest, projection: Projection | undefined, options: SessionOptions): Promise<Network> {
  const session = await openSession(file, options);
  const name = ['last_hidden_state', 'token_embeddings', 'hidden_states'].find((known) => session.outputNames.includes(known)) ?? session.outputNames[0]!;
  return {
    async vectors(texts) {
      const output = (await session.run(feeds(session, texts, 'mean'), [name]))[name]!;
      const pooled = pool({ data: output.data as Float32Array, shape: output.dims }, texts, manifest, projection?.ins ?? manifest.dimensions!);
      return pooled.map((vector) => {
        const projected = projection === undefined ? vector : project(vector, projection);
        return manifest.normalised ? normalise(projected) : projected;
      });
    },
    tokensPerRun: TOKENS_TOGETHER,
    close: () => session.release(),
  };
}

/** What a session asks for, from texts that are padded at the end to the longest. */
export function feeds(session: Session, texts: readonly TokenText[], pooling: 'cls' | 'mean' | 'last'): Record<string, Tensor> {
  const known = textFeeds(texts, pooling);
  return Object.fromEntries(session.inputNames.map((name, i) => {
    const make = known[name] ?? (name.startsWith('past_key_values') ? () => emptyPast(session, i, texts.length) : undefined);
    if (make === undefined) throw new Error(`The model asks for an input "${name}" that no text has.`);
    return [name, make()];
  }));
}

/** All that a network may ask of texts, by its name, int64 [texts, tokens], padded at the end to the longest. */
export function textFeeds(texts: readonly TokenText[], pooling: 'cls' | 'mean' | 'last'): Record<string, () => Tensor> {
  const longest = Math.max(...texts.map(({ ids }) => ids.length));
  const shape = [texts.length, longest];
  const ints = (of: (text: TokenText, token: number) => number): Tensor => {
    const data = new BigInt64Array(texts.length * longest);
    texts.forEach((text, row) => text.ids.forEach((_, token) => void (data[row * longest + token] = BigInt(of(text, token)))));
    return new Tensor('int64', data, shape);
  };
  return {
    input_ids: () => ints(({ ids }, token) => ids[token]!),
    attention_mask: () => ints(() => 1),
    token_type_ids: () => ints(({ types }, token) => types?.[token] ?? 0),
    position_ids: () => ints((_, token) => token),
    pooling_mask: () => ints(({ ids, from }, token) => Number(pooling === 'last' ? token === ids.length - 1 : token >= Math.min(from, ids.length - 1))),
  };
}

/** A decoder exported for writing wants what it read before; an embedder read nothing. [batch, heads, 0, width] */
function emptyPast(session: Session, input: number, batch: number): Tensor {
  const metadata = session.inputMetadata[input]!;
  if (!metadata.isTensor) throw new Error(`The model's input "${metadata.name}" is no tensor.`);
  const dims = metadata.shape.map((length, axis) => (axis === 0 ? batch : typeof length === 'number' && length > 0 && axis !== 2 ? length : 0));
  return new Tensor('float32', new Float32Array(0), dims);
}

interface Hidden { data: Float32Array; shape: readonly number[] }

/** One vector a text, by the manifest's pooling. */
function pool(hidden: Hidden, texts: readonly TokenText[], manifest: Manifest, width: number): Float32Array[] {
  const expected = manifest.pooling === 'graph' ? 2 : 3;
  if (hidden.shape.length !== expected || hidden.shape.at(-1) !== width) {
    throw new Error(`The model ${manifest.id} gives [${hidden.shape.join(', ')}] where pooling "${manifest.pooling}" with ${width} dimensions was expected.`);
  }
  const tokens = expected === 2 ? 1 : hidden.shape[1]!;
  return texts.map(({ ids, from }, text) => {
    const row = (token: number): Float32Array => hidden.data.slice((text * tokens + token) * width, (text * tokens + token + 1) * width);
    if (manifest.pooling === 'last') return row(ids.length - 1);
    if (manifest.pooling !== 'mean') return row(0);
    const mean = new Float32Array(width);
    const first = Math.min(from, ids.length - 1);
    for (let token = first; token < ids.length; token++) {
      const at = (text * tokens + token) * width;
      for (let d = 0; d < width; d++) mean[d]! += hidden.data[at + d]! / (ids.length - first);
    }
    return mean;
  });
}

function project(vector: Float32Array, { weight, out, ins, bias, tanh }: Projection): Float32Array {
  return Float32Array.from({ length: out }, (_, row) => {
    let sum = bias?.[row] ?? 0;
    for (let column = 0; column < ins; column++) sum += weight[row * ins + column]! * vector[column]!;
    return tanh ? Math.tanh(sum) : sum;
  });
}

/** To unit length, in place. */
export function normalise(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  if (length > 0) for (let d = 0; d < vector.length; d++) vector[d]! /= length;
  return vector;
}

function rowsOf(data: Float32Array, count: number): Float32Array[] {
  const width = data.length / count;
  return Array.from({ length: count }, (_, row) => data.slice(row * width, (row + 1) * width));
}

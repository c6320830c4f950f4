import { lengthOf, times, type Shape } from './dimensions.ts';
import * as g from './graph.ts';
import type { Dimension, ValueType } from './onnx.ts';
import { Random } from './random.ts';
import { Tensor } from './session.ts';
import { input, type Value } from './value.ts';

/** What transformers have in common, whatever their family. Hidden states are kept as [batch·tokens, width]. */

/** [batch·tokens, heads·width] → [batch, heads, tokens, width] */
export function splitHeads(x: Value, batch: Dimension, tokens: Dimension, heads: number): Value {
  const width = (x.shape[1] as number) / heads;
  return g.transpose(g.reshape(x, [batch, tokens, heads, width]), [0, 2, 1, 3]);
}

/** [batch, heads, tokens, width] → [batch·tokens, heads·width] */
export function joinHeads(x: Value): Value {
  const [batch, heads, tokens, width] = x.shape;
  return g.reshape(g.transpose(x, [0, 2, 1, 3]), [times(batch!, tokens!), times(heads!, width!)]);
}

/** From 1 where a token counts and 0 where it is padding (int64 [batch, tokens]) to what is added to attention scores. */
export function paddingMask(mask: Value): Value {
  const [batch, tokens] = mask.shape;
  const hidden = g.scale(g.subtract(g.scalar(1), g.cast(mask, 'float32')), HIDDEN);
  return g.reshape(hidden, [batch!, 1, 1, tokens!]);
}

/** Far below every score, but finite: a text of nothing but padding gives numbers, not NaN. */
const HIDDEN = -1e9;

/** First token of every text of [batch·tokens, width] → [batch, width]. */
export function firstTokens(x: Value, batch: Dimension, tokens: Dimension): Value {
  const width = x.shape[1]!;
  return g.reshape(g.slice(g.reshape(x, [batch, tokens, width]), 1, 0, 1), [batch, width]);
}

/** Mean over the tokens that count: [batch·tokens, width] and mask [batch, tokens] → [batch, width]. */
export function meanTokens(x: Value, mask: Value): Value {
  const [batch, tokens] = mask.shape;
  const counts = g.reshape(g.cast(mask, 'float32'), [batch!, tokens!, 1]);
  const sum = g.reduceSum(g.multiply(g.reshape(x, [batch!, tokens!, x.shape[1]!]), counts), [1]);
  return g.divide(sum, g.reduceSum(counts, [1]));
}

const DROPOUT = 'dropout.';

/**
 * Dropout (https://jmlr.org/papers/v15/srivastava14a.html) by a mask that is fed: 0 for what is dropped, 1/(1 − rate) for
 * what is kept. ONNX's own Dropout cannot repeat a mask, which the gradient cache needs.
 */
export function dropout(x: Value, name: string): Value {
  return g.multiply(x, input(DROPOUT + name, 'float32', x.shape));
}

/** Masks for every `dropout` of a graph. The same seed gives the same masks; rate 0 gives ones. */
export function dropoutMasks(inputs: Readonly<Record<string, ValueType>>, lengths: Readonly<Record<string, number>>, rate: number, seed: number): Record<string, Tensor> {
  const random = new Random(seed);
  const mask = (shape: Shape): Tensor => {
    const whole = shape.map((dimension) => lengthOf(dimension, lengths));
    const size = whole.reduce((product, length) => product * length, 1);
    // Millions of numbers for each chunk of texts: a loop, which is several times faster than a callback.
    const values = new Float32Array(size);
    const kept = 1 / (1 - rate);
    for (let i = 0; i < size; i++) values[i] = random.next() < rate ? 0 : kept;
    return new Tensor('float32', values, whole);
  };
  return Object.fromEntries(Object.keys(inputs).filter((name) => name.startsWith(DROPOUT)).sort().map((name) => [name, mask(inputs[name]!.shape)]));
}

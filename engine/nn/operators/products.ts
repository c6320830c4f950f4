import { broadcast, describe, times, type Shape } from '../dimensions.ts';
import type { Dimension } from '../onnx.ts';
import type { Value } from '../value.ts';
import { requireRank, requireSameType, type Attributes, type Build, type Emission, type Rows } from './row.ts';

type Transposes = Attributes['matmul'];

/** Products of matrices, where nearly all the time goes. */
export const products: Rows<'matmul' | 'gemm' | 'attention' | 'int8Matmul'> = {
  matmul: {
    infer: ([a, b], attributes) => {
      requireSameType('matmul', a!, b!);
      return [{ type: a!.type, shape: productShape('matmul', a!, b!, attributes) }];
    },
    emit: (emission, [a, b], { inputs, attributes: { transposeA, transposeB } }) => {
      const ranks = inputs.map(({ shape }) => shape.length);
      if (ranks[0] === 2 && ranks[1] === 2) return [emission.node('Gemm', [a!, b!], flags({ transposeA, transposeB }))];
      return [emission.node('MatMul', [transposeA ? swapLast(emission, a!, ranks[0]!) : a!, transposeB ? swapLast(emission, b!, ranks[1]!) : b!])];
    },
    pullback: ({ inputs: [a, b], attributes }, dy, build) => {
      const [da, db] = factors(a!, b!, dy, attributes, build.matmul);
      return [build.sumTo(da, a!.shape), build.sumTo(db, b!.shape)];
    },
    flops: ({ inputs: [a], attributes, outputs: [y] }, size) => 2 * size(y!.shape) * size([inner(a!, attributes.transposeA)]),
  },
  gemm: {
    infer: ([a, b, bias], attributes) => {
      requireSameType('gemm', a!, b!, ...(bias === undefined ? [] : [bias]));
      requireRank('gemm', 'its first factor', a!, 2);
      requireRank('gemm', 'its second factor', b!, 2);
      const shape = productShape('gemm', a!, b!, attributes);
      if (bias !== undefined && broadcast(shape, bias.shape)?.join() !== shape.join()) throw new Error(`gemm cannot add ${describe(bias.shape)} to ${describe(shape)}.`);
      return [{ type: a!.type, shape }];
    },
    emit: (emission, inputs, { attributes }) => [emission.node('Gemm', inputs, flags(attributes))],
    pullback: ({ inputs: [a, b, bias], attributes }, dy, build) => [
      ...factors(a!, b!, dy, attributes, build.gemm as typeof build.matmul),
      ...(bias === undefined ? [] : [build.sumTo(dy, bias.shape)]),
    ],
    flops: ({ inputs: [a], attributes, outputs: [y] }, size) => 2 * size(y!.shape) * size([inner(a!, attributes.transposeA)]),
  },
  /** softmax(scale · q kᵀ + mask) v. The second output is the softmax. */
  attention: {
    infer: ([q, k, v, mask]) => {
      requireSameType('attention', q!, k!, v!, ...(mask === undefined ? [] : [mask]));
      const scores = productShape('attention', q!, k!, { transposeA: false, transposeB: true });
      if (mask !== undefined && broadcast(scores, mask.shape)?.join() !== scores.join()) throw new Error(`attention cannot add a mask of ${describe(mask.shape)} to scores of ${describe(scores)}.`);
      const shape = productShape('attention', { ...q!, shape: scores }, v!, { transposeA: false, transposeB: false });
      return [{ type: q!.type, shape }, { type: q!.type, shape: scores }];
    },
    emit: (emission, [q, k, v, mask], { inputs, attributes }) => {
      const products = emission.node('MatMul', [q!, swapLast(emission, k!, inputs[1]!.shape.length)]);
      const scaled = emission.node('Mul', [products, emission.scalar(attributes.scale, inputs[0]!.type)]);
      const scores = mask === undefined ? scaled : emission.node('Add', [scaled, mask]);
      const probabilities = emission.node('Softmax', [scores], { axis: { int: -1 } });
      return [emission.node('MatMul', [probabilities, v!]), probabilities];
    },
    /** The softmax's row sums Σ dP∘P are Σ dO∘O, which is narrower (FlashAttention, https://arxiv.org/abs/2205.14135, B.2). */
    pullback: ({ inputs: [q, k, v, mask], attributes, outputs: [context, probabilities] }, dy, build) => {
      const last = dy.shape.length - 1;
      const dp = build.matmul(dy, v!, { transposeB: true });
      const rowSums = build.reduceSum(build.multiply(dy, context!), [last], true);
      const dmask = build.multiply(probabilities!, build.subtract(dp, rowSums));
      const ds = build.scale(dmask, attributes.scale);
      return [
        build.sumTo(build.matmul(ds, k!), q!.shape),
        build.sumTo(build.matmul(ds, q!, { transposeA: true }), k!.shape),
        build.sumTo(build.matmul(probabilities!, dy, { transposeA: true }), v!.shape),
        ...(mask === undefined ? [] : [build.sumTo(dmask, mask.shape)]),
      ];
    },
    flops: ({ inputs: [q], outputs: [context, scores] }, size) => 2 * size(scores!.shape) * size([q!.shape.at(-1)!]) + 2 * size(context!.shape) * size([scores!.shape.at(-1)!]) + 7 * size(scores!.shape),
  },
  /**
   * x w · scales, for x [rows, in], w int8 [in, out] and scales [out], with x rounded to eight bits: `byRow` every row by its own
   * largest number, without which gradients of one large row leave nothing of the others, else all by one. The further inputs, if
   * there are any, are the same weights for the way back, w′ [out, in] and its scales [in]. The gradient is that of the product as if nothing was rounded.
   */
  int8Matmul: {
    infer: ([x, w, scales, back, backScales]) => {
      const [ins, outs] = w!.shape;
      const fits = w!.type === 'int8' && (back?.type ?? 'int8') === 'int8' && x!.type === 'float32' && x!.shape.length === 2 && x!.shape[1] === ins
        && describe(scales!.shape) === describe([outs!]) && (back === undefined || (describe(back.shape) === describe([outs!, ins!]) && describe(backScales!.shape) === describe([ins!])));
      if (!fits) throw new Error(`int8Matmul cannot multiply ${x!.type} of ${describe(x!.shape)} with ${w!.type} of ${describe(w!.shape)}${back === undefined ? '' : ` and back with ${back.type} of ${describe(back.shape)}`}.`);
      return [{ type: 'float32', shape: [x!.shape[0]!, outs!] }];
    },
    emit: (emission, [x, w, scales], { attributes: { byRow } }) => {
      if (!byRow) return [emission.node('DynamicQuantizeMatMul', [x!, w!, scales!], {}, 'com.microsoft')];
      const largest = emission.node('ReduceMax', [emission.node('Abs', [x!])], { axes: { ints: [1] }, keepdims: { int: 1 } });
      const size = emission.node('Max', [largest, emission.scalar(1e-30, 'float32')]);
      const product = emission.node('DynamicQuantizeMatMul', [emission.node('Div', [x!, size]), w!, scales!], {}, 'com.microsoft');
      return [emission.node('Mul', [product, size])];
    },
    pullback: ({ inputs: [, w, scales, back, backScales] }, dy, build) => {
      if (back === undefined) throw new Error('The graph multiplies in eight bits for inference only, so it has no gradient.');
      return [build.int8Matmul(dy, back, backScales!, { w: w!, scales: scales! }), undefined, undefined, undefined, undefined];
    },
    flops: ({ inputs: [, w], outputs: [y] }, size) => 2 * size(y!.shape) * size([w!.shape[0]!]),
  },
};

/** Gradients of both factors of y = op(a) op(b), each a product itself and none with a transposed result. */
function factors(a: Value, b: Value, dy: Value, { transposeA, transposeB }: Transposes, product: Build['matmul']): [Value, Value] {
  return [
    transposeA ? product(b, dy, { transposeA: transposeB, transposeB: true }) : product(dy, b, { transposeB: !transposeB }),
    transposeB ? product(dy, a, { transposeA: true, transposeB: transposeA }) : product(a, dy, { transposeA: !transposeA }),
  ];
}

function productShape(operator: string, a: Value, b: Value, { transposeA, transposeB }: Transposes): Dimension[] {
  if (a.shape.length < 2 || b.shape.length < 2) throw new Error(`${operator} wants matrices, not ${describe(a.shape)} and ${describe(b.shape)}.`);
  const left = a.shape.slice(-2);
  const right = b.shape.slice(-2);
  if (transposeA) left.reverse();
  if (transposeB) right.reverse();
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  if (left[1] !== right[0] || batch === undefined) {
    const say = (shape: Shape, transposed: boolean): string => describe(shape) + (transposed ? ' transposed' : '');
    throw new Error(`${operator} cannot multiply ${say(a.shape, transposeA)} with ${say(b.shape, transposeB)}.`);
  }
  return [...batch, left[0]!, right[1]!];
}

function inner(a: Value, transposed: boolean): Dimension {
  return times(a.shape.at(transposed ? -2 : -1)!);
}

function flags({ transposeA, transposeB }: Transposes): { transA: { int: number }; transB: { int: number } } {
  return { transA: { int: Number(transposeA) }, transB: { int: Number(transposeB) } };
}

/** ONNX Runtime folds this into the product. */
function swapLast(emission: Emission, name: string, rank: number): string {
  return emission.node('Transpose', [name], { perm: { ints: [...Array(rank - 2).keys(), rank - 1, rank - 2] } });
}

import type { Value } from '../value.ts';
import { requireAxis, requireSameType, type Attributes, type Build, type Call, type Emission, type Row, type Rows } from './row.ts';

type Reduction = Attributes['reduceSum'];

/** Sums and maxima along axes, and what is divided by them. */
export const reductions: Rows<'reduceSum' | 'reduceMean' | 'reduceMax' | 'softmax' | 'logSoftmax' | 'layerNormalization' | 'rmsNorm' | 'l2Normalise'> = {
  reduceSum: {
    ...reduction('reduceSum', (call, dy, build) => build.expand(kept(call, dy, build), call.inputs[0]!.shape)),
    emit: (emission, [x], { attributes }) => [emission.node('ReduceSum', [x!, emission.ints(attributes.axes)], keep(attributes))],
  },
  reduceMean: reduction('reduceMean', (call, dy, build) => build.expand(build.divide(kept(call, dy, build), build.count(call.inputs[0]!, call.attributes.axes)), call.inputs[0]!.shape)),
  // Where several elements are the largest they share the gradient.
  reduceMax: reduction('reduceMax', (call, dy, build) => {
    const [x] = call.inputs;
    const largest = build.cast(build.equal(x!, kept(call, call.outputs[0]!, build)), x!.type);
    const share = build.divide(kept(call, dy, build), build.reduceSum(largest, call.attributes.axes, true));
    return build.multiply(largest, share);
  }),
  softmax: {
    ...along('Softmax'),
    pullback: ({ attributes: { axis }, outputs: [y] }, dy, build) => {
      const weighted = build.multiply(dy, y!);
      return [build.subtract(weighted, build.multiply(y!, build.reduceSum(weighted, [axis], true)))];
    },
  },
  logSoftmax: {
    ...along('LogSoftmax'),
    pullback: ({ attributes: { axis }, outputs: [y] }, dy, build) => [build.subtract(dy, build.multiply(build.exp(y!), build.reduceSum(dy, [axis], true)))],
  },
  /** Over the last axis; inputs x, gain, bias; further outputs: mean and 1/deviation of every row. */
  layerNormalization: {
    infer: ([x, gain, bias]) => {
      requireSameType('layerNormalization', x!, gain!, bias!);
      requireWidth('layerNormalization', x!, gain!);
      requireWidth('layerNormalization', x!, bias!);
      return [{ type: x!.type, shape: [...x!.shape] }, ...[0, 1].map(() => ({ type: x!.type, shape: rowsOf(x!) }))];
    },
    emit: (emission, inputs, { attributes }) => emission.nodes('LayerNormalization', inputs, 3, { axis: { int: -1 }, epsilon: { float: attributes.epsilon } }),
    pullback: ({ inputs: [x, gain, bias], outputs: [, mean, inverse] }, dy, build) => {
      const last = [x!.shape.length - 1];
      const unit = build.multiply(build.subtract(x!, mean!), inverse!);
      const scaled = build.multiply(dy, gain!);
      const along = build.multiply(unit, build.reduceMean(build.multiply(scaled, unit), last, true));
      const dx = build.multiply(build.subtract(build.subtract(scaled, build.reduceMean(scaled, last, true)), along), inverse!);
      return [dx, build.sumTo(build.multiply(dy, unit), gain!.shape), build.sumTo(dy, bias!.shape)];
    },
    flops: ({ outputs: [y] }, size) => 8 * size(y!.shape),
  },
  /** x · gain / √(mean x² + ε) over the last axis (https://arxiv.org/abs/1910.07467); further output: the 1/√ of every row. */
  rmsNorm: {
    infer: ([x, gain]) => {
      requireSameType('rmsNorm', x!, gain!);
      requireWidth('rmsNorm', x!, gain!);
      return [{ type: x!.type, shape: [...x!.shape] }, { type: x!.type, shape: rowsOf(x!) }];
    },
    emit: (emission, [x, gain], { inputs, attributes }) => {
      const { type } = inputs[0]!;
      const mean = emission.node('ReduceMean', [emission.node('Mul', [x!, x!])], { axes: { ints: [-1] }, keepdims: { int: 1 } });
      const root = emission.node('Sqrt', [emission.node('Add', [mean, emission.scalar(attributes.epsilon, type)])]);
      const inverse = emission.node('Div', [emission.scalar(1, type), root]);
      return [emission.node('Mul', [emission.node('Mul', [x!, inverse]), gain!]), inverse];
    },
    pullback: ({ inputs: [x, gain], outputs: [, inverse] }, dy, build) => {
      const unit = build.multiply(x!, inverse!);
      const scaled = build.multiply(dy, gain!);
      const along = build.multiply(unit, build.reduceMean(build.multiply(scaled, unit), [x!.shape.length - 1], true));
      return [build.multiply(build.subtract(scaled, along), inverse!), build.sumTo(build.multiply(dy, unit), gain!.shape)];
    },
    flops: ({ outputs: [y] }, size) => 4 * size(y!.shape),
  },
  /** Rows of the last axis to unit length; a row shorter than ε is divided by ε. Further output: what was divided by. */
  l2Normalise: {
    infer: ([x]) => [{ type: x!.type, shape: [...x!.shape] }, { type: x!.type, shape: rowsOf(x!) }],
    emit: (emission, [x], { inputs, attributes }) => {
      const length = emission.node('ReduceL2', [x!], { axes: { ints: [-1] }, keepdims: { int: 1 } });
      const divisor = emission.node('Max', [length, emission.scalar(attributes.epsilon, inputs[0]!.type)]);
      return [emission.node('Div', [x!, divisor]), divisor];
    },
    pullback: ({ outputs: [y, divisor] }, dy, build) => {
      const radial = build.multiply(y!, build.reduceSum(build.multiply(dy, y!), [y!.shape.length - 1], true));
      return [build.divide(build.subtract(dy, radial), divisor!)];
    },
    flops: ({ outputs: [y] }, size) => 3 * size(y!.shape),
  },
};

function requireWidth(operator: string, x: Value, weights: Value): void {
  if (weights.shape.length !== 1 || weights.shape[0] !== x.shape.at(-1)) throw new Error(`${operator} of [${x.shape.join(', ')}] wants weights of [${x.shape.at(-1)}], not [${weights.shape.join(', ')}].`);
}

/** One number for every row of the last axis. */
function rowsOf(x: Value) {
  return [...x.shape.slice(0, -1), 1];
}

function keep({ keepDimensions }: Reduction): { keepdims: { int: number } } {
  return { keepdims: { int: Number(keepDimensions) } };
}

/** The result or its gradient with the axes it was reduced along as 1. */
function kept({ inputs: [x], attributes: { axes } }: Call<Reduction>, result: Value, build: Build): Value {
  return build.reshape(result, x!.shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension)));
}

function reduction(name: 'reduceSum' | 'reduceMean' | 'reduceMax', pullback: (call: Call<Reduction>, dy: Value, build: Build) => Value): Row<Reduction> {
  const op = { reduceSum: 'ReduceSum', reduceMean: 'ReduceMean', reduceMax: 'ReduceMax' }[name];
  return {
    infer: ([x], { axes, keepDimensions }) => {
      for (const axis of axes) requireAxis(name, axis, x!);
      return [{ type: x!.type, shape: x!.shape.flatMap((dimension, axis) => (!axes.includes(axis) ? [dimension] : keepDimensions ? [1] : [])) }];
    },
    emit: (emission: Emission, [x], { attributes }) => [emission.node(op, [x!], { ...keep(attributes), axes: { ints: [...attributes.axes] } })],
    pullback: (call, dy, build) => [pullback(call, dy, build)],
    flops: ({ inputs: [x] }, size) => size(x!.shape),
  };
}

function along(op: string): Pick<Row<{ axis: number }>, 'infer' | 'emit' | 'flops'> {
  return {
    infer: ([x], { axis }) => {
      requireAxis(op, axis, x!);
      return [{ type: x!.type, shape: [...x!.shape] }];
    },
    emit: (emission, [x], { attributes }) => [emission.node(op, [x!], { axis: { int: attributes.axis } })],
    flops: ({ outputs: [y] }, size) => 5 * size(y!.shape),
  };
}

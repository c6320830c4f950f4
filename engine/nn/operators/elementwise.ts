import { broadcast, describe } from '../dimensions.ts';
import { ELEMENT } from '../onnx.ts';
import { isFloat, type Value } from '../value.ts';
import { requireSameType, type Build, type Call, type Row, type Rows } from './row.ts';

type None = Record<never, never>;

/** Operators that treat every element by itself. */
export const elementwise: Rows<
  | 'add' | 'subtract' | 'multiply' | 'divide' | 'negate' | 'exp' | 'log' | 'sqrt' | 'erf' | 'tanh' | 'sigmoid' | 'relu' | 'gelu' | 'softplus'
  | 'power' | 'equal' | 'greater' | 'where' | 'cast'
> = {
  add: binary('Add', (_, dy) => [dy, dy]),
  subtract: binary('Sub', (_, dy, build) => [dy, build.negate(dy)]),
  multiply: binary('Mul', ({ inputs: [a, b] }, dy, build) => [build.multiply(dy, b!), build.multiply(dy, a!)]),
  // d(a/b) = da/b − (a/b) db/b
  divide: binary('Div', ({ inputs: [, b], outputs: [y] }, dy, build) => {
    const share = build.divide(dy, b!);
    return [share, build.negate(build.multiply(share, y!))];
  }),
  negate: unary('Neg', (_, dy, build) => build.negate(dy)),
  exp: unary('Exp', ({ outputs: [y] }, dy, build) => build.multiply(dy, y!)),
  log: unary('Log', ({ inputs: [x] }, dy, build) => build.divide(dy, x!)),
  sqrt: unary('Sqrt', ({ outputs: [y] }, dy, build) => build.divide(build.scale(dy, 0.5), y!)),
  // erf′(x) = 2/√π · e^(−x²)
  erf: unary('Erf', ({ inputs: [x] }, dy, build) => build.multiply(dy, build.scale(build.exp(build.negate(build.multiply(x!, x!))), 2 / Math.sqrt(Math.PI)))),
  tanh: unary('Tanh', ({ outputs: [y] }, dy, build) => build.subtract(dy, build.multiply(dy, build.multiply(y!, y!)))),
  sigmoid: unary('Sigmoid', ({ outputs: [y] }, dy, build) => {
    const part = build.multiply(dy, y!);
    return build.subtract(part, build.multiply(part, y!));
  }),
  relu: unary('Relu', ({ inputs: [x] }, dy, build) => build.where(build.greater(x!, build.scalarLike(x!, 0)), dy, build.scalarLike(x!, 0))),
  softplus: unary('Softplus', ({ inputs: [x] }, dy, build) => build.multiply(dy, build.sigmoid(x!))),
  gelu: {
    ...unary('Gelu', ({ inputs: [x] }, dy, build) => {
      // (xΦ(x))′ = Φ(x) + x φ(x), Φ and φ of the normal distribution. Φ is computed again rather than kept: same time, less memory.
      const cumulative = build.scale(build.add(build.erf(build.scale(x!, Math.SQRT1_2)), build.scalarLike(x!, 1)), 0.5);
      const density = build.scale(build.exp(build.scale(build.multiply(x!, x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return build.multiply(dy, build.add(cumulative, build.multiply(x!, density)));
    }),
    emit: (emission, [x]) => [emission.node('Gelu', [x!], {}, 'com.microsoft')],
  },
  power: {
    ...floats('power'),
    emit: (emission, [x], { inputs, attributes }) => [emission.node('Pow', [x!, emission.scalar(attributes.exponent, inputs[0]!.type)])],
    pullback: ({ inputs: [x], attributes: { exponent } }, dy, build) => [build.multiply(dy, build.scale(build.power(x!, exponent - 1), exponent))],
    flops: count(1),
  },
  equal: comparison('Equal'),
  greater: comparison('Greater'),
  where: {
    infer: ([condition, a, b]) => {
      if (condition!.type !== 'bool') throw new Error(`where wants a bool condition, not ${condition!.type}.`);
      requireSameType('where', a!, b!);
      return [{ type: a!.type, shape: together('where', [condition!, a!, b!]) }];
    },
    emit: (emission, inputs) => [emission.node('Where', inputs)],
    pullback: ({ inputs: [condition, a, b] }, dy, build) => {
      const zero = build.scalarLike(dy, 0);
      return [undefined, build.sumTo(build.where(condition!, dy, zero), a!.shape), build.sumTo(build.where(condition!, zero, dy), b!.shape)];
    },
    flops: count(1),
  },
  cast: {
    infer: ([x], { to }) => [{ type: to, shape: [...x!.shape] }],
    emit: (emission, [x], { attributes }) => [emission.node('Cast', [x!], { to: { int: ELEMENT[attributes.to] } })],
    pullback: ({ inputs: [x] }, dy, build) => [isFloat(x!.type) ? build.cast(dy, x!.type) : undefined],
    flops: () => 0,
  },
};

function count(each: number): Row<None>['flops'] {
  return ({ outputs: [y] }, size) => each * size(y!.shape);
}

function together(operator: string, values: readonly Value[]) {
  return values.map((value) => [...value.shape]).reduce((a, b) => {
    const shape = broadcast(a, b);
    if (shape === undefined) throw new Error(`${operator} cannot broadcast ${describe(a)} and ${describe(b)} to one shape.`);
    return shape;
  });
}

function floats(operator: string): Pick<Row<unknown>, 'infer'> {
  return {
    infer: ([x]) => {
      if (!isFloat(x!.type)) throw new Error(`${operator} wants numbers with a fraction, not ${x!.type}.`);
      return [{ type: x!.type, shape: [...x!.shape] }];
    },
  };
}

function unary(op: string, pullback: (call: Call<None>, dy: Value, build: Build) => Value): Row<None> {
  return {
    ...floats(op),
    emit: (emission, inputs) => [emission.node(op, inputs)],
    pullback: (call, dy, build) => [pullback(call, dy, build)],
    flops: count(1),
  };
}

function binary(op: string, pullback: (call: Call<None>, dy: Value, build: Build) => [Value, Value]): Row<None> {
  return {
    infer: (inputs) => {
      requireSameType(op, ...inputs);
      return [{ type: inputs[0]!.type, shape: together(op, inputs) }];
    },
    emit: (emission, inputs) => [emission.node(op, inputs)],
    pullback: (call, dy, build) => pullback(call, dy, build).map((gradient, i) => build.sumTo(gradient, call.inputs[i]!.shape)),
    flops: count(1),
  };
}

function comparison(op: string): Row<None> {
  return {
    infer: (inputs) => {
      requireSameType(op, ...inputs);
      return [{ type: 'bool', shape: together(op, inputs) }];
    },
    emit: (emission, inputs) => [emission.node(op, inputs)],
    pullback: () => [undefined, undefined],
    flops: count(1),
  };
}

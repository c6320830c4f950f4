import { broadcast, describe, minus, plus, sameShape, times, type Shape } from '../dimensions.ts';
import { isFloat } from '../value.ts';
import { requireAxis, requireSameType, type Emission, type Rows } from './row.ts';

/** Operators that move elements and compute none. */
export const shapes: Rows<'transpose' | 'reshape' | 'expand' | 'concat' | 'slice' | 'pad' | 'gather' | 'oneHot'> = {
  transpose: {
    infer: ([x], { permutation }) => {
      if (permutation.length !== x!.shape.length || new Set(permutation).size !== permutation.length || permutation.some((axis) => x!.shape[axis] === undefined)) {
        throw new Error(`transpose cannot order the axes of ${describe(x!.shape)} as ${describe(permutation)}.`);
      }
      return [{ type: x!.type, shape: permutation.map((axis) => x!.shape[axis]!) }];
    },
    emit: (emission, [x], { attributes }) => [emission.node('Transpose', [x!], { perm: { ints: [...attributes.permutation] } })],
    pullback: ({ attributes: { permutation } }, dy, build) => [build.transpose(dy, permutation.map((_, axis) => permutation.indexOf(axis)))],
    flops: () => 0,
  },
  reshape: {
    infer: ([x], { shape }) => {
      const [from, to] = [times(...x!.shape), times(...shape)];
      if (from !== to) throw new Error(`reshape cannot turn ${describe(x!.shape)} into ${describe(shape)}: that is ${from} elements and ${to}.`);
      return [{ type: x!.type, shape: [...shape] }];
    },
    emit: (emission, [x], { attributes: { shape } }) => [emission.node('Reshape', [x!, target(emission, shape)])],
    pullback: ({ inputs: [x] }, dy, build) => [build.reshape(dy, x!.shape)],
    flops: () => 0,
  },
  expand: {
    infer: ([x], { shape }) => {
      const whole = broadcast(x!.shape, shape);
      if (whole === undefined || !sameShape(whole, shape)) throw new Error(`expand cannot turn ${describe(x!.shape)} into ${describe(shape)}.`);
      return [{ type: x!.type, shape: [...shape] }];
    },
    emit: (emission, [x], { attributes }) => [emission.node('Expand', [x!, emission.lengths(attributes.shape)])],
    pullback: ({ inputs: [x] }, dy, build) => [build.sumTo(dy, x!.shape)],
    flops: () => 0,
  },
  concat: {
    infer: (inputs, { axis }) => {
      requireSameType('concat', ...inputs);
      const first = inputs[0]!;
      requireAxis('concat', axis, first);
      for (const { shape } of inputs) {
        if (shape.length !== first.shape.length || shape.some((dimension, i) => i !== axis && dimension !== first.shape[i])) {
          throw new Error(`concat along axis ${axis} cannot join ${describe(first.shape)} and ${describe(shape)}.`);
        }
      }
      const length = inputs.map(({ shape }) => shape[axis]!).reduce(plus);
      return [{ type: first.type, shape: first.shape.map((dimension, i) => (i === axis ? length : dimension)) }];
    },
    emit: (emission, inputs, { attributes }) => [emission.node('Concat', inputs, { axis: { int: attributes.axis } })],
    pullback: ({ inputs, attributes: { axis } }, dy, build) => {
      let start: Shape[number] = 0;
      return inputs.map(({ shape }) => {
        const part = build.slice(dy, axis, start, shape[axis]!);
        start = plus(start, shape[axis]!);
        return part;
      });
    },
    flops: () => 0,
  },
  slice: {
    infer: ([x], { axis, start, length }) => {
      requireAxis('slice', axis, x!);
      const rest = minus(minus(x!.shape[axis]!, start), length);
      if (typeof rest === 'number' && rest < 0) throw new Error(`slice cannot take ${length} from ${start} on out of ${x!.shape[axis]}.`);
      return [{ type: x!.type, shape: x!.shape.map((dimension, i) => (i === axis ? length : dimension)) }];
    },
    emit: (emission, [x], { attributes: { axis, start, length } }) => [emission.node('Slice', [x!, emission.lengths([start]), emission.lengths([plus(start, length)]), emission.ints([axis])])],
    pullback: ({ inputs: [x], attributes: { axis, start } }, dy, build) => [build.pad(dy, axis, start, x!.shape[axis]!)],
    flops: () => 0,
  },
  pad: {
    infer: ([x], { axis, before, total }) => {
      requireAxis('pad', axis, x!);
      const after = minus(minus(total, before), x!.shape[axis]!);
      if (typeof after === 'number' && after < 0) throw new Error(`pad cannot fit ${x!.shape[axis]} after ${before} into ${total}.`);
      return [{ type: x!.type, shape: x!.shape.map((dimension, i) => (i === axis ? total : dimension)) }];
    },
    emit: (emission, [x], { inputs, attributes: { axis, before, total } }) => {
      const { shape } = inputs[0]!;
      const after = minus(minus(total, before), shape[axis]!);
      return [emission.node('Pad', [x!, emission.lengths([...shape.map((_, i) => (i === axis ? before : 0)), ...shape.map((_, i) => (i === axis ? after : 0))])])];
    },
    pullback: ({ inputs: [x], attributes: { axis, before } }, dy, build) => [build.slice(dy, axis, before, x!.shape[axis]!)],
    flops: () => 0,
  },
  gather: {
    infer: ([rows, indices]) => {
      requireAxis('gather', 0, rows!);
      if (indices!.type !== 'int64') throw new Error(`gather wants int64 indices, not ${indices!.type}.`);
      return [{ type: rows!.type, shape: [...indices!.shape, ...rows!.shape.slice(1)] }];
    },
    emit: (emission, inputs) => [emission.node('Gather', inputs, { axis: { int: 0 } })],
    /**
     * Of a small table only: rows are added up by a product with 0 and 1, because ONNX Runtime's ScatterND(add) loses
     * additions on more than one thread. The gradient of a trainable table is left as rows (`gradient.ts`).
     */
    pullback: ({ inputs: [rows, indices] }, dy, build) => {
      if (!isFloat(rows!.type)) return [undefined, undefined];
      const depth = rows!.shape[0]!;
      if (typeof depth !== 'number') throw new Error(`The gradient of gather wants a table of known length, not ${describe(rows!.shape)}.`);
      const places = build.reshape(build.oneHot(indices!, depth, rows!.type), [times(...indices!.shape), depth]);
      const width = times(...rows!.shape.slice(1));
      const sum = build.gemm(places, build.reshape(dy, [times(...indices!.shape), width]), { transposeA: true });
      return [build.reshape(sum, rows!.shape), undefined];
    },
    flops: () => 0,
  },
  oneHot: {
    infer: ([indices], { depth, type }) => {
      if (indices!.type !== 'int64') throw new Error(`oneHot wants int64 indices, not ${indices!.type}.`);
      return [{ type, shape: [...indices!.shape, depth] }];
    },
    emit: (emission, [indices], { attributes: { depth, type } }) => {
      const values = emission.node('Concat', [0, 1].map((value) => emission.node('Unsqueeze', [emission.scalar(value, type), emission.ints([0])])), { axis: { int: 0 } });
      return [emission.node('OneHot', [indices!, emission.ints([depth]), values], { axis: { int: -1 } })];
    },
    pullback: () => [undefined],
    flops: () => 0,
  },
};

/** One unknown length is left to ONNX Runtime; more are computed. */
function target(emission: Emission, shape: Shape): string {
  const unknown = shape.filter((dimension) => typeof dimension !== 'number').length;
  return unknown === 1 && !shape.includes(0) ? emission.ints(shape.map((dimension) => (typeof dimension === 'number' ? dimension : -1))) : emission.lengths(shape);
}

import { lengthOf, type Shape } from './dimensions.ts';
import { rowOf } from './operators.ts';
import { applicationsBehind, type Value } from './value.ts';

/** Arithmetic operations of one run of a graph, and how many of them are products of matrices. */
export function flopsOf(outputs: Iterable<Value>, lengths: Readonly<Record<string, number>>): { all: number; products: number } {
  const size = (shape: Shape): number => shape.reduce<number>((product, dimension) => product * lengthOf(dimension, lengths), 1);
  const count = { all: 0, products: 0 };
  for (const application of applicationsBehind(outputs).applications) {
    const flops = rowOf(application.operator).flops(application, size);
    count.all += flops;
    if (application.operator === 'gemm' || application.operator === 'matmul' || application.operator === 'attention' || application.operator === 'int8Matmul') count.products += flops;
  }
  return count;
}

import { elementwise } from './operators/elementwise.ts';
import { products } from './operators/products.ts';
import { reductions } from './operators/reductions.ts';
import type { Attributes, OperatorName, Row, Rows } from './operators/row.ts';
import { shapes } from './operators/shapes.ts';

/** One row for every operator: shape rule, ONNX nodes, vector-Jacobian product, FLOPs. The compiler keeps it complete. */
export const operators: Rows<OperatorName> = { ...elementwise, ...shapes, ...products, ...reductions };

/** The row of an operator known only by its name. Its attributes have to come from an application of the same name. */
export function rowOf<K extends OperatorName>(name: K): Row<Attributes[K]> {
  return operators[name];
}

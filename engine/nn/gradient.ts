import { describe, sameShape } from './dimensions.ts';
import * as build from './graph.ts';
import { rowOf } from './operators.ts';
import { applicationsBehind, isFloat, scalar, type Value } from './value.ts';

/** How a result changes with a value. */
export interface Gradient {
  /** Of the value's own shape; absent where only rows of it were looked up. */
  dense?: Value;
  /** For a table of which rows were gathered: to row `indices[i]` belongs `rows[i]`, to be added up outside the graph. */
  rows: { indices: Value; rows: Value }[];
}

/**
 * Reverse-mode differentiation: gradients of a loss of one element. They are values like any other, of the same graph.
 *
 * The gradient of a gathered table is left as rows where the table is an input or a weight: adding rows up inside the graph
 * is either wrong on more than one thread (ScatterND) or slow, and outside only the rows that were used have to be touched.
 */
export function gradients(loss: Value, of: readonly Value[]): Gradient[] {
  if (loss.shape.some((dimension) => dimension !== 1)) throw new Error(`A loss is one number, not of shape ${describe(loss.shape)}.`);
  if (!isFloat(loss.type)) throw new Error(`A loss of type ${loss.type} has no gradient.`);
  return pullback([[loss, build.reshape(scalar(1, loss.type), loss.shape)]], of);
}

/**
 * Gradients of Σ ⟨result, gradient⟩ over pairs of a result and its own gradient, which may be an input. This is how a graph
 * goes on from a gradient that was computed elsewhere.
 */
export function pullback(results: readonly (readonly [Value, Value])[], of: readonly Value[]): Gradient[] {
  const { applications } = applicationsBehind(results.map(([value]) => value));
  const wanted = new Set(of);
  for (const { inputs, outputs } of applications) if (inputs.some((value) => wanted.has(value))) wanted.add(outputs[0]!);

  const dense = new Map<Value, Value>();
  const rows = new Map<Value, Gradient['rows']>();
  const accumulate = (value: Value, gradient: Value): void => {
    const sum = dense.get(value);
    dense.set(value, sum === undefined ? gradient : build.add(sum, gradient));
  };
  for (const [value, gradient] of results) {
    if (!sameShape(value.shape, gradient.shape)) throw new Error(`The gradient of a value of ${describe(value.shape)} cannot be of ${describe(gradient.shape)}.`);
    accumulate(value, gradient);
  }
  for (const application of applications.toReversed()) {
    const { inputs, outputs, operator } = application;
    if (outputs.slice(1).some((value) => dense.has(value))) throw new Error(`Only the first result of ${operator} can be differentiated.`);
    const gradient = dense.get(outputs[0]!);
    if (gradient === undefined || !wanted.has(outputs[0]!)) continue;
    if (operator === 'gather' && inputs[0]!.source.kind !== 'application') {
      rows.set(inputs[0]!, [...(rows.get(inputs[0]!) ?? []), { indices: inputs[1]!, rows: gradient }]);
      continue;
    }
    rowOf(operator).pullback(application, gradient, build).forEach((part, i) => {
      if (part !== undefined && wanted.has(inputs[i]!)) accumulate(inputs[i]!, part);
    });
  }
  return of.map((value) => {
    const whole = dense.get(value);
    return { ...(whole === undefined ? {} : { dense: whole }), rows: rows.get(value) ?? [] };
  });
}

/** Gradients of values none of which is a gathered table. Throws where a loss does not depend on one of them at all. */
export function denseGradients(loss: Value, of: readonly Value[]): Value[] {
  return gradients(loss, of).map(({ dense, rows }, i) => {
    const { source } = of[i]!;
    const name = 'name' in source ? source.name : 'a value';
    if (rows.length > 0) throw new Error(`The gradient of ${name} is made of gathered rows; ask for it with gradients().`);
    if (dense === undefined) throw new Error(`The loss does not depend on ${name}.`);
    return dense;
  });
}

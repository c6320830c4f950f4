import { describe, termsOf, type Shape } from './dimensions.ts';
import { ELEMENT, writeModel, type Dimension, type ElementType, type Graph, type Node, type TensorData, type ValueType } from './onnx.ts';
import { rowOf } from './operators.ts';
import type { Emission } from './operators/row.ts';
import { applicationsBehind, type Value } from './value.ts';

/** A graph as ONNX, with what it wants and gives. */
export interface Model { bytes: Uint8Array; inputs: Record<string, ValueType>; outputs: Record<string, ValueType> }

/** Larger constants are not compared with each other. */
const SMALL = 16;

/**
 * Writes the model that computes these values. What they do not need is left out. Equal graphs give equal bytes. No output is
 * the memory of an input: an output that is nothing but an input is copied.
 */
export function writeGraph(outputs: Readonly<Record<string, Value>>): Model {
  const { applications, leaves } = applicationsBehind(Object.values(outputs));
  const inputs = leaves.filter(({ source }) => source.kind === 'input' || source.kind === 'trainable');
  const graph: Graph = { name: 'lodestone', inputs: {}, outputs: {}, constants: {}, nodes: [] };
  const names = new Map<Value, string>();
  const writer = new Writer(graph, inputs, names);
  for (const leaf of leaves) names.set(leaf, writer.leaf(leaf));
  for (const application of applications) {
    const written = rowOf(application.operator).emit(writer, application.inputs.map((value) => names.get(value)!), application);
    application.outputs.forEach((value, i) => names.set(value, written[i]!));
  }
  for (const [name, value] of Object.entries(outputs)) {
    if (name in graph.inputs) throw new Error(`An output has the name of an input, "${name}".`);
    graph.nodes.push({ op: 'Identity', inputs: [names.get(value)!], outputs: [name] });
    graph.outputs[name] = { type: value.type, shape: [...value.shape] };
  }
  return { bytes: writeModel(graph), inputs: graph.inputs, outputs: graph.outputs };
}

class Writer implements Emission {
  private readonly graph: Graph;
  private readonly inputs: readonly Value[];
  private readonly names: ReadonlyMap<Value, string>;
  private readonly known = new Map<string, string>();
  private count = 0;

  constructor(graph: Graph, inputs: readonly Value[], names: ReadonlyMap<Value, string>) {
    this.graph = graph;
    this.inputs = inputs;
    this.names = names;
  }

  leaf({ source, type, shape }: Value): string {
    if (source.kind === 'constant') return this.constant(source.tensor);
    if (source.kind === 'application') throw new Error(`${source.application.operator} is no leaf of a graph.`);
    const { name } = source;
    if (name in this.graph.inputs || name in this.graph.constants) throw new Error(`Two inputs or weights of one graph are called "${name}".`);
    if (source.kind === 'frozen') {
      this.graph.constants[name] = source.tensor;
      // ONNX Runtime does this once, on loading: half the bytes to read, and none of them through JavaScript.
      if ('stored' in source.tensor) return this.node('Cast', [name], { to: { int: ELEMENT[type] } });
    } else this.graph.inputs[name] = { type, shape: [...shape] };
    return name;
  }

  node(op: string, inputs: readonly string[], attributes: Node['attributes'] = {}, domain?: string): string {
    const output = this.name();
    this.graph.nodes.push({ op, inputs: [...inputs], outputs: [output], attributes, ...(domain === undefined ? {} : { domain }) });
    return output;
  }

  nodes(op: string, inputs: readonly string[], outputs: number, attributes: Node['attributes'] = {}): string[] {
    const written = Array.from({ length: outputs }, () => this.name());
    this.graph.nodes.push({ op, inputs: [...inputs], outputs: written, attributes });
    return written;
  }

  scalar(value: number, type: ElementType): string {
    return this.constant({ type, shape: [], data: type === 'float64' ? Float64Array.of(value) : Float32Array.of(value) });
  }

  ints(values: readonly number[]): string {
    return this.constant({ type: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) });
  }

  lengths(shape: Shape): string {
    if (shape.every((dimension) => typeof dimension === 'number')) return this.ints(shape);
    return this.once(`lengths ${shape.join(',')}`, () => {
      const parts = shape.map((dimension) => this.length(dimension));
      return parts.length === 1 ? parts[0]! : this.node('Concat', parts, { axis: { int: 0 } });
    });
  }

  private length(dimension: Dimension): string {
    if (typeof dimension === 'number') return this.ints([dimension]);
    return this.once(`length ${dimension}`, () => {
      const terms = termsOf(dimension).map(({ coefficient, names }) => {
        const factors = names.map((name) => this.unknown(name));
        if (coefficient !== 1 || factors.length === 0) factors.push(this.ints([coefficient]));
        return factors.reduce((a, b) => this.node('Mul', [a, b]));
      });
      return terms.reduce((a, b) => this.node('Add', [a, b]));
    });
  }

  /** The length of a named dimension, read from an input that has it. */
  private unknown(name: string): string {
    return this.once(`length ${name}`, () => {
      const holder = this.inputs.find(({ shape }) => shape.includes(name));
      if (holder === undefined) throw new Error(`No input of the graph says how long "${name}" is.`);
      const axis = holder.shape.indexOf(name);
      return this.node('Shape', [this.names.get(holder)!], { start: { int: axis }, end: { int: axis + 1 } });
    });
  }

  private constant(tensor: TensorData): string {
    const write = (): string => {
      const name = this.name();
      this.graph.constants[name] = tensor;
      return name;
    };
    return tensor.data.length > SMALL ? write() : this.once(`${tensor.type} ${describe(tensor.shape)} ${[...tensor.data].map((value) => (Object.is(value, -0) ? '-0' : String(value))).join()}`, write);
  }

  private once(key: string, write: () => string): string {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const name = write();
    this.known.set(key, name);
    return name;
  }

  private name(): string {
    return `%${this.count++}`;
  }
}

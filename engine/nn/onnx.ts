/**
 * Writes ONNX models: a graph of named values as a ModelProto, in protobuf's wire format by hand.
 * Field numbers are those of `onnx.proto` (ONNX 1.17). Only what Lodestone emits is covered: float, double, int8, int32,
 * int64 and bool tensors, and attributes that are numbers, strings or lists of integers.
 */

export type ElementType = 'float32' | 'float64' | 'int8' | 'int32' | 'int64' | 'bool';

/** A dimension is a length, or a name where it is only known when the model runs. */
export type Dimension = number | string;

export interface ValueType { type: ElementType; shape: Dimension[] }

export interface TensorData { type: ElementType; shape: number[]; data: Float32Array | Float64Array | Int8Array | Int32Array | BigInt64Array | Uint8Array }

/**
 * A tensor that stays where it is: `length` bytes from `offset` on in a file, named as seen from the model's own folder. Where it
 * is stored in half precision, `stored` says how; a graph that uses it has to cast it.
 */
export interface ExternalData { type: ElementType; shape: number[]; file: string; offset: number; length: number; stored?: 'float16' | 'bfloat16' }

export type Attribute = { float: number } | { int: number } | { string: string } | { ints: number[] };

export interface Node {
  op: string;
  /** Names of values; an empty name is an optional input left out. */
  inputs: string[];
  outputs: string[];
  attributes?: Record<string, Attribute>;
  /** Operator set other than ONNX's own, for example `com.microsoft`. */
  domain?: string;
}

export interface Graph {
  name: string;
  inputs: Record<string, ValueType>;
  outputs: Record<string, ValueType>;
  constants: Record<string, TensorData | ExternalData>;
  nodes: Node[];
}

/** Operator set 17 is read by every ONNX Runtime since 1.13. */
const OPSET = 17;
const IR_VERSION = 8;
/** Numbers of the element types in `TensorProto.DataType`. */
export const ELEMENT: Record<ElementType, number> = { float32: 1, int8: 3, int32: 6, int64: 7, bool: 9, float64: 11 };
const STORED = { float16: 10, bfloat16: 16 };

/** The bytes of a `.onnx` file. Throws a RangeError when a constant's data does not fill its shape. */
export function writeModel(graph: Graph): Uint8Array {
  const domains = new Set(graph.nodes.map((node) => node.domain ?? ''));
  const model = new Message();
  model.int(1, IR_VERSION);
  model.string(2, 'lodestone');
  model.message(7, writeGraph(graph));
  for (const domain of new Set(['', ...domains])) {
    const opset = new Message();
    opset.string(1, domain);
    opset.int(2, domain === '' ? OPSET : 1);
    model.message(8, opset);
  }
  return model.bytes();
}

function writeGraph(graph: Graph): Message {
  const message = new Message();
  for (const node of graph.nodes) message.message(1, writeNode(node));
  message.string(2, graph.name);
  for (const [name, tensor] of Object.entries(graph.constants)) message.message(5, writeTensor(name, tensor));
  for (const [name, type] of Object.entries(graph.inputs)) message.message(11, writeValue(name, type));
  for (const [name, type] of Object.entries(graph.outputs)) message.message(12, writeValue(name, type));
  return message;
}

function writeNode(node: Node): Message {
  const message = new Message();
  for (const input of node.inputs) message.string(1, input);
  for (const output of node.outputs) message.string(2, output);
  message.string(4, node.op);
  for (const [name, attribute] of Object.entries(node.attributes ?? {})) {
    const field = new Message();
    field.string(1, name);
    if ('float' in attribute) {
      field.float(2, attribute.float);
      field.int(20, 1);
    } else if ('int' in attribute) {
      field.int(3, attribute.int);
      field.int(20, 2);
    } else if ('string' in attribute) {
      field.string(4, attribute.string);
      field.int(20, 3);
    } else {
      for (const value of attribute.ints) field.int(8, value);
      field.int(20, 7);
    }
    message.message(5, field);
  }
  if (node.domain !== undefined) message.string(7, node.domain);
  return message;
}

function writeTensor(name: string, tensor: TensorData | ExternalData): Message {
  if ('file' in tensor) return writeExternal(name, tensor);
  const size = tensor.shape.reduce((product, length) => product * length, 1);
  if (size !== tensor.data.length) throw new RangeError(`Constant ${name} of shape [${tensor.shape.join(', ')}] has ${tensor.data.length} values instead of ${size}.`);
  const message = new Message();
  for (const length of tensor.shape) message.int(1, length);
  message.int(2, ELEMENT[tensor.type]);
  message.string(8, name);
  message.raw(9, new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
  return message;
}

function writeExternal(name: string, tensor: ExternalData): Message {
  const message = new Message();
  for (const length of tensor.shape) message.int(1, length);
  message.int(2, tensor.stored === undefined ? ELEMENT[tensor.type] : STORED[tensor.stored]);
  message.string(8, name);
  for (const [key, value] of Object.entries({ location: tensor.file, offset: tensor.offset, length: tensor.length })) {
    const entry = new Message();
    entry.string(1, key);
    entry.string(2, String(value));
    message.message(13, entry);
  }
  message.int(14, 1);
  return message;
}

function writeValue(name: string, value: ValueType): Message {
  const shape = new Message();
  for (const dimension of value.shape) {
    const field = new Message();
    if (typeof dimension === 'number') field.int(1, dimension);
    else field.string(2, dimension);
    shape.message(1, field);
  }
  const tensor = new Message();
  tensor.int(1, ELEMENT[value.type]);
  tensor.message(2, shape);
  const type = new Message();
  type.message(1, tensor);
  const message = new Message();
  message.string(1, name);
  message.message(2, type);
  return message;
}

/** One protobuf message being written. Parts are kept apart and joined once, so a table of 30 MB is copied once. */
class Message {
  private parts: Uint8Array[] = [];
  private length = 0;

  int(field: number, value: number): void {
    this.varint(field * 8);
    this.varint(value);
  }

  float(field: number, value: number): void {
    this.varint(field * 8 + 5);
    this.push(new Uint8Array(Float32Array.of(value).buffer));
  }

  string(field: number, value: string): void {
    this.raw(field, new TextEncoder().encode(value));
  }

  raw(field: number, value: Uint8Array): void {
    this.varint(field * 8 + 2);
    this.varint(value.length);
    this.push(value);
  }

  message(field: number, value: Message): void {
    this.varint(field * 8 + 2);
    this.varint(value.length);
    for (const part of value.parts) this.push(part);
  }

  bytes(): Uint8Array {
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  /** Base 128, low bits first; a negative number is written as its 64-bit two's complement, as protobuf wants. */
  private varint(value: number): void {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 128n) {
      bytes.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.push(Uint8Array.from(bytes));
  }

  private push(part: Uint8Array): void {
    this.parts.push(part);
    this.length += part.length;
  }
}

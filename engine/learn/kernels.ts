/**
 * The two inner loops of training a table of vectors, four numbers at a time: V8 compiles plain loops over Float32Array one
 * number at a time, which takes about four times as long. Written as WebAssembly by hand (https://webassembly.github.io/spec/core/binary/).
 */
export interface Kernels {
  /** Zeros in the memory the kernels see; it is never given back. */
  floats(length: number): Float32Array<SharedArrayBuffer>;
  /** to += factor · from, for `count` numbers, a multiple of `STRIDE`; `to` and `from` are byte offsets of arrays made here. */
  add(to: number, from: number, count: number, factor: number): void;
  /** Σ a·b over `count` numbers, a multiple of `STRIDE`. */
  dot(a: number, b: number, count: number): number;
}

/** Numbers in one turn of the loops. */
export const STRIDE = 16;

const PAGE = 65_536;
const MOST_PAGES = 65_536;

/** Throws where the memory cannot grow any further (4 GiB). */
export function openKernels(): Kernels {
  // Shared memory, because arrays over it stay valid when it grows.
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true });
  const { add, dot } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()), { '': { memory } }).exports as {
    add(to: number, from: number, end: number, factor: number): void;
    dot(a: number, b: number, end: number): number;
  };
  let used = 0;
  return {
    floats(length) {
      const from = used;
      used += Math.ceil((length * 4) / 64) * 64;
      const missing = Math.ceil(used / PAGE) - memory.buffer.byteLength / PAGE;
      if (missing > 0) memory.grow(missing);
      return new Float32Array(memory.buffer as unknown as SharedArrayBuffer, from, length);
    },
    add: (to, from, count, factor) => add(to, from, to + count * 4, factor),
    dot: (a, b, count) => dot(a, b, a + count * 4),
  };
}

/** Numbers in the variable-length form of the format (unsigned LEB128). */
function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}

const vector = (items: number[][]): number[] => [...leb(items.length), ...items.flat()];
const bytes = (content: number[]): number[] => [...leb(content.length), ...content];
const section = (id: number, content: number[]): number[] => [id, ...bytes(content)];
const name = (text: string): number[] => bytes([...new TextEncoder().encode(text)]);

const I32 = 0x7f;
const F32 = 0x7d;
const V128 = 0x7b;
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const simd = (code: number, ...rest: number[]): number[] => [0xfd, ...leb(code), ...rest];
const load = (local: number, lane: number): number[] => [...get(local), ...simd(0, 4, lane * 16)];
const STORE = 11;
const SPLAT = simd(19);
const lane = (at: number): number[] => simd(31, at);
const ADD4 = simd(228);
const MUL4 = simd(230);
const ADD1 = [0x92];
const LANES = [0, 1, 2, 3];
/** Moves both pointers on and turns again until the first one is at `end`. */
const again = (end: number): number[] => [
  ...[0, 1].flatMap((pointer) => [...get(pointer), 0x41, ...signed(STRIDE * 4), 0x6a, ...set(pointer)]),
  ...get(0), ...get(end), 0x49, 0x0d, 0,
];
const loop = (body: number[]): number[] => [0x03, 0x40, ...body, 0x0b];

/** A constant below 2^13 in the signed form, whose sixth bit would otherwise make it negative. */
function signed(value: number): number[] {
  return value < 64 ? [value] : [(value & 127) | 128, value >>> 7];
}

function moduleBytes(): Uint8Array<ArrayBuffer> {
  // (to, from, end, factor); local 4: the factor four times.
  const add = [
    ...vector([[1, V128]]),
    ...get(3), ...SPLAT, ...set(4),
    ...loop([
      ...LANES.flatMap((at) => [...get(0), ...load(0, at), ...load(1, at), ...get(4), ...MUL4, ...ADD4, ...simd(STORE, 4, at * 16)]),
      ...again(2),
    ]),
    0x0b,
  ];
  // (a, b, end); locals 3…6: four sums of four, so that additions need not wait for each other.
  const dot = [
    ...vector([[4, V128]]),
    ...loop([
      ...LANES.flatMap((at) => [...load(0, at), ...load(1, at), ...MUL4, ...get(3 + at), ...ADD4, ...set(3 + at)]),
      ...again(2),
    ]),
    ...get(3), ...get(4), ...ADD4, ...get(5), ...ADD4, ...get(6), ...ADD4, ...set(3),
    ...LANES.flatMap((at) => [...get(3), ...lane(at), ...(at > 0 ? ADD1 : [])]),
    0x0b,
  ];
  return Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, vector([[0x60, ...vector([[I32], [I32], [I32], [F32]]), 0], [0x60, ...vector([[I32], [I32], [I32]]), 1, F32]])),
    ...section(2, vector([[...name(''), ...name('memory'), 2, 3, ...leb(1), ...leb(MOST_PAGES)]])),
    ...section(3, vector([[0], [1]])),
    ...section(7, vector([[...name('add'), 0, 0], [...name('dot'), 0, 1]])),
    ...section(10, vector([bytes(add), bytes(dot)])),
  ]);
}

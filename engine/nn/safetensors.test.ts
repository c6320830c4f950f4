import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import * as g from './graph.ts';
import { Program } from './program.ts';
import { openCheckpoint, writeCheckpoint } from './safetensors.ts';
import { Tensor } from './session.ts';
import { frozen, input } from './value.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'safetensors-'));
after(() => rmSync(folder, { recursive: true }));
const file = path.join(folder, 'model.safetensors');

/** A checkpoint as another program would write it: a header and bytes. */
function handmade(header: object, ...bytes: number[]): string {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(file, Buffer.concat([length, text, Buffer.from(bytes)]));
  return file;
}

test('what is written is read again', () => {
  const weights = { a: { shape: [2, 2], data: Float32Array.of(1, -2, 3.5, 1e-30) }, b: { shape: [1], data: Float32Array.of(7) } };
  writeCheckpoint(file, weights, { by: 'test' });
  const checkpoint = openCheckpoint(file);
  assert.deepEqual([checkpoint.names, checkpoint.shape('a'), checkpoint.metadata], [['a', 'b'], [2, 2], { by: 'test' }]);
  assert.deepEqual(checkpoint.read('a'), weights.a.data);
  assert.equal(Number(readFileSync(file).readBigUInt64LE()) % 8, 0);
});

test('float16 and bfloat16 become float32', () => {
  // 1, −2, 65504, the smallest subnormal, ∞ · 1, −3
  handmade({ half: { dtype: 'F16', shape: [5], data_offsets: [0, 10] }, brain: { dtype: 'BF16', shape: [2], data_offsets: [10, 14] } },
    0x00, 0x3c, 0x00, 0xc0, 0xff, 0x7b, 0x01, 0x00, 0x00, 0x7c, 0x80, 0x3f, 0x40, 0xc0);
  assert.deepEqual([...openCheckpoint(file).read('half')], [1, -2, 65504, 2 ** -24, Infinity]);
  assert.deepEqual([...openCheckpoint(file).read('brain')], [1, -3]);
});

test('every float16 is the number it stands for', () => {
  const bytes = Buffer.from(Uint16Array.from({ length: 0x7c00 }, (_, i) => i).buffer);
  handmade({ all: { dtype: 'F16', shape: [0x7c00], data_offsets: [0, bytes.length] } }, ...bytes);
  openCheckpoint(file).read('all').forEach((value, i) => {
    const [exponent, fraction] = [i >> 10, i & 1023];
    assert.equal(value, exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
  });
});

test('a graph reads float32 weights where they lie in the file', async () => {
  writeCheckpoint(file, { odd: { shape: [1], data: Float32Array.of(9) }, w: { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) } });
  const checkpoint = openCheckpoint(file);
  const tensor = checkpoint.tensor('w');
  assert.ok('file' in tensor && tensor.file === 'model.safetensors');
  const y = g.matmul(input('x', 'float32', [1, 2]), frozen('w', tensor));
  const program = await Program.open({ y }, { folder: checkpoint.folder });
  const results = await program.run({ x: new Tensor('float32', Float32Array.of(1, 10), [1, 2]) });
  assert.deepEqual([...(results['y']!.data as Float32Array)], [31, 42]);
  await program.close();
});

test('a graph reads weights in half precision where they lie, too', async () => {
  // 1, −2, 0.5, 3 as float16, then as bfloat16
  handmade({ half: { dtype: 'F16', shape: [2, 2], data_offsets: [0, 8] }, brain: { dtype: 'BF16', shape: [2, 2], data_offsets: [8, 16] } },
    0x00, 0x3c, 0x00, 0xc0, 0x00, 0x38, 0x00, 0x42, 0x80, 0x3f, 0x00, 0xc0, 0x00, 0x3f, 0x40, 0x40);
  const checkpoint = openCheckpoint(file);
  for (const name of ['half', 'brain']) {
    const tensor = checkpoint.tensor(name);
    assert.ok('file' in tensor);
    const program = await Program.open({ y: g.matmul(input('x', 'float32', [1, 2]), frozen(name, tensor)) }, { folder: checkpoint.folder });
    const results = await program.run({ x: new Tensor('float32', Float32Array.of(1, 10), [1, 2]) });
    assert.deepEqual([...(results['y']!.data as Float32Array)], [6, 28], name);
    await program.close();
  }
});

test('a file that is none, or was cut off, says so', () => {
  writeFileSync(file, 'not a checkpoint');
  assert.throws(() => openCheckpoint(file), /no safetensors checkpoint, or one that was cut off/);
  writeCheckpoint(file, { w: { shape: [2], data: Float32Array.of(1, 2) } });
  truncateSync(file, readFileSync(file).length - 1);
  assert.throws(() => openCheckpoint(file), /was cut off: w should end at byte/);
  handmade({ ids: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } }, 0, 0, 0, 0, 0, 0, 0, 0);
  assert.throws(() => openCheckpoint(file).read('ids'), /ids in .* is of type I64/);
  assert.throws(() => openCheckpoint(file).read('w'), /has no tensor "w"/);
  handmade({ w: { dtype: 'F32', shape: [3], data_offsets: [0, 8] } }, 0, 0, 0, 0, 0, 0, 0, 0);
  assert.throws(() => openCheckpoint(file), /w in .* has 8 bytes, which is not \[3\] of F32/);
});

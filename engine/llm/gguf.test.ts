import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { EngineError } from '../api.ts';
import { readGguf } from './gguf.ts';
import { type HeaderValue, writeGguf } from './testing/gguf.ts';
import { writeMicroBert } from './testing/micro-bert.ts';
import { writeMicroLlama } from './testing/micro-llama.ts';

const folder = mkdtempSync(join(tmpdir(), 'lodestone-gguf-'));
after(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const micro = writeMicroLlama(at('micro.gguf'));
const refusal = async (file: string): Promise<[string, string]> => readGguf(file).then(() => assert.fail(`${file} was taken.`), (error: EngineError) => [error.code, error.message]);

test('a header says what a model is, without its weights', async () => {
  const { id, chatTemplate, ...gguf } = await readGguf(micro.file);
  assert.deepEqual(gguf, {
    file: micro.file, name: 'Micro', architecture: 'llama', use: 'writer', bytes: readFileSync(micro.file).length, parameters: 95_680, quantisation: 'F32',
    contextTokens: 512, layers: 2, dimensions: 64,
    // Two layers, two heads for keys and values, 16 numbers a head.
    cachedNumbers: 2 * 2 * 2 * 16,
    vocabulary: 265, licence: 'apache-2.0',
  });
  assert.match(chatTemplate!, /im_start/);
  assert.match(id, /^llama-[0-9a-f]{16}$/);
});

test('what a file is good for', async () => {
  for (const [pooling, use] of [['mean', 'embedder'], ['cls', 'embedder'], ['rank', 'reranker']] as const) {
    const gguf = await readGguf(writeMicroBert(at(`${pooling}.gguf`), pooling).file);
    assert.deepEqual([gguf.use, gguf.pooling, gguf.cachedNumbers, gguf.chatTemplate], [use, pooling, 0, undefined]);
  }
});

test('an identity stays with the content', async () => {
  copyFileSync(micro.file, at('renamed.gguf'));
  const { id } = await readGguf(micro.file);
  assert.equal((await readGguf(at('renamed.gguf'))).id, id);
  const bytes = readFileSync(micro.file);
  bytes[bytes.length - 200]! ^= 1;
  writeFileSync(at('changed.gguf'), bytes);
  assert.notEqual((await readGguf(at('changed.gguf'))).id, id);
});

test('a broken file is refused with a sentence, wherever it was cut', async () => {
  assert.deepEqual(await refusal(at('nowhere.gguf')), ['not-found', 'nowhere.gguf cannot be opened (there is no such file).']);
  writeFileSync(at('page.gguf'), '<html>Not found</html>');
  assert.deepEqual(await refusal(at('page.gguf')), ['damaged', 'page.gguf cannot be used: it is no GGUF file.']);
  writeFileSync(at('empty.gguf'), '');
  assert.deepEqual(await refusal(at('empty.gguf')), ['damaged', 'empty.gguf cannot be used: it is no GGUF file.']);
  const { length } = readFileSync(micro.file);
  for (const kept of [10, 100, 2000, 4000]) {
    copyFileSync(micro.file, at('cut.gguf'));
    truncateSync(at('cut.gguf'), kept);
    assert.deepEqual(await refusal(at('cut.gguf')), ['damaged', 'cut.gguf cannot be used: it ends in the middle of its header; it was not copied or downloaded in full.'], `after ${kept} bytes`);
  }
  truncateSync(at('renamed.gguf'), length - 150_000);
  assert.deepEqual(await refusal(at('renamed.gguf')), ['damaged', 'renamed.gguf cannot be used: 0.1 MB are missing at its end; it was not copied or downloaded in full.']);
});

test('a file of another kind is told apart', async () => {
  const tensors = { 'a.weight': { shape: [4], data: new Float32Array(4) } };
  writeGguf(at('adapter.gguf'), { 'general.architecture': { kind: 'string', value: 'llama' }, 'general.type': { kind: 'string', value: 'adapter' } }, tensors);
  assert.deepEqual(await refusal(at('adapter.gguf')), ['unsupported', 'adapter.gguf cannot be used: it is a LoRA adapter, not a model of its own.']);
  writeGguf(at('nameless.gguf'), {}, tensors);
  assert.match((await refusal(at('nameless.gguf')))[1], /does not say what architecture/);
  const bytes = readFileSync(micro.file);
  bytes.writeUInt32LE(9, 4);
  writeFileSync(at('later.gguf'), bytes);
  assert.match((await refusal(at('later.gguf')))[1], /GGUF of version 9/);
  // Garbage where counts are: refused, not allocated.
  bytes.writeUInt32LE(3, 4);
  bytes.writeBigUInt64LE(2n ** 60n, 16);
  writeFileSync(at('garbage.gguf'), bytes);
  assert.match((await refusal(at('garbage.gguf')))[1], /makes no sense/);
});

test('a model in several files is all of them, and chosen by the first', async () => {
  const text = (value: string) => ({ kind: 'string', value }) as const;
  const uint32 = (value: number) => ({ kind: 'uint32', value }) as const;
  const data = (size: number) => ({ 'a.weight': { shape: [size], data: new Float32Array(size) } });
  const whole: Record<string, HeaderValue> = {
    'general.architecture': text('llama'), 'llama.block_count': uint32(1), 'llama.embedding_length': uint32(8), 'llama.context_length': uint32(16),
    'tokenizer.ggml.tokens': { kind: 'array', of: 'string', value: ['a'] },
  };
  const first = at('big-00001-of-00002.gguf');
  writeGguf(first, { ...whole, 'split.count': uint32(2), 'split.no': uint32(0) }, data(8));
  assert.deepEqual(await refusal(first), ['damaged', 'big-00001-of-00002.gguf cannot be used: it is the first of 2 files, and the 2. is not beside it.']);
  const second = at('big-00002-of-00002.gguf');
  writeGguf(second, { ...whole, 'split.count': uint32(2), 'split.no': uint32(1) }, data(100));
  const gguf = await readGguf(first);
  assert.deepEqual([gguf.parameters, gguf.bytes], [108, readFileSync(first).length + readFileSync(second).length]);
  assert.match((await refusal(second))[1], /choose the first part/);
});

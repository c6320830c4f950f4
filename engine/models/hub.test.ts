import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseFiles, fileUrl, type HubFile, type Listing } from './hub.ts';

const listing = (...paths: string[]): Listing => ({ repository: 'who/it', commit: 'c'.repeat(40), files: paths.map((path): HubFile => ({ path, bytes: 1, hash: { git: '0'.repeat(40) } })) });
const chosen = (...paths: string[]): string[] => chooseFiles(listing(...paths)).map(({ path }) => path);
const BOTH = ['config.json', 'tokenizer.json'];

test('takes safetensors before ONNX, and neither pickles nor other frameworks', () => {
  assert.deepEqual(
    chosen(...BOTH, 'model.safetensors', 'onnx/model.onnx', 'pytorch_model.bin', 'tf_model.h5', 'openvino/openvino_model.bin', 'vocab.txt', '1_Pooling/config.json', 'modules.json', 'sentence_bert_config.json', 'imgs/a.png', 'README.md'),
    [...BOTH, '1_Pooling/config.json', 'modules.json', 'sentence_bert_config.json', 'README.md', 'model.safetensors'],
  );
});

test('takes all shards with their index', () => {
  const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  assert.deepEqual(chosen(...shards, 'model.safetensors.index.json', ...BOTH), [...BOTH, 'model.safetensors.index.json', ...shards]);
});

test('takes ONNX in full precision with the data beside it where there is nothing else', () => {
  // As BAAI/bge-m3 has them.
  const onnx = ['onnx/Constant_7_attr__value', 'onnx/model.onnx', 'onnx/model.onnx_data'];
  assert.deepEqual(chosen(...BOTH, ...onnx, 'onnx/config.json', 'onnx/tokenizer.json', 'onnx/model_quantized.onnx', 'colbert_linear.pt', 'pytorch_model.bin'), [...BOTH, ...onnx]);
});

test('takes a projection in safetensors', () => {
  assert.ok(chosen(...BOTH, 'model.safetensors', '2_Dense/config.json', '2_Dense/model.safetensors', '2_Dense/pytorch_model.bin').includes('2_Dense/model.safetensors'));
});

test('takes exactly what is wanted, or says what is not there', () => {
  assert.deepEqual(chooseFiles(listing('a-Q4_K_M.gguf', 'a-Q8_0.gguf'), ['a-Q8_0.gguf']).map(({ path }) => path), ['a-Q8_0.gguf']);
  assert.throws(() => chooseFiles(listing('a.gguf'), ['b.gguf']), /who\/it cannot be used: it has no b\.gguf/);
});

test('a file lies on the hub under its commit, also on a mirror with a path of its own', () => {
  const place = listing('onnx/model onnx.data');
  assert.equal(fileUrl({}, place, 'onnx/model onnx.data'), `https://huggingface.co/who/it/resolve/${'c'.repeat(40)}/onnx/model%20onnx.data`);
  assert.equal(fileUrl({ address: 'https://mirror.example/hf/' }, place, 'a'), `https://mirror.example/hf/who/it/resolve/${'c'.repeat(40)}/a`);
  assert.throws(() => fileUrl({ address: 'mirror' }, place, 'a'), /The hub's address “mirror” is no web address/);
});

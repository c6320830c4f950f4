import assert from 'node:assert/strict';
import { cpSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { writeCheckpoint } from '../nn/safetensors.ts';
import { openEmbedder } from './embedder.ts';
import { familyFolder, folderOf, IDENTITY, modulesOf, recorded, weightsOf, writeInto, type Files } from './fixtures/folder.ts';
import { openHashes } from './hashes.ts';
import { inspectModel } from './inspect.ts';

const bert = recorded.networks['bert']!.config;
const CLS = { pooling_mode_cls_token: true, pooling_mode_mean_tokens: false };

describe('what a folder says of itself', () => {
  test('a model of a known family needs no more than config, weights and tokenizer', async () => {
    const found = await inspectModel(folderOf('bge-small-zh-v1.5', 'bert', { 'sentence_bert_config.json': undefined }));
    const { files, ...manifest } = found.manifest;
    assert.deepEqual(manifest, {
      id: 'bge-small-zh-v1.5', name: 'bge-small-zh-v1.5', role: 'embedder', architecture: 'bert', family: 'bge-zh', dimensions: 16, maxTokens: 64, pooling: 'cls', normalised: true, score: 'cosine',
      prompts: { query: '为这个句子生成表示以用于检索相关文章：', document: '' }, languages: ['zh'], licence: 'MIT', attribution: [], recipe: {}, quality: {},
    });
    assert.deepEqual(Object.keys(files), ['config.json', 'tokenizer.json', 'model.safetensors']);
    assert.equal(found.format, 'safetensors');
    assert.ok(found.bytes > 40_000 && found.memory > 40_000 - 3000);
  });

  test('licence and languages come from its page, if it has one', async () => {
    const page = '---\nlicense: apache-2.0\nlanguage:\n- en\n- zh\ntags:\n- mteb\n---\n\n# My own model\n\nOn reading.\n';
    const { manifest } = await inspectModel(folderOf('bge-base-en', 'bert', { 'README.md': page }));
    assert.deepEqual([manifest.licence, manifest.languages], ['apache-2.0', ['en', 'zh']]);
  });

  test('a model in the hub’s own cache is known by its repository', async () => {
    const { manifest } = await inspectModel(folderOf('models--BAAI--bge-base-en-v1.5/snapshots/0123abcd', 'bert'));
    assert.deepEqual([manifest.name, manifest.id, manifest.family], ['BAAI/bge-base-en-v1.5', 'bge-base-en-v1.5', 'bge-en']);
  });

  test('a model under another name is known by what it was trained from, or by what the person says', async () => {
    assert.equal((await inspectModel(folderOf('mine', 'bert', { 'config.json': { ...bert, _name_or_path: 'BAAI/bge-base-zh-v1.5' } }))).manifest.family, 'bge-zh');
    const folder = folderOf('mine', 'bert');
    assert.equal((await inspectModel(folder, { family: 'llm-embedder' })).manifest.family, 'llm-embedder');
    await assert.rejects(inspectModel(folder, { family: 'bce' }), /it is an embedder of type "bert", and none of the family BCE/);
    await assert.rejects(inspectModel(folder, { family: 'none' }), /no family is called "none"; there are llm-embedder, /);
  });

  test('of an unknown family sentence-transformers’ files say how it is used', async () => {
    const files = { ...modulesOf(['Transformer', 'Pooling', 'Normalize'], CLS), 'config_sentence_transformers.json': { prompts: { query: 'q: ', document: 'd: ' }, similarity_fn_name: 'cosine' } };
    const { manifest } = await inspectModel(folderOf('mine', 'bert', files));
    assert.deepEqual([manifest.family, manifest.pooling, manifest.prompts, manifest.maxTokens, manifest.licence], [undefined, 'cls', { query: 'q: ', document: 'd: ' }, 32, 'unknown']);
  });

  test('what they say of this very model counts before what is known of its family', async () => {
    const files = { ...modulesOf(['Transformer', 'Pooling'], { pooling_mode: 'mean', include_prompt: false }), 'config_sentence_transformers.json': { prompts: { query: 'mine: ' } } };
    const { manifest } = await inspectModel(folderOf('bge-base-en', 'bert', files));
    assert.deepEqual([manifest.pooling, manifest.promptSkipped, manifest.prompts], ['mean', true, { query: 'mine: ', document: '' }]);
  });

  test('a prompt for whatever side is not named', async () => {
    const own = { prompts: { query: 'q: ', text: 't: ' }, default_prompt_name: 'text' };
    const { manifest } = await inspectModel(folderOf('mine', 'bert', { ...modulesOf(['Transformer', 'Pooling', 'Normalize'], CLS), 'config_sentence_transformers.json': own }));
    assert.deepEqual(manifest.prompts, { query: 'q: ', document: 't: ' });
  });

  test('looking costs no weights: shards are one model, half precision counts twice in memory', async () => {
    const { memory, bytes } = await inspectModel(familyFolder('qwen-embedding', 'Qwen3-Embedding-0.6B', 'qwen3'));
    assert.ok(memory > 1.2 * bytes);
  });
});

/** Takes a folder apart after it was put together. */
type Break = (folder: string) => void;
const weights = (change: (all: ReturnType<typeof weightsOf>) => void): Break => (folder) => {
  const all = weightsOf('bert');
  change(all);
  writeCheckpoint(path.join(folder, 'model.safetensors'), all);
};
const without = (name: string): Break => (folder) => rmSync(path.join(folder, name));
const half: Break = (folder) => truncateSync(path.join(folder, 'model.safetensors'), 20_000);
const first = 'encoder.layer.0.attention.self.query.weight';

describe('a broken or unknown model is refused with what is missing, before anything is loaded', () => {
  const faults: [what: string, files: Files, broken: Break | undefined, sentence: RegExp][] = [
    ['no config.json', {}, without('config.json'), /it has no config\.json/],
    ['an adapter alone', { 'adapter_config.json': {} }, without('config.json'), /an adapter without its model; merge the two/],
    ['config.json that is none', { 'config.json': '{' }, undefined, /its config\.json is not JSON/],
    ['no tokenizer.json', {}, without('tokenizer.json'), /it has no tokenizer\.json; .* save it with save_pretrained/],
    ['no weights', {}, without('model.safetensors'), /neither model\.safetensors nor onnx\/model\.onnx; the download may not be complete/],
    ['only a pickle', { 'pytorch_model.bin': 'x' }, without('model.safetensors'), /its weights are in pytorch_model\.bin, a pickle .* writes model\.safetensors/],
    ['weights of another program', { 'tf_model.h5': 'x' }, without('model.safetensors'), /only tf_model\.h5/],
    ['weights that were cut off', {}, half, /model\.safetensors was cut off: .* should end at byte \d+ of 20000/],
    ['weights that are none', { 'model.safetensors': 'not weights' }, undefined, /no safetensors checkpoint, or one that was cut off/],
    ['a missing weight', {}, weights((all) => void delete all[first]), /its checkpoint lacks encoder\.layer\.0\.attention\.self\.query\.weight\./],
    ['several', {}, weights((all) => { delete all[first]; delete all['encoder.layer.1.output.dense.bias']; }), /lacks encoder\.layer\.0\.attention\.self\.query\.weight and 1 more weights\./],
    ['a weight of another shape', {}, weights((all) => void (all[first] = { shape: [8, 32], data: all[first]!.data })), /its weight encoder\.layer\.0\.attention\.self\.query\.weight is \[8, 32\], where config\.json wants \[16, 16\]/],
    ['another architecture', { 'config.json': { ...bert, model_type: 'deberta-v2' } }, undefined, /its model_type is "deberta-v2", which can only be read as ONNX/],
    ['BERT with other positions', { 'config.json': { ...bert, position_embedding_type: 'relative_key' } }, undefined, /counts positions as "relative_key"/],
    ['a tokenizer that is none', { 'tokenizer.json': '{}' }, undefined, /The tokenizer .* cannot be used/],
    ['another model’s tokenizer', { 'config.json': { ...bert, vocab_size: 100 } }, weights((all) => void (all['embeddings.word_embeddings.weight'] = { shape: [100, 16], data: new Float32Array(1600) })), /tokens up to number \d+, but the model only knows 100; the two do not belong together/],
    ['a classifier of texts', { 'config.json': { ...bert, architectures: ['BertForTokenClassification'] } }, undefined, /it is a "BertForTokenClassification", which neither makes vectors nor judges pairs/],
    ['a cross-encoder of three classes', { 'config.json': { ...bert, architectures: ['BertForSequenceClassification'], id2label: { 0: 'a', 1: 'b', 2: 'c' } } }, undefined, /sorts texts into 3 classes; a reranker gives one number/],
    ['an unknown pooling', modulesOf(['Transformer', 'Pooling'], { pooling_mode_max_tokens: true }), undefined, /its vectors are pooled by "max_tokens"/],
    ['an unknown module', modulesOf(['Transformer', 'Pooling', 'WordWeights']), undefined, /its modules\.json asks for "WordWeights"/],
    ['a projection whose weights are missing', { ...modulesOf(['Transformer', 'Pooling', 'Dense']), '2_Dense/config.json': IDENTITY }, undefined, /the weights of its projection are missing: 2_Dense\/model\.safetensors\./],
    ['a projection that is a pickle', { ...modulesOf(['Transformer', 'Pooling', 'Dense']), '2_Dense/config.json': IDENTITY, '2_Dense/pytorch_model.bin': 'x' }, undefined, /in place of which there is a pickle/],
    ['missing shards', { 'model.safetensors.index.json': { weight_map: { a: 'model-1.safetensors', b: 'model-2.safetensors' } } }, without('model.safetensors'), /model-1\.safetensors, model-2\.safetensors are missing/],
    ['ONNX whose weights are a link', { 'onnx/model.onnx': 'x', 'data': 'x' }, (folder) => { rmSync(path.join(folder, 'model.safetensors')); symlinkSync('../data', path.join(folder, 'onnx/model.onnx_data')); }, /its onnx\/model\.onnx_data is a link, as in the hub's cache/],
    ['shards from elsewhere', { 'model.safetensors.index.json': { weight_map: { a: '../model.safetensors' } } }, (folder) => renameSync(path.join(folder, 'model.safetensors'), path.join(folder, '../model.safetensors')), /names \.\.\/model\.safetensors, which lies elsewhere/],
  ];
  for (const [what, files, broken, sentence] of faults) {
    test(what, async () => {
      const folder = folderOf('bge-base-en', 'bert', files);
      broken?.(folder);
      await assert.rejects(inspectModel(folder), sentence);
      await assert.rejects(inspectModel(folder), new RegExp(`The model folder .*${path.basename(folder)} cannot be used: `));
      await assert.rejects(openEmbedder(folder), sentence);
    });
  }

  test('nothing that says how its vectors are made', async () => {
    await assert.rejects(inspectModel(folderOf('mine', 'bert')), /nothing says how its vectors are made: it has no modules\.json .* "mine" is none of the known families \(llm-embedder, /);
  });
  test('a decoder whose tokenizer cannot end a text', async () => {
    const folder = folderOf('e5-mistral-7b-instruct', 'mistral');
    const file = JSON.parse(readFileSync(path.join(folder, 'tokenizer.json'), 'utf8').replaceAll('"</s>"', '"<end>"')) as object;
    writeInto(folder, { 'tokenizer.json': file });
    await assert.rejects(inspectModel(folder), /has no token <\/s>, which has to end every text of the family E5 Mistral/);
  });
  test('an INSTRUCTOR without its linear layer', () => assert.rejects(inspectModel(folderOf('instructor-base', 't5')), /it lacks the linear layer of the family INSTRUCTOR: modules\.json and 2_Dense/));
  test('a decoder that judges pairs', async () => {
    const config = { ...recorded.networks['qwen3']!.config, architectures: ['Qwen3ForSequenceClassification'], id2label: { 0: 'LABEL_0' } };
    await assert.rejects(inspectModel(folderOf('some-reranker', 'qwen3', { 'config.json': config })), /judges pairs of texts with a decoder of type "qwen3"/);
  });
  test('no folder at all', () => assert.rejects(inspectModel('/nowhere/at/all'), /there is no such folder/));
});

test('large files are hashed once, and again when they changed', async () => {
  const folder = folderOf('bge-base-en', 'bert');
  const [file, memory] = [path.join(folder, 'model.safetensors'), path.join(folder, 'hashes/known.json')];
  const before = await openHashes(memory).of(file);
  const times = new Date('2026-01-02T03:04:05Z');
  utimesSync(file, times, times);
  const known = await openHashes(memory).of(file);
  assert.equal(known, before);
  // Same size, time and place: it is not read again, by whomever the memory is opened.
  const bytes = readFileSync(file);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(file, bytes);
  utimesSync(file, times, times);
  assert.equal(await openHashes(memory).of(file), before);
  utimesSync(file, times, new Date());
  assert.notEqual(await openHashes(memory).of(file), before);
  writeFileSync(memory, 'damaged');
  assert.notEqual(await openHashes(memory).of(file), before);
  // Another copy is another place.
  cpSync(file, `${file}.copy`);
  assert.equal(await openHashes(memory).of(`${file}.copy`), await openHashes().of(file));
});

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writeModel } from '../nn/onnx.ts';
import { openEmbedder, runs } from './embedder.ts';
import { hashFile, type Manifest } from './manifest.ts';

// A model in BERT's form, small enough to compute by hand: hidden state of a token = its row + row of its type;
// `[CLS]` and `[SEP]` stand around a text.
const ROWS: Record<string, number[]> = { '[PAD]': [9, 9], '[CLS]': [1, 0], '[SEP]': [0, 1], '[UNK]': [5, 5], red: [2, 3], green: [4, 1], blue: [0, 6], 'q': [7, 7] };
const TYPE = [0.5, 0.25];

const wordTokenizer = {
  version: '1.0',
  added_tokens: ['[PAD]', '[CLS]', '[SEP]', '[UNK]'].map((content, id) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
  normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '[CLS]', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '[SEP]', type_id: 0 } }],
    pair: [],
    special_tokens: { '[CLS]': { id: '[CLS]', ids: [1], tokens: ['[CLS]'] }, '[SEP]': { id: '[SEP]', ids: [2], tokens: ['[SEP]'] } },
  },
  decoder: null,
  model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab: Object.fromEntries(Object.keys(ROWS).map((word, id) => [word, id])) },
};

const tokens = { type: 'int64' as const, shape: ['batch', 'tokens'] };
const graph = writeModel({
  name: 'tiny-bert',
  inputs: { input_ids: tokens, attention_mask: tokens, token_type_ids: tokens },
  outputs: { last_hidden_state: { type: 'float32', shape: ['batch', 'tokens', 2] } },
  constants: {
    words: { type: 'float32', shape: [8, 2], data: Float32Array.from(Object.values(ROWS).flat()) },
    types: { type: 'float32', shape: [1, 2], data: Float32Array.from(TYPE) },
    axis2: { type: 'int64', shape: [1], data: BigInt64Array.of(2n) },
  },
  nodes: [
    { op: 'Gather', inputs: ['words', 'input_ids'], outputs: ['word'] },
    { op: 'Gather', inputs: ['types', 'token_type_ids'], outputs: ['type'] },
    { op: 'Add', inputs: ['word', 'type'], outputs: ['sum'] },
    { op: 'Cast', inputs: ['attention_mask'], outputs: ['mask'], attributes: { to: { int: 1 } } },
    { op: 'Unsqueeze', inputs: ['mask', 'axis2'], outputs: ['mask2'] },
    { op: 'Mul', inputs: ['sum', 'mask2'], outputs: ['last_hidden_state'] },
  ],
});

let root: string;
before(async () => void (root = await mkdtemp(join(tmpdir(), 'embedder-'))));
after(() => rm(root, { recursive: true }));

async function model(id: string, change: Partial<Manifest>): Promise<string> {
  const folder = join(root, id);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.onnx'), graph);
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(wordTokenizer));
  const files: Manifest['files'] = {};
  for (const [name, bytes] of [['model.onnx', graph.length], ['tokenizer.json', JSON.stringify(wordTokenizer).length]] as const) files[name] = { sha256: await hashFile(join(folder, name)), bytes };
  const manifest: Manifest = {
    id, name: id, role: 'embedder', architecture: 'bert', dimensions: 2, maxTokens: 8, pooling: 'cls', normalised: false,
    prompts: { query: '', document: '' }, languages: ['en'], licence: 'CC0', attribution: [], recipe: {}, quality: {}, files, ...change,
  };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return folder;
}

/** Rows of words with the type added, as the graph gives them. */
const hidden = (...words: string[]): number[][] => words.map((word) => ROWS[word]!.map((value, d) => value + TYPE[d]!));
const mean = (rows: number[][]): number[] => [0, 1].map((d) => rows.reduce((sum, row) => sum + row[d]!, 0) / rows.length);

function near(actual: Float32Array | undefined, expected: number[]): void {
  assert.equal(actual?.length, expected.length);
  expected.forEach((value, d) => assert.ok(Math.abs(actual![d]! - value) < 1e-5, `${[...actual!].join()} is not ${expected.join()}`));
}

const poolings: [Manifest['pooling'], (rows: number[][]) => number[]][] = [['cls', (rows) => rows[0]!], ['mean', mean], ['last', (rows) => rows.at(-1)!]];
for (const [pooling, expected] of poolings) {
  test(`pools a BERT model by ${pooling}, without the padding`, async () => {
    const embedder = await openEmbedder(await model(pooling, { pooling }));
    const [long, short] = await embedder.embed(['red green blue red red green', 'blue'], 'document');
    near(long, expected(hidden('[CLS]', 'red', 'green', 'blue', 'red', 'red', 'green', '[SEP]')));
    near(short, expected(hidden('[CLS]', 'blue', '[SEP]')));
    await embedder.close();
  });
}

test('puts the prompt of the side before the text', async () => {
  const embedder = await openEmbedder(await model('prompts', { pooling: 'mean', prompts: { query: 'q ', document: '' } }));
  const [asQuery] = await embedder.embed(['red'], 'query');
  const [asDocument] = await embedder.embed(['red'], 'document');
  near(asQuery, mean(hidden('[CLS]', 'q', 'red', '[SEP]')));
  near(asDocument, mean(hidden('[CLS]', 'red', '[SEP]')));
  await embedder.close();
});

test('cuts a long text and keeps the closing token', async () => {
  const embedder = await openEmbedder(await model('cut', { pooling: 'last', maxTokens: 4 }));
  const [vector] = await embedder.embed(['red '.repeat(50)], 'document');
  near(vector, hidden('[SEP]')[0]!);
  assert.equal(embedder.countTokens('red '.repeat(50)), 50);
  await embedder.close();
});

test('brings vectors to unit length where the manifest says so', async () => {
  const embedder = await openEmbedder(await model('unit', { pooling: 'mean', normalised: true }));
  const [vector] = await embedder.embed(['red'], 'document');
  assert.ok(Math.abs(Math.hypot(...vector!) - 1) < 1e-6);
  await embedder.close();
});

test('refuses a reranker, and a graph whose output does not fit the manifest', async () => {
  await assert.rejects(openEmbedder(await model('reranker', { role: 'reranker' })), /is a reranker, not an embedder/);
  const embedder = await openEmbedder(await model('wide', { dimensions: 3 }));
  await assert.rejects(embedder.embed(['red'], 'document'), /gives \[1, 3, 2\] where pooling "cls" with 3 dimensions was expected/);
  await embedder.close();
});

test('runs texts of like length together', () => {
  assert.deepEqual(runs([3, 100, 3, 96, 50]), [[1, 3], [4], [0, 2]]);
  assert.deepEqual(runs([3, 100, 3, 96, 50], 199), [[1], [3], [4], [0, 2]]);
  assert.deepEqual(runs([3, 3], 0), [[0], [1]]);
  assert.deepEqual(runs([]), []);
  for (const run of runs(Array.from({ length: 3000 }, (_, i) => (i * 7919) % 512 + 1))) assert.ok(run.length * 512 <= 4096 * 512);
});

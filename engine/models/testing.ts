import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeModel, type Node, type TensorData } from '../nn/onnx.ts';
import { Random } from '../nn/random.ts';
import { hashFile, type Manifest } from './manifest.ts';

/** How a small embedder is made: `layers` are products that cost time and change nothing. */
export interface SmallEmbedder { id: string; dimensions: number; seed: number; layers?: number; quality?: number; maxTokens?: number }

const SPECIAL = ['[PAD]', '[CLS]', '[SEP]', '[UNK]'];
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789'];
const WORDS = [...SPECIAL, ...LETTERS, ...LETTERS.map((letter) => `##${letter}`)];
const WIDTH = 256;

/**
 * Makes a real embedder that is small, in a folder of our own shape: a random vector a letter, one for the beginning of a word
 * and one for the rest of it, pooled by their mean. Texts of the same words are near each other. For tests.
 */
export async function makeSmallEmbedder(folder: string, { id, dimensions, seed, layers = 0, quality, maxTokens = 512 }: SmallEmbedder): Promise<string> {
  const random = new Random(seed);
  const values = (n: number, deviation: number): Float32Array => Float32Array.from({ length: n }, () => deviation * random.normal());
  const constants: Record<string, TensorData> = { rows: { type: 'float32', shape: [WORDS.length, dimensions], data: values(WORDS.length * dimensions, 1) } };
  const nodes: Node[] = [{ op: 'Gather', inputs: ['rows', 'input_ids'], outputs: ['hidden'] }];
  constants['up'] = { type: 'float32', shape: [dimensions, WIDTH], data: values(dimensions * WIDTH, 0.1) };
  constants['square'] = { type: 'float32', shape: [WIDTH, WIDTH], data: values(WIDTH * WIDTH, 0.05) };
  constants['down'] = { type: 'float32', shape: [WIDTH, dimensions], data: new Float32Array(WIDTH * dimensions) };
  nodes.push({ op: 'MatMul', inputs: ['hidden', 'up'], outputs: ['work0'] });
  for (let layer = 0; layer < layers; layer++) {
    nodes.push({ op: 'MatMul', inputs: [`work${layer}`, 'square'], outputs: [`product${layer}`] });
    nodes.push({ op: 'Tanh', inputs: [`product${layer}`], outputs: [`work${layer + 1}`] });
  }
  nodes.push({ op: 'MatMul', inputs: [`work${layers}`, 'down'], outputs: ['nothing'] });
  nodes.push({ op: 'Add', inputs: ['hidden', 'nothing'], outputs: ['last_hidden_state'] });
  const graph = writeModel({
    name: id, constants, nodes,
    inputs: { input_ids: { type: 'int64', shape: ['batch', 'tokens'] } },
    outputs: { last_hidden_state: { type: 'float32', shape: ['batch', 'tokens', dimensions] } },
  });
  const tokenizer = JSON.stringify({
    version: '1.0',
    added_tokens: SPECIAL.map((content, at) => ({ id: at, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: null,
    decoder: null,
    model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab: Object.fromEntries(WORDS.map((word, at) => [word, at])) },
  });
  await mkdir(folder, { recursive: true });
  const files: Manifest['files'] = {};
  for (const [name, content] of [['model.onnx', graph], ['tokenizer.json', tokenizer]] as const) {
    await writeFile(join(folder, name), content);
    files[name] = { sha256: await hashFile(join(folder, name)), bytes: Buffer.byteLength(content) };
  }
  const manifest: Manifest = {
    id, name: `Small ${id}`, role: 'embedder', architecture: 'letters', dimensions, maxTokens, pooling: 'mean', normalised: true,
    prompts: { query: '', document: '' }, languages: ['en'], licence: 'CC0', attribution: [], recipe: {}, quality: quality === undefined ? {} : { some: quality }, files,
  };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return folder;
}

/** Puts a recorded network into a folder in Hugging Face's form. The folder's name tells the family. For tests. */
export async function makeRecordedFolder(folder: string, network: string): Promise<string> {
  const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url));
  const { networks, maxTokens } = JSON.parse(await readFile(join(fixtures, 'recorded.json'), 'utf8')) as { networks: Record<string, { tokenizer: string; config: object }>; maxTokens: number };
  const { tokenizer, config } = networks[network]!;
  await mkdir(folder, { recursive: true });
  await copyFile(join(fixtures, 'tokenizers', `${tokenizer}.json`), join(folder, 'tokenizer.json'));
  await copyFile(join(fixtures, 'weights', `${network}.safetensors`), join(folder, 'model.safetensors'));
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  await writeFile(join(folder, 'sentence_bert_config.json'), JSON.stringify({ max_seq_length: maxTokens }));
  return folder;
}

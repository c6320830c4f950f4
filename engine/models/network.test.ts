import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { bertHidden, bertReranker, readBertConfig } from '../nn/bert.ts';
import { writeGraph } from '../nn/emission.ts';
import * as g from '../nn/graph.ts';
import { llamaHidden, readLlamaConfig } from '../nn/llama.ts';
import { writeModel, type ValueType } from '../nn/onnx.ts';
import { openCheckpoint, writeCheckpoint } from '../nn/safetensors.ts';
import type { Value } from '../nn/value.ts';
import { Weights } from '../nn/weights.ts';
import { openCrossEncoder } from './cross-encoder.ts';
import { openEmbedder } from './embedder.ts';
import { dot, familyFolder, folderOf, IDENTITY, modulesOf, near, recorded, using, weightsOf, writeInto } from './fixtures/folder.ts';
import { inspectModel } from './inspect.ts';
import { openTokenizer } from './tokenizer.ts';

const vectorsOf = (folder: string, texts: string[]): Promise<Float32Array[]> => using(folder, (embedder) => embedder.embed(texts, 'document'));

describe('however the weights are stored, the vectors are the same', () => {
  const expected = (family: string): number[][] => recorded.vectors.find((one) => one.family === family && one.side === 'document')!.vectors;

  /** Replaces a folder's weights by an ONNX model of what its network gives for every token. */
  function asOnnx(folder: string, hidden: (weights: Weights) => Value, name: string): string {
    const file = path.join(folder, 'model.safetensors');
    // In a checkpoint of another name, so that the model holds what it needs itself.
    const checkpoint = openCheckpoint(file);
    const held = { ...checkpoint, tensor: (weight: string) => ({ type: 'float32' as const, shape: checkpoint.shape(weight), data: checkpoint.read(weight) }) };
    mkdirSync(path.join(folder, 'onnx'));
    writeFileSync(path.join(folder, 'onnx/model.onnx'), writeGraph({ [name]: hidden(new Weights(held)) }).bytes);
    rmSync(file);
    return folder;
  }

  /** The same weights in two files with an index. */
  function sharded(): string {
    const folder = folderOf('bge-small-zh-v1.5', 'bert');
    const all = Object.entries(weightsOf('bert'));
    const shards = [all.slice(0, 9), all.slice(9)].map((part, i) => [`model-0000${i + 1}-of-00002.safetensors`, Object.fromEntries(part)] as const);
    for (const [name, weights] of shards) writeCheckpoint(path.join(folder, name), weights);
    writeInto(folder, { 'model.safetensors.index.json': { weight_map: Object.fromEntries(shards.flatMap(([name, weights]) => Object.keys(weights).map((weight) => [weight, name]))) } });
    rmSync(path.join(folder, 'model.safetensors'));
    return folder;
  }

  test('in shards', async () => {
    const folder = sharded();
    (await vectorsOf(folder, recorded.asked)).forEach((vector, i) => near(vector, expected('bge-zh')[i]!));
    assert.equal((await inspectModel(folder)).format, 'safetensors');
  });

  test('behind links, in the hub’s own cache', async () => {
    for (const shards of [false, true]) {
      const folder = shards ? sharded() : folderOf('models--BAAI--bge-small-zh-v1.5/snapshots/0123abcd', 'bert');
      for (const file of readdirSync(folder)) {
        const blobs = path.join(folder, '../blobs', file.includes('00002-of') ? 'more' : '');
        mkdirSync(blobs, { recursive: true });
        renameSync(path.join(folder, file), path.join(blobs, `blob-${file.length}-${file}`.replace(/\.\w+$/, '')));
        symlinkSync(path.join(blobs, `blob-${file.length}-${file}`.replace(/\.\w+$/, '')), path.join(folder, file));
      }
      (await vectorsOf(folder, recorded.asked)).forEach((vector, i) => near(vector, expected('bge-zh')[i]!));
    }
  });

  test('as ONNX, of an encoder', async () => {
    const config = readBertConfig(recorded.networks['bert']!.config);
    const folder = asOnnx(folderOf('bge-small-zh-v1.5', 'bert'), (weights) => bertHidden(config, weights, config.layers), 'last_hidden_state');
    assert.equal((await inspectModel(folder)).format, 'onnx');
    (await vectorsOf(folder, recorded.asked)).forEach((vector, i) => near(vector, expected('bge-zh')[i]!));
  });

  test('as ONNX, of a decoder', async () => {
    const config = readLlamaConfig(recorded.networks['mistral']!.config);
    const hidden = (weights: Weights): Value => g.reshape(llamaHidden(config, weights, { causal: true, longest: 64 }), ['batch', 'tokens', config.width]);
    const folder = asOnnx(folderOf('e5-mistral-7b-instruct', 'mistral'), hidden, 'last_hidden_state');
    (await vectorsOf(folder, recorded.asked)).forEach((vector, i) => near(vector, expected('e5-mistral')[i]!));
  });

  test('as ONNX, of a cross-encoder', async () => {
    const { family, folder: name, network, question, logits } = recorded.logits[0]!;
    const folder = asOnnx(familyFolder(family, name, network), (weights) => bertReranker(readBertConfig(recorded.networks[network]!.config), weights.under('roberta.')), 'logits');
    const reranker = await openCrossEncoder(folder);
    near(await reranker.score(question, recorded.asked.map((text) => ({ text }))), logits);
    await reranker.close();
  });

  test('with a projection, in the graph and beside ONNX', async () => {
    const modules = { ...modulesOf(['Transformer', 'Pooling', 'Dense', 'Normalize']), '2_Dense/config.json': { ...IDENTITY, bias: true, activation_function: 'torch.nn.modules.activation.Tanh' } };
    const projection = { 'linear.weight': weightsOf('projection')['linear.weight']!, 'linear.bias': { shape: [12], data: Float32Array.from({ length: 12 }, (_, i) => i / 10) } };
    const [plain, onnx] = [folderOf('mine', 'bert', modules), folderOf('mine', 'bert', modules)];
    for (const folder of [plain, onnx]) writeCheckpoint(path.join(folder, '2_Dense/model.safetensors'), projection);
    const config = readBertConfig(recorded.networks['bert']!.config);
    asOnnx(onnx, (weights) => bertHidden(config, weights, config.layers), 'last_hidden_state');
    const [inGraph, beside] = [await vectorsOf(plain, recorded.asked), await vectorsOf(onnx, recorded.asked)];
    // tanh of mean · weightᵀ + bias, to unit length; the mean before normalising is what Contriever's recipe gives.
    const mean = recorded.vectors.find(({ family, side }) => family === 'contriever' && side === 'document')!.vectors;
    inGraph.forEach((vector, i) => {
      const { data } = projection['linear.weight'];
      const raw = Array.from({ length: 12 }, (_, row) => Math.tanh(row / 10 + dot(data.subarray(row * 16, row * 16 + 16), mean[i]!)));
      near(vector, raw.map((value) => value / Math.hypot(...raw)));
      near(beside[i]!, vector);
    });
  });
});

describe('ONNX models that were exported for more', () => {
  const ids = { type: 'int64' as const, shape: ['batch', 'tokens'] };
  const rows = Float32Array.from({ length: 400 * 16 }, (_, i) => Math.sin(i));
  /** Each token's row, plus its position, plus what stood before, which is nothing: sum over an empty past. */
  function writer(more: Record<string, ValueType> = {}): Uint8Array {
    return writeModel({
      name: 'writer', outputs: { logits: { type: 'float32', shape: ['batch', 'tokens', 400] }, last_hidden_state: { type: 'float32', shape: ['batch', 'tokens', 16] } },
      inputs: { input_ids: ids, attention_mask: ids, position_ids: ids, 'past_key_values.0.key': { type: 'float32', shape: ['batch', 2, 'past', 8] }, ...more },
      constants: { rows: { type: 'float32', shape: [400, 16], data: rows }, last: { type: 'int64', shape: [1], data: BigInt64Array.of(-1n) } },
      nodes: [
        { op: 'Gather', inputs: ['rows', 'input_ids'], outputs: ['row'] },
        { op: 'Cast', inputs: ['position_ids'], outputs: ['position'], attributes: { to: { int: 1 } } },
        { op: 'Unsqueeze', inputs: ['position', 'last'], outputs: ['column'] },
        { op: 'ReduceSum', inputs: ['past_key_values.0.key'], outputs: ['before'], attributes: { keepdims: { int: 0 } } },
        { op: 'Add', inputs: ['row', 'column'], outputs: ['placed'] },
        { op: 'Add', inputs: ['placed', 'before'], outputs: ['last_hidden_state'] },
        { op: 'Transpose', inputs: ['rows'], outputs: ['wide'] },
        { op: 'MatMul', inputs: ['last_hidden_state', 'wide'], outputs: ['logits'] },
      ],
    });
  }
  function folderWith(model: Uint8Array): string {
    const folder = folderOf('Qwen3-Embedding-0.6B', 'qwen3');
    rmSync(path.join(folder, 'model.safetensors'));
    mkdirSync(path.join(folder, 'onnx'));
    writeFileSync(path.join(folder, 'onnx/model.onnx'), model);
    return folder;
  }

  test('read the hidden states among their outputs, with positions and an empty past', async () => {
    const folder = folderWith(writer());
    const tokenizer = await openTokenizer(path.join(folder, 'tokenizer.json'));
    const vectors = await vectorsOf(folder, recorded.asked);
    recorded.asked.forEach((text, i) => {
      const position = Math.min(tokenizer.count(text), recorded.maxTokens - 1);
      const end = tokenizer.id('<|endoftext|>')!;
      const raw = Array.from(rows.subarray(end * 16, end * 16 + 16), (value) => value + position);
      near(vectors[i]!, raw.map((value) => value / Math.hypot(...raw)));
    });
  });

  test('are refused with what they ask for that no text has', async () => {
    await assert.rejects(openEmbedder(folderWith(writer({ pixel_values: ids }))), /asks for an input "pixel_values" that no text has/);
  });
});

describe('what a vector does not depend on', () => {
  for (const { family, folder: name, network } of new Map(recorded.vectors.map((one) => [one.network, one])).values()) {
    test(`${family}: the other texts and their order`, () => using(familyFolder(family, name, network), async (embedder) => {
      const together = await embedder.embed(recorded.texts, 'query');
      const backwards = (await embedder.embed([...recorded.texts].reverse(), 'query')).reverse();
      for (const [i, text] of recorded.texts.entries()) {
        near(backwards[i]!, together[i]!);
        near((await embedder.embed([text], 'query'))[0]!, together[i]!);
      }
    }));
  }
});

import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { bertHidden, bertReranker, readBertConfig } from '../nn/bert.ts';
import { writeGraph } from '../nn/emission.ts';
import * as g from '../nn/graph.ts';
import { llamaHidden, readLlamaConfig } from '../nn/llama.ts';
import { openCheckpoint, writeCheckpoint } from '../nn/safetensors.ts';
import type { Value } from '../nn/value.ts';
import { Weights } from '../nn/weights.ts';
import { openCrossEncoder } from './cross-encoder.ts';
import { onSphere, openEmbedder, type Embedder } from './embedder.ts';
import { familyFolder, folderOf, IDENTITY, modulesOf, recorded, weightsOf, writeInto } from './fixtures/folder.ts';
import { inspectModel } from './inspect.ts';
import { promptTokens } from './prompts.ts';
import { openTokenizer } from './tokenizer.ts';

/** Folders as people bring them, against what transformers computes with the same weights by the recipes of their authors. */
function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  assert.equal(actual.length, expected.length);
  const distance = Math.hypot(...Array.from(actual, (value, i) => value - expected[i]!));
  assert.ok(distance <= tolerance * Math.hypot(...Array.from(expected)), `off by ${distance / Math.hypot(...Array.from(expected))}`);
}

describe('vectors are those of the authors’ recipe', () => {
  for (const { family, folder: name, network, task, side, vectors } of recorded.vectors) {
    test(`${family}, ${task}, ${side}`, async () => {
      const folder = familyFolder(family, name, network);
      const { manifest } = await inspectModel(folder);
      assert.equal(manifest.family, family);
      const embedder = await openEmbedder(folder);
      const found = await embedder.embed(recorded.asked, side, manifest.tasks ? task : undefined);
      found.forEach((vector, i) => {
        if (manifest.score !== 'dot') return near(vector, vectors[i]!);
        // A direction and how long it is: one number more.
        assert.equal(vector.length, vectors[i]!.length + 1);
        const direction = vectors[i]!.map((value) => value / Math.hypot(...vectors[i]!));
        near(vector.subarray(0, -1).map((value) => value / Math.hypot(...vector.subarray(0, -1))), direction);
        assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-6);
      });
      await embedder.close();
    });
  }
});

describe('logits are those of transformers', () => {
  for (const { family, folder: name, network, question, logits } of recorded.logits) {
    test(name, async () => {
      const folder = familyFolder(family, name, network);
      const { manifest } = await inspectModel(folder);
      assert.equal(manifest.family ?? null, family);
      assert.equal(manifest.role, 'reranker');
      const reranker = await openCrossEncoder(folder);
      near(await reranker.score(question, recorded.asked.map((text) => ({ text }))), logits);
      await reranker.close();
    });
  }
});

/** The vectors of an embedder that is opened for them. */
async function vectorsOf(folder: string, texts: string[], side: 'query' | 'document' = 'document', task?: string): Promise<Float32Array[]> {
  const embedder = await openEmbedder(folder);
  try {
    return await embedder.embed(texts, side, task);
  } finally {
    await embedder.close();
  }
}

async function using<T>(folder: string, work: (embedder: Embedder) => Promise<T> | T): Promise<T> {
  const embedder = await openEmbedder(folder);
  try {
    return await work(embedder);
  } finally {
    await embedder.close();
  }
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((sum, value, d) => sum + value * b[d]!, 0);

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

  test('in shards', async () => {
    const folder = folderOf('bge-small-zh-v1.5', 'bert');
    const all = Object.entries(weightsOf('bert'));
    const shards = [all.slice(0, 9), all.slice(9)].map((part, i) => [`model-0000${i + 1}-of-00002.safetensors`, Object.fromEntries(part)] as const);
    for (const [name, weights] of shards) writeCheckpoint(path.join(folder, name), weights);
    writeInto(folder, { 'model.safetensors.index.json': { weight_map: Object.fromEntries(shards.flatMap(([name, weights]) => Object.keys(weights).map((weight) => [weight, name]))) } });
    rmSync(path.join(folder, 'model.safetensors'));
    (await vectorsOf(folder, recorded.asked)).forEach((vector, i) => near(vector, expected('bge-zh')[i]!));
    assert.equal((await inspectModel(folder)).format, 'safetensors');
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

test('a text however long ends in the token its vector is taken from (seeds E5-4)', () => using(familyFolder('qwen-embedding', 'Qwen3-Embedding-0.6B', 'qwen3'), async (embedder) => {
  // One token a letter: with its end a text of 31 fits, longer ones are cut before the end is put there.
  assert.equal(embedder.countTokens('q'.repeat(31)), 31);
  const [short, fits, cut, long] = await embedder.embed([30, 31, 32, 600].map((count) => 'q'.repeat(count)), 'document');
  assert.ok(Math.hypot(...short!.map((value, d) => value - fits![d]!)) > 1e-5);
  near(cut!, fits!);
  near(long!, fits!);
  const [first] = await embedder.embed([`x${'q'.repeat(599)}`], 'document');
  assert.ok(Math.hypot(...first!.map((value, d) => value - long![d]!)) > 1e-3, 'the first token is seen');
}));

test('an instruction changes questions, and no document', () => using(familyFolder('e5-mistral', 'e5-mistral-7b-instruct', 'mistral'), async (embedder) => {
  const [usual, claim, own] = await Promise.all([undefined, 'claim', 'Find the clause'].map(async (task) => (await embedder.embed(['lease'], 'query', task))[0]!));
  assert.ok(dot(usual!, claim!) < 0.9999 && dot(usual!, own!) < 0.9999 && dot(claim!, own!) < 0.9999);
  const [document, again] = [(await embedder.embed(['lease'], 'document'))[0]!, (await embedder.embed(['lease'], 'document', 'claim'))[0]!];
  near(again, document);
  assert.equal(embedder.spaceFor!('claim'), embedder.space);
}));

test('documents of another task stand in another space (seeds LE-9)', () => using(familyFolder('llm-embedder', 'llm-embedder', 'bert'), async (embedder) => {
  assert.deepEqual(embedder.tasks, ['qa', 'convsearch', 'chat', 'lrlm', 'icl', 'tool']);
  assert.equal(new Set(embedder.tasks!.map((task) => embedder.spaceFor!(task))).size, 6);
  assert.equal(embedder.spaceFor!('qa'), embedder.space);
  const vectors = await Promise.all(embedder.tasks!.map(async (task) => (await embedder.embed(['the lease ends'], 'document', task))[0]!));
  for (const [i, a] of vectors.entries()) for (const b of vectors.slice(i + 1)) assert.ok(dot(a, b) < 0.99999);
  await assert.rejects(embedder.embed(['lease'], 'query', 'poems'), /knows no task "poems"/);
}));

test('spaces differ by weights, tokenizer, prompts, pooling and length, and not by the folder’s place', async () => {
  const space = (folder: string): Promise<string> => using(folder, (embedder) => embedder.space);
  const bge = await space(folderOf('bge-base-en', 'bert'));
  assert.equal(await space(folderOf('bge-base-en', 'bert')), bge);
  const others = [
    folderOf('bge-base-en', 'bert', { 'sentence_bert_config.json': { max_seq_length: 16 } }),
    folderOf('bge-base-en', 'bert', { 'config_sentence_transformers.json': { prompts: { document: 'd: ' } } }),
    folderOf('bge-base-en', 'bert', modulesOf(['Transformer', 'Pooling', 'Normalize'])),
  ];
  const changed = folderOf('bge-base-en', 'bert');
  const weights = weightsOf('bert');
  weights['embeddings.LayerNorm.bias']!.data[0]! += 1;
  writeCheckpoint(path.join(changed, 'model.safetensors'), weights);
  const all = [bge, ...(await Promise.all([...others, changed].map(space)))];
  assert.equal(new Set(all).size, all.length);
});

describe('dot products of vectors of any length become cosines in the same order', () => {
  test('exactly, up to a factor of the question', () => {
    const vectors = recorded.vectors.find(({ family, side }) => family === 'contriever' && side === 'document')!.vectors.map((vector) => Float32Array.from(vector));
    const bound = Math.max(...vectors.map((vector) => Math.hypot(...vector))) * 1.5;
    for (const query of vectors) {
      const unit = onSphere(query, 'query', bound);
      for (const document of vectors) {
        const expected = dot(query, document) / (Math.hypot(...query) * bound);
        assert.ok(Math.abs(dot(unit, onSphere(document, 'document', bound)) - expected) < 1e-6);
      }
    }
  });
  test('and what the last norm of a model can give is never beyond the bound', () => using(familyFolder('contriever', 'contriever-msmarco', 'bert'), async (embedder) => {
    assert.equal(embedder.dimensions, 17);
    for (const vector of await embedder.embed(recorded.texts, 'document')) assert.ok(vector.at(-1)! > 0.1);
  }));
});

describe('tokens of an instruction are counted where it ends, not by how it is cut alone', () => {
  test('as the authors do where nothing merges, and right where it does', async () => {
    const folder = familyFolder('instructor', 'instructor-base', 't5');
    const tokenizer = await openTokenizer(path.join(folder, 'tokenizer.json'));
    const count = (prompt: string, text: string): number => promptTokens(tokenizer, prompt, tokenizer.encode(prompt + text));
    for (const prompt of ['Represent the question for retrieving supporting documents:', 'query:']) {
      for (const text of ['数据库', 'How', '人工智能 machine']) {
        const pieces = tokenizer.encode(prompt + text).slice(0, count(prompt, text));
        assert.equal(pieces.reduce((sum, id) => sum + tokenizer.length(id), 0), prompt.length + 1, `${prompt}${text}`);
      }
    }
    // “learn” alone is cut otherwise than within “learning”: no token that reaches into the text is counted.
    const ids = tokenizer.plain('machine learning');
    for (let length = 1; length < 'machine learning'.length; length++) {
      const prompt = 'machine learning'.slice(0, length);
      let [characters, whole] = [0, 0];
      while (characters + tokenizer.length(ids[whole]!) <= prompt.length + 1) characters += tokenizer.length(ids[whole++]!);
      assert.ok(Math.abs(count(prompt, 'machine learning'.slice(length)) - whole) <= Number(prompt.endsWith(' ')), `“${prompt}”: ${count(prompt, 'machine learning'.slice(length))}, not ${whole}`);
    }
  });
});

test('what unrelated texts score is measured with the model itself', async () => {
  const folder = folderOf('bge-base-en', 'bert');
  const measured = await using(folder, ({ background }) => background!);
  // This tiny model gives much the same vector to everything: what is far above zero for another is nothing for it.
  assert.ok(measured.mean > 0.2 && measured.mean < 1 && measured.deviation > 0);
  const given = { mean: 0.7, deviation: 0.05 };
  const embedder = await openEmbedder(folder, { background: given });
  assert.deepEqual(embedder.background, given);
  await embedder.close();
});

test('a folder of ours stands as it is, also beside a config.json', async () => {
  const folder = folderOf('bge-base-en', 'bert', { 'manifest.json': '{}' });
  await assert.rejects(inspectModel(folder), /in its manifest\.json "id" is missing/);
});

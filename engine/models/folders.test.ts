import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { writeCheckpoint } from '../nn/safetensors.ts';
import { openCrossEncoder } from './cross-encoder.ts';
import { onSphere, openEmbedder } from './embedder.ts';
import { dot, familyFolder, folderOf, modulesOf, near, recorded, using, weightsOf } from './fixtures/folder.ts';
import { inspectModel } from './inspect.ts';
import { promptTokens } from './prompts.ts';
import { openTokenizer } from './tokenizer.ts';

/** Folders as people bring them, against what transformers computes with the same weights by the recipes of their authors. */
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

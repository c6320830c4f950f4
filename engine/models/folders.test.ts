import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openCheckpoint, writeCheckpoint, type Weight } from '../nn/safetensors.ts';
import { openCrossEncoder } from './cross-encoder.ts';
import { openEmbedder, type Side } from './embedder.ts';
import { inspectModel } from './inspect.ts';

/** Folders as people bring them, against what transformers computes with the same weights (`fixtures.py` records it). */
interface Recorded {
  asked: string[]; maxTokens: number;
  networks: Record<string, { tokenizer: string; config: Record<string, unknown> }>;
  vectors: { family: string; folder: string; network: string; task: string; side: Side; vectors: number[][] }[];
  logits: { family: string | null; folder: string; network: string; question: string; logits: number[] }[];
}

const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url));
const recorded = JSON.parse(readFileSync(path.join(fixtures, 'recorded.json'), 'utf8')) as Recorded;

let root: string;
before(() => void (root = mkdtempSync(path.join(tmpdir(), 'folders-'))));
after(() => rmSync(root, { recursive: true }));

/** Puts a folder together from a recorded network: `files` are written over it, `undefined` takes one away. */
function folderOf(name: string, network: string, files: Record<string, object | string | undefined> = {}): string {
  const folder = path.join(root, `${Math.random()}`, name);
  mkdirSync(folder, { recursive: true });
  const { tokenizer, config } = recorded.networks[network]!;
  cpSync(path.join(fixtures, 'tokenizers', `${tokenizer}.json`), path.join(folder, 'tokenizer.json'));
  cpSync(path.join(fixtures, 'weights', `${network}.safetensors`), path.join(folder, 'model.safetensors'));
  for (const [file, content] of Object.entries({ 'config.json': config, 'sentence_bert_config.json': { max_seq_length: recorded.maxTokens }, ...files })) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    if (content === undefined) rmSync(path.join(folder, file), { force: true });
    else writeFileSync(path.join(folder, file), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

/** What is special about a family's folder. */
function specialOf(family: string | null, network: string): Record<string, object | string> {
  const config = recorded.networks[network]!.config;
  if (family === 'gte-qwen') return { 'config.json': { ...config, is_causal: false } };
  if (family === 'tart-full') return { 'config.json': { ...config, architectures: ['EncT5ForSequenceClassification'] } };
  return {};
}

/** A folder of a family that has more than its network. */
function familyFolder(family: string | null, name: string, network: string): string {
  const folder = folderOf(name, network, specialOf(family, network));
  if (family === 'instructor') {
    writeFileSync(path.join(folder, 'modules.json'), JSON.stringify(['Transformer', 'Pooling', 'Dense', 'Normalize'].map((type, i) => ({ idx: i, name: String(i), path: i === 0 ? '' : `${i}_${type}`, type: `sentence_transformers.models.${type}` }))));
    mkdirSync(path.join(folder, '1_Pooling'));
    writeFileSync(path.join(folder, '1_Pooling/config.json'), JSON.stringify({ word_embedding_dimension: 16, pooling_mode_cls_token: false, pooling_mode_mean_tokens: true }));
    mkdirSync(path.join(folder, '2_Dense'));
    writeFileSync(path.join(folder, '2_Dense/config.json'), JSON.stringify({ in_features: 16, out_features: 12, bias: false, activation_function: 'torch.nn.modules.linear.Identity' }));
    cpSync(path.join(fixtures, 'weights/projection.safetensors'), path.join(folder, '2_Dense/model.safetensors'));
  }
  if (family === 'tart-full') {
    const all: Record<string, Weight> = {};
    for (const file of ['t5', 'classifier']) {
      const checkpoint = openCheckpoint(path.join(fixtures, 'weights', `${file}.safetensors`));
      for (const weight of checkpoint.names) all[weight] = { shape: checkpoint.shape(weight), data: checkpoint.read(weight) };
    }
    writeCheckpoint(path.join(folder, 'model.safetensors'), all);
  }
  return folder;
}

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

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { hashFile, readManifest, spaceIdentity, verifyFiles, type Manifest } from './manifest.ts';

let folder: string;
let manifest: Manifest;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manifest-'));
  const files: Manifest['files'] = {};
  for (const [name, text] of [['model.onnx', 'weights'], ['tokenizer.json', '{}']] as const) {
    await writeFile(join(folder, name), text);
    files[name] = { sha256: await hashFile(join(folder, name)), bytes: text.length };
  }
  manifest = {
    id: 'tiny', name: 'Tiny', role: 'embedder', architecture: 'static', dimensions: 2, maxTokens: 8, pooling: 'graph', normalised: true,
    prompts: { query: 'query: ', document: 'passage: ' }, languages: ['en'], licence: 'CC0', attribution: [], recipe: {}, quality: {}, files,
  };
});

after(() => rm(folder, { recursive: true }));

const write = (content: unknown): Promise<void> => writeFile(join(folder, 'manifest.json'), typeof content === 'string' ? content : JSON.stringify(content));

test('reads what was written', async () => {
  await write(manifest);
  assert.deepEqual(await readManifest(folder), manifest);
  await verifyFiles(folder, manifest);
});

const faults: [what: string, content: () => unknown, sentence: RegExp][] = [
  ['a manifest that is not JSON', () => '{', /not JSON/],
  ['no licence', () => ({ ...manifest, licence: undefined }), /"licence" is missing/],
  ['an unknown role', () => ({ ...manifest, role: 'oracle' }), /"role" is "oracle" instead of one of embedder, reranker/],
  ['an unknown pooling', () => ({ ...manifest, pooling: 'max' }), /"pooling" is "max"/],
  ['no dimensions', () => ({ ...manifest, dimensions: 0 }), /"dimensions" is not a whole number above 0/],
  ['a prompt for one side only', () => ({ ...manifest, prompts: { query: '' } }), /"prompts" lacks/],
  ['a model without a graph', () => ({ ...manifest, files: { 'tokenizer.json': manifest.files['tokenizer.json'] } }), /does not list model\.onnx/],
  ['a file that is not there', () => ({ ...manifest, files: { ...manifest.files, 'more.bin': { sha256: '0'.repeat(64), bytes: 1 } } }), /more\.bin is missing/],
  ['a file outside the folder', () => ({ ...manifest, files: { ...manifest.files, '../x': { sha256: '0'.repeat(64), bytes: 1 } } }), /lies outside the folder/],
  ['a file that is too short', () => ({ ...manifest, files: { ...manifest.files, 'model.onnx': { ...manifest.files['model.onnx'], bytes: 9 } } }), /7 bytes instead of 9/],
];

for (const [what, content, sentence] of faults) {
  test(`refuses ${what}`, async () => {
    await write(content());
    await assert.rejects(readManifest(folder), sentence);
  });
}

test('refuses a folder without a manifest', () => assert.rejects(readManifest(join(folder, 'none')), /it has no manifest\.json/));

test('notices a file whose content was changed', async () => {
  const files = { ...manifest.files, 'tokenizer.json': { sha256: '0'.repeat(64), bytes: 2 } };
  await assert.rejects(verifyFiles(folder, { ...manifest, files }), /tokenizer\.json is not what its manifest says/);
});

test('two spaces are the same only if vectors of both may be compared', () => {
  const space = spaceIdentity(manifest, 'cpu');
  assert.equal(space, spaceIdentity({ ...manifest, quality: { set: 1 } }, 'cpu'));
  assert.equal(space, spaceIdentity({ ...manifest, prompts: { ...manifest.prompts, query: 'Q: ' } }, 'cpu'), 'stored vectors do not depend on the query side');
  const others: [string, string][] = [
    ['weights', spaceIdentity({ ...manifest, files: { ...manifest.files, 'model.onnx': { sha256: '1'.repeat(64), bytes: 7 } } }, 'cpu')],
    ['tokenizer', spaceIdentity({ ...manifest, files: { ...manifest.files, 'tokenizer.json': { sha256: '1'.repeat(64), bytes: 2 } } }, 'cpu')],
    ['document prompt', spaceIdentity({ ...manifest, prompts: { ...manifest.prompts, document: '' } }, 'cpu')],
    ['pooling', spaceIdentity({ ...manifest, pooling: 'mean' }, 'cpu')],
    ['length', spaceIdentity({ ...manifest, normalised: false }, 'cpu')],
    ['cut', spaceIdentity({ ...manifest, maxTokens: 9 }, 'cpu')],
    ['device', spaceIdentity(manifest, 'gpu')],
    ['adapter', spaceIdentity(manifest, 'cpu', 'abc')],
  ];
  for (const [what, other] of others) assert.notEqual(space, other, what);
});

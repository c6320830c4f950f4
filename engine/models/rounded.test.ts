import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { writeCheckpoint } from '../nn/safetensors.ts';
import { openEmbedder, type Embedder } from './embedder.ts';
import { dot, familyFolder, folderOf, recorded, weightsOf } from './fixtures/folder.ts';
import { SAME_COSINE } from './passport.ts';

const TEXTS = ['The valve is opened by hand.', '压缩机停机后等待三分钟。', 'a', ...recorded.texts.slice(0, 12)];

/** The same folder in full precision and as `int8` opens it. */
async function both(folder: string, work: (exact: Embedder, rounded: Embedder) => Promise<void>): Promise<void> {
  const [exact, rounded] = [await openEmbedder(folder), await openEmbedder(folder, { precision: 'int8' })];
  await work(exact, rounded);
  await Promise.all([exact.close(), rounded.close()]);
}

for (const [family, name, network] of [['bge-en', 'bge-small-en-v1.5', 'bert'], ['bge-m3', 'bge-m3', 'roberta'], ['instructor', 'instructor-base', 't5']] as const) {
  test(`${network} in eight bits gives nearly the same vectors, in a space of their own`, async () => {
    await both(familyFolder(family, name, network), async (exact, rounded) => {
      assert.equal(rounded.precision, 'int8');
      assert.equal(rounded.space, exact.space.replace(' provider=', ' precision=int8 provider='));
      const [a, b] = [await exact.embed(TEXTS, 'document'), await rounded.embed(TEXTS, 'document')];
      const cosines = a.map((vector, i) => dot(vector, b[i]!));
      assert.ok(Math.min(...cosines) >= SAME_COSINE - 0.001, `cosines ${cosines.map((cosine) => cosine.toFixed(5)).join()}`);
      assert.ok(cosines.some((cosine) => cosine < 1 - 1e-7), 'nothing was rounded');
    });
  });
}

test('a text gets the same vector whatever other texts come with it', async () => {
  await both(folderOf('bge-small-en-v1.5', 'bert'), async (_, rounded) => {
    const together = await rounded.embed(TEXTS, 'document');
    for (const [i, text] of TEXTS.entries()) assert.deepEqual((await rounded.embed([text], 'document'))[0], together[i]);
  });
});

test('a model that eight bits do not carry stays in full precision and in its old space', async () => {
  const folder = folderOf('bge-small-en-v1.5', 'bert');
  const weights = weightsOf('bert');
  // Where attention is all or nothing, the least rounding turns it to another token.
  for (const [name, { data }] of Object.entries(weights)) if (/query|key/.test(name)) for (let i = 0; i < data.length; i++) data[i]! *= 40;
  writeCheckpoint(path.join(folder, 'model.safetensors'), weights);
  await both(folder, async (exact, rounded) => {
    assert.equal(rounded.precision, 'float32');
    assert.match(rounded.refused!, /^In eight bits \d+ of 20 texts get other vectors: the cosine goes down to 0\.\d+, and 0\.999 is needed\.$/);
    assert.equal(rounded.space, exact.space);
    assert.deepEqual(await rounded.embed(TEXTS, 'document'), await exact.embed(TEXTS, 'document'));
  });
});

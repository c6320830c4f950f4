import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openEmbedder } from '../models/embedder.ts';
import { readManifest, verifyFiles } from '../models/manifest.ts';
import { Unigram } from '../models/unigram.ts';
import { forwardNovel, newTable } from './bags.ts';
import { MIXTURE, toBags } from './batches.ts';
import { foldedRows, quantise, recordQuality, writeFolder, type Recipe } from './folder.ts';
import { tokenizerFile, VOCABULARY_SIZES } from './vocabulary.ts';

let root: string;
before(async () => void (root = await mkdtemp(join(tmpdir(), 'folder-'))));
after(() => rm(root, { recursive: true }));

const recipe: Recipe = { steps: 1, batch: 2, dimensions: 32, temperature: 0.05, rate: 0.1, weightRate: 0.1, passageTokens: 8, dropout: 0, mixture: MIXTURE, repeats: 1, novelty: 0, run: 1, flatness: 1, seed: 1, vocabulary: VOCABULARY_SIZES };

for (const novelty of [0, 1.5]) test(`a written folder embeds as the table did, to 8 bits, with a novelty of ${novelty}`, async () => {
  const file = tokenizerFile([new Map([...'abcdefghij'].map((letter, i) => [letter, i + 1])), new Map([['数据', 3]])]);
  const tokenizer = new Unigram(file);
  const table = newTable(Float64Array.from({ length: tokenizer.size }, (_, i) => i + 1), recipe.dimensions, Math.random);
  await writeFile(join(root, 'manifest.json'), JSON.stringify([{ source: 'a book', licence: 'CC0', pairs: 3 }]));
  const folder = join(root, 'tiny');
  await writeFolder(folder, 'tiny', file, foldedRows(table), { ...recipe, novelty }, { data: root, heldOut: {}, background: { mean: 0, deviation: 0.1 }, pairs: 3, seconds: 1 });
  await recordQuality(folder, { set: 0.5 });

  const manifest = await readManifest(folder);
  await verifyFiles(folder, manifest);
  assert.deepEqual(manifest.quality, { set: 0.5 });
  assert.deepEqual(manifest.attribution[0], { source: 'a book', licence: 'CC0', pairs: 3 });

  // The two in the middle are of nearly one length and go together, with padding; 。 is unknown, as padding is.
  const texts = ['abc', 'j', '数据 aabcdefghij', '数据 aaa。bcdefghi', 'gghij'.repeat(20)];
  const embedder = await openEmbedder(folder);
  const vectors = await embedder.embed(texts, 'document');
  await embedder.close();
  const sums = forwardNovel(table, toBags(texts.map((text) => tokenizer.encode(text))), novelty);
  vectors.forEach((vector, i) => {
    const sum = sums.subarray(i * 32, (i + 1) * 32);
    const cosine = vector.reduce((total, value, d) => total + value * sum[d]!, 0) / Math.hypot(...sum);
    assert.ok(cosine > 0.9995, String(cosine));
  });
});

test('each row uses the whole range of its integers', () => {
  const { codes, scales } = quantise(Float32Array.of(1, -2, 0.5, 0, 0, 0), 3);
  assert.deepEqual([...codes], [64, -127, 32, 0, 0, 0]);
  assert.ok(Math.abs(scales[0]! - 2 / 127) < 1e-9 && scales[1] === 0);
});

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { Unigram } from '../models/unigram.ts';
import { toBags, Batches, MIXTURE } from './batches.ts';
import { cachedCorpus, crossings, NAMES, names, readCorpus, terms, WORDS } from './corpus.ts';
import type { Pair } from './pairs.ts';
import { tokenizerFile } from './vocabulary.ts';

let folder: string;
const tokenizer = new Unigram(tokenizerFile([new Map([...'abcdefghijklmnopqrstuvwxyz'].map((letter) => [letter, 5])), new Map([['诚实', 9], ['数据', 9], ['约翰', 3], ['史密斯', 2]])]));

/** Eight sentences of each of two passages, a dictionary entry, and a Chinese passage with a name in it. */
const pairs: Pair[] = [
  ...Array.from({ length: 16 }, (_, i): Pair => ({ task: 'ict', lang: 'en', query: `question ${'abcdefghijklmnop'[i]}`, pos: [i < 8 ? 'one passage' : 'firm truth'], source: 'book' })),
  { task: 'parallel', lang: 'en-zh', query: '诚实; 誠實', pos: ['honest; upright: marked by truth'], source: 'Chinese Open Wordnet' },
  { task: 'title', lang: 'zh', query: '数据', pos: ['约翰·史密斯（John Smith）整理数据。'], source: 'wiki' },
];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'corpus-'));
  await writeFile(join(folder, 'pairs-00.jsonl.zst'), zstdCompressSync(pairs.map((pair) => JSON.stringify(pair)).join('\n')));
});
after(() => rm(folder, { recursive: true }));

test('reads pairs as token ids, dictionary entries also word by word, and names in brackets', async () => {
  const corpus = await readCorpus(folder, tokenizer);
  const sizes = new Map(corpus.groups.map((group) => [group.name, group.size]));
  assert.equal(sizes.get('ict en book'), 16);
  assert.equal(sizes.get(WORDS), 4, 'two words times two meanings');
  assert.equal(sizes.get(NAMES), 1);
  const first = [...corpus.ids.subarray(corpus.offsets[0], corpus.offsets[1])];
  assert.deepEqual(first, tokenizer.encode('question a'));
  assert.deepEqual(await cachedCorpus(folder, tokenizer, folder), corpus, 'as written to the cache');
  assert.deepEqual(await cachedCorpus(folder, tokenizer, folder), corpus, 'as read back');
});

test('finds names with their originals', () => {
  assert.deepEqual(names('她是米兰达·米勒（Miranda Miller，吉他）和「數據庫」(英語：database)的作者。'), [['她是米兰达·米勒', 'Miranda Miller'], ['數據庫', 'database']]);
  assert.deepEqual(names('没有（2013年）'), []);
});

test('parts the alternatives of an entry', () => {
  assert.deepEqual(terms('azimuth; AZ；x'), ['azimuth', 'AZ', 'x']);
});

test('a translated passage gives sentences that ask for the other side, and sentences with their translations', () => {
  const query = '第一句話說明目的。第二句話說明範圍。';
  const passage = 'The first sentence gives the purpose. The second one gives the scope.';
  const found = crossings({ task: 'parallel', lang: 'en-zh', query, pos: [passage], source: 'law' });
  assert.deepEqual(found.map((one) => `${one.task} ${one.lang} ${one.query} → ${one.passage}`), [
    `crossing zh-en 第一句話說明目的。 → ${passage}`,
    `crossing zh-en 第二句話說明範圍。 → ${passage}`,
    `crossing en-zh The first sentence gives the purpose. → ${query}`,
    `crossing en-zh The second one gives the scope. → ${query}`,
    'aligned zh-en 第一句話說明目的。 → The first sentence gives the purpose.',
    'aligned zh-en 第二句話說明範圍。 → The second one gives the scope.',
  ]);
  assert.deepEqual(crossings({ task: 'parallel', lang: 'en-zh', query: '一群人聚集在现场。', pos: ['A crowd gathered at the scene.'], source: 'sentences' }), []);
});

test('neighbours among translated passages are drawn together', async () => {
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const translated = letters.map((letter): Pair => ({ task: 'parallel', lang: 'en-zh', query: '数据', pos: [letter], source: 'law' }));
  const law = await mkdtemp(join(folder, 'law-'));
  await writeFile(join(law, 'pairs-00.jsonl.zst'), zstdCompressSync(translated.map((pair) => JSON.stringify(pair)).join('\n')));
  const place = new Map(letters.map((letter, i) => [tokenizer.encode(letter)[0], i]));
  const batches = new Batches(await readCorpus(law, tokenizer), { size: 4, passageTokens: 32, dropout: 0, mixture: MIXTURE, repeats: 1, run: 26, flatness: 1, holdEvery: 1000 }, Math.random);
  for (let i = 0; i < 20; i++) {
    const drawn = [...batches.next().passages.ids].map((id) => place.get(id)!);
    assert.ok(drawn.some((pair) => drawn.includes(pair + 1)), drawn.join());
  }
});

test('two pairs on one passage are never negatives of each other', async () => {
  const corpus = await readCorpus(folder, tokenizer);
  const batches = new Batches(corpus, { size: 8, passageTokens: 32, dropout: 0, mixture: MIXTURE, repeats: 1, run: 1, flatness: 1, holdEvery: 1000 }, Math.random);
  for (let i = 0; i < 20; i++) {
    const { group, queries, passages, mask } = batches.next();
    assert.equal(group.task, 'ict');
    assert.equal(queries.offsets.length, 9);
    const passage = (at: number): string => passages.ids.subarray(passages.offsets[at], passages.offsets[at + 1]).join();
    assert.ok(batches.leftOut.length > 0 && batches.leftOut.every(({ name, pairs }) => pairs < 8 && !batches.shares().some((pool) => pool.name === name)), 'pools too small for a batch are told');
    for (let a = 0; a < 8; a++) for (let b = 0; b < 8; b++) assert.equal(mask[a * 8 + b]! < 0, a !== b && passage(a) === passage(b));
  }
});

test('bags lie one after another', () => {
  assert.deepEqual(toBags([[1, 2], [], [3]]), { ids: Int32Array.of(1, 2, 3), offsets: Int32Array.of(0, 2, 2, 3) });
  assert.deepEqual(toBags([[1, 2, 1, 1, 1], [2]], 0.5), { ids: Int32Array.of(1, 2, 2), offsets: Int32Array.of(0, 2, 3), shares: Float32Array.of(2, 1, 1) });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DocumentId } from './api.ts';
import { search } from './search.ts';
import { saveReading } from './store/contents.ts';
import { include } from './store/documents.ts';
import { createLibrary } from './store/libraries.ts';
import { memoryDatabase, queue, readingOf } from './store/testing.ts';
import type { Db } from './store/database.ts';
import { useSpace } from './store/spaces.ts';
import { saveVectors, unembedded } from './store/vectors.ts';
import type { Embedder } from './models/embedder.ts';
import { indexWords } from './words.ts';

/** A small real embedder: a text is the lengths of its words, so texts of equal word lengths mean the same. */
const DIMENSIONS = 16;
const byLengths: Embedder = {
  id: 'lengths', space: 'lengths', dimensions: DIMENSIONS,
  countTokens: (text) => text.split(' ').length,
  embed: async (texts) => texts.map((text) => {
    const vector = Float32Array.from({ length: DIMENSIONS }, () => 0.01);
    for (const word of text.split(/\s+/)) vector[word.length % DIMENSIONS]! += 1;
    const norm = Math.hypot(...vector);
    return vector.map((x) => x / norm);
  }),
  close: async () => undefined,
};

function put(db: Db, library: ReturnType<typeof createLibrary>, name: string, ...paragraphs: string[]): DocumentId {
  const id = queue(db, library, name);
  const reading = readingOf(...paragraphs);
  saveReading(db, id, { ...reading, words: paragraphs.map((text) => indexWords(text)) });
  return id;
}

async function embedAll(db: Db): Promise<void> {
  const space = useSpace(db, byLengths.space, DIMENSIONS);
  for (let left = unembedded(db, space, 100); left.length > 0; left = unembedded(db, space, 100)) {
    const vectors = await byLengths.embed(left.map(({ text }) => text), 'document');
    saveVectors(db, space, left[0]!.library, left[0]!.content, new Map(left.map(({ chunk }, i) => [chunk, vectors[i]!])));
  }
}

const texts = async (db: Db, question: string, more: object = {}) => (await search({ db, embedder: byLengths }, { question, ...more })).hits.map(({ text }) => text);

test('one character, two characters: every chunk that holds them is found, and no other', async () => {
  const { db, library } = memoryDatabase();
  put(db, library, 'a', '水库的水位', '山上的茶园', '茶叶和水', '纸张与墨');
  assert.deepEqual((await texts(db, '水', { leg: 'words' })).sort(), ['水库的水位', '茶叶和水'].sort());
  assert.deepEqual(await texts(db, '茶园', { leg: 'words' }), ['山上的茶园']);
});

test('every hit tells how it came to its rank, by words and by meaning', async () => {
  const { db, library } = memoryDatabase();
  put(db, library, 'a', 'green tea grows', 'seven ships sailed', 'tea');
  await embedAll(db);
  const { hits, models } = await search({ db, embedder: byLengths }, { question: 'green tea' });
  assert.equal(hits[0]!.text, 'green tea grows');
  assert.deepEqual(hits[0]!.trace.words!.terms, ['green', 'tea']);
  assert.equal(hits[0]!.trace.words!.rank, 1);
  assert.ok(hits.every(({ trace }) => trace.vectors!.similarity <= 1 && trace.vectors!.rank >= 1), 'what words proposed is compared by meaning too');
  assert.deepEqual(hits.map(({ trace }) => trace.fused.rank), hits.map((_, i) => i + 1));
  assert.equal(models.embedder, 'lengths');
});

test('a chunk is answerable by words before it has a vector', async () => {
  const { db, library } = memoryDatabase();
  useSpace(db, byLengths.space, DIMENSIONS);
  put(db, library, 'a', 'green tea grows');
  assert.deepEqual(await texts(db, 'tea'), ['green tea grows']);
});

test('what is visible is found however much is hidden', async () => {
  const { db, library } = memoryDatabase();
  for (let i = 0; i < 12; i++) {
    include(db, [put(db, library, `hidden ${i}`, ...Array.from({ length: 60 }, (_, n) => `tea tea tea ${i} ${n}`))], false);
  }
  put(db, library, 'visible', 'once upon a time someone far away had a cup of tea in a very long sentence');
  await embedAll(db);
  for (const leg of ['words', 'vectors', undefined]) {
    assert.match((await texts(db, 'tea', { leg }))[0] ?? '', /cup of tea/, String(leg));
  }
});

test('a question looks only in the libraries it is asked of', async () => {
  const { db, library } = memoryDatabase();
  const other = createLibrary(db, 'Other');
  put(db, library, 'a', 'tea at home');
  put(db, other, 'b', 'tea elsewhere');
  await embedAll(db);
  assert.deepEqual(await texts(db, 'tea', { libraries: [other] }), ['tea elsewhere']);
  assert.equal((await texts(db, 'tea')).length, 2);
});

test('nothing breaks on a question without words', async () => {
  const { db, library } = memoryDatabase();
  put(db, library, 'a', 'tea');
  await embedAll(db);
  for (const question of ['', '   ', '"" OR *', '😀', '—', 'x'.repeat(20_000), '\u0000']) await texts(db, question);
});

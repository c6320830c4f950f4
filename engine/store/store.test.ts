import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChunkId, LibraryId } from '../api.ts';
import { visibleChunks } from './chunks.ts';
import { saveReading, sweep } from './contents.ts';
import { sql, write, type Db } from './database.ts';
import { document, documents, enqueue, fail, include, remove, removed, stillWaiting, waiting } from './documents.ts';
import { problems } from './health.ts';
import { createLibrary, deleteEmptied, libraries, removeLibrary } from './libraries.ts';
import { changeSettings, settings } from './settings.ts';
import { memoryDatabase, queue, readingOf } from './testing.ts';
import { spaceInUse, useSpace, type Space } from './spaces.ts';
import { countUnembedded, nearest, saveVectors, twin, unembedded } from './vectors.ts';
import { documentFrequency, matchWords, wordStatistics } from './words.ts';

const count = (db: Db, table: string): number => sql<{ n: number }>(db, `select count(*) n from ${table}`).get()!.n;

/** Embeds all that is left, as the ingest loop does, with vectors made by `make`. */
function embedAll(db: Db, space: Space, make: (text: string) => Float32Array): void {
  for (let left = unembedded(db, space, 3); left.length > 0; left = unembedded(db, space, 3)) {
    saveVectors(db, space, left[0]!.library, left[0]!.content, new Map(left.map(({ chunk, text }) => [chunk, twin(db, space, chunk) ?? make(text)])));
  }
}

const unit = (...numbers: number[]): Float32Array => {
  const length = Math.hypot(...numbers);
  return Float32Array.from(numbers, (x) => x / length);
};

test('a file is answerable by words as soon as it is saved, and by meaning once its chunks are embedded', () => {
  const { db, library } = memoryDatabase();
  const id = queue(db, library, 'a.txt');
  assert.equal(document(db, id).state.kind, 'waiting');
  saveReading(db, id, readingOf('green tea', 'black coffee'));
  assert.deepEqual(document(db, id).state, { kind: 'ready', chunks: 2, embedded: 0 });
  const found = matchWords(db, 'words : "coffee"', 10);
  assert.equal(visibleChunks(db, found, [library]).get(found[0]!)!.text, 'black coffee');

  const space = useSpace(db, 'model-1', 2);
  assert.equal(countUnembedded(db), 2);
  embedAll(db, space, (text) => (text.includes('tea') ? unit(1, 0) : unit(0, 1)));
  assert.deepEqual(document(db, id).state, { kind: 'ready', chunks: 2, embedded: 2 });
  assert.deepEqual(problems(db), []);
});

test('an unchanged file is not queued again, a changed one is, and keeps answering until it is read', () => {
  const { db, library } = memoryDatabase();
  const id = queue(db, library, 'a.txt', 1);
  saveReading(db, id, readingOf('old words'));
  assert.equal(enqueue(db, library, { name: 'a.txt', path: '/a.txt', bytes: 10, modified: 1 }).changed, false);
  assert.equal(enqueue(db, library, { name: 'a.txt', path: '/a.txt', bytes: 10, modified: 2 }).changed, true);
  const [row] = waiting(db, 1);
  assert.equal(matchWords(db, 'old', 10).length, 1);
  assert.equal(stillWaiting(db, row!), true);
  queue(db, library, 'a.txt', 3);
  assert.equal(stillWaiting(db, row!), false, 'it changed again while it was read');
  saveReading(db, id, readingOf('new words'));
  assert.deepEqual([matchWords(db, 'old', 10).length, matchWords(db, 'new', 10).length], [0, 1]);
  assert.deepEqual(problems(db), []);
});

test('equal content is stored once, however many paths and libraries have it, and lives as long as one of them', () => {
  const { db, library } = memoryDatabase();
  const other = createLibrary(db, 'Other');
  const ids = [queue(db, library, 'a.txt'), queue(db, library, 'copy of a.txt'), queue(db, other, 'a.txt')];
  for (const id of ids) saveReading(db, id, readingOf('one', 'two'));
  assert.equal(count(db, 'chunk'), 2);
  const space = useSpace(db, 'm', 2);
  let made = 0;
  embedAll(db, space, () => (made++, unit(1, 1)));
  assert.equal(made, 2, 'the second library copies the vectors');
  assert.equal(nearest(db, space, other, unit(1, 1), 5).length, 2);
  for (const [i, id] of ids.entries()) {
    remove(db, [id]);
    sweep(db, id);
    assert.deepEqual(problems(db), []);
    assert.equal(count(db, 'chunk'), i < 2 ? 2 : 0);
  }
  for (const table of ['content', 'holding', 'vector', 'vectors_2', 'chunk_words', 'parent', 'document']) assert.equal(count(db, table), 0, table);
});

test('a removed document answers nothing at once, before it is swept; an excluded one neither', () => {
  const { db, library } = memoryDatabase();
  const [kept, gone, out] = ['kept', 'gone', 'out'].map((name) => {
    const id = queue(db, library, `${name}.txt`);
    saveReading(db, id, readingOf(`${name} word`));
    return id;
  });
  remove(db, [gone!]);
  include(db, [out!], false);
  const visible = [...visibleChunks(db, matchWords(db, 'word', 10), [library]).values()];
  assert.deepEqual(visible.map((chunk) => chunk.document), [kept]);
  assert.deepEqual(documents(db, { library, offset: 0, limit: 10 }).documents.map(({ name }) => name), ['kept.txt', 'out.txt']);
  assert.deepEqual(visibleChunks(db, matchWords(db, 'word', 10), [99 as LibraryId]).size, 0);
});

test('a document that is removed while it is read stays removed', () => {
  const { db, library } = memoryDatabase();
  const id = queue(db, library, 'a.txt');
  remove(db, [id]);
  saveReading(db, id, readingOf('late words'));
  assert.equal(count(db, 'chunk'), 0);
  assert.deepEqual(removed(db, 5).map((row) => row.id), [id]);
});

test('a file that fails says why; what it held before stays', () => {
  const { db, library } = memoryDatabase();
  const [fresh, changed] = [queue(db, library, 'fresh.pdf'), queue(db, library, 'changed.pdf')];
  saveReading(db, changed, readingOf('earlier'));
  for (const id of [fresh, changed]) fail(db, id, 'damaged', 'It is cut short.');
  assert.deepEqual(document(db, fresh).state, { kind: 'failed', code: 'damaged', reason: 'It is cut short.', kept: false });
  assert.deepEqual(document(db, changed).state, { kind: 'failed', code: 'damaged', reason: 'It is cut short.', kept: true });
});

test('nearest gives what a plain loop over all vectors gives, per library', () => {
  const { db, library } = memoryDatabase();
  const other = createLibrary(db, 'Other');
  const space = useSpace(db, 'm', 16);
  const all = new Map<ChunkId, { library: LibraryId; vector: Float32Array }>();
  let seed = 7;
  const random = () => ((seed = (seed * 48271) % 2147483647) / 2147483647) - 0.5;
  for (const [n, lib] of [[0, library], [1, other], [2, library]] as const) {
    const id = queue(db, lib, `${n}.txt`);
    saveReading(db, id, readingOf(...Array.from({ length: 40 }, (_, i) => `text ${n} ${i}`)));
    for (let left = unembedded(db, space, 64); left.length > 0; left = unembedded(db, space, 64)) {
      const vectors = new Map(left.map(({ chunk }) => [chunk, unit(...Array.from({ length: 16 }, random))]));
      for (const [chunk, vector] of vectors) all.set(chunk, { library: lib, vector });
      saveVectors(db, space, lib, left[0]!.content, vectors);
    }
  }
  const query = unit(...Array.from({ length: 16 }, random));
  const expected = [...all].filter(([, { library: lib }]) => lib === library)
    .map(([chunk, { vector }]) => ({ chunk, similarity: vector.reduce((sum, x, i) => sum + x * query[i]!, 0) }))
    .sort((a, b) => b.similarity - a.similarity).slice(0, 10);
  const found = nearest(db, space, library, query, 10);
  assert.deepEqual(found.map(({ chunk }) => chunk), expected.map(({ chunk }) => chunk));
  found.forEach(({ similarity }, i) => assert.ok(Math.abs(similarity - expected[i]!.similarity) < 1e-5));
});

test('two vector spaces never mix: another model starts empty, and going back needs no work', () => {
  const { db, library } = memoryDatabase();
  const id = queue(db, library, 'a.txt');
  saveReading(db, id, readingOf('one', 'two'));
  const first = useSpace(db, 'first', 2);
  embedAll(db, first, () => unit(1, 0));
  const second = useSpace(db, 'second', 2);
  assert.equal(countUnembedded(db), 2);
  assert.deepEqual(nearest(db, second, library, unit(1, 0), 5), []);
  assert.equal(spaceInUse(db)?.space.identity, 'second');
  assert.throws(() => nearest(db, second, library, new Float32Array(3), 5), /cannot be compared/);
  embedAll(db, second, () => unit(0, 1));
  assert.equal(nearest(db, second, library, unit(1, 0), 5)[0]!.similarity.toFixed(3), '0.000');
  useSpace(db, 'first', 2);
  assert.equal(countUnembedded(db), 0);
  assert.deepEqual(problems(db), []);
});

test('a removed library is gone from the list at once, and from the file when it is swept', () => {
  const { db, library } = memoryDatabase();
  const id = queue(db, library, 'a.txt');
  saveReading(db, id, readingOf('one'));
  removeLibrary(db, library);
  assert.deepEqual(libraries(db), []);
  assert.equal(count(db, 'library'), 1);
  sweep(db, id);
  deleteEmptied(db);
  assert.equal(count(db, 'library'), 0);
});

test('document frequencies and mean length come from the index', () => {
  const { db, library } = memoryDatabase();
  saveReading(db, queue(db, library, 'a.txt'), readingOf('red fox', 'red red panda bear'));
  assert.deepEqual([documentFrequency(db, 'red'), documentFrequency(db, 'fox'), documentFrequency(db, 'cat')], [2, 1, 0]);
  assert.deepEqual(wordStatistics(db), { total: 2, averageLength: 3 });
});

test('settings refuse what does not fit', () => {
  const { db } = memoryDatabase();
  changeSettings(db, { language: 'zh', parseSeconds: 5 });
  assert.equal(settings(db).language, 'zh');
  assert.throws(() => changeSettings(db, { parseSeconds: -1 }), /does not fit/);
  assert.throws(() => changeSettings(db, { theme: 'pink' as never }), /does not fit/);
  assert.throws(() => changeSettings(db, { hub: 'not an address' }), /does not fit/);
  changeSettings(db, { hub: 'https://mirror.example' });
  changeSettings(db, { hub: '' });
  assert.throws(() => changeSettings(db, { fileMegabytes: Infinity }), /does not fit/);
  assert.throws(() => changeSettings(db, { colour: 'red' } as never), /no setting/);
});

test('a failed transaction leaves nothing behind', async () => {
  const { db, library } = memoryDatabase();
  await assert.rejects(write(db, () => { queue(db, library, 'a.txt'); throw new Error('no'); }), /no/);
  assert.equal(documents(db, { library, offset: 0, limit: 10 }).total, 0);
});

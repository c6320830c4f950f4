import assert from 'node:assert/strict';
import { test } from 'node:test';
import { saveReading, sweep } from './contents.ts';
import { sql, type Db } from './database.ts';
import { document, remove } from './documents.ts';
import { problems } from './health.ts';
import { beginShadow, cancelShadow, clearDropped, dropSpace, keptIndexes, passportOf, saveEquivalent, savePassport, shadow, shadowIsWhole, shadowProgress, spaceInUse, spaceOf, switchToShadow, useSpace, type Space } from './spaces.ts';
import { memoryDatabase, queue, readingOf } from './testing.ts';
import { countUnembedded, nearest, saveVectors, unembedded } from './vectors.ts';

const vector = (dimensions: number): Float32Array => Float32Array.from({ length: dimensions }, () => 1 / Math.sqrt(dimensions));

/** Embeds so many batches of two chunks. */
function embed(db: Db, space: Space, batches = Infinity): void {
  for (let left = unembedded(db, space, 2); left.length > 0 && batches-- > 0; left = unembedded(db, space, 2)) {
    saveVectors(db, space, left[0]!.library, left[0]!.content, new Map(left.map(({ chunk }) => [chunk, vector(space.dimensions)])));
  }
}

function house() {
  const { db, library } = memoryDatabase();
  const document = queue(db, library, 'a.txt');
  saveReading(db, document, readingOf('one', 'two', 'three', 'four'));
  const old = useSpace(db, 'old', 2, 'old model');
  embed(db, old);
  return { db, library, document, old };
}

test('a shadow counts for itself while the space in use is searched, and takes its place only when nothing is missing', () => {
  const { db, library, document: id, old } = house();
  const next = beginShadow(db, 'next', 3, 'next model');
  embed(db, next, 1);
  assert.deepEqual([shadowProgress(db), shadowIsWhole(db), switchToShadow(db)], [{ done: 2, total: 4 }, false, false]);
  assert.deepEqual(document(db, id).state, { kind: 'ready', chunks: 4, embedded: 4 });
  embed(db, next);
  saveReading(db, queue(db, library, 'b.txt'), readingOf('five'));
  assert.deepEqual([countUnembedded(db), shadowIsWhole(db)], [1, false], 'what arrives is missing in both');
  embed(db, next);
  assert.deepEqual(problems(db), []);
  assert.ok(switchToShadow(db));
  assert.deepEqual([spaceInUse(db)?.model, shadow(db), countUnembedded(db)], ['next model', undefined, 0]);
  assert.equal(nearest(db, next, library, vector(3), 9).length, 5);
  assert.equal(nearest(db, old, library, vector(2), 9).length, 4, 'a question that began before is answered where it began');
  assert.deepEqual(problems(db), []);
});

test('going back counts what is kept; only what came since is missing', () => {
  const { db, library } = house();
  embed(db, beginShadow(db, 'next', 3, 'next model'));
  switchToShadow(db);
  saveReading(db, queue(db, library, 'b.txt'), readingOf('five'));
  embed(db, spaceInUse(db)!.space);
  const back = beginShadow(db, 'old', 2, 'old model');
  assert.deepEqual(shadowProgress(db), { done: 4, total: 5 });
  embed(db, back);
  assert.ok(switchToShadow(db));
  assert.deepEqual(keptIndexes(db).map(({ model, chunks }) => [model, chunks]), [['old model', 5], ['next model', 5]]);
  assert.deepEqual(problems(db), []);
});

test('a cancelled shadow takes no more vectors, is cleared away bit by bit, and may begin anew meanwhile', () => {
  const { db, old } = house();
  const next = beginShadow(db, 'next', 2, 'next model');
  embed(db, next, 1);
  cancelShadow(db);
  assert.deepEqual([shadow(db), spaceOf(db, 'next'), unembedded(db, next, 9)], [undefined, undefined, []]);
  const again = beginShadow(db, 'next', 2, 'next model');
  assert.notEqual(again.id, next.id);
  assert.deepEqual(shadowProgress(db), { done: 0, total: 4 });
  while (clearDropped(db, 1));
  assert.equal(sql<{ n: number }>(db, 'select count(*) n from vector').get()!.n, 4);
  embed(db, again);
  assert.ok(switchToShadow(db));
  assert.throws(() => dropSpace(db, again), /in use/);
  dropSpace(db, old);
  while (clearDropped(db, 100));
  assert.deepEqual(keptIndexes(db).map(({ space }) => space.id), [again.id]);
  assert.deepEqual(problems(db), []);
});

test('what is known of a space by the time it was given up is let go', () => {
  const { db } = house();
  const next = beginShadow(db, 'next', 3, 'next model');
  const keep = (): void => {
    savePassport(db, next, [vector(3), vector(3)]);
    saveEquivalent(db, 'next elsewhere', next);
  };
  keep();
  assert.deepEqual([passportOf(db, next)?.length, spaceOf(db, 'next elsewhere')?.id], [2, next.id]);
  cancelShadow(db);
  keep();
  while (clearDropped(db, 100));
  keep();
  assert.deepEqual([passportOf(db, next), spaceOf(db, 'next elsewhere')], [undefined, undefined]);
});

test('a document that is removed goes from every space', () => {
  const { db, document: id } = house();
  embed(db, beginShadow(db, 'next', 3, 'next model'));
  remove(db, [id]);
  sweep(db, id);
  assert.deepEqual([shadowIsWhole(db), shadowProgress(db)], [true, { done: 0, total: 0 }]);
  assert.deepEqual(keptIndexes(db).map(({ chunks }) => chunks), [0, 0]);
  assert.deepEqual(problems(db), []);
});

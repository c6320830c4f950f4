import assert from 'node:assert/strict';
import { test } from 'node:test';
import { saveReading, sweep } from './contents.ts';
import { sql, type Db } from './database.ts';
import { queue, memoryDatabase, readingOf } from './testing.ts';
import { remove } from './documents.ts';
import { importedCount, importedSamples, removeImported, saveImported, saveWritten } from './judged.ts';
import { MIGRATIONS } from './migrations.ts';

const tea = readingOf('tea is brewed', 'tea is drunk');
const coffee = readingOf('coffee is roasted');
const nameOf = ({ hash }: typeof tea, chunk = 0): string => `${hash}#${chunk}-${chunk + 9}`;
const sample = (query: string, pos: string[], neg: string[], rest: object = {}): string => JSON.stringify({ query, pos: pos.map(() => 'p'), neg: neg.map(() => 'n'), pos_ids: pos, neg_ids: neg, ...rest });
const queries = (db: Db): string[] => importedSamples(db).map((line) => (JSON.parse(line) as { query: string }).query);
const stored = (db: Db): number => sql<{ n: number }>(db, 'select count(*) n from imported_sample').get()!.n;

test('DM-6: with a document go the samples that hold its text, at once for whoever reads them, for good when it is swept', () => {
  const { db, library } = memoryDatabase();
  const [a, b] = [queue(db, library, 'tea.txt'), queue(db, library, 'coffee.txt')];
  saveReading(db, a, tea);
  saveReading(db, b, coffee);
  saveWritten(db, sample('right and wrong in tea', [nameOf(tea)], [nameOf(tea, 1)]));
  saveWritten(db, sample('wrong in tea', [nameOf(coffee)], [nameOf(tea)]));
  saveImported(db, [
    sample('imported, of tea', [nameOf(tea)], []), sample('of coffee alone', [nameOf(coffee)], []),
    sample('of a file that was never here', ['9f3c#1200-1790'], ['77ab#0-540']), JSON.stringify({ query: 'without names', pos: ['x'], neg: [] }),
  ]);
  assert.equal(queries(db).length, 6);
  remove(db, [a]);
  const left = ['of coffee alone', 'of a file that was never here', 'without names'];
  assert.deepEqual(queries(db), left, 'before the sweep');
  assert.deepEqual([importedCount(db), stored(db)], [3, 6]);
  sweep(db, a);
  assert.deepEqual([queries(db), stored(db)], [left, 3]);
  assert.equal(sql<{ n: number }>(db, 'select count(*) n from sample_content').get()!.n, 1);
  removeImported(db);
  assert.equal(stored(db), 0);
});

test('a content that another document has keeps its samples; one that changed does not', () => {
  const { db, library } = memoryDatabase();
  const [a, copy] = [queue(db, library, 'a.txt'), queue(db, library, 'copy.txt')];
  for (const id of [a, copy]) saveReading(db, id, tea);
  saveWritten(db, sample('of tea', [nameOf(tea)], []));
  remove(db, [a]);
  sweep(db, a);
  assert.deepEqual(queries(db), ['of tea']);
  saveReading(db, copy, coffee);
  assert.deepEqual([queries(db), stored(db)], [[], 0]);
});

test('what is written about a document that went away meanwhile is not kept', () => {
  const { db, library } = memoryDatabase();
  const [a, b] = [queue(db, library, 'tea.txt'), queue(db, library, 'coffee.txt')];
  saveReading(db, a, tea);
  saveReading(db, b, coffee);
  remove(db, [a]);
  saveWritten(db, sample('late', [nameOf(tea)], []));
  sweep(db, a);
  saveWritten(db, sample('too late', [nameOf(coffee)], [nameOf(tea)]));
  assert.equal(stored(db), 0);
});

test('written samples of an earlier form, whose negatives have no name, are taken back; others are tied to their documents', () => {
  const { db, library } = memoryDatabase();
  saveReading(db, queue(db, library, 'tea.txt'), tea);
  db.exec('drop table sample_content');
  const insert = (line: string): unknown => sql(db, 'insert into imported_sample (line) values (?)').run(line);
  insert(JSON.stringify({ query: 'nameless', pos: ['p'], neg: ['n'], pos_ids: [nameOf(tea)], source: 'synthetic' }));
  insert(sample('of a document that is gone', [nameOf(coffee)], [], { source: 'synthetic' }));
  insert(sample('of tea', [nameOf(tea)], [nameOf(tea, 1)], { source: 'synthetic' }));
  insert(sample('from elsewhere', [nameOf(coffee)], []));
  db.exec(MIGRATIONS.find((step) => step.includes('create table sample_content'))!);
  assert.deepEqual(queries(db), ['of tea', 'from elsewhere']);
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { openDatabase } from './database.ts';
import { migrate, MIGRATIONS } from './migrations.ts';

function temporaryFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lodestone-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'library.sqlite');
}

test('a new file gets every step, an up-to-date one none', (t) => {
  const file = temporaryFile(t);
  openDatabase(file).close();
  const db = openDatabase(file);
  assert.equal(db.pragma('user_version', { simple: true }), MIGRATIONS.length);
  assert.equal(db.pragma('journal_mode', { simple: true }), 'wal');
  db.close();
});

test('a step that fails leaves nothing behind, and the steps before it stay', () => {
  const db = new Database(':memory:');
  assert.throws(() => migrate(db, ['create table one (a)', 'create table two (a); create table one (a)']));
  const tables = db.prepare(`select name from sqlite_schema where type = 'table'`).pluck().all();
  assert.deepEqual(tables, ['one']);
  assert.equal(db.pragma('user_version', { simple: true }), 1);
});

test('a file of a newer Lodestone is refused, and left as it is', (t) => {
  const file = temporaryFile(t);
  const newer = new Database(file);
  newer.pragma('user_version = 999');
  newer.close();
  assert.throws(() => openDatabase(file), { code: 'invalid', message: /newer Lodestone/ });
});

test('a file that is no database is refused with a sentence', (t) => {
  const file = temporaryFile(t);
  writeFileSync(file, 'This is a shopping list, not a database. '.repeat(100));
  assert.throws(() => openDatabase(file), { code: 'damaged', message: /damaged or is not a Lodestone library/ });
});

test('a feedback event cannot be changed', () => {
  const db = openDatabase(':memory:');
  db.exec(`insert into event values (1, 'e', 1, 1, '{}', '{}')`);
  assert.throws(() => db.exec(`update event set signal = '{"kind":"other"}'`), /never changed/);
});

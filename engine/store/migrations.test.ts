import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
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

test('a place where no library can be is refused with a sentence', (t) => {
  const file = temporaryFile(t);
  writeFileSync(file, '');
  assert.throws(() => openDatabase(join(file, 'library.sqlite')), { code: 'unreadable', message: /a folder you may write to/ });
});

test('where another process is just making the file, or closing it, whoever opens it waits', async (t) => {
  const file = temporaryFile(t);
  const making = `
    const [{ default: Database }, { parentPort, workerData }] = await Promise.all([import(${JSON.stringify(import.meta.resolve('better-sqlite3'))}), import('node:worker_threads')]);
    const db = new Database(workerData);
    db.exec('begin exclusive');
    parentPort.postMessage('begun');
    setTimeout(() => db.exec('create table made (at); commit'), 200);`;
  const other = new Worker(new URL(`data:text/javascript,${encodeURIComponent(making)}`), { workerData: file });
  await once(other, 'message');
  const db = openDatabase(file, 'engine');
  assert.equal(db.pragma('busy_timeout', { simple: true }), 0, 'from then on the engine waits for no lock');
  db.close();
  await once(other, 'exit');
});

test('a feedback event cannot be changed', () => {
  const db = openDatabase(':memory:');
  db.exec(`insert into event values (1, 'e', 1, 1, '{}', '{}')`);
  assert.throws(() => db.exec(`update event set signal = '{"kind":"other"}'`), /never changed/);
});

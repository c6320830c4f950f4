import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryDatabase } from './store/testing.ts';
import { openSwitching } from './switching.ts';

test('once it is closed no thread is started, whoever still asks for it: nobody would end it', async () => {
  const { db } = memoryDatabase();
  const never = (): never => { throw new Error('Nothing is asked of the others.'); };
  const switching = openSwitching({ db, threadData: { file: ':memory:', filesDir: '', modelDirs: [], guardFile: '' }, search: never, ingest: never, announce: () => undefined, relay: async () => undefined });
  await switching.close();
  assert.throws(() => switching.reindexer(), { code: 'closed' });
  db.close();
});

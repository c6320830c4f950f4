import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openEngine } from './engine.ts';
import { openDatabase } from './store/database.ts';
import { takeLock } from './store/lock.ts';
import { beginRun } from './store/runs.ts';

test('a run that another engine is doing is not done a second time, and is gone on with when that one has ended', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'lodestone-learn-alone-'));
  const db = openDatabase(join(dataDir, 'library.sqlite'));
  beginRun(db, 'query');
  db.close();
  const anotherEnds = takeLock(join(dataDir, 'learning.lock'))!;
  const engine = await openEngine({ dataDir, resourcesDir: fileURLToPath(new URL('../resources', import.meta.url)) });
  t.after(async () => {
    await engine.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  // Answered by the thread that would do the run, which has too little to learn from and would end soon.
  await engine.estimateLearning();
  assert.equal((await engine.runs())[0]!.state, 'running');
  anotherEnds();
  while ((await engine.runs())[0]!.state === 'running') await delay(50);
  assert.equal((await engine.runs())[0]!.failure, 'too-little');
});

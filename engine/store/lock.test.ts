import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { takeLock } from './lock.ts';

/** Takes the lock on a file and says so; goes on until it is ended. */
const HOLDER = `
  const [{ takeLock }, { parentPort, workerData }] = await Promise.all([import(${JSON.stringify(new URL('lock.ts', import.meta.url).href)}), import('node:worker_threads')]);
  takeLock(workerData ?? process.argv[1]);
  if (parentPort) parentPort.postMessage('mine');
  else console.log('mine');
  setInterval(() => undefined, 1000);`;

function lockFile(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'lodestone-lock-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return join(root, 'learning.lock');
}

test('one has the lock until it is given back', (t) => {
  const file = lockFile(t);
  const giveBack = takeLock(file)!;
  assert.equal(takeLock(file), undefined);
  giveBack();
  takeLock(file)!();
});

test('also where nobody keeps what would give it back', async (t) => {
  const file = lockFile(t);
  takeLock(file);
  // Whatever is no longer reachable is closed by the collection of garbage.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 5; i++) {
    collect();
    await setImmediate();
  }
  assert.equal(takeLock(file), undefined);
});

test('a process that is killed has it no more', async (t) => {
  const file = lockFile(t);
  const other = spawn(process.execPath, ['--input-type=module', '--eval', HOLDER, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => other.kill('SIGKILL'));
  await once(other.stdout, 'data');
  assert.equal(takeLock(file), undefined);
  other.kill('SIGKILL');
  await once(other, 'exit');
  takeLock(file)!();
});

test('nor a thread that is ended', async (t) => {
  const file = lockFile(t);
  const other = new Worker(new URL(`data:text/javascript,${encodeURIComponent(HOLDER)}`), { workerData: file });
  t.after(() => other.terminate());
  await once(other, 'message');
  assert.equal(takeLock(file), undefined);
  await other.terminate();
  takeLock(file)!();
});

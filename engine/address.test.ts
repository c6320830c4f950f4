import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { serveAgain } from './address.ts';
import type { Engine } from './api.ts';

/** The door does not look at the engine before someone calls. */
const engine = {} as Engine;

function dataDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'lodestone-address-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

test('after a restart the address is the same', async (t) => {
  const dir = dataDir(t);
  const first = await serveAgain(engine, dir, { distDir: dir });
  await first.close();
  const second = await serveAgain(engine, dir, { distDir: dir });
  await second.close();
  assert.equal(second.url, first.url);
  if (process.platform !== 'win32') assert.equal(statSync(join(dir, 'address.json')).mode & 0o777, 0o600);
});

test('where the port is taken another is used, with the same token', async (t) => {
  const dir = dataDir(t);
  const first = await serveAgain(engine, dir, { distDir: dir });
  t.after(() => first.close());
  const second = await serveAgain(engine, dir, { distDir: dir });
  t.after(() => second.close());
  assert.notEqual(second.port, first.port);
  assert.equal(second.token, first.token);
});

test('a port that is asked for and taken is refused; a spoiled file is passed over', async (t) => {
  const dir = dataDir(t);
  writeFileSync(join(dir, 'address.json'), '{"port":"x"');
  const first = await serveAgain(engine, dir, { distDir: dir });
  t.after(() => first.close());
  await assert.rejects(serveAgain(engine, dir, { distDir: dir, port: first.port }), { code: 'busy' });
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { candidateDevices } from './models/devices.ts';
import { makeSmallEmbedder } from './models/testing.ts';
import { deviceOf } from './store/models.ts';
import { memoryDatabase } from './store/testing.ts';
import { tryDevices } from './tried.ts';

test('the embedder in use is tried once on every device of the machine, and those that are not used have a reason', { skip: candidateDevices().length === 0 && 'only the processor is known here' }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'lodestone-tried-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const { db } = memoryDatabase();
  const dirs = [join(root, 'bundled'), join(root, 'own')];
  await makeSmallEmbedder(join(dirs[0]!, 'small'), { id: 'small', dimensions: 16, seed: 1 });
  const ending = new AbortController();
  await tryDevices(db, dirs, () => ending.abort(), ending.signal, 1);
  const { device, refused } = deviceOf(db, 'small')!;
  assert.deepEqual([device, ...refused.map(({ provider }) => provider)].filter((one) => one !== 'cpu').sort(), candidateDevices().sort());
  for (const { reason } of refused) assert.match(reason, /\S+ .+\S/);
});

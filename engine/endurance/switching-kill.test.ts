import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { killWhileSwitching } from './switching.ts';

// `npm run bench:switching` does it twenty times.
test('killed while it goes from one embedder to another, search keeps a whole index, and the new one goes on growing', { timeout: 120_000 }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'lodestone-switching-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const { growing, switched } = await killWhileSwitching(root, 4);
  t.diagnostic(`${growing} kills while an index grew, ${switched} switches`);
});

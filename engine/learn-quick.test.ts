import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openEngine } from './engine.ts';
import { addTwins, judgeTwins, learned, rankings, rightAmong } from './learn/twins.ts';

/** What counts in one person's documents, weighed anew: in use within seconds, for questions nobody judged, and gone with one click. */

const root = mkdtempSync(join(tmpdir(), 'lodestone-quick-'));
after(() => rmSync(root, { recursive: true, force: true }));

test('that answers are long is learned, though a reranker takes longer to read them; taken back, search is as it was', { timeout: 300_000 }, async (t) => {
  const engine = await openEngine({ dataDir: join(root, 'data'), resourcesDir: fileURLToPath(new URL('../resources', import.meta.url)) });
  t.after(() => engine.close());
  await judgeTwins(engine, await addTwins(engine, join(root, 'files'), 'long'));
  const shipped = await rankings(engine);
  assert.equal(await rightAmong(engine, 1), 0);
  const version = await learned(engine, 'query');
  assert.deepEqual([version.state, version.level, version.refusals], ['active', 'query', []]);
  assert.ok(version.mine.after > version.mine.before + 0.2, JSON.stringify(version.mine));
  assert.equal(await rightAmong(engine, 1), 1);
  await engine.activate(undefined);
  assert.deepEqual(await rankings(engine), shipped);
});

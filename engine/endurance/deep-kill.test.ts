import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openEngine } from '../engine.ts';
import { addTwins, ASKED, judgeTwins } from '../learn/twins.ts';
import { killWhileLearning } from './killing.ts';

const ROUNDS = 6;
/** Long enough for a whole run, its promotion and the index that grows. */
const LONGEST = 7000;
const resourcesDir = fileURLToPath(new URL('../../resources', import.meta.url));

test(`killed ${ROUNDS} times while the embedder and the reranker learn and come into use, nothing is lost and what shipped is as it was`, { timeout: 600_000 }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'lodestone-deep-kill-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const dataDir = join(root, 'data');
  const first = await openEngine({ dataDir, resourcesDir });
  await judgeTwins(first, await addTwins(first, join(root, 'files')));
  const ranking = async (engine: typeof first): Promise<string> => JSON.stringify((await engine.search({ question: ASKED[0]!, taught: false })).hits);
  const shipped = await ranking(first);
  await first.close();

  assert.deepEqual(await killWhileLearning(dataDir, resourcesDir, ROUNDS, { levels: ['embedder', 'reranker'], longest: LONGEST }), []);

  const engine = await openEngine({ dataDir, resourcesDir });
  t.after(() => engine.close());
  const settled = async (): Promise<void> => { while (await engine.reindexing()) await delay(30); };
  await settled();
  await engine.activate(undefined);
  await settled();
  assert.equal(await ranking(engine), shipped);
  assert.deepEqual((await engine.health()).problems, []);
});

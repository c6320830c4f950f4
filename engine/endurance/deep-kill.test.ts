import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openEngine } from '../engine.ts';
import { addTwins, judgeTwins, rankings, settled } from '../learn/twins.ts';
import { makeResources, makeWordBert } from '../learn/word-bert.ts';
import { killWhileLearning } from './killing.ts';

/** Long enough for a whole run, its promotion and the index that grows. */
const LONGEST = 7000;
const shipped = fileURLToPath(new URL('../../resources', import.meta.url));

for (const [models, rounds] of [['that ship', 4], ['that a person brought', 3]] as const) {
  test(`killed ${rounds} times while an embedder and a reranker ${models} learn and come into use, nothing is lost and what was is as it was`, { timeout: 600_000 }, async (t) => {
    const root = mkdtempSync(join(tmpdir(), 'lodestone-deep-kill-'));
    t.after(() => rmSync(root, { recursive: true, force: true }));
    const [dataDir, files] = [join(root, 'data'), join(root, 'files')];
    const brought = models === 'that a person brought';
    const resourcesDir = brought ? makeResources(join(root, 'resources'), shipped) : shipped;
    const first = await openEngine({ dataDir, resourcesDir });
    const documents = await addTwins(first, files, 'even');
    if (brought) {
      await first.useModel('embedder', await first.addModel(await makeWordBert(join(root, 'gte-small'), 'embedder', files)));
      await first.useModel('reranker', await first.addModel(await makeWordBert(join(root, 'bge-reranker-base'), 'reranker', files)));
      await settled(first);
    }
    await judgeTwins(first, documents);
    const before = await rankings(first);
    await first.close();

    assert.deepEqual(await killWhileLearning(dataDir, resourcesDir, rounds, { levels: ['embedder', 'reranker'], longest: LONGEST, told: (what) => t.diagnostic(what) }), []);

    const engine = await openEngine({ dataDir, resourcesDir });
    t.after(() => engine.close());
    await settled(engine);
    await engine.activate(undefined);
    await settled(engine);
    assert.deepEqual(await rankings(engine), before);
    assert.deepEqual((await engine.health()).problems, []);
  });
}

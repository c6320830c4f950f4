import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openEngine } from './engine.ts';
import { THINGS } from './learn/town.ts';
import { addTwins, ASKED, judgeTwins, learned, modelInUse, rankings, rightAmong, settled, training } from './learn/twins.ts';
import type { AdapterId } from './api.ts';
import type { Manifest } from './models/manifest.ts';
import { makeSmallEmbedder } from './models/testing.ts';
import { openCheckpoint } from './nn/safetensors.ts';
import type { VersionReport } from './store/adapters.ts';
import { atRest } from './testing.ts';

/** The reranker and the embedder that ship, taught by a person in a library where they are wrong out of habit. */

const resourcesDir = fileURLToPath(new URL('../resources', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'lodestone-deep-'));
after(() => rmSync(root, { recursive: true, force: true }));

test('the reranker learns: it says how long that takes, leaves nothing when it is cancelled, is in use at once, and goes back bit for bit', { timeout: 300_000 }, async (t) => {
  const dataDir = join(root, 'reranker');
  const engine = await openEngine({ dataDir, resourcesDir });
  t.after(() => engine.close());
  const documents = await addTwins(engine, join(root, 'long'), 'long');
  await judgeTwins(engine, documents);
  const shipped = await rankings(engine);
  const bundled = await modelInUse(engine, 'reranker');
  assert.equal(await rightAmong(engine, 1), 0);
  assert.deepEqual((await engine.learning()).levels.map(({ level, why }) => [level, why]), [['query', undefined], ['reranker', undefined], ['embedder', undefined]]);
  assert.ok((await engine.estimateLearning('reranker')).seconds > 0);

  await engine.learn('reranker');
  await training(engine);
  await engine.pauseLearning();
  assert.equal((await atRest(engine.runs))[0]!.state, 'paused');
  await engine.cancelLearning();
  while (existsSync(join(dataDir, 'runs')) && readdirSync(join(dataDir, 'runs')).length > 0) await delay(20);
  assert.deepEqual(await engine.adapters(), []);

  const version = await learned(engine, 'reranker');
  assert.deepEqual([version.state, version.level, version.refusals, version.base], ['active', 'reranker', [], bundled]);
  assert.ok(version.mine.after > version.mine.before + 0.2 && version.guard.after > version.guard.before - 0.01);
  assert.equal(await modelInUse(engine, 'reranker'), version.model);
  assert.equal(await rightAmong(engine, 1), 1);
  assert.equal((await engine.search({ question: ASKED[0]! })).models.reranker, version.model);
  const comparisons = await engine.comparisons(version.id);
  const meanOf = (of: 'ndcgBefore' | 'ndcgAfter'): number => comparisons.reduce((sum, comparison) => sum + comparison[of], 0) / comparisons.length;
  assert.ok(Math.abs(meanOf('ndcgBefore') - version.mine.before) + Math.abs(meanOf('ndcgAfter') - version.mine.after) < 1e-9, 'what is shown of each question is what it was judged by');
  const [comparison] = comparisons;
  assert.ok(comparison!.ndcgAfter > comparison!.ndcgBefore && comparison!.after[0]!.answers);
  const after = await rankings(engine);

  await engine.deactivate('reranker');
  assert.deepEqual(await rankings(engine), shipped, 'as it shipped, bit for bit');
  const manifestOf = (): string => readFileSync(join(dataDir, 'models', version.model!, 'manifest.json'), 'utf8');
  const manifest = manifestOf();
  rmSync(join(dataDir, 'models', version.model!), { recursive: true });
  await engine.activate(version.id);
  assert.deepEqual(await rankings(engine), after, 'its folder is made again from what is stored');
  assert.equal(manifestOf(), manifest);
  const metadataOf = async (id: AdapterId): Promise<VersionReport> => {
    const file = join(root, 'exported.safetensors');
    writeFileSync(file, await engine.exportAdapter(id));
    return JSON.parse(openCheckpoint(file).metadata['report']!) as VersionReport;
  };
  const report = await metadataOf(version.id);
  assert.deepEqual(report, (JSON.parse(manifest) as Manifest).recipe['learned'], 'the same with the file that is exported and the folder that is used');
  assert.deepEqual([report.version, report.level, report.base, report.metrics.mine, report.refusals, report.seed], [version.id, 'reranker', bundled, version.mine, [], 1]);
  assert.match(`${report.baseHash} ${report.snapshot}`, /^[0-9a-f]{16} [0-9a-f]{16}$/);

  // Another run begins with what shipped, not with what was learned.
  await engine.deleteFeedback((await engine.feedback()).map(({ id }) => id));
  assert.equal((await engine.adapters())[0]!.stale, true);
  await judgeTwins(engine, documents, 3);
  const luck = await learned(engine, 'reranker');
  const parent = (await metadataOf(luck.id)).parent;
  assert.deepEqual([parent?.version, parent?.sha256?.length], [version.id, 64]);
  assert.deepEqual([luck.state, luck.base, luck.parent, luck.model], ['rejected', bundled, version.id, undefined]);
  assert.ok(luck.refusals.length > 0);
  assert.equal(await modelInUse(engine, 'reranker'), version.model, 'nothing changed');
  assert.deepEqual(readdirSync(join(dataDir, 'models')).filter((name) => name.includes('learned')), [version.model]);

  await engine.deleteAdapters([version.id]);
  assert.equal(await modelInUse(engine, 'reranker'), bundled);
  assert.deepEqual(await engine.models().then((models) => models.filter(({ bundled: ships }) => !ships)), []);
});

test('the embedder learns: its index grows beside the other, then it is in use, and goes back bit for bit; what cannot learn says why', { timeout: 300_000 }, async (t) => {
  const dataDir = join(root, 'embedder');
  const engine = await openEngine({ dataDir, resourcesDir });
  t.after(() => engine.close());
  const documents = await addTwins(engine, join(root, 'short'), 'even');
  await judgeTwins(engine, documents);
  const shipped = await rankings(engine);
  const bundled = await modelInUse(engine, 'embedder');
  const { seconds, indexSeconds } = await engine.estimateLearning('embedder');
  assert.ok(seconds > 0 && indexSeconds! > 0);

  const version = await learned(engine, 'embedder');
  assert.deepEqual([version.state, version.refusals], ['active', []]);
  assert.equal(await modelInUse(engine, 'embedder'), version.model);
  const { embedder } = (await engine.search({ question: ASKED[0]! })).models;
  assert.ok(embedder!.startsWith(version.model!));
  assert.ok((await rightAmong(engine, 1)) > 0.5);

  await engine.activate(undefined);
  await settled(engine);
  assert.equal(await modelInUse(engine, 'embedder'), bundled);
  assert.deepEqual(await rankings(engine), shipped, 'bit for bit');

  const letters = await engine.addModel(await makeSmallEmbedder(join(root, 'letters'), { id: 'letters', dimensions: 16, seed: 1 }));
  await engine.useModel('embedder', letters);
  await settled(engine);
  assert.equal((await engine.adapters())[0]!.state, 'foreign');
  assert.equal((await engine.learning()).levels.find(({ level }) => level === 'embedder')!.why, 'form');
  await assert.rejects(engine.learn('embedder'), { code: 'invalid', message: /cannot be trained|can be trained/ });
  assert.equal((await engine.adapters())[0]!.stale, false);
  await engine.removeDocuments([documents.find(({ name }) => name === `${THINGS[0]}-notes.md`)!.id]);
  assert.equal((await engine.adapters())[0]!.stale, true, 'nobody called it right, but it was learned from');
  await engine.deleteAdapters([version.id]);
  assert.ok(!existsSync(join(dataDir, 'models', version.model!)));
});

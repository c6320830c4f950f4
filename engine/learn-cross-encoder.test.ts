import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Engine, Run } from './api.ts';
import { openEngine } from './engine.ts';
import { addTwins, ASKED, judgeTwins, modelInUse, rankings, rightAmong, training, versionOf } from './learn/twins.ts';
import { makeResources, makeWordBert } from './learn/word-bert.ts';
import { atRest } from './testing.ts';

/** A cross-encoder that a person brought, in Hugging Face's form, learns by LoRA: through the whole engine, from thumbs to search. */

const root = mkdtempSync(join(tmpdir(), 'lodestone-cross-encoder-'));
after(() => rmSync(root, { recursive: true, force: true }));
const resourcesDir = makeResources(join(root, 'resources'), fileURLToPath(new URL('../resources', import.meta.url)));
const dataDir = join(root, 'data');
/** What a run leaves on the disk: its state, and folders of models. */
const left = (): string[] => ['runs', 'models'].flatMap((folder) => (existsSync(join(dataDir, folder)) ? readdirSync(join(dataDir, folder)) : [])).filter((name) => !name.endsWith('.json'));

const latest = async (engine: Engine): Promise<Run> => (await engine.runs())[0]!;

test('a cross-encoder from a folder learns, pauses, goes on, is in use, goes back bit for bit and is made again; a run that is cancelled leaves nothing', { timeout: 300_000 }, async (t) => {
  const engine = await openEngine({ dataDir, resourcesDir });
  t.after(() => engine.close());
  const documents = await addTwins(engine, join(root, 'files'));
  const base = await engine.addModel(await makeWordBert(join(root, 'bge-reranker-base'), 'reranker', join(root, 'files')));
  await engine.useModel('reranker', base);
  await judgeTwins(engine, documents);
  const shipped = await rankings(engine);
  assert.equal(await rightAmong(engine, 1), 0);
  assert.equal((await engine.learning()).levels.find(({ level }) => level === 'reranker')!.why, undefined);
  const { seconds: told } = await engine.estimateLearning('reranker');
  assert.ok(told > 0);

  await engine.learn('reranker');
  await training(engine);
  await engine.cancelLearning();
  while (left().length > 0) await delay(20);
  assert.deepEqual([(await latest(engine)).state, await engine.adapters()], ['cancelled', []]);
  assert.deepEqual(await rankings(engine), shipped);

  const begun = Date.now();
  const run = await engine.learn('reranker');
  await training(engine);
  await engine.pauseLearning();
  assert.equal((await atRest(() => latest(engine))).state, 'paused');
  await engine.resumeLearning();
  const version = await versionOf(engine, run);
  t.diagnostic(`told ${told} s, took ${Math.round((Date.now() - begun) / 1000)} s with a pause`);
  assert.deepEqual([version.state, version.refusals, version.base], ['active', [], base]);
  assert.ok(version.mine.after > version.mine.before + 0.2 && version.guard.after > version.guard.before - 0.01);
  assert.ok((await latest(engine)).progress.curve.length > 0);

  const models = await engine.models();
  const [taught, before] = [version.model, base].map((id) => models.find((model) => model.id === id)!);
  assert.deepEqual([taught!.active, before!.active, taught!.trouble], [true, false, undefined]);
  for (const like of ['format', 'family', 'licence', 'languages', 'tokens'] as const) assert.deepEqual(taught![like], before![like], like);
  assert.ok((await rightAmong(engine, 1)) >= 0.5, 'also for questions that nobody has asked');
  assert.notDeepEqual(await rankings(engine), shipped);
  const after = await rankings(engine);
  assert.ok(version.model!.includes((await engine.search({ question: ASKED[0]! })).models.reranker!));
  const config = JSON.parse(readFileSync(join(dataDir, 'models', version.model!, 'config.json'), 'utf8')) as { _name_or_path: string };
  assert.equal(config._name_or_path, 'bge-reranker-base', 'by which its family is known wherever the folder is taken');

  await engine.deactivate('reranker');
  assert.deepEqual([await modelInUse(engine, 'reranker'), await rankings(engine)], [base, shipped], 'as it was, bit for bit');
  rmSync(join(dataDir, 'models', version.model!), { recursive: true });
  await engine.activate(version.id);
  assert.deepEqual(await rankings(engine), after, 'its folder is made again from what is stored');
  assert.deepEqual(left(), [version.model]);
});

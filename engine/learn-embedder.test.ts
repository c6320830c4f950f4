import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { SearchAnswer } from './api.ts';
import { inContext } from './context.ts';
import { openEngine } from './engine.ts';
import { addTwins, ASKED, judgeTwins, modelInUse, rankings, rightAmong, settled, versionOf } from './learn/twins.ts';
import { makeResources, makeWordBert } from './learn/word-bert.ts';
import { openEmbedder, type Embedder } from './models/embedder.ts';

/** An embedder that a person brought, in Hugging Face's form, learns by LoRA: through the whole engine, from thumbs to a new index. */

const root = mkdtempSync(join(tmpdir(), 'lodestone-embedder-'));
after(() => rmSync(root, { recursive: true, force: true }));
const resourcesDir = makeResources(join(root, 'resources'), fileURLToPath(new URL('../resources', import.meta.url)));
const dataDir = join(root, 'data');

/** An answer's similarities are those of one embedder: computed again from the texts. */
async function holdsIn(embedder: Embedder, question: string, { hits }: SearchAnswer): Promise<void> {
  const [asked] = await embedder.embed([question], 'query');
  const vectors = await embedder.embed(hits.map((hit) => inContext({ text: hit.text, headings: hit.place.headings }, undefined)), 'document');
  hits.forEach(({ trace }, i) => {
    const cosine = vectors[i]!.reduce((sum, value, d) => sum + value * asked![d]!, 0);
    assert.ok(Math.abs(cosine - trace.vectors!.similarity) < 1e-3, `${cosine} is not ${trace.vectors!.similarity}`);
  });
}

test('an embedder from a folder learns; while its index grows every question is answered in one of the two spaces; then there is one switch, and it goes back bit for bit', { timeout: 300_000 }, async (t) => {
  const engine = await openEngine({ dataDir, resourcesDir });
  t.after(() => engine.close());
  const documents = await addTwins(engine, join(root, 'files'), 'even');
  const bundled = await modelInUse(engine, 'embedder');
  const folder = await makeWordBert(join(root, 'gte-small'), 'embedder', join(root, 'files'));
  const base = await engine.addModel(folder);
  await engine.useModel('embedder', base);
  await settled(engine);
  await judgeTwins(engine, documents);
  const shipped = await rankings(engine);
  const { seconds: told, indexSeconds } = await engine.estimateLearning('embedder');
  assert.ok(told > 0 && indexSeconds! > 0);

  const begun = Date.now();
  const run = await engine.learn('embedder');
  while ((await engine.runs())[0]!.progress.phase !== 'judging' && (await engine.runs())[0]!.state === 'running') await delay(20);
  // Nothing grows while the library is paused.
  await engine.pause();
  const { id } = await versionOf(engine, run);
  const version = (await engine.adapters()).find((one) => one.id === id)!;
  t.diagnostic(`told ${told} s, took ${Math.round((Date.now() - begun) / 1000)} s; nDCG@10 ${version.mine.before.toFixed(2)} → ${version.mine.after.toFixed(2)}`);
  assert.deepEqual([version.state, version.refusals, version.base], ['accepted', [], base], 'not in use yet');
  assert.ok(version.mine.after > version.mine.before + 0.1 && version.guard.after > version.guard.before - 0.01);
  const { model, done, total } = (await engine.reindexing())!;
  assert.deepEqual([model, total], [version.model, documents.length]);
  assert.ok(done < total);
  assert.deepEqual(await rankings(engine), shipped, 'as before, to the last bit');

  await engine.activate(undefined);
  assert.equal(await engine.reindexing(), undefined, 'as shipped, and nothing goes over to what was learned later');
  await engine.useModel('embedder', bundled);
  await engine.deactivate('embedder');
  assert.equal((await engine.reindexing())!.model, bundled, 'what a person chose to go over to goes on');
  await engine.activate(version.id);
  assert.equal((await engine.reindexing())!.model, version.model);

  const embedders = await Promise.all([folder, join(dataDir, 'models', version.model!)].map((path) => openEmbedder(path)));
  t.after(() => Promise.all(embedders.map((embedder) => embedder.close())));
  const counts = [0, 0];
  let left = false;
  await engine.resume();
  for (let asked = 0; counts[1]! < 3; asked++) {
    const question = ASKED[asked % ASKED.length]!;
    const answer = await engine.search({ question, taught: false });
    const at = embedders.findIndex(({ space }) => space === answer.models.embedder);
    assert.ok(at >= 0, answer.models.embedder);
    await holdsIn(embedders[at]!, question, answer);
    counts[at]!++;
    assert.ok(at === 1 || !left, 'there is no way back within a switch');
    left ||= at === 1;
  }
  t.diagnostic(`${counts[0]} questions before the switch`);
  await settled(engine);
  assert.equal(await modelInUse(engine, 'embedder'), version.model);
  assert.deepEqual((await engine.adapters()).map(({ state }) => state), ['active']);
  assert.equal(await rightAmong(engine, 1), 1, 'also for questions that nobody has asked');
  const after = await rankings(engine);
  assert.notDeepEqual(after, shipped);

  await engine.activate(undefined);
  await settled(engine);
  assert.deepEqual([await modelInUse(engine, 'embedder'), await rankings(engine)], [base, shipped], 'bit for bit');
  rmSync(join(dataDir, 'models', version.model!), { recursive: true });
  await engine.activate(version.id);
  await settled(engine);
  assert.deepEqual(await rankings(engine), after, 'its folder is made again from what is stored');
});

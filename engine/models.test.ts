import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Engine, LibraryId, ModelInfo, SearchAnswer } from './api.ts';
import { inContext } from './context.ts';
import { openEngine } from './engine.ts';
import { openEmbedder, type Embedder } from './models/embedder.ts';
import { makeSmallEmbedder, type SmallEmbedder } from './models/testing.ts';
import { atRest, idle } from './testing.ts';

const TOPICS = ['harbour', 'orchard', 'telescope', 'glacier', 'violin', 'lantern', 'quarry', 'meadow', 'compass', 'bakery'];
const QUESTION = 'a violin near the harbour';

interface House { engine: Engine; library: LibraryId; root: string; models: string; write(documents: number, from?: number): Promise<void>; reopen(): Promise<Engine> }

/** An engine whose bundled embedder is a small one, with a library of `documents` short texts. */
async function house(t: TestContext, documents: number): Promise<House> {
  const root = mkdtempSync(join(tmpdir(), 'lodestone-models-'));
  const [dataDir, resourcesDir, files] = [join(root, 'data'), join(root, 'resources'), join(root, 'files')];
  await makeSmallEmbedder(join(resourcesDir, 'models', 'bundled'), { id: 'bundled', dimensions: 16, seed: 1, quality: 0.5 });
  mkdirSync(files);
  const made: House = {
    engine: await openEngine({ dataDir, resourcesDir }), library: 0 as LibraryId, root, models: join(root, 'models'),
    async write(count, from = 0) {
      const paths = Array.from({ length: count }, (_, i) => {
        const [a, b, c] = [3, 7, 11].map((step) => TOPICS[(step * (from + i)) % TOPICS.length]);
        const path = join(files, `${from + i}.md`);
        writeFileSync(path, `# The ${a} ${from + i}\n\nThe ${b} and the ${c} stand beside the ${a} number ${from + i}.\n`);
        return path;
      });
      await made.engine.add(made.library, paths);
    },
    async reopen() {
      await made.engine.close();
      return (made.engine = await openEngine({ dataDir, resourcesDir }));
    },
  };
  t.after(async () => {
    await made.engine.close();
    rmSync(root, { recursive: true, force: true });
  });
  made.library = await made.engine.createLibrary('Home');
  await made.write(documents);
  await idle(made.engine);
  return made;
}

const added = async (home: House, model: SmallEmbedder): Promise<string> => home.engine.addModel(await makeSmallEmbedder(join(home.models, model.id), model));
const active = async (engine: Engine): Promise<ModelInfo | undefined> => (await engine.models()).find((model) => model.role === 'embedder' && model.active);

/** Waits until search by meaning uses the model, and looks at every moment until then. */
async function untilUsed(engine: Engine, id: string, meanwhile: () => Promise<void> = async () => {}): Promise<void> {
  for (let i = 0; i < 3000 && (await active(engine))?.id !== id; i++) {
    const { reason } = (await engine.reindexing()) ?? {};
    assert.equal(reason, undefined);
    await meanwhile();
    await delay(5);
  }
  assert.equal((await active(engine))?.id, id);
}

/** An answer's similarities are those of its own embedder: computed again from the texts. */
async function holdsIn(embedder: Embedder, answer: SearchAnswer): Promise<void> {
  const [question] = await embedder.embed([QUESTION], 'query');
  for (const hit of answer.hits) {
    const text = inContext({ text: hit.text, headings: hit.place.headings }, undefined);
    const [vector] = await embedder.embed([text], 'document');
    const cosine = vector!.reduce((sum, value, d) => sum + value * question![d]!, 0);
    assert.ok(Math.abs(cosine - hit.trace.vectors!.similarity) < 1e-4, `${cosine} is not ${hit.trace.vectors!.similarity}`);
  }
}

test('switching the embedder while questions are asked: none fails, and each is answered in one of the two spaces', { timeout: 60_000 }, async (t) => {
  const home = await house(t, 80);
  const { engine } = home;
  const id = await added(home, { id: 'other', dimensions: 24, seed: 2, layers: 20 });
  const embedders = await Promise.all(['resources/models/bundled', 'models/other'].map((folder) => openEmbedder(join(home.root, folder))));
  t.after(() => Promise.all(embedders.map((one) => one.close())));
  const bySpace = new Map(embedders.map((one) => [one.space, one]));

  const answers: SearchAnswer[] = [];
  let asking = true;
  const asked = Promise.all([1, 2].map(async () => {
    while (asking) answers.push(await engine.search({ question: QUESTION }));
  }));
  await engine.useModel('embedder', id);
  let grown = 0;
  await untilUsed(engine, id, async () => {
    const { done = 0, total = 0 } = (await engine.reindexing()) ?? {};
    grown = Math.max(grown, done < total ? done : 0);
  });
  await delay(50);
  asking = false;
  await asked;
  assert.ok(grown > 0, 'it was seen growing');
  assert.ok(answers.every(({ hits }) => hits.length > 0));
  const spaces = answers.map(({ models }) => models.embedder!);
  assert.deepEqual([...new Set(spaces)], embedders.map(({ space }) => space), 'first the one, then the other, never back');
  for (const at of [0, spaces.lastIndexOf(spaces[0]!), spaces.indexOf(embedders[1]!.space), spaces.length - 1]) await holdsIn(bySpace.get(spaces[at]!)!, answers[at]!);
  assert.deepEqual((await engine.health()).problems, []);
});

test('going back needs no work, and what was added meanwhile is found there too', { timeout: 60_000 }, async (t) => {
  const home = await house(t, 60);
  const { engine } = home;
  const id = await added(home, { id: 'other', dimensions: 24, seed: 2 });
  await engine.useModel('embedder', id);
  await untilUsed(engine, id);
  await home.write(3, 60);
  await idle(engine);
  const kept = (await engine.models()).find((model) => model.id === 'bundled')!.index!;
  assert.equal(kept.chunks, 60);
  assert.ok(kept.bytes > 60 * 16 * 4);
  assert.equal((await engine.estimateModel('bundled')).chunks, 3);
  await engine.useModel('embedder', undefined);
  await untilUsed(engine, 'bundled');
  assert.equal((await engine.models()).find((model) => model.id === 'bundled')!.index!.chunks, 63);
  assert.equal((await engine.search({ question: 'the number 61', leg: 'vectors' })).hits.length, 10);
  assert.deepEqual((await engine.health()).problems, []);
});

test('a model that is in use stays, and its vectors; one that is not takes its vectors with it', { timeout: 60_000 }, async (t) => {
  const home = await house(t, 40);
  const { engine } = home;
  const id = await added(home, { id: 'other', dimensions: 24, seed: 2 });
  await engine.useModel('embedder', id);
  await untilUsed(engine, id);
  await assert.rejects(engine.removeModel(id), { code: 'busy' });
  await assert.rejects(engine.removeModel('bundled'), { code: 'invalid' });
  await assert.rejects(engine.removeIndex(id), { code: 'busy' });
  await engine.removeIndex('bundled');
  assert.equal((await engine.models()).find((model) => model.id === 'bundled')!.index, undefined);
  await engine.useModel('embedder', undefined);
  await untilUsed(engine, 'bundled');
  await engine.removeModel(id);
  assert.deepEqual((await engine.models()).map((model) => model.id), ['bundled']);
  assert.deepEqual((await engine.health()).problems, []);
});

test('an index that grows can be paused, and goes on after a restart; documents that arrive are found at once', { timeout: 60_000 }, async (t) => {
  const home = await house(t, 90);
  const id = await added(home, { id: 'other', dimensions: 24, seed: 2, layers: 40 });
  assert.equal((await home.engine.estimateModel(id)).chunks, 90);
  await home.engine.useModel('embedder', id);
  while (((await home.engine.reindexing())?.done ?? 0) === 0) await delay(5);
  await home.engine.pause();
  const { done, total } = (await atRest(home.engine.reindexing))!;
  assert.ok(done < total);
  const engine = await home.reopen();
  assert.equal((await engine.reindexing())!.done, done);
  await engine.resume();
  await home.write(2, 90);
  await idle(engine);
  assert.equal((await active(engine))!.id, 'bundled');
  assert.match((await engine.search({ question: 'number 91' })).hits[0]!.text, /number 91/);
  await untilUsed(engine, id);
  assert.equal((await active(engine))!.index!.chunks, 92);
});

test('of chunks that are longer than a model reads, it is said how many there are', { timeout: 60_000 }, async (t) => {
  const home = await house(t, 10);
  const short = await added(home, { id: 'short', dimensions: 8, seed: 3, maxTokens: 12 });
  const long = await added(home, { id: 'long', dimensions: 8, seed: 3 });
  assert.deepEqual([(await home.engine.estimateModel(short)).cut, (await home.engine.estimateModel(long)).cut], [10, 0]);
});

test('cancelled, an index is gone, and search was never without the other', { timeout: 60_000 }, async (t) => {
  const home = await house(t, 90);
  const { engine } = home;
  const before = await engine.search({ question: QUESTION });
  const id = await added(home, { id: 'other', dimensions: 24, seed: 2, layers: 40 });
  await engine.useModel('embedder', id);
  while (((await engine.reindexing())?.done ?? 0) === 0) await delay(5);
  await engine.cancelReindexing();
  assert.equal(await engine.reindexing(), undefined);
  const after = await engine.search({ question: QUESTION });
  assert.deepEqual([after.hits, after.models], [before.hits, before.models]);
  await delay(200);
  const [bundled, other] = await engine.models();
  assert.deepEqual([bundled!.active, other!.active, other!.index], [true, false, undefined]);
  assert.deepEqual((await engine.health()).problems, []);
});

test('a model that cannot be used is refused before anything changes; one whose files break meanwhile is said to, and the old one stays', { timeout: 60_000 }, async (t) => {
  const home = await house(t, 90);
  const { engine } = home;
  await assert.rejects(engine.addModel(join(home.root, 'files')), { code: 'invalid', message: /cannot be used/ });
  const id = await added(home, { id: 'other', dimensions: 24, seed: 2, layers: 40 });
  writeFileSync(join(home.models, 'other', 'model.onnx'), 'no model at all');
  await assert.rejects(engine.useModel('embedder', id), { code: 'invalid' });
  assert.equal(await engine.reindexing(), undefined);

  await makeSmallEmbedder(join(home.models, 'other'), { id: 'other', dimensions: 24, seed: 2, layers: 40 });
  await engine.useModel('embedder', id);
  while (((await engine.reindexing())?.done ?? 0) === 0) await delay(5);
  await engine.pause();
  const again = await home.reopen();
  rmSync(join(home.models, 'other'), { recursive: true });
  await again.resume();
  for (let i = 0; i < 200 && (await again.reindexing())?.reason === undefined; i++) await delay(25);
  assert.match((await again.reindexing())!.reason!, /no longer there/);
  assert.match((await again.models()).find((model) => model.id === id)!.trouble!, /no longer there/);
  assert.equal((await active(again))!.id, 'bundled');
  assert.equal((await again.search({ question: QUESTION })).hits.length, 10);

  await makeSmallEmbedder(join(home.models, 'other'), { id: 'other', dimensions: 24, seed: 2, layers: 40 });
  await again.useModel('embedder', id);
  await untilUsed(again, id);
  assert.deepEqual((await again.health()).problems, []);
});

test('a better embedder that comes with an update takes over by itself, unless the person says no', { timeout: 60_000 }, async (t) => {
  const home = await house(t, 40);
  await home.engine.close();
  await makeSmallEmbedder(join(home.root, 'resources', 'models', 'better'), { id: 'better', dimensions: 24, seed: 2, quality: 0.9, layers: 40 });
  const engine = await home.reopen();
  assert.equal((await active(engine))!.id, 'bundled');
  while (!(await engine.reindexing())) await delay(5);
  await engine.cancelReindexing();
  const again = await home.reopen();
  await delay(100);
  assert.deepEqual([(await again.reindexing())?.model, (await active(again))!.id], [undefined, 'bundled']);
  await again.useModel('embedder', undefined);
  await untilUsed(again, 'better');
});

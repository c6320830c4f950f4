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
import { idle } from './testing.ts';

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
  const home = await house(t, 300);
  const { engine } = home;
  const id = await added(home, { id: 'other', dimensions: 24, seed: 2, layers: 30 });
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

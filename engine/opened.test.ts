import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { openEmbedder, type Embedder } from './models/embedder.ts';
import { makeSmallEmbedder } from './models/testing.ts';
import { keepPassport, recognise, settleEmbedder } from './opened.ts';
import { choose, saveModel } from './store/models.ts';
import { spaceInUse, useSpace } from './store/spaces.ts';
import { memoryDatabase } from './store/testing.ts';

function folder(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'lodestone-opened-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

/** The same embedder as another device would compute it: every number differs by up to so much of itself. */
const elsewhere = (embedder: Embedder, error: number): Embedder => ({
  ...embedder, space: embedder.space.replace('provider=cpu', 'provider=gpu'),
  embed: async (texts, side) => (await embedder.embed(texts, side)).map((vector) => vector.map((value, d) => value * (1 + error * Math.sin(7 * d)))),
});

test('vectors made on another device are taken over where twenty texts get the same ones, and made again where not', async (t) => {
  const root = folder(t);
  const { db } = memoryDatabase();
  const embedder = await openEmbedder(await makeSmallEmbedder(join(root, 'one'), { id: 'one', dimensions: 16, seed: 1 }));
  const other = await openEmbedder(await makeSmallEmbedder(join(root, 'two'), { id: 'two', dimensions: 16, seed: 2 }));
  t.after(() => Promise.all([embedder.close(), other.close()]));
  const space = useSpace(db, embedder.space, embedder.dimensions, 'one');
  await keepPassport(db, space, embedder);
  assert.equal(await recognise(db, elsewhere(embedder, 0.2)), undefined);
  assert.equal((await recognise(db, elsewhere(embedder, 0.001)))?.id, space.id);
  assert.equal(useSpace(db, elsewhere(embedder, 0.001).space, 16, 'one').id, space.id, 'remembered');
  assert.equal(await recognise(db, other), undefined);
});

test('what made the vectors stays in use as long as it can be opened; a library without one begins with the best that ships', async (t) => {
  const root = folder(t);
  const { db } = memoryDatabase();
  const dirs = [join(root, 'bundled'), join(root, 'own')];
  assert.equal(await settleEmbedder(db, dirs), undefined);
  await makeSmallEmbedder(join(dirs[0]!, 'good'), { id: 'good', dimensions: 16, seed: 1, quality: 0.5 });
  const settled = async (): Promise<string | undefined> => {
    const found = await settleEmbedder(db, dirs);
    await found?.embedder.close();
    assert.equal(found?.space.id, spaceInUse(db)?.space.id);
    return found?.model;
  };
  assert.equal(await settled(), 'good');
  await makeSmallEmbedder(join(dirs[0]!, 'better'), { id: 'better', dimensions: 24, seed: 2, quality: 0.9 });
  assert.equal(await settled(), 'good', 'a better one that ships with an update first grows its index');
  rmSync(join(dirs[0]!, 'good'), { recursive: true });
  assert.equal(await settled(), 'better', 'nobody can ask the old vectors any more');

  const place = await makeSmallEmbedder(join(root, 'brought'), { id: 'brought', dimensions: 8, seed: 3 });
  saveModel(db, { id: 'brought', role: 'embedder', format: 'lodestone', place, downloaded: false, details: { name: 'Brought', languages: [], licence: '', bytes: 1 } });
  choose(db, 'embedder', 'brought');
  useSpace(db, (await openEmbedder(place)).space, 8, 'brought');
  assert.equal(await settled(), 'brought');
  rmSync(place, { recursive: true });
  assert.equal(await settleEmbedder(db, dirs), undefined, 'a drive that is not there may come back: nothing is embedded anew');
  assert.equal(spaceInUse(db)?.model, 'brought');
});

test('search that goes over to another index while the embedder of the old one is opened stays there', async (t) => {
  const root = folder(t);
  const { db } = memoryDatabase();
  const dirs = [join(root, 'bundled'), join(root, 'own')];
  const dimensions: Record<string, number> = { one: 16, two: 24 };
  for (const [id, width] of Object.entries(dimensions)) await makeSmallEmbedder(join(dirs[0]!, id), { id, dimensions: width, seed: width });
  const goTo = async (id: string): Promise<() => number> => {
    const embedder = await openEmbedder(join(dirs[0]!, id));
    await embedder.close();
    return () => useSpace(db, embedder.space, dimensions[id]!, id).id;
  };
  const [toOne, toTwo] = [await goTo('one'), await goTo('two')];
  toOne();
  await (await settleEmbedder(db, dirs))!.embedder.close();
  for (let moment = 0; moment < 40; moment++) {
    toOne();
    const settling = settleEmbedder(db, dirs);
    for (let i = 0; i < moment; i++) await setImmediate();
    const two = toTwo();
    await (await settling)!.embedder.close();
    assert.equal(spaceInUse(db)!.space.id, two, `after ${moment} turns`);
  }
});

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { KnownModel } from './chosen.ts';
import { knownModels } from './chosen.ts';
import { LEARNED } from './learn/learned-folder.ts';
import { keepCandidate, type Made } from './learned-models.ts';
import { makeSmallEmbedder } from './models/testing.ts';
import { learnedModels } from './store/adapters.ts';
import { beginRun, openRun, runs } from './store/runs.ts';
import { passportOf, shadow } from './store/spaces.ts';
import { memoryDatabase } from './store/testing.ts';

const measure = { questions: 40, before: 0.5, after: 0.6, mrrBefore: 0.5, mrrAfter: 0.6 };

test('an embedder that was learned comes into being with its version, its index and its passport at once, or not at all', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'lodestone-learned-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const dirs = [join(root, 'bundled'), join(root, 'models')];
  const { db } = memoryDatabase();
  t.after(() => db.close());
  await makeSmallEmbedder(join(dirs[0]!, 'letters'), { id: 'letters', dimensions: 8, seed: 1 });
  const folder = await makeSmallEmbedder(join(dirs[1]!, 'letters-learned-1'), { id: 'letters-learned-1', dimensions: 8, seed: 2 });
  const base = (await knownModels(db, dirs)).find(({ id }) => id === 'letters') as KnownModel;
  const made: Made = {
    bytes: new Uint8Array(1), comparisons: [], lessons: [], contents: [], progress: { phase: 'judging', done: 0.9, curve: [] },
    report: { recipe: {}, snapshot: 's', signals: 40, questions: 40, mine: measure, guard: measure, bound: 0.01, alpha: 1, refusals: [], seconds: 1, base: 'letters', model: 'letters-learned-1' },
  };
  const keep = (): Promise<void> => keepCandidate({ db, modelDirs: dirs }, openRun(db)!.id, 'embedder', { used: base, base, form: 'static' }, folder, made);

  beginRun(db, 'embedder');
  db.exec(`create trigger no_room before insert on passport begin select raise(abort, 'The disk is full.'); end`);
  await assert.rejects(keep(), /The disk is full/);
  assert.deepEqual([learnedModels(db), shadow(db), openRun(db)?.state], [[], undefined, 'running'], 'whoever made the folder may remove it');

  db.exec('drop trigger no_room');
  await keep();
  assert.deepEqual([learnedModels(db).map(({ model }) => model), shadow(db)?.model, runs(db)[0]!.state], [['letters-learned-1'], 'letters-learned-1', 'done']);
  const passport = passportOf(db, shadow(db)!.space)!;
  assert.ok(passport.length > 10 && passport.every(({ length }) => length === 8));
  assert.ok(existsSync(join(folder, LEARNED)));
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { evidenceOf, probabilityOf } from './answer/found.ts';
import { calibrateNext, calibrationFor } from './calibrate.ts';
import { holdReranker } from './chosen-reranker.ts';
import { openEngine } from './engine.ts';
import { openLearned } from './learn/learned.ts';
import { addTown, QUESTIONS, THINGS } from './learn/town.ts';
import { saveVersion } from './learn/wrecked.ts';
import { holdEmbedder } from './opened.ts';
import { search } from './search.ts';
import { openDatabase } from './store/database.ts';
import { documentFrequency, wordStatistics } from './store/words.ts';

/** What the town has not. */
const ELSEWHERE = ['railway', 'prison', 'zoo', 'airport', 'university', 'opera'];
const resourcesDir = fileURLToPath(new URL('../resources', import.meta.url));

test('RR-6: a version that draws all scores together is calibrated anew, and of what is answered as much is right as before', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'lodestone-recalibrated-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const dataDir = join(root, 'data');
  const engine = await openEngine({ dataDir, resourcesDir });
  await addTown(engine, join(root, 'files'));
  const [library] = await engine.libraries();
  await engine.close();
  const db = openDatabase(join(dataDir, 'library.sqlite'));
  const dirs = [join(resourcesDir, 'models'), join(dataDir, 'models')];
  const [embedders, rerankers] = [holdEmbedder(db, dirs), holdReranker(db, dirs)];
  const [{ held: embedder, release }, { held: reranker, release: releaseReranker }] = [await embedders.take(), await rerankers.take()];
  t.after(() => { release(); releaseReranker(); db.close(); });
  const learned = openLearned(db, embedder);
  const parts = { db, learned, embedder: embedder!, reranker: reranker! };
  const asked = [...QUESTIONS.map((question) => ({ question, answered: true })), ...QUESTIONS.map((question, i) => ({ question: question.replace(THINGS[i]!, ELSEWHERE[i % ELSEWHERE.length]!), answered: false }))];

  /** Of the questions that are answered, the share that the library answers; and the share of all it should answer that are. */
  async function measured(): Promise<{ precision: number; recall: number }> {
    let [right, wrong] = [0, 0];
    for (const { question, answered } of asked) {
      const { hits, models } = await search(parts, { question, libraries: [library!.id], taught: false });
      const line = calibrationFor(db, parts, [library!.id], models.adapter);
      const evidence = await evidenceOf(question, hits, { statistics: { df: (token) => documentFrequency(db, token), total: wordStatistics(db).total }, embed: (texts, side) => embedder!.embed(texts, side), background: embedder!.background! });
      if (probabilityOf(evidence, line) >= line.threshold) if (answered) right++; else wrong++;
    }
    return { precision: right / (right + wrong), recall: right / QUESTIONS.length };
  }
  const recalibrate = (): Promise<boolean> => calibrateNext(parts, () => openDatabase(join(dataDir, 'library.sqlite')));

  await recalibrate();
  const before = await measured();
  saveVersion(db, { score: -3 });
  const meanwhile = await measured();
  assert.equal(await recalibrate(), true, 'a new version has no line of its own yet');
  assert.equal(await recalibrate(), false);
  const after = await measured();
  t.diagnostic(JSON.stringify({ before, meanwhile, after }));
  assert.ok(meanwhile.precision < before.precision - 0.2, 'the old line lets too much pass');
  assert.ok(Math.abs(after.precision - before.precision) <= 0.05, JSON.stringify({ before, after }));
  assert.ok(Math.abs(after.recall - before.recall) <= 0.05, JSON.stringify({ before, after }));
});

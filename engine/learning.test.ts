import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Document, Engine, Run, SearchQuery } from './api.ts';
import { openEngine } from './engine.ts';
import { decodeAdapter, encodeAdapter, reportIn, weightCount } from './learn/query-adapter.ts';
import type { Sample } from './learn/samples.ts';
import { addTown, pointAtPassage, QUESTIONS, THINGS } from './learn/town.ts';
import { next } from './learn/train-query.ts';
import { saveAdapter, type VersionReport } from './store/adapters.ts';
import { openDatabase } from './store/database.ts';
import { openRun } from './store/runs.ts';
import { atRest, idle } from './testing.ts';

const resourcesDir = fileURLToPath(new URL('../resources', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'lodestone-learning-'));
const dataDir = join(root, 'data');

let engine: Engine;
let documents: Document[];

before(async () => {
  engine = await openEngine({ dataDir, resourcesDir });
  documents = await addTown(engine, join(root, 'files'));
});
after(async () => {
  await engine.close();
  rmSync(root, { recursive: true, force: true });
});

const pointAt = (question: string, thing: string): Promise<void> => pointAtPassage(engine, documents, question, thing);

const first = async (question: string, how: Partial<SearchQuery> = {}) => (await engine.search({ question, ...how })).hits[0];
const ranking = async (question: string, how: Partial<SearchQuery> = {}) => JSON.stringify((await engine.search({ question, limit: 20, ...how })).hits);

const latest = async (): Promise<Run> => (await engine.runs())[0]!;
async function ended(): Promise<Run> {
  for (;;) {
    const run = await latest();
    if (run.state !== 'running' && run.state !== 'paused') return run;
    await delay(50);
  }
}

test('what was said of a passage counts with the next question, shows in its trace, and goes with its event', async () => {
  const question = 'Who looks after number 7?';
  const shipped = await ranking(question);
  await pointAt(question, 'violin');
  const taught = (await first('who looks after number 7'))!;
  assert.equal(taught.documentName, 'violin.md');
  assert.deepEqual([taught.trace.taught?.thumb, taught.trace.taught?.question, taught.trace.taught?.nearness], ['up', question, 1]);
  assert.equal(await ranking(question, { taught: false }), shipped);
  assert.equal((await engine.search({ question: 'When is the dairy open?' })).hits.filter(({ trace }) => trace.taught).length, 0);
  await engine.deleteFeedback((await engine.feedback()).map(({ id }) => id));
  assert.equal(await ranking(question), shipped, 'bit for bit as before');
});

test('too little feedback is not learned from, and what is missing is said', async () => {
  await pointAt(QUESTIONS[0]!, THINGS[0]!);
  const { questions, missing } = await engine.learning();
  assert.deepEqual([questions, missing], [1, { questions: 29, documents: 9 }]);
  await assert.rejects(engine.learn(), { code: 'invalid', message: /29 more questions/ });
});

test('a run says how long it takes, can be paused and cancelled, and ends with a version that says what it did', { timeout: 300_000 }, async () => {
  for (let i = 1; i < 34; i++) await pointAt(QUESTIONS[i]!, THINGS[i]!);
  const { missing, questions, documents: judged, heldOut } = await engine.learning();
  assert.deepEqual([missing, questions, judged], [{ questions: 0, documents: 0 }, 34, 34]);
  assert.ok(heldOut > 0 && heldOut < 20);
  assert.ok((await engine.estimateLearning()).seconds > 0);

  await engine.learn();
  await assert.rejects(engine.learn(), { code: 'busy' });
  await engine.pauseLearning();
  assert.equal((await atRest(engine.runs))[0]!.state, 'paused');
  await engine.cancelLearning();
  assert.equal((await ended()).state, 'cancelled');
  assert.deepEqual(await engine.adapters(), []);

  await engine.learn();
  const run = await ended();
  assert.equal(run.state, 'done', run.reason);
  const [adapter] = await engine.adapters();
  assert.equal(adapter!.id, run.adapter);
  assert.equal(adapter!.questions, 34);
  assert.ok(adapter!.mine.questions >= 30 && adapter!.guard.questions === 200 && !adapter!.stale);
  assert.equal(adapter!.state === 'rejected', adapter!.refusals.length > 0);
  const exported = await engine.exportAdapter(adapter!.id);
  const report = reportIn(exported) as VersionReport;
  assert.deepEqual([report.version, report.level, report.refusals, report.metrics.mine, report.parent], [adapter!.id, 'query', adapter!.refusals, adapter!.mine, undefined]);
  assert.equal(report.reranker, (await engine.models()).find(({ role, active }) => role === 'reranker' && active)!.id, 'over what this one says it was judged');
  assert.ok(report.base.includes(`@${report.baseHash} `) && report.seed === report.recipe['seed'] && report.snapshot.length === 16 && decodeAdapter(exported).dimensions > 0, 'with it goes what it was made of');
  const comparisons = await engine.comparisons(adapter!.id);
  assert.equal(comparisons.length, 34);
  const changes = comparisons.map(({ ndcgBefore, ndcgAfter }) => Math.abs(ndcgAfter - ndcgBefore));
  assert.deepEqual(changes, changes.toSorted((a, b) => b - a), 'those that changed most come first');
  for (const { after: hits, question, ndcgAfter } of comparisons) {
    const right = hits.findIndex(({ answers }) => answers);
    assert.ok(Math.abs(ndcgAfter - (right < 0 ? 0 : 1 / Math.log2(right + 2))) < 1e-9, `${question}: told ${ndcgAfter}, shown at ${right + 1}`);
  }
  for (const { before: hits, question } of comparisons) {
    assert.deepEqual(hits.map(({ text }) => text), (await engine.search({ question, adapter: 'none', taught: false })).hits.map(({ text }) => text));
  }
});

/** An adapter that was accepted, of the space in use. */
async function accepted(): Promise<number> {
  const { models } = await engine.search({ question: 'a' });
  const db = openDatabase(join(dataDir, 'library.sqlite'));
  const random = { random: 3 };
  const dimensions = (await engine.models()).find(({ role }) => role === 'embedder')!.dimensions!;
  const measure = { questions: 1, before: 0, after: 1, mrrBefore: 0, mrrAfter: 1 };
  const id = saveAdapter(db, {
    level: 'query', space: models.embedder!, comparisons: [], events: [], contents: [],
    bytes: encodeAdapter({
      dimensions, rank: 2, alpha: 1, mean: new Float32Array(dimensions), kind: new Float32Array(dimensions + 1).fill(9, dimensions),
      weights: Float32Array.from({ length: weightCount(dimensions, 2) }, () => next(random) - 0.5),
    }),
    report: { recipe: {}, snapshot: '', signals: 1, questions: 1, mine: measure, guard: measure, bound: 0.1, alpha: 1, refusals: [], seconds: 1 },
  });
  db.close();
  return id;
}

test('DM-7: taken back, an adapter leaves every ranking as it was, bit for bit', async () => {
  const shipped = await Promise.all(QUESTIONS.map((question) => ranking(question, { taught: false })));
  const id = await accepted();
  const learned = await Promise.all(QUESTIONS.map((question) => ranking(question, { taught: false })));
  assert.ok(learned.some((hits, i) => hits !== shipped[i]), 'in use it makes a difference');
  assert.equal((await engine.search({ question: QUESTIONS[0]! })).models.adapter, id);
  await engine.activate(undefined);
  assert.deepEqual(await Promise.all(QUESTIONS.map((question) => ranking(question, { taught: false }))), shipped);
  await engine.activate(id as never);
  assert.deepEqual(await Promise.all(QUESTIONS.map((question) => ranking(question, { taught: false }))), learned);
  await engine.deleteAdapters([id as never]);
  assert.deepEqual(await Promise.all(QUESTIONS.map((question) => ranking(question, { taught: false }))), shipped);
});

test('samples can be exported, imported and forgotten', async () => {
  const files = await engine.exportSamples();
  const rows = files.filter(({ path }) => /\/(?:train|holdout)\.json$/.test(path)).flatMap(({ text }) => text.trim().split('\n').map((line) => JSON.parse(line) as Sample));
  assert.deepEqual(rows.map(({ query }) => query).sort(), QUESTIONS.slice(0, 34).sort());
  for (const { query, pos } of rows) assert.ok(pos[0]!.includes(THINGS[QUESTIONS.indexOf(query)]!));
  for (const { pos, neg, key, key_ids, key_index, time, teacher, teacher_scores } of rows) {
    assert.ok(Math.abs(Date.parse(time) - Date.now()) < 600_000 && teacher.endsWith(':rerank_logit') && key.length === 20);
    assert.deepEqual([key_ids.length, key_index.length, (teacher_scores as number[]).length], [key.length, key.length, pos.length + neg.length]);
    assert.equal((teacher_scores as number[])[0], Math.max(...teacher_scores as number[]), 'what the person pointed at stands first');
  }
  const corpus = files.find(({ path }) => path === 'export/corpus.jsonl')!.text.trim().split('\n').map((line) => JSON.parse(line) as { title: string });
  assert.ok(corpus.every(({ title }) => title !== ''));
  assert.ok(files.some(({ path }) => path.startsWith('export/eval/qa/')) && files.some(({ path }) => /^export\/reranker\/.+\/train\.group\.json$/.test(path)), files.map(({ path }) => path).join('\n'));
  await assert.rejects(engine.importSamples('{"query":"q"}\n{"pos":[]}'), { code: 'invalid', message: /Line 2/ });
  assert.deepEqual(await engine.importSamples('{"query":"an imported question","pos":["yes"],"neg":["no"],"mood":"curious","nested":{"a":[1,null]}}'), { samples: 1 });
  assert.equal((await engine.learning()).imported, 1);
  const [imported] = (await engine.exportSamples()).flatMap(({ text }) => text.split('\n')).filter((line) => line.includes('an imported question') && line.includes('query')).map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual([imported!['mood'], imported!['nested']], ['curious', { a: [1, null] }], 'what nobody here knows comes back as it came');
  await engine.removeImportedSamples();
  assert.ok(!(await engine.exportSamples()).some(({ text }) => text.includes('an imported question')));
});

test('DM-6: a removed document is in no sample, and what learned from it says so', async () => {
  assert.equal((await engine.adapters())[0]!.stale, false);
  await engine.removeDocuments([documents.find(({ name }) => name === `${THINGS[38]}.md`)!.id]);
  assert.equal((await engine.adapters())[0]!.stale, true, 'nobody judged it, but passages were told from it and words of its headings weighed');
  const gone = documents.find(({ name }) => name === `${THINGS[1]}.md`)!;
  await engine.removeDocuments([gone.id]);
  await idle(engine);
  for (const { text } of await engine.exportSamples()) assert.ok(!text.includes(THINGS[1]!) || !text.includes(`The ${THINGS[1]} of the old town`));
  const told = await engine.exportFeedback();
  assert.ok(!told.includes(`The ${THINGS[1]} of the old town`) && told.includes(`The ${THINGS[0]} of the old town`), 'nor does an export of the feedback say what stood in it');
  assert.equal((await engine.learning()).documents, 33);
  const [adapter] = await engine.adapters();
  assert.equal(adapter!.stale, true);
  for (const { before: hits, after: now } of await engine.comparisons(adapter!.id)) assert.ok([...hits, ...now].every(({ documentName }) => documentName !== gone.name));
});

test('DM-8: broken off in the middle of training, the run goes on when the engine is opened again, with the curve it had, and search was the same all along', { timeout: 300_000 }, async () => {
  await idle(engine);
  const shipped = await ranking(QUESTIONS[2]!, { taught: false });
  await engine.learn();
  // One training is over, and another under way.
  for (let run = await latest(); run.state === 'running' && new Set(run.progress.curve.map(({ training }) => training)).size < 2; run = await latest()) await delay(5);
  await engine.close();
  const db = openDatabase(join(dataDir, 'library.sqlite'));
  const { state, progress: { phase, curve: had } } = openRun(db)!;
  db.close();
  assert.deepEqual([state, phase], ['running', 'training']);
  engine = await openEngine({ dataDir, resourcesDir });
  assert.equal(await ranking(QUESTIONS[2]!, { taught: false, adapter: 'none' }), shipped);
  const run = await ended();
  assert.equal(run.state, 'done', run.reason);
  assert.deepEqual(run.progress.curve.slice(0, had.length), had);
  const points = run.progress.curve.map(({ training, pass }) => `${training} ${pass}`);
  assert.equal(new Set(points).size, points.length, 'nothing was trained, or told, a second time');
  assert.deepEqual((await engine.health()).problems, []);
});

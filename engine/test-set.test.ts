import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Document, Engine, LibraryId, Writing } from './api.ts';
import { openEngine } from './engine.ts';
import { addTown, pointAtPassage, QUESTIONS, THINGS } from './learn/town.ts';
import { idle } from './testing.ts';

const root = mkdtempSync(join(tmpdir(), 'lodestone-test-set-'));
let engine: Engine;
let documents: Document[];
let library: LibraryId;

/** What the server was given passages about. */
const askedAbout = new Set<string>();

/** A server that speaks OpenAI's protocol and writes a question on whatever passage it is given. */
const server = createServer((request, response) => {
  if (request.url === '/v1/models') return void response.end(JSON.stringify({ data: [{ id: 'writer' }] }));
  if (request.url !== '/v1/chat/completions') return void response.writeHead(404).end('{}');
  let body = '';
  request.on('data', (part: Buffer) => (body += part.toString()));
  request.on('end', () => {
    const prompt = (JSON.parse(body) as { messages: { content: string }[] }).messages.at(-1)!.content;
    const thing = /The ([a-z]+) of the old town/.exec(prompt)?.[1];
    if (thing !== undefined) askedAbout.add(thing);
    const say = thing === undefined ? { kinds: ['Money matters.'] } : { question: `Who gives money when the ${thing} is damaged?`, answered_by: `Repairs of the ${thing} are paid by the council.` };
    response.setHeader('content-type', 'text/event-stream');
    for (const piece of JSON.stringify(say).match(/.{1,9}/g)!) response.write(`data: ${JSON.stringify({ choices: [{ delta: { content: piece } }] })}\n\n`);
    response.end('data: [DONE]\n\n');
  });
});

before(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  engine = await openEngine({ dataDir: join(root, 'data'), resourcesDir: fileURLToPath(new URL('../resources', import.meta.url)) });
  documents = await addTown(engine, join(root, 'files'));
  library = documents[0]!.library;
});
after(async () => {
  await engine.close();
  server.close();
  rmSync(root, { recursive: true, force: true });
});

interface Row { query: string; pos: string[]; neg: string[]; pos_ids: string[]; neg_ids: string[]; source: string; split: string; weight: number }
const syntheticSamples = async (): Promise<Row[]> => (await engine.exportSamples()).filter(({ path }) => /train|holdout/.test(path))
  .flatMap(({ text }) => text.trim().split('\n').map((line) => JSON.parse(line) as Row)).filter(({ source }) => source === 'synthetic');

async function written(): Promise<Writing> {
  for (;;) {
    const writing = await engine.writing();
    if (writing && !writing.running) return writing;
    await delay(20);
  }
}

test('without questions there is nothing to test by, and without a language model nobody to write them', async () => {
  await assert.rejects(engine.runTest(), { code: 'invalid', message: /no test questions yet/ });
  await assert.rejects(engine.writeQuestions(library, 5, 'test'), { code: 'invalid', message: /no language model/ });
});

test('a question of one’s own is answered by the words that were selected; the result is kept with the models that took part', async () => {
  const bridge = documents.find(({ name }) => name === 'bridge.md')!;
  const block = (await engine.blocks(bridge.id)).find(({ text }) => text.startsWith('Repairs'))!;
  await engine.addTestQuestion(library, 'Who pays for the bridge?', bridge.id, block.place.start, block.place.end);
  const [own] = await engine.testQuestions();
  assert.deepEqual([own?.question, own?.documentName, own?.from, own?.quote.startsWith('Repairs of the bridge')], ['Who pays for the bridge?', 'bridge.md', 'own', true]);
  const rank = 1 + (await engine.search({ question: 'Who pays for the bridge?', libraries: [library] })).hits.findIndex(({ documentName }) => documentName === 'bridge.md');
  const result = await engine.runTest(library);
  assert.deepEqual([result.questions, result.mrr, result.first, result.ndcg], [1, 1 / rank, Number(rank === 1), 1 / Math.log2(rank + 1)]);
  const [kept] = await engine.testResults();
  assert.equal(kept?.ndcg, result.ndcg);
  assert.ok(kept?.models.embedder);
  await assert.rejects(engine.addTestQuestion(library, ' ', bridge.id, 0, 5), { code: 'invalid' });
});

test('of judged questions those kept aside test too, and go with their feedback; what was said of a passage does not answer its own question by heart', async () => {
  for (const i of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) await pointAtPassage(engine, documents, QUESTIONS[i]!, THINGS[i]!);
  const aside = (await engine.testQuestions(library)).filter(({ from }) => from === 'feedback');
  const { heldOut } = await engine.learning();
  assert.equal(aside.length, heldOut);
  assert.ok(aside.every(({ id, question }) => id === undefined && QUESTIONS.includes(question)));
  await engine.deleteFeedback((await engine.feedback()).map(({ id }) => id));
  assert.equal((await engine.testQuestions(library)).filter(({ from }) => from === 'feedback').length, 0);
});

test('the language model writes questions for a test and to learn from, never for one chunk both; each stands at the words that answer it', async () => {
  const { port } = server.address() as AddressInfo;
  const id = await engine.addServer({ kind: 'openai', address: `http://127.0.0.1:${port}`, model: 'writer' });
  await engine.useModel('llm', id);
  await engine.writeQuestions(library, 100, 'test');
  await assert.rejects(engine.writeQuestions(library, 5, 'test'), { code: 'busy' });
  const tests = await written();
  assert.equal(tests.reason, undefined);
  assert.equal(tests.done, tests.wanted);
  assert.equal(tests.kept + Object.values(tests.refused).reduce((sum, count) => sum + count, 0), tests.wanted);
  const questions = (await engine.testQuestions(library)).filter(({ from }) => from === 'written');
  assert.equal(questions.length, tests.kept);
  assert.ok(questions.length > 5, JSON.stringify(tests));
  for (const { question, quote, documentName } of questions) assert.equal(quote, `Repairs of the ${documentName.replace('.md', '')} are paid by the council.`, question);

  // What answers a question that is judged by is not written about, for learning: neither what was pointed at nor what tests.
  const forTest = new Set(askedAbout);
  const judged = THINGS.findLast((thing) => !forTest.has(thing) && thing !== 'bridge')!;
  await pointAtPassage(engine, documents, QUESTIONS[THINGS.indexOf(judged)]!, judged);
  askedAbout.clear();
  await engine.writeQuestions(library, 100, 'learn');
  const samples = await written();
  const aside = [judged, 'bridge'];
  assert.deepEqual([...askedAbout].sort(), THINGS.filter((thing) => !forTest.has(thing) && !aside.includes(thing)).sort(), 'half of the chunks each, by their names');
  const synthetic = await syntheticSamples();
  assert.equal(synthetic.length, samples.kept);
  assert.ok(synthetic.every(({ split, weight, query }) => split === 'train' && weight < 1 && !questions.some(({ question }) => question === query)));
  for (const { query, pos, neg, pos_ids, neg_ids } of synthetic) {
    assert.ok(!aside.some((thing) => query.includes(thing)), query);
    assert.deepEqual([pos_ids.length, neg_ids.length], [pos.length, neg.length], 'every text has its name');
  }
});

test('DM-6: what was written about a document, and what names its text as wrong, goes with it', async () => {
  const before = await syntheticSamples();
  const held = (rows: typeof before, thing: string): typeof before => rows.filter(({ pos, neg }) => [...pos, ...neg].some((text) => text.includes(`The ${thing} of the old town`)));
  const gone = THINGS.find((thing) => before.some(({ query }) => query.includes(thing)) && held(before, thing).length > 1)!;
  const { imported } = await engine.learning();
  await engine.removeDocuments([documents.find(({ name }) => name === `${gone}.md`)!.id]);
  assert.equal((await engine.learning()).imported, imported - held(before, gone).length, 'at once');
  await idle(engine);
  const after = await syntheticSamples();
  assert.deepEqual(after.map(({ query }) => query), before.filter((row) => !held(before, gone).includes(row)).map(({ query }) => query));
  assert.ok(!(await engine.exportSamples()).some(({ text }) => text.includes(`The ${gone} of the old town`)));
});

test('a writing is stopped between two questions, and keeps what it has', async () => {
  await engine.removeTestQuestions((await engine.testQuestions()).flatMap(({ id }) => (id === undefined ? [] : [id])));
  await engine.writeQuestions(library, 100, 'test');
  while ((await engine.writing())!.kept < 2) await delay(5);
  await engine.stopWriting();
  const { kept, wanted, done, reason } = await written();
  assert.equal(reason, undefined);
  assert.ok(done < wanted || kept === wanted);
  assert.equal((await engine.testQuestions(library)).filter(({ from }) => from === 'written').length, kept);
});

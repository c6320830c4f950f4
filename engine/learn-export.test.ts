import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Engine, EventId, Turn } from './api.ts';
import { openEngine } from './engine.ts';
import { exportSamples } from './learn-export.ts';
import { rewardsOf, type Teacher } from './learn/reward.ts';
import { parseSamples, type Sample } from './learn/samples.ts';
import { addTown } from './learn/town.ts';
import { openEmbedder, type Embedder } from './models/embedder.ts';
import { familyNamed } from './models/families.ts';
import { taughtAndKept } from './prepare-deep.ts';
import { openDatabase, type Db } from './store/database.ts';

/** What goes out of a library that was judged in, read as another project would read it. */

const root = mkdtempSync(join(tmpdir(), 'lodestone-export-'));
const dataDir = join(root, 'data');
const resourcesDir = fileURLToPath(new URL('../resources', import.meta.url));
let engine: Engine;
let db: Db;
let embedder: Embedder;

before(async () => {
  engine = await openEngine({ dataDir, resourcesDir });
  await addTown(engine, join(root, 'files'));
  db = openDatabase(join(dataDir, 'library.sqlite'));
  embedder = await openEmbedder(join(resourcesDir, 'models/lodestone-embed-static-v2'));
});
after(async () => {
  await embedder.close();
  db.close();
  await engine.close();
  rmSync(root, { recursive: true, force: true });
});

async function ask(question: string): Promise<Turn> {
  for await (const part of engine.ask({ question })) if (part.kind === 'done') return part.turn;
  throw new Error('There was no answer.');
}

async function samples(model: Embedder = embedder): Promise<Sample[]> {
  return (await exportSamples({ db, embedder: model })).filter(({ path }) => /\/(?:train|holdout)\.json$/.test(path)).flatMap(({ text }) => parseSamples(text));
}

/** To whom an answer is as likely as its words stand in the knowledge. */
const reading: Teacher = {
  count: async (texts) => texts.map((text) => String(text).split(' ').length),
  likelihood: async (pairs) => pairs.map(({ prompt, answer }) => {
    const knowledge = prompt.slice('Knowledge: '.length, prompt.indexOf('\n\nQuestion: '));
    const words = answer.trim().split(' ');
    return -3 + (2.5 * words.filter((word) => knowledge.includes(word)).length) / words.length;
  }),
};

const QUESTION = 'Who pays for repairs of the lantern?';

test('a row says what its question and what answers it are read with by the embedder in use', async () => {
  const turn = await ask(QUESTION);
  await engine.signal({ kind: 'citation-thumb', turn: turn.id, number: turn.answer.sentences[0]!.citations[0]!.number, thumb: 'up' });
  const [plain] = await samples();
  assert.deepEqual([plain!.query, plain!.instruction, plain!.pos_instruction], [QUESTION, '', ''], 'the bundled one puts nothing before either');
  const { tasks } = familyNamed('llm-embedder')!;
  const [prompted] = await samples({ ...embedder, instructionsFor: (task) => tasks[task]! });
  assert.deepEqual([prompted!.instruction, prompted!.pos_instruction], ['Represent this query for retrieving relevant documents: ', 'Represent this document for retrieval: ']);
  await engine.deleteFeedback((await engine.feedback()).map(({ id }) => id));
});

test('DM-6: what a language model made of passages goes out with a question, until the event it follows from or the document is deleted', async () => {
  const turn = await ask(QUESTION);
  await engine.signal({ kind: 'answer-thumb', turn: turn.id, thumb: 'up' });
  const [before] = await samples();
  assert.equal(before!.teacher, 'user');
  // Five judged questions of other people make the teacher trusted; of this one nothing was said of any passage outright.
  const { hits } = turn;
  const names = hits.map(({ contentHash, place: { start, end } }) => ({ contentHash, start, end }));
  const plain = { question: QUESTION, texts: hits.map(({ text }) => text), priors: hits.map(() => 0), counts: hits.map(() => 1), weight: 1, target: hits.map((_, i) => Number(i === 0)), names };
  const own = { ...plain, accepted: before!.answers.at(-1)!, labels: hits.map(() => undefined), inferred: hits.map(() => false), events: before!.event_ids as EventId[] };
  const known = { ...own, question: 'another', accepted: plain.texts[0]!, events: [], labels: hits.map((_, i) => (i === 0 ? 1 as const : 0 as const)) };
  await taughtAndKept(db, { id: 'reader', ...reading }, [...Array.from({ length: 5 }, () => known), own], async () => undefined);

  const [row] = await samples();
  const expected = await rewardsOf(reading, QUESTION, before!.answers.at(-1)!, row!.pos.concat(row!.neg));
  assert.deepEqual([row!.teacher, row!['base_score'], row!['teacher_scores'], row!.pos_ids], ['reader:qa-v1:mean_loglik', expected.none, expected.scores, before!.pos_ids]);
  assert.ok(row!.neg.length > 3);
  await engine.removeDocuments([hits.find(({ contentHash }) => row!.neg_ids.some((name) => name.startsWith(contentHash)))!.document]);
  const [left] = await samples();
  assert.equal((left!['teacher_scores'] as number[]).length, row!.pos.length + left!.neg.length);
  assert.ok(left!.neg.length < row!.neg.length);
  await engine.deleteFeedback(await engine.feedback().then((all) => all.map(({ id }) => id)));
  assert.deepEqual(await samples(), []);
  await engine.signal({ kind: 'answer-thumb', turn: turn.id, thumb: 'up' });
  assert.equal((await samples())[0]!.teacher, 'user');
});

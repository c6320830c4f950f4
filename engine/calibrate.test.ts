import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { calibrated, calibratedBy, together, type Sample } from './answer/calibration.ts';
import { evidenceOf, probabilityOf, SHIPPED, type Evidence } from './answer/found.ts';
import { pseudoQuestion } from './answer/pseudo.ts';
import type { ConversationId, DocumentId, TurnId } from './api.ts';
import { calibrate, calibrateNext, calibrationFor } from './calibrate.ts';
import { readSet } from './evaluate/beir.ts';
import { prepare } from './reading.ts';
import { Random } from './nn/random.ts';
import { assemble } from './parse/document.ts';
import { parseBytes } from './parse/parsers.ts';
import { search } from './search.ts';
import { saveReading } from './store/contents.ts';
import type { Db } from './store/database.ts';
import { remove } from './store/documents.ts';
import { deleteEvents, events, saveEvent } from './store/feedback.ts';
import { memoryDatabase, queue } from './store/testing.ts';
import { documentFrequency, wordStatistics } from './store/words.ts';

/** The sample library, searched by words. */
async function samples() {
  const { db, library } = memoryDatabase();
  for (const folder of ['en', 'zh']) {
    for (const name of readdirSync(new URL(`../resources/samples/${folder}`, import.meta.url)).filter((each) => !each.endsWith('.pdf'))) {
      const parsed = await parseBytes(name, readFileSync(new URL(`../resources/samples/${folder}/${encodeURIComponent(name)}`, import.meta.url)));
      saveReading(db, queue(db, library, name), prepare({ hash: name, parsed }, (text) => text.length / 3));
    }
  }
  const statistics = { df: (token: string) => documentFrequency(db, token), total: wordStatistics(db).total };
  const evidence = async (question: string) => evidenceOf(question, (await search({ db }, { question, libraries: [library] })).hits, { statistics });
  return { db, library, evidence };
}

/** A second connection cannot see a database in memory: the same one stands in for it. */
const same = (db: Db): Db => new Proxy(db, { get: (target, name) => (name === 'close' ? () => undefined : Reflect.get(target, name, target)) });

const scores = (center: number, answered: boolean, count: number): Sample[] => Array.from({ length: count }, (_, i) => ({ score: center + (i / count - 0.5) * 2, answered, weight: 1 }));

test('a question made from a passage keeps some of its words, in their order, and never all', () => {
  const random = new Random(1);
  for (const text of ['The heating in the workshop is serviced by the landlord every September before the first frost.', '乙方人员应在接到电话后三十分钟内到达现场；其他故障应在两小时内到达。']) {
    for (let i = 0; i < 50; i++) {
      const question = pseudoQuestion(text, () => random.next());
      if (question === undefined) continue;
      assert.ok(question.length < text.length * 0.8 && question.length > 3, question);
      for (const word of question.split(' ')) for (const part of word.match(/[\p{Script=Han}]{1,2}|\w+/gu)!) assert.ok(text.includes(part), part);
    }
  }
  assert.equal(pseudoQuestion('Yes. No.', () => 0), undefined);
});

test('a library in which everything resembles everything asks for more; one said to be answered at low scores for less', () => {
  assert.deepEqual(calibrated([]), SHIPPED);
  const few = calibrated([...scores(2, true, 3), ...scores(1, false, 3)]);
  const many = calibrated([...scores(4, true, 60), ...scores(2, false, 60)]);
  const at = (score: number, { slope, shift }: typeof few): number => 1 / (1 + Math.exp(-slope * score - shift));
  assert.ok(Math.abs(at(2, few) - at(2, SHIPPED)) < 0.1, 'little data changes little');
  assert.ok(at(2, many) < 0.4 && at(4, many) > 0.6, `${at(2, many)}, ${at(4, many)}`);
  const lower = calibrated([...scores(-1, true, 60), ...scores(-4, false, 60)]);
  assert.ok(at(-1, lower) > 0.6 && at(-4, lower) < 0.3);
});

test('the line is the most probable one: no line near it has a smaller loss', () => {
  const samples = [...scores(3, true, 30), ...scores(1, false, 30)];
  const found = calibrated(samples);
  const loss = (a: number, b: number): number => samples.reduce((sum, { score, answered }) => sum + Math.log1p(Math.exp((answered ? -1 : 1) * (a * score + b))), 0) + (30 * (a - 1) ** 2 + 1.5 * b ** 2) / 2;
  for (const [da, db] of [[0.02, 0], [-0.02, 0], [0, 0.05], [0, -0.05]] as const) assert.ok(loss(found.slope, found.shift) <= loss(found.slope + da, found.shift + db) + 1e-9);
});

test('questions made from passages say how well a library parts its questions, not from where on; people say both', () => {
  const probability = (score: number, { slope, shift }: typeof SHIPPED): number => 1 / (1 + Math.exp(-slope * score - shift));
  // Made questions are far above the headings people ask with, and what stands beside a section is nearly as high.
  const alike = calibratedBy([...scores(4, true, 60), ...scores(3, false, 60)], []);
  assert.ok(alike.slope < 0.6 && Math.abs(alike.shift) < 0.5, JSON.stringify(alike));
  for (const score of [-0.5, 0, 0.5]) assert.ok(probability(score, alike) > SHIPPED.threshold, `what would be answered at ${score} still is`);
  assert.ok(probability(4, alike) < probability(4, SHIPPED), 'and no answer is as sure');
  const apart = calibratedBy([...scores(4, true, 60), ...scores(-4, false, 60)], []);
  assert.ok(apart.slope > 1, JSON.stringify(apart));
  const told = calibratedBy([...scores(4, true, 60), ...scores(3, false, 60)], [...scores(3, true, 30), ...scores(1, false, 30)]);
  assert.ok(probability(1, told) < probability(1, alike) - 0.1 && told.shift < alike.shift - 0.5, JSON.stringify(told));
});

test('libraries asked together weigh by their size', () => {
  assert.equal(together([{ calibration: { slope: 1, shift: 0, threshold: 0.2 }, chunks: 100 }, { calibration: { slope: 1, shift: -4, threshold: 0.2 }, chunks: 300 }]).shift, -3);
  assert.deepEqual(together([]), SHIPPED);
});

const dev = fileURLToPath(new URL('../../shared/data/dev', import.meta.url));

/** A part of a documentation set, searched by words, and what its own headings find in it. */
async function documentation(name: string) {
  const set = readSet(join(dev, name));
  const questions = set.questions.slice(0, 60);
  const answering = new Set(questions.flatMap(({ id }) => [...set.judged.get(id)!.keys()]));
  const { db, library } = memoryDatabase();
  const ids = new Map<number, string>();
  for (const [i, { id, title, text }] of set.documents.filter((document, at) => answering.has(document.id) || at % 15 === 0).entries()) {
    const document = queue(db, library, `${i}.txt`);
    ids.set(document, id);
    saveReading(db, document, prepare({ hash: `${i}`, parsed: assemble('text', [{ kind: 'heading', level: 1, text: title }, { kind: 'paragraph', text }], { title }) }, (part) => part.length / 3));
  }
  const statistics = { df: (token: string) => documentFrequency(db, token), total: wordStatistics(db).total };
  const found: Evidence[] = [];
  const gone: Evidence[] = [];
  for (const { id, text } of questions) {
    const { hits } = await search({ db }, { question: text, libraries: [library] });
    if (hits.some(({ document }) => set.judged.get(id)!.has(ids.get(document)!))) found.push(await evidenceOf(text, hits, { statistics }));
  }
  for (const question of ['Which volcano erupted in Iceland in 2010?', 'Who painted the ceiling of the Sistine Chapel?', '怎么申请护照？', '唐朝的首都在哪里？']) {
    gone.push(await evidenceOf(question, (await search({ db }, { question, libraries: [library] })).hits, { statistics }));
  }
  const line = await calibrate({ db }, library);
  db.close();
  const refused = (evidence: Evidence[]): number => evidence.filter((each) => probabilityOf(each, line) < line.threshold).length / evidence.length;
  return { questions: found.length, found: refused(found), gone: refused(gone) };
}

test('headings of documentation are answered where their section is found, and questions on something else are not, also after it calibrates itself', { skip: !existsSync(dev) && 'no development sets beside the project' }, async () => {
  for (const name of ['techdocs-en', 'techdocs-zh']) {
    const { questions, found, gone } = await documentation(name);
    assert.ok(questions >= 30, `${name}: ${questions} found`);
    assert.ok(found <= 0.18, `${name}: ${found} of them refused`);
    assert.equal(gone, 1, name);
  }
});

test('the samples answer their own questions and not others, before and after they calibrate themselves; what was made is kept until much changed', async () => {
  const { db, library, evidence } = await samples();
  const parts = { db };
  const calibration = await calibrate(parts, library);
  for (const line of [SHIPPED, calibration]) {
    for (const question of ['When may the tenant extend the lease?', '忘记了路由器的管理密码怎么办？', 'What is a halyard?', '咖啡豆怎么保存？']) {
      assert.ok(probabilityOf(await evidence(question), line) >= line.threshold, question);
    }
    for (const question of ['Which volcano erupted in Iceland in 2010?', '怎么申请护照？', 'What is the capital of Peru?', 'Who won the 2010 world cup?']) {
      assert.ok(probabilityOf(await evidence(question), line) < line.threshold, question);
    }
  }
  assert.deepEqual(calibrationFor(db, {}, [library]), SHIPPED);
  const due = (): Promise<boolean> => calibrateNext(parts, () => same(db));
  assert.equal(await due(), true);
  assert.deepEqual(calibrationFor(db, {}, [library]), calibration);
  assert.equal(await due(), false);
  db.exec('update calibration set chunks = chunks / 2');
  assert.equal(await due(), true);
  db.close();
});

test('what people say moves the line when it is ten signals; what is deleted takes its part back at once, whatever else was said', async () => {
  const { db, library } = await samples();
  const parts = { db };
  const due = (): Promise<boolean> => calibrateNext(parts, () => same(db));
  const line = (): string => JSON.stringify(calibrationFor(db, {}, [library]));
  /** Two events for each question: the answer was wrong, since it is not in the library. */
  async function notInLibrary(...questions: string[]): Promise<void> {
    for (const question of questions) {
      const { hits } = await search({ db }, { question, libraries: [library], limit: 10 });
      const turn = { id: events(db).length + 1 as TurnId, conversation: 1 as ConversationId, asked: 1, question, answer: { outcome: 'answered' as const, sentences: [] }, hits, models: { answerer: 'extractive' }, milliseconds: 1 };
      saveEvent(db, { kind: 'answer-thumb', turn: turn.id, thumb: 'down' }, { turn });
      saveEvent(db, { kind: 'answer-reason', turn: turn.id, reason: 'not-in-library' }, { turn });
    }
  }
  const latest = (count: number) => events(db).slice(0, count).map(({ id }) => id);

  assert.equal(await due(), true);
  const nothingSaid = line();
  await notInLibrary('When may the tenant extend the lease?', '忘记了路由器的管理密码怎么办？', 'What is a halyard?', '咖啡豆怎么保存？');
  assert.equal(await due(), false, 'eight signals say little');
  await notInLibrary('Who services the heating?');
  assert.equal(await due(), true);
  const said = line();
  assert.notEqual(said, nothingSaid);

  deleteEvents(db, latest(2));
  await notInLibrary('How is the boat moored?');
  assert.equal(await due(), true, 'as many as before, and not the same');
  assert.notEqual(line(), said);
  assert.equal(await due(), false);
  deleteEvents(db, latest(10));
  assert.deepEqual([await due(), line()], [true, nothingSaid]);
  db.close();
});

test('what was said of a document that is gone moves no line', async () => {
  const { db, library } = await samples();
  const gone = new Set<DocumentId>();
  for (const [i, question] of ['When may the tenant extend the lease?', 'What is a halyard?', '咖啡豆怎么保存？'].entries()) {
    const { hits } = await search({ db }, { question, libraries: [library], limit: 10 });
    const { document, documentName, contentHash, text, place: { start, end } } = hits[0]!;
    const turn = { id: i as TurnId, conversation: 1 as ConversationId, asked: 1, question, answer: { outcome: 'answered' as const, sentences: [] }, hits, models: { answerer: 'extractive' }, milliseconds: 1 };
    saveEvent(db, { kind: 'right-place', turn: turn.id, document, start, end }, { turn, span: { documentName, contentHash, start, end, text } });
    gone.add(document);
  }
  remove(db, [...gone]);
  const line = await calibrate({ db }, library);
  deleteEvents(db, events(db).map(({ id }) => id));
  assert.deepEqual(line, await calibrate({ db }, library));
  db.close();
});

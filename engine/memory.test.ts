import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Citation, Hit, LibraryId, Turn } from './api.ts';
import { openMemory, withNext } from './memory.ts';
import { openEmbedder } from './models/embedder.ts';
import { saveReading, sweep } from './store/contents.ts';
import { beginTurn, createConversation, endTurn, removeConversation } from './store/conversations.ts';
import { openDatabase, type Db } from './store/database.ts';
import { dismiss, include } from './store/documents.ts';
import { saveEvent } from './store/feedback.ts';
import { memoryDatabase, queue, readingOf } from './store/testing.ts';

const embedder = await openEmbedder(fileURLToPath(new URL('../resources/models/lodestone-embed-static-v2', import.meta.url)));
const library = 1 as LibraryId;
const words = { words: '', characters: '' };

function said(db: Db, ...turns: [question: string, answer: string][]) {
  const conversation = createConversation(db, turns[0]![0]);
  return turns.map(([question, text]) => {
    const id = beginTurn(db, conversation, question, undefined, words);
    endTurn(db, id, { answer: { outcome: 'answered', sentences: [{ text, citations: [] }] }, hits: [], models: { answerer: 'extractive' }, milliseconds: 1 }, words);
    return { id, conversation };
  });
}

test('LE-7: of hits 12 and 3 the chunks 3, 4, 12, 13 are given in this order; of neighbours each once; nothing beyond the end', () => {
  assert.deepEqual(withNext([12, 3], 40), [3, 4, 12, 13]);
  assert.deepEqual(withNext([12, 13], 40), [12, 13, 14]);
  assert.deepEqual(withNext([39], 40), [39]);
});

test('an earlier turn that a question touches on comes back with the one after it, never out of the same conversation, nor out of the next', async () => {
  const db = openDatabase(':memory:');
  const [boiler, filter] = said(db, ['How often does the boiler of the steam engine need inspection?', 'Every spring.'], ['And the filter?', 'Every month.'], ['Who does it?', 'The warden.']);
  said(db, ['Where is the town library?', 'In Harbour Street.']);
  const [cheese] = said(db, ['Which cheese does the dairy make?', 'A hard goat cheese.']);
  const { turns } = openMemory(db, embedder);
  assert.deepEqual((await turns('When was the boiler of the steam engine last inspected?', undefined, [library])).map(({ id }) => id), [boiler!.id, filter!.id]);
  assert.deepEqual(await turns('When was the boiler of the steam engine last inspected?', boiler!.conversation, [library]), []);
  assert.deepEqual((await turns('Which cheese does the dairy make in winter?', undefined, [library])).map(({ id }) => id), [cheese!.id]);
  assert.deepEqual(await turns('What is the capital of Peru?', undefined, [library]), []);
});

test('questions that are asked at once, in two windows, are each told their own', async () => {
  const db = openDatabase(':memory:');
  const [boiler] = said(db, ['How often does the boiler of the steam engine need inspection?', 'Every spring.']);
  const [firm] = said(db, ['Who inspects the boiler of the steam engine?', 'The firm of Berg.']);
  for (const { id } of [boiler!, firm!]) saveEvent(db, { kind: 'answer-thumb', turn: id, thumb: 'up' }, { turn: {} as never });
  const question = 'When was the boiler of the steam engine last inspected?';
  const embedded: string[] = [];
  const { turns, examples } = openMemory(db, { ...embedder, embed: (texts, ...how) => (embedded.push(...texts), embedder.embed(texts, ...how)) });
  const numbers = (given: { id: number }[]) => given.map(({ id }) => id);
  assert.deepEqual((await Promise.all([boiler, firm].map((own) => turns(question, own!.conversation, [library])))).map(numbers), [[firm!.id], [boiler!.id]]);
  assert.deepEqual((await Promise.all([boiler, firm].map((own) => examples(question, [own!.id])))).map(numbers), [[firm!.id], [boiler!.id]]);
  embedded.length = 0;
  for (const own of [boiler, firm]) await turns(question, own!.conversation, [library]);
  assert.deepEqual(embedded, [question, question], 'and nothing is embedded anew');

  const asked = examples(question, []);
  removeConversation(db, boiler!.conversation);
  assert.deepEqual(numbers(await turns(question, undefined, [library])), [firm!.id]);
  assert.equal((await asked).length, 2);
});

test('examples are answers the person accepted, the likest last; a thumb taken back takes its example away', async () => {
  const db = openDatabase(':memory:');
  const [near] = said(db, ['How much does a ferry ticket to the island cost?', '12 kroner.']);
  const [nearer] = said(db, ['How much does a return ferry ticket cost?', '20 kroner.']);
  said(db, ['How much does a ferry ticket for a dog cost?', 'Nothing.']);
  const { examples } = openMemory(db, embedder);
  const question = 'How much does a return ferry ticket for a child cost?';
  assert.deepEqual(await examples(question, []), []);
  const thumb = (turn: Turn['id'], thumb: 'up' | 'none') => saveEvent(db, { kind: 'answer-thumb', turn, thumb }, { turn: {} as never });
  thumb(near!.id, 'up');
  thumb(nearer!.id, 'up');
  assert.deepEqual((await examples(question, [])).map(({ answer }) => answer), ['12 kroner.', '20 kroner.']);
  assert.deepEqual((await examples(question, [nearer!.id])).map(({ answer }) => answer), ['12 kroner.']);
  thumb(near!.id, 'none');
  assert.deepEqual((await examples(question, [])).map(({ answer }) => answer), ['20 kroner.']);
});

test('what an answer said of a document goes with the document, and comes back with it; what the person wrote stays', async () => {
  const { db, library: home } = memoryDatabase();
  const reading = readingOf('A ticket costs 12 kroner.');
  const document = queue(db, home, 'ferry.md');
  saveReading(db, document, reading);
  const [ferry] = said(db, ['How much does a ferry ticket to the island cost?', '12 kroner.']);
  const cited = { number: 1, chunk: 1 } as Citation;
  const hit = { chunk: 1, library: home, contentHash: reading.hash } as Hit;
  endTurn(db, ferry!.id, { answer: { outcome: 'answered', sentences: [{ text: '12 kroner.', citations: [cited] }] }, hits: [hit], models: { answerer: 'extractive' }, milliseconds: 1 }, words);
  saveEvent(db, { kind: 'answer-thumb', turn: ferry!.id, thumb: 'up' }, { turn: {} as never });
  const { examples, turns } = openMemory(db, embedder);
  const question = 'How much does a ferry ticket to the island cost in winter?';
  const given = async () => [(await examples(question, [])).map(({ answer }) => answer), (await turns(question, undefined, [home])).map(({ answer }) => answer)];
  assert.deepEqual(await given(), [['12 kroner.'], ['12 kroner.']]);
  include(db, [document], false);
  assert.deepEqual(await given(), [[], []]);
  include(db, [document], true);
  assert.deepEqual(await given(), [['12 kroner.'], ['12 kroner.']]);
  saveReading(db, document, readingOf('A ticket costs 15 kroner.'));
  assert.deepEqual(await given(), [[], []], 'a newer version of the file');
  dismiss(db, [document]);
  sweep(db, document);
  saveEvent(db, { kind: 'corrected', turn: ferry!.id, text: '14 kroner.' }, { turn: {} as never });
  assert.deepEqual(await given(), [['14 kroner.'], ['14 kroner.']]);
});

test('an answer that was put right is remembered, and given as an example, as the person wrote it', async () => {
  const db = openDatabase(':memory:');
  const [ferry] = said(db, ['How much does a ferry ticket to the island cost?', '12 kroner.']);
  const { examples, turns } = openMemory(db, embedder);
  const question = 'How much does a ferry ticket to the island cost in winter?';
  const say = (signal: { kind: 'answer-thumb'; thumb: 'up' | 'down' | 'none' } | { kind: 'corrected'; text: string }) => saveEvent(db, { ...signal, turn: ferry!.id }, { turn: {} as never });
  const given = async () => [(await examples(question, [])).map(({ answer }) => answer), (await turns(question, undefined, [library])).map(({ answer }) => answer)];
  say({ kind: 'answer-thumb', thumb: 'down' });
  say({ kind: 'corrected', text: '14 kroner.' });
  assert.deepEqual(await given(), [['14 kroner.'], ['14 kroner.']]);
  say({ kind: 'answer-thumb', thumb: 'down' });
  assert.deepEqual(await given(), [['14 kroner.'], ['14 kroner.']], 'pressed once more');
  say({ kind: 'answer-thumb', thumb: 'none' });
  assert.deepEqual(await given(), [[], ['12 kroner.']], 'the correction goes with its thumb');
});

test('what the app can do is offered where it is asked for, in either language, and not for questions to documents', async () => {
  const { actions } = openMemory(openDatabase(':memory:'), embedder);
  for (const [question, action] of [
    ['please learn from my feedback', 'open-learning'], ['怎么换个模型', 'open-models'], ['enable dark mode', 'change-theme'], ['设置在哪里', 'open-settings'],
    ['界面怎么切换成英文', 'change-language'], ['create another library', 'new-library'], ['导出我的反馈', 'export-samples'], ['pause indexing', 'pause-reading'],
  ] as const) assert.equal((await actions(question))[0], action, question);
  for (const question of ['When does the ferry leave?', '渡轮几点开？', 'What is a vector database?', '首届比赛在哪里举行？', 'How is the loom oiled?']) {
    assert.deepEqual(await actions(question), [], question);
  }
});

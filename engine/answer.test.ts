import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { answer, type AnswerEvent, type AnswerParts, type AnswerQuestion } from './answer.ts';
import { scripted, type Script } from './answer/testing/scripted.ts';
import type { AnswerDetails, DocumentId, Sentence } from './api.ts';
import { openFaqs } from './faqs.ts';
import { prepare } from './reading.ts';
import type { Message } from './llm/llm.ts';
import { plainQuestion } from './learn/judgements.ts';
import { parseBytes } from './parse/parsers.ts';
import { saveReading, sweep } from './store/contents.ts';
import type { Db } from './store/database.ts';
import { dismiss, documents } from './store/documents.ts';
import { saveFaq } from './store/faqs.ts';
import { memoryDatabase, queue, readingOf } from './store/testing.ts';

const LEASE = '# Lease\n\nThe flat has three rooms.\n\n## Rent\n\nThe monthly rent is 1,250 euros. It rises by two percent every January.\n\n## Deposit\n\nThe deposit is 3,750 euros. It is kept in a separate account.\n';
const WEATHER = '# 天气\n\n## 北京\n\n北京明天晴，最高气温二十五度；北京后天有小雨，最高气温十八度。\n\n## 上海\n\n上海后天多云，最高气温二十二度。\n';

/** A library that is searched by words, and a model that follows a script if there is one. */
async function library(t: TestContext, script?: Script, contextTokens?: number) {
  const { db, library: id } = memoryDatabase();
  for (const [name, text] of [['lease.md', LEASE], ['天气.md', WEATHER]] as const) {
    const parsed = await parseBytes(name, new TextEncoder().encode(text));
    saveReading(db, queue(db, id, name), prepare({ hash: name, parsed }, (part) => part.length / 4));
  }
  const model = script && (await scripted(script, contextTokens));
  t.after(() => { model?.close(); db.close(); });
  const parts: AnswerParts = { db, ...(model && { llm: model.llm }) };
  const ask = async (question: string, more: Partial<AnswerQuestion & AnswerParts> = {}) => {
    const events: AnswerEvent[] = [];
    for await (const event of answer({ ...parts, ...more }, { question, libraries: [id], ...more })) events.push(event);
    const last = <Kind extends AnswerEvent['kind']>(kind: Kind) => events.findLast((event): event is Extract<AnswerEvent, { kind: Kind }> => event.kind === kind);
    return {
      events, outcome: last('end')!.outcome, details: last('details')!.details satisfies AnswerDetails, answerer: last('details')!.answerer, standalone: last('standalone')?.question,
      sentences: events.flatMap((event): Sentence[] => (event.kind === 'sentence' ? [event.sentence] : [])),
    };
  };
  return { db, id, parts, ask, model: model! };
}
const lastOf = (messages: Message[]): string => messages.at(-1)!.content;

test('without a language model the answer is made of sentences of the sources, and says how sure the search was', async (t) => {
  const { ask } = await library(t);
  const { outcome, sentences, details, answerer } = await ask('How much is the monthly rent?');
  assert.equal(outcome, 'answered');
  assert.equal(sentences[0]!.text, 'The monthly rent is 1,250 euros.');
  assert.ok(details.found.probability >= details.found.threshold);
  assert.equal(answerer, 'extractive');
});

test('what the model writes comes sentence by sentence, each with the very place that says so, whatever marks it set itself', async (t) => {
  const { ask } = await library(t, () => ['The rent is 1,2', '50 euros a month. [9]', ' It rises by two percent each January [1]. The land', 'lord lives in Spain.[1]']);
  const { events, sentences, outcome, details, answerer } = await ask('How much is the monthly rent?');
  assert.equal(outcome, 'answered');
  assert.deepEqual(sentences.map(({ text, citations, unsupported }) => [text, citations.map(({ quote }) => quote), unsupported]), [
    ['The rent is 1,250 euros a month.', ['The monthly rent is 1,250 euros.'], undefined],
    ['It rises by two percent each January.', ['It rises by two percent every January.'], undefined],
    ['The landlord lives in Spain.', [], true],
  ]);
  assert.equal(LEASE.includes(sentences[0]!.citations[0]!.quote), true);
  assert.deepEqual(sentences[0]!.citations[0]!.place.headings, ['Lease', 'Rent']);
  assert.deepEqual(events.filter(({ kind }) => kind === 'tail').slice(0, 1), [{ kind: 'tail', text: 'The rent is 1,2' }]);
  assert.ok(details.written!.promptTokens > 100 && details.written!.answerTokens > 10 && details.written!.firstWord >= 0 && !details.written!.remote);
  assert.match(answerer, /scripted$/);
});

test('nothing fits: that is said before the model is asked', async (t) => {
  const { ask, model } = await library(t, () => ['Eyjafjallajökull.']);
  const { outcome, sentences, details } = await ask('Which volcano erupted in Iceland in 2010?');
  assert.deepEqual([outcome, sentences, model.asked.length], ['not-found', [], 0]);
  assert.ok(details.found.probability < details.found.threshold);
});

test('the model may find that the passages do not answer', async (t) => {
  const { ask } = await library(t, () => ['NOT', '_FOUND']);
  const { outcome, sentences, events } = await ask('How much is the monthly rent?');
  assert.deepEqual([outcome, sentences, events.some(({ kind }) => kind === 'tail')], ['not-found', [], false]);
});

test('a model that fails before its first word is stood in for, with the reason; what it said before it failed later stays', async (t) => {
  const early = await (await library(t, () => ['break'])).ask('How much is the monthly rent?');
  assert.deepEqual([early.outcome, early.answerer, early.sentences[0]!.text], ['answered', 'extractive', 'The monthly rent is 1,250 euros.']);
  assert.match(early.details.fallback!, /broke off/);
  const late = await (await library(t, () => ['The monthly rent is 1,250 euros. And it', 'break'])).ask('How much is the monthly rent?');
  assert.deepEqual([late.outcome, late.sentences.map(({ text }) => text)], ['stopped', ['The monthly rent is 1,250 euros.']]);
  assert.match(late.details.fallback!, /broke off/);
  const silent = await (await library(t, () => [])).ask('How much is the monthly rent?');
  assert.deepEqual([silent.outcome, silent.answerer, silent.details.fallback], ['answered', 'extractive', 'The language model wrote nothing.']);
});

test('stopping hangs up on the model at once, also before its first word', async (t) => {
  const { parts, id, model } = await library(t, () => ['wait']);
  const left = new AbortController();
  const events = answer(parts, { question: 'How much is the monthly rent?', libraries: [id] }, left.signal);
  await assert.rejects(async () => {
    for await (const event of events) if (event.kind === 'details') setTimeout(() => left.abort(), 50);
  });
  while (model.left() === 0) await new Promise((resolve) => { setTimeout(resolve, 5); });
});

test('QA-7: a follow-up is rewritten for the search, and the prompt has the person\'s own words', async (t) => {
  const before = [{ question: '北京明天的天气怎么样？', answer: '北京明天晴。' }];
  const { ask, model } = await library(t, (messages) => (lastOf(messages).includes('接着问的问题') ? ['北京后天的天', '气怎么样？\n', '（完）'] : ['北京后天有小雨。']));
  const { standalone, details, sentences } = await ask('那后天呢？', { before });
  assert.equal(standalone, '北京后天的天气怎么样？');
  assert.equal(details.completedBy, 'model');
  assert.match(sentences[0]!.citations[0]!.quote, /北京后天有小雨/);
  assert.match(lastOf(model.asked[1]!), /问题: 那后天呢？/);
});

test('QA-7: a question that stands alone is passed unchanged; where rewriting fails or is nonsense the topic words do', async (t) => {
  const before = [{ question: '北京明天的天气怎么样？', answer: '北京明天晴。' }];
  const alone = await library(t, () => ['The monthly rent is 1,250 euros.']);
  const asked = await alone.ask('How much is the monthly rent of the flat with three rooms?', { before });
  assert.deepEqual([asked.standalone, alone.model.asked.length], [undefined, 1]);
  for (const nonsense of ['break', '', 'I am a language model and will gladly help you with anything you like.', '上海的股票市场昨天大幅下跌了吗，投资者应当如何应对？']) {
    const { ask } = await library(t, (messages) => (lastOf(messages).includes('接着问的问题') ? [nonsense] : ['北京后天有小雨。']));
    const { standalone, details, sentences } = await ask('那后天呢？', { before });
    assert.deepEqual([standalone, details.completedBy], ['北京 天气 后天？', 'topic'], nonsense);
    assert.match(sentences[0]!.citations[0]!.quote, /北京后天有小雨/);
  }
});

test('a stored question is answered with its stored answer, and the model is not asked', async (t) => {
  const { db, id, ask, model } = await library(t, () => ['Something else.']);
  saveFaq(db, id, { question: 'How much is the monthly rent?', plain: plainQuestion('How much is the monthly rent?'), answer: 'It is 1,275 euros since January.\nAsk Hedda.' });
  const { sentences, details, outcome } = await ask('how much is the MONTHLY rent', { faqs: openFaqs(db, undefined) });
  assert.deepEqual([outcome, sentences.map(({ text }) => text), details.faq, model.asked.length], ['answered', ['It is 1,275 euros since January.', 'Ask Hedda.'], 'How much is the monthly rent?', 0]);
});

test('a question too long for the model is answered from the sources, with a sentence that says so', async (t) => {
  const { ask } = await library(t, () => ['Never said.'], 700);
  const { outcome, details, sentences } = await ask(`How much is the monthly rent? ${'Please. '.repeat(200)}`);
  assert.equal(outcome, 'answered');
  assert.match(details.fallback!, /too long/);
  assert.match(sentences.map(({ text }) => text).join(' '), /1,250/);
});

for (const [what, change] of [
  ['removed', (db: Db, lease: DocumentId) => { dismiss(db, [lease]); sweep(db, lease); }],
  ['replaced', (db: Db, lease: DocumentId) => saveReading(db, lease, readingOf(...Array.from({ length: 40 }, (_, i) => `Of cabbages and kings, page ${i}.`)))],
] as const) {
  test(`of a document that is ${what} after it was found nothing is cited, and the answer comes to its end`, async (t) => {
    for (const script of [undefined, () => ['The rent is 1,250 euros a month. [1]']]) {
      const { db, id, parts } = await library(t, script);
      const { documents: [lease] } = documents(db, { library: id, name: 'lease', offset: 0, limit: 1 });
      const sentences: Sentence[] = [];
      let outcome: string | undefined;
      for await (const event of answer(parts, { question: 'How much is the monthly rent?', libraries: [id] })) {
        if (event.kind === 'hits') change(db, lease!.id);
        if (event.kind === 'sentence') sentences.push(event.sentence);
        if (event.kind === 'end') outcome = event.outcome;
      }
      assert.deepEqual(sentences.flatMap(({ citations }) => citations), []);
      assert.equal(outcome, script ? 'answered' : 'not-found');
      assert.ok(sentences.every(({ unsupported }) => unsupported));
    }
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChunkId, DocumentId, Hit, LibraryId } from './api.ts';
import { split } from './chunk.ts';
import { extract, type Extract } from './extract.ts';
import { assemble, placeOf, type Draft, type ParsedDocument } from './parse/document.ts';
import { fuse } from './rank.ts';
import { standaloneQuestion } from './topic.ts';
import { questionWords, scoreWords, wordTokens } from './words.ts';

const h = (level: number, text: string): Draft => ({ kind: 'heading', level, text });
const p = (text: string): Draft => ({ kind: 'paragraph', text });
const document = (...drafts: Draft[]): ParsedDocument => assemble('markdown', drafts);

/** A small library that is searched by words. */
function library(...documents: ParsedDocument[]) {
  const chunks = documents.flatMap((parsed, of) => split(parsed, (text) => wordTokens(text).length, { parentTokens: 200, childTokens: 60 })
    .chunks.map((chunk, i) => ({ ...chunk, of, id: (of * 1000 + i) as ChunkId })));
  const tokens = chunks.map((chunk) => new Set(wordTokens(`${chunk.headings.join(' ')}\n${chunk.text}`)));
  const df = (token: string): number => tokens.filter((set) => set.has(token)).length;
  return async (question: string): Promise<Extract> => {
    const words = scoreWords(questionWords(question), chunks.map((chunk) => ({ ...chunk, title: chunk.headings.join(' ') })), { df, total: chunks.length, averageLength: 40 });
    const fused = fuse(words, [], { question, text: (id) => chunks.find((chunk) => chunk.id === id)!.text });
    const hits = fused.map(({ id, rank, score, relevance }): Hit => {
      const chunk = chunks.find((other) => other.id === id)!;
      return {
        chunk: id, document: chunk.of as DocumentId, library: 1 as LibraryId, contentHash: '', documentName: `${chunk.of}.md`, type: 'markdown',
        text: chunk.text, place: placeOf(documents[chunk.of]!, chunk.start, chunk.end), relevance, trace: { fused: { rank, score } },
      };
    });
    const made = await extract(question, hits, { blocks: (hit) => documents[hit.document]!.blocks, statistics: { df, total: chunks.length } });
    for (const { citations } of made.sentences) {
      for (const { hit, start, end, quote } of citations) assert.equal(documents[hits[hit]!.document]!.text.slice(start, end), quote);
    }
    return made;
  };
}

const texts = (made: Extract): string[] => made.sentences.map(({ text }) => text);

const tea = document(
  h(1, 'Tea'),
  h(2, 'Green tea'),
  p('Green tea is made from leaves that are steamed soon after the harvest. It keeps its colour that way. The water should have 70 °C to 80 °C.'),
  p('Many people enjoy a walk after lunch.'),
  h(2, 'Black tea'),
  p('Black tea is fermented for several hours. It is brewed with boiling water for four minutes.'),
);

const trains = document(
  h(1, '列车手册'),
  h(2, '退票'),
  p('开车前八天以上退票的，不收取退票费。开车前四十八小时以上的，按票价的5%收取。请带好您的身份证件。'),
  h(2, '票价'),
  { kind: 'table', headerRows: 1, text: '席别\t票价\t折扣\n一等座\t553元\t九折\n二等座\t309元\t无\n商务座\t1088元\t无' },
  h(2, '行李'),
  p('每位成人旅客可以免费携带二十公斤物品。超过的部分需要办理托运。'),
);

const servers = document(
  h(1, 'Set-up'),
  p('Start the server with this command.'),
  { kind: 'code', text: 'server --port 8080\n  --verbose' },
  h(2, 'How do I reset my password?'),
  p('Open the account page and choose Forgotten.'),
);

const ask = library(tea, trains, servers);

test('the sentences that answer are chosen, in the words of the source', async () => {
  const made = await ask('How hot should the water for green tea be?');
  assert.equal(made.outcome, 'answered');
  assert.ok(texts(made).includes('The water should have 70 °C to 80 °C.'));
  assert.ok(!texts(made).join().includes('walk after lunch'));
  assert.ok(made.sentences.length <= 5);
});

test('Chinese likewise', async () => {
  const made = await ask('开车前退票怎么收取退票费？');
  assert.deepEqual(texts(made), ['开车前八天以上退票的，不收取退票费。', '开车前四十八小时以上的，按票价的5%收取。']);
});

test('of a table the matching row is given, its cells named; rows of which as much is asked are all given', async () => {
  assert.deepEqual(texts(await ask('一等座的票价是多少？')), ['席别：一等座；票价：553元；折扣：九折']);
  const limits = library(document(h(1, 'Travel'), { kind: 'table', headerRows: 1, text: 'City\tHotel limit\nLondon\t185 euros\nLisbon\t120 euros\nParis\t170 euros' }), tea);
  const cities = async (question: string): Promise<string[]> => texts(await limits(question)).map((text) => /London|Lisbon|Paris/.exec(text)![0]);
  assert.deepEqual(await cities('What is the hotel limit in London?'), ['London']);
  assert.deepEqual(await cities('What are the hotel limits in London and Lisbon?'), ['London', 'Lisbon']);
  assert.deepEqual(await cities('What are the hotel limits?'), ['London', 'Lisbon', 'Paris']);
});

test('a listing is given whole', async () => {
  const made = await ask('Which command starts the server on port 8080?');
  assert.ok(texts(made).some((text) => text === 'server --port 8080\n  --verbose'));
});

test('a heading is no answer, but what stands under it is', async () => {
  assert.deepEqual(texts(await ask('How do I reset my password?')), ['Open the account page and choose Forgotten.']);
});

test('what nothing answers is not found', async () => {
  for (const question of ['Who won the chess championship in Reykjavik?', '火星上有水吗？', '???']) {
    assert.deepEqual(await ask(question), { outcome: 'not-found', sentences: [] }, question);
  }
});

test('a follow-up is answered once it is completed', async () => {
  const asked = '二等座的票价是多少？';
  const made = await ask(standaloneQuestion('那商务座呢？', [asked]));
  assert.match(texts(made)[0]!, /商务座；票价：1088元/);
});

test('the same sentence in two documents is said once and cited twice', async () => {
  const copy = document(h(1, 'Old notes'), p('Black tea is fermented for several hours.'), p('Milk is optional.'));
  const made = await library(tea, copy)('How long is black tea fermented?');
  const sentence = made.sentences.find(({ text }) => text.startsWith('Black tea is fermented'))!;
  assert.deepEqual(new Set(sentence.citations.map(({ quote }) => quote)), new Set(['Black tea is fermented for several hours.']));
  assert.equal(sentence.citations.length, 2);
});

test('sentences that differ in a figure or a “not” are two, however alike they are', async () => {
  const alike = async (question: string, ...sentences: string[]): Promise<string[]> => {
    const made = await library(...sentences.map((sentence) => document(h(1, 'Notes'), p(sentence))), tea)(question);
    assert.ok(made.sentences.every(({ text, citations }) => citations.every(({ quote }) => quote === text)));
    return texts(made).toSorted();
  };
  const values = ['The value of item 11 is 77 euros.', 'The value of item 77 is 539 euros.'];
  assert.deepEqual(await alike('What is the value of item 77?', ...values), values);
  const rules = ['Dogs are allowed in the garden of the house in summer.', 'Dogs are not allowed in the garden of the house in winter.'];
  assert.deepEqual(await alike('Are dogs allowed in the garden of the house?', ...rules), rules);
  const fees = ['开车前四十八小时以上退票的收取退票费。', '开车前四十八小时以上退票的不收取退票费。'].toSorted();
  assert.deepEqual(await alike('开车前退票收取退票费吗？', ...fees), fees);
});

test('a sentence that points back brings the one it points to, in reading order', async () => {
  const made = await ask('brewed boiling water minutes');
  assert.deepEqual(texts(made).slice(0, 2), ['Black tea is fermented for several hours.', 'It is brewed with boiling water for four minutes.']);
});

test('across languages meaning finds the sentence, if vectors are given', async () => {
  const meaning: Record<string, number[]> = { '行李可以带多少': [1, 0], '每位成人旅客可以免费携带二十公斤物品。': [1, 0] };
  const hit: Hit = {
    chunk: 1 as ChunkId, document: 1 as DocumentId, library: 1 as LibraryId, contentHash: '', documentName: 'tea.md', type: 'markdown', relevance: 0.9,
    text: tea.text, place: placeOf(tea, 0, tea.text.length), trace: { fused: { rank: 1, score: 1 } },
  };
  const made = await extract('发酵多久？', [hit], {
    blocks: () => tea.blocks,
    embed: async (question, statements) => [question, ...statements].map((text) => new Float32Array(meaning[text] ?? (/发酵|fermented/.test(text) ? [0, 1] : [1, 0]))),
  });
  assert.ok(texts(made).includes('Black tea is fermented for several hours.'));
});

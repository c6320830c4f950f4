import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DocumentId } from '../api.ts';
import { noise } from '../llm/testing/gguf.ts';
import type { Llm, Message } from '../llm/llm.ts';
import { packed } from './budget.ts';
import type { Passage } from './passages.ts';

/** Bytes as tokens, as the smallest of tokenizers has it, and five for what a template puts around a message. */
const counting = (contextTokens: number): Pick<Llm, 'count' | 'contextTokens'> => ({
  contextTokens,
  count: async (texts) => texts.map((text) => typeof text === 'string' ? Buffer.byteLength(text) : text.reduce((sum: number, { content }: Message) => sum + 5 + Buffer.byteLength(content), 0)),
});
const passage = (hit: number, text: string, wide?: string): Passage => ({
  hit, document: (1 + (hit % 3)) as DocumentId, name: 'lease.md', headings: [], start: hit * 1000, end: hit * 1000 + text.length, text, ...(wide !== undefined && { wide: { start: hit * 1000, end: hit * 1000 + wide.length, text: wide } }),
});

test('QA-6: whatever the documents, the prompt fits beside the answer, the question is whole and no character is cut', async () => {
  const random = noise(6);
  const letters = ['a', '租', '🏠', '𠮷', ' ', '\n', '。', 'é', '| '];
  const text = (longest: number): string => Array.from({ length: Math.floor(((random() + 1) / 2) * longest) }, () => letters[Math.floor(((random() + 1) / 2) * letters.length) % letters.length]).join('');
  for (let round = 0; round < 150; round++) {
    const llm = counting(2200 + Math.floor((random() + 1) * 3000));
    const question = `When does ${text(60)} end?`;
    const passages = Array.from({ length: 6 }, (_, hit) => passage(hit, text(1500) || 'x', random() > 0 ? text(3000) : undefined));
    const exchange = () => ({ question: text(200), answer: text(400) });
    const { messages, promptTokens, maxTokens, given, numbered } = await packed(llm, { question, passages, history: [exchange(), exchange()], remembered: [exchange()], examples: [exchange()] });
    const [counted] = (await llm.count([messages])) as [number];
    assert.equal(counted, promptTokens);
    assert.ok(promptTokens + maxTokens <= llm.contextTokens, `${promptTokens} + ${maxTokens} > ${llm.contextTokens}`);
    assert.ok(messages.at(-1)!.content.includes(question));
    assert.equal(numbered.length, given.length);
    for (const { content } of messages) assert.ok(content.isWellFormed());
  }
});

test('a passage that does not fit is skipped, and a later, smaller one is used', async () => {
  const { given } = await packed(counting(3000), { question: 'When?', passages: [passage(0, 'small. '.repeat(10)), passage(1, 'large. '.repeat(900)), passage(2, 'small. '.repeat(9))], history: [] });
  assert.deepEqual(given, [0, 2]);
});

test('where not even the first passage fits, its beginning is given', async () => {
  const { numbered } = await packed(counting(3000), { question: 'When?', passages: [passage(0, `The lease ends in May. ${'🏠'.repeat(2000)}`)], history: [] });
  assert.match(numbered[0]!.text, /^The lease ends in May\. (?:🏠)+$/u);
});

test('what is left over widens passages to what stands around them, the best first', async () => {
  const wide = (word: string): string => `${word} `.repeat(90);
  const { messages } = await packed(counting(2400), { question: 'When?', passages: [passage(0, 'one', wide('one')), passage(1, 'two', wide('two')), passage(2, 'three', wide('three'))], history: [] });
  const times = (word: string): number => messages.at(-1)!.content.split(word).length - 1;
  assert.ok(times('one') === 90 && times('three') === 1, `${times('one')}, ${times('two')}, ${times('three')}`);
});

test('of the conversation the oldest goes first', async () => {
  const long = 'We spoke of the garden. '.repeat(12);
  const { messages } = await packed(counting(3400), { question: 'When?', passages: [passage(0, 'In May.')], history: [{ question: 'first', answer: long }, { question: 'second', answer: long }, { question: 'third', answer: 'Yes.' }] });
  const said = messages.filter(({ role }) => role === 'user').map(({ content }) => content);
  assert.ok(!said.includes('first') && said.includes('third'), said.join());
});

test('of earlier turns and examples it says how many of the last are in it', async () => {
  const exchanges = (word: string) => [1, 2, 3].map((i) => ({ question: `${word} ${i}?`, answer: 'We spoke of the garden. '.repeat(4) }));
  const counts = await Promise.all([2200, 4200, 16_000].map(async (contextTokens) => {
    const { messages, along } = await packed(counting(contextTokens), { question: 'When?', passages: [passage(0, 'In May.')], history: [], remembered: exchanges('pond'), examples: exchanges('gate') });
    const all = messages.map(({ content }) => content).join('\n');
    for (const [word, count] of [['pond', along.remembered], ['gate', along.examples]] as const) {
      assert.deepEqual([1, 2, 3].filter((i) => all.includes(`${word} ${i}?`)), [1, 2, 3].slice(3 - count), `${contextTokens} tokens`);
    }
    return along.remembered + along.examples;
  }));
  assert.ok(counts[0]! < counts[1]! && counts[1]! < counts[2]! && counts[2] === 6, counts.join());
});

test('a question that is too long is refused with a sentence', async () => {
  await assert.rejects(packed(counting(1200), { question: 'why '.repeat(500), passages: [], history: [] }), { code: 'invalid', message: /too long/ });
});

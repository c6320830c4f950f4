import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Citation, Hit, Turn } from '../../engine/api.ts';
import { en } from '../words/en.ts';
import { zh } from '../words/zh.ts';
import { numbersOf, seconds, tookInWords } from './howMade.ts';

const citation = (number: number, chunk: number) => ({ number, chunk, documentName: 'a.pdf' }) as unknown as Citation;

test('short times have two figures after the point, others one, and none is nothing', () => {
  assert.deepEqual([3, 42, 99, 100, 840, 62_345].map((milliseconds) => seconds(milliseconds, en)), ['0.01', '0.04', '0.10', '0.1', '0.8', '62.3']);
});

test('of an answer that a language model wrote, its first word and its name are told; of others the time alone', () => {
  const turn = { milliseconds: 6230, answer: { outcome: 'answered', sentences: [{ text: 'Marta.', citations: [] }] } } as unknown as Turn;
  assert.equal(tookInWords(turn, en), '6.2 s');
  const written = { ...turn, details: { found: { probability: 0.9, threshold: 0.5 }, written: { model: 'small-4b', promptTokens: 1, answerTokens: 1, firstWord: 840, remote: false, given: 3 } } } as Turn;
  assert.equal(tookInWords(written, en), '6.2 s · first word after 0.8 s · written by small-4b');
  const own = { ...turn, details: { found: { probability: 1, threshold: 0.5 }, faq: 'Who repairs it?' } } as Turn;
  assert.equal(tookInWords(own, en), '6.2 s · your stored answer');
  assert.equal(tookInWords(written, zh), '6.2 秒 · 0.8 秒后写出第一个字 · 由 small-4b 撰写');
});

test('a passage is named by the numbers it is cited with, whichever sentences they stand after', () => {
  const turn = { answer: { outcome: 'answered', sentences: [{ text: 'One.', citations: [citation(2, 7)] }, { text: 'Two.', citations: [citation(1, 5), citation(2, 7)] }] } } as unknown as Turn;
  const hit = (chunk: number) => ({ chunk }) as unknown as Hit;
  assert.deepEqual([numbersOf(hit(7), turn), numbersOf(hit(5), turn), numbersOf(hit(6), turn)], [[2], [1], []]);
});

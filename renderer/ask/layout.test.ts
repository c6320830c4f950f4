import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Citation, Sentence } from '../../engine/api.ts';
import { closesItself, eachOnce, joinedTerms, paragraphs, parted } from './layout.ts';

const sentence = (text: string, opens?: boolean): Sentence => ({ text, citations: [], ...(opens !== undefined && { opens }) });
const citation = (number: number, quote: string): Citation => ({ number, quote }) as Citation;

test('a sentence that opens begins a paragraph; the first does in any case', () => {
  const shape = (sentences: Sentence[]): string => paragraphs(sentences).map((paragraph) => paragraph.map(({ text }) => text).join('')).join('|');
  assert.equal(shape([]), '');
  assert.equal(shape([sentence('a'), sentence('b'), sentence('c', true), sentence('d', false)]), 'ab|cd');
  assert.equal(shape([sentence('a', true), sentence('b', true)]), 'a|b');
});

test('a number stays on the line of the last word', () => {
  assert.deepEqual(parted('Brush out the burrs once a week.'), ['Brush out the burrs once a ', 'week.']);
  assert.deepEqual(parted('借期为三十天。'), ['借期为三十', '天。']);
  assert.deepEqual(parted('See https://example.org/a/very/long/address'), ['See https://example.org/a/very/long/addre', 'ss']);
  assert.deepEqual(parted('Yes'), ['Y', 'es']);
  assert.deepEqual(parted('。'), ['', '。']);
  assert.deepEqual(parted(''), ['', '']);
});

test('what is parted is the same text again, and no letter is cut in two', () => {
  for (const text of ['Ends with 😀', '古籍𠮷𠮷', 'a😀', '  padded ', '混合 mixed 文字 end']) {
    const [head, tail] = parted(text);
    assert.equal(head + tail, text);
    assert.ok(head.isWellFormed() && tail.isWellFormed(), text);
  }
});

test('one number is shown once after a sentence, with its first quote, in the order given', () => {
  const shown = eachOnce([citation(2, 'a'), citation(1, 'b'), citation(2, 'c')]);
  assert.deepEqual(shown.map(({ number, quote }) => `${number}${quote}`).sort(), ['1b', '2a']);
});

test('Chinese punctuation brings its own space', () => {
  assert.ok(closesItself('借期为三十天。'));
  assert.ok(closesItself('他说：“好。” '.trim()));
  assert.ok(!closesItself('Once a week.'));
  assert.ok(!closesItself('共三页 pages'));
});

test('pairs of Chinese letters are said as the words they make, where the passage says them', () => {
  assert.deepEqual(joinedTerms(['远程', '程办', '办公', '网络'], '远程办公期间发放网络补贴'), ['远程办公', '网络']);
  assert.deepEqual(joinedTerms(['公司', '司机'], '公司的司机'), ['公司', '司机']);
  assert.deepEqual(joinedTerms(['burrs', 'grinder'], 'burrs of the grinder'), ['burrs', 'grinder']);
  assert.deepEqual(joinedTerms(['磁石', '磁', '石', 'A4'], '磁石 A4'), ['磁石', 'A4']);
});

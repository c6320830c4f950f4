import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pieces, sentences } from './sentences.ts';

/** The sentences of a text whose ends are marked with │ in the test, and must be found without the marks. */
function reads(marked: string, lines = false): void {
  const text = marked.replaceAll('│', '');
  assert.equal(sentences(text, 0, text.length, lines).map(({ start, end }) => text.slice(start, end)).join('│'), marked);
}

test('English sentences end at full stops that end sentences', () => {
  reads('Dr. Smith paid $3.14. │It was fine! │See Fig. 3, e.g. the left part. │J. R. Tolkien wrote it.');
  reads('Version 5.4.0 is out. │Use node.js for it. │Really?! │Yes (indeed.) │“Quoted.” │End');
  reads('The U.S. Senate met. │It began at 9 a.m. on Monday.');
});

test('the number of a footnote belongs to the sentence before it', () => {
  reads('He called it “Land of Heroes”.[24] │Within the fort it was divided.[35][36] │See [3]. │Use a.[0] here, etc.[4] and so on.');
  reads('他称之为“英雄之地”。[24]│堡内分为几区。');
});

test('list numbers end nothing', () => reads('1. First things first. │2. Then the rest.'));

test('Chinese sentences end at their marks, closing quotes included', () => {
  reads('他说：“你好。”│然后走了……│真的吗？！│是；│不是。');
  reads('价格是3.5元。│Windows很好用.│不是吗?│是');
});

test('a blank line ends a sentence; a line break only where lines count', () => {
  reads('no mark here\n\n│and a hard\nwrapped line');
  reads('one\n│two\n│three', true);
});

test('pieces break after a clause, else after a space, else between characters', () => {
  const cut = (text: string, length: number) => pieces(text, { start: 0, end: text.length }, length).map(({ start, end }) => text.slice(start, end));
  assert.deepEqual(cut('春夏秋冬，天地玄黄，宇宙', 8), ['春夏秋冬，', '天地玄黄，宇宙']);
  assert.deepEqual(cut('one two three four', 9), ['one two ', 'three ', 'four']);
  assert.deepEqual(cut('𠮷𠮷𠮷', 3), ['𠮷', '𠮷', '𠮷']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Block } from '../../engine/api.ts';
import { find, firstFrom, searchable } from './find.ts';

function blocks(...texts: string[]): Block[] {
  let start = 0;
  return texts.map((text) => {
    const block: Block = { kind: 'paragraph', text, place: { start, end: start + text.length, headings: [] } };
    start += text.length + 2;
    return block;
  });
}

function matches(query: string, ...texts: string[]): string[] {
  const document = blocks(...texts);
  const whole = texts.join('\n\n');
  return find(searchable(document), query).map(({ start, end }) => whole.slice(start, end));
}

test('matches come in reading order with their own spelling', () => {
  assert.deepEqual(matches('rent', 'The Rent rises.', 'No RENT in May; rents later.'), ['Rent', 'RENT', 'rent']);
});

test('accents, ligatures, full-width forms and white space do not matter', () => {
  assert.deepEqual(matches('cafe au lait', 'A Café  au\nlait.'), ['Café  au\nlait']);
  assert.deepEqual(matches('office', 'the oﬃce'), ['oﬃce']);
  assert.deepEqual(matches('hs-1050', '型号ＨＳ-1050。'), ['ＨＳ-1050']);
  assert.deepEqual(matches('三十天', '借期为三十 天。'), ['三十 天']);
});

test('a word apart is not a word together', () => {
  assert.deepEqual(matches('database', 'data base'), []);
});

test('matches do not overlap, a blank query matches nothing', () => {
  assert.equal(matches('aa', 'aaaa').length, 2);
  assert.deepEqual(matches('  ', 'a b'), []);
});

test('characters outside the basic plane keep their width', () => {
  assert.deepEqual(matches('b', '😀𠮷 b 😀'), ['b']);
  assert.deepEqual(matches('𠮷', '土𠮷野家'), ['𠮷']);
});

test('the first match to show is the next one', () => {
  const spans = [{ start: 3, end: 4 }, { start: 9, end: 10 }];
  assert.equal(firstFrom(spans, 5), 1);
  assert.equal(firstFrom(spans, 50), 0);
});

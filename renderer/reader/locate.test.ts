import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Block } from '../../engine/api.ts';
import { locate, locateQuote, sentenceAround, textOf, type PageSelection } from './locate.ts';

/** Paragraphs on pages: `pages('p1 first', 'p1 second', 'p2 third')`. */
function pages(...lines: string[]): Block[] {
  let start = 0;
  return lines.map((line) => {
    const text = line.replace(/^p\d+ /, '');
    const block: Block = { kind: 'paragraph', text, place: { start, end: start + text.length, headings: [], page: Number(/^p(\d+)/.exec(line)?.[1] ?? 1) } };
    start = block.place.end + 2;
    return block;
  });
}

/** A selection written as `what stands before [the selected text] what stands after`. */
function selected(page: number, marked: string): PageSelection {
  const [before = '', text = '', after = ''] = marked.split(/[[\]]/);
  return { before, text, after, firstPage: page, lastPage: page };
}

function found(blocks: Block[], selection: PageSelection): string | undefined {
  const span = locate(blocks, selection);
  return span && textOf(blocks, span);
}

test('a selection is found though its lines end elsewhere and a word was hyphenated', () => {
  const blocks = pages('p1 We gradually extend a table while retaining a relation among its columns.');
  assert.equal(found(blocks, selected(1, '[gradu-\nally extend\na table]')), 'gradually extend a table');
});

test('Chinese with stray spaces, ligatures and full-width forms is found', () => {
  assert.equal(found(pages('p1 每位读者一次最多可以借八本书，借期为三十天。'), selected(1, '[一次 最多可以\n借八本书]')), '一次最多可以借八本书');
  assert.equal(found(pages('p1 an efficient scheme'), selected(1, '[eﬃcient]')), 'efficient');
  assert.equal(found(pages('p1 型号 ＨＳ－1050'), selected(1, '[HS-1050]')), 'ＨＳ－1050');
});

test('of equal stretches the one with the same surroundings is meant', () => {
  const blocks = pages('p1 The rent is due in May.', 'p1 The rent is due in June.', 'p2 The rent is due in July.');
  const span = locate(blocks, selected(1, 'The rent [is due] in June.'));
  assert.equal(span?.start, blocks[1]!.place.start + 'The rent '.length);
  assert.equal(locate(blocks, selected(2, 'The rent [is due] in July.'))?.start, blocks[2]!.place.start + 'The rent '.length);
});

test('a selection across blocks and pages keeps its ends', () => {
  const blocks = pages('p1 First paragraph ends here.', 'p2 Second paragraph begins.');
  assert.equal(found(blocks, { ...selected(1, '[ends here. Second paragraph]'), lastPage: 2 }), 'ends here.\n\nSecond paragraph');
});

test('a page header selected along with the text does not spoil it', () => {
  const text = 'The landlord keeps the roof, the outer walls, the goods lift and the heating in order, and serves it every September.';
  const blocks = pages(`p1 ${text}`);
  assert.equal(found(blocks, selected(1, `[${text.slice(0, 60)} Lease agreement 3 ${text.slice(60)}]`)), text);
});

test('what is not in the document is not found', () => {
  assert.equal(locate(pages('p1 Something else'), selected(1, '[nothing of the kind]')), undefined);
  assert.equal(locate(pages('p1 Something else'), selected(1, '[ \n ]')), undefined);
  assert.equal(locate([], selected(1, '[a]')), undefined);
});

test('a quote without a page is found anywhere', () => {
  const blocks = pages('p1 one', 'p7 the cited words', 'p9 three');
  assert.equal(textOf(blocks, locateQuote(blocks, 'cited  words')!), 'cited words');
});

test('a match grows to its sentence', () => {
  const blocks = pages('p1 It hums. Pull the plug at once. Then wait.', 'p1 借书三十天。可以续借一次。');
  const at = (text: string) => sentenceAround(blocks, locateQuote(blocks, text)!);
  assert.equal(textOf(blocks, at('plug')), 'Pull the plug at once.');
  assert.equal(textOf(blocks, at('续借')), '可以续借一次。');
});

test('every span of a text is found again when its white space is shuffled (random, against the span itself)', () => {
  const words = 'alpha beta gamma delta épée 图书 借阅 zeta-eta theta'.split(' ');
  let seed = 7;
  const random = (n: number) => (seed = (seed * 48271) % 2147483647) % n;
  for (let round = 0; round < 200; round++) {
    const blocks = pages(...Array.from({ length: 6 }, (_, i) => `p${1 + (i >> 1)} ${Array.from({ length: 8 }, () => words[random(words.length)]! + random(1000)).join(' ')}`));
    const block = blocks[random(blocks.length)]!;
    const from = random(block.text.length - 8);
    const to = from + 6 + random(block.text.length - from - 6);
    const text = block.text.slice(from, to).trim();
    const selection = { text: text.replaceAll(' ', '\n  '), before: block.text.slice(0, from), after: block.text.slice(to), firstPage: block.place.page!, lastPage: block.place.page! };
    const compact = (s: string) => s.replace(/[\s-]/g, '');
    assert.equal(compact(found(blocks, selection)!), compact(text));
  }
});

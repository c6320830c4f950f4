import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assemble, placeOf, type Draft } from './document.ts';

const DRAFTS: Draft[] = [
  { kind: 'heading', level: 1, text: 'House' },
  { kind: 'paragraph', text: 'It is old.' },
  { kind: 'heading', level: 2, text: 'Roof' },
  { kind: 'paragraph', text: '' },
  { kind: 'paragraph', text: 'Tiles and moss.' },
  { kind: 'heading', level: 1, text: 'Garden' },
  { kind: 'paragraph', text: 'Pears.' },
];

test('blocks are joined by blank lines, empty ones left out, and know the headings above them', () => {
  const document = assemble('text', DRAFTS);
  assert.equal(document.text, 'House\n\nIt is old.\n\nRoof\n\nTiles and moss.\n\nGarden\n\nPears.');
  for (const { text, place } of document.blocks) assert.equal(document.text.slice(place.start, place.end), text);
  assert.deepEqual(document.blocks.map(({ place }) => place.headings.join(' › ')), ['', 'House', 'House', 'House › Roof', '', 'Garden']);
});

test('any span has a place, and one that begins at a heading is below it', () => {
  const document = assemble('text', DRAFTS);
  const at = (text: string) => document.text.indexOf(text);
  assert.deepEqual(placeOf(document, at('moss'), at('moss') + 4).headings, ['House', 'Roof']);
  assert.deepEqual(placeOf(document, at('Roof'), at('moss')).headings, ['House', 'Roof']);
  assert.deepEqual(placeOf(document, at('Roof'), at('Roof') + 4).headings, ['House']);
});

/** A paragraph of two lines on page 3; `boxes` are [x, width, y] rounded. */
function boxes(from: string, to: string): number[][] {
  const text = 'illicit WWWW\n水库列车';
  const line = (start: number, end: number, y: number) => ({ start, end, page: 3, x: 100, y, width: 80, height: 10 });
  const document = assemble('pdf', [{ kind: 'paragraph', text, page: 3, runs: [line(0, 12, 50), line(13, 17, 62)] }]);
  const place = placeOf(document, text.indexOf(from), text.indexOf(to) + to.length);
  assert.equal(place.page, 3);
  return place.boxes!.map(({ x, y, width }) => [Math.round(x), Math.round(width), y]);
}

test('a line that is wholly covered gives its rectangle, two lines give two', () => {
  assert.deepEqual(boxes('illicit', '列车'), [[100, 80, 50], [100, 80, 62]]);
});

test('a part of a line is as wide as its characters usually are', () => {
  assert.deepEqual(boxes('列', '列'), [[140, 20, 62]]);
  const [[x, width]] = boxes('WWWW', 'WWWW') as [[number, number]];
  assert.ok(x! < 145 && width! > 40, `four Ws take more than half of the line: from ${x}, ${width} wide`);
});

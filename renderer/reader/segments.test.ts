import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Block } from '../../engine/api.ts';
import { cellsOf, segmentsOf, type Highlight } from './segments.ts';

const block: Block = {
  kind: 'paragraph', text: 'one two three', place: { start: 100, end: 113, headings: [] },
  marks: [{ start: 4, end: 7, kind: 'strong' }],
};

/** Segments as `text*` for strong and `[text]` for a highlight, one string. */
function drawn(highlights: Highlight[]): string {
  return segmentsOf(block, highlights).map(({ text, marks, highlight }) => {
    const styled = marks.has('strong') ? `${text}*` : text;
    return highlight === 'current' ? `<${styled}>` : highlight ? `[${styled}]` : styled;
  }).join('|');
}

test('a block is cut where marks and highlights begin and end', () => {
  assert.equal(drawn([]), 'one |two*| three');
  assert.equal(drawn([{ start: 102, end: 106, kind: 'cited' }]), 'on|[e ]|[tw*]|o*| three');
});

test('a highlight that spans several blocks colours its share of each', () => {
  assert.equal(drawn([{ start: 0, end: 103, kind: 'cited' }]), '[one]| |two*| three');
  assert.equal(drawn([{ start: 108, end: 900, kind: 'cited' }]), 'one |two*| |[three]');
  assert.equal(drawn([{ start: 113, end: 900, kind: 'cited' }]), 'one |two*| three');
});

test('the current match lies over a match over a citation', () => {
  assert.equal(drawn([{ start: 100, end: 113, kind: 'cited' }, { start: 104, end: 107, kind: 'current' }]), '[one ]|<two*>|[ three]');
});

test('segments put together are the block, and each says its offset', () => {
  const segments = segmentsOf(block, [{ start: 101, end: 109, kind: 'match' }]);
  assert.equal(segments.map(({ text }) => text).join(''), block.text);
  for (const { start, text } of segments) assert.equal(block.text.slice(start - 100, start - 100 + text.length), text);
});

test('cells of a table are its text between tabs and line ends', () => {
  const text = 'City\tLimit\nLondon\t185\n\tempty';
  assert.deepEqual(cellsOf(text).map((row) => row.map(({ from, to }) => text.slice(from, to))), [['City', 'Limit'], ['London', '185'], ['', 'empty']]);
});

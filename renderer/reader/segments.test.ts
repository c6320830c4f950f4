import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Block } from '../../engine/api.ts';
import type { Span } from './locate.ts';
import { cellsOf, segmentsOf } from './segments.ts';

const block: Block = {
  kind: 'paragraph', text: 'one two three', place: { start: 100, end: 113, headings: [] },
  marks: [{ start: 4, end: 7, kind: 'strong' }],
};

/** Segments as one string: `text*` is strong, `[text]` is cited. */
function drawn(...cited: [start: number, end: number][]): string {
  return segmentsOf(block, cited.map(([start, end]): Span => ({ start, end }))).map(({ text, marks, cited: isCited }) => {
    const styled = marks.has('strong') ? `${text}*` : text;
    return isCited ? `[${styled}]` : styled;
  }).join('|');
}

test('a block is cut where marks and citations begin and end', () => {
  assert.equal(drawn(), 'one |two*| three');
  assert.equal(drawn([102, 106]), 'on|[e ]|[tw*]|o*| three');
});

test('a citation that spans several blocks colours its share of each', () => {
  assert.equal(drawn([0, 103]), '[one]| |two*| three');
  assert.equal(drawn([108, 900]), 'one |two*| |[three]');
  assert.equal(drawn([113, 900]), 'one |two*| three');
});

test('citations that overlap are one to the eye', () => {
  assert.equal(drawn([100, 106], [104, 113]), '[one ]|[tw*]|[o*]|[ three]');
});

test('segments put together are the block, and each says its offset', () => {
  const segments = segmentsOf(block, [{ start: 101, end: 109 }]);
  assert.equal(segments.map(({ text }) => text).join(''), block.text);
  for (const { start, text } of segments) assert.equal(block.text.slice(start - 100, start - 100 + text.length), text);
});

test('cells of a table are its text between tabs and line ends', () => {
  const text = 'City\tLimit\nLondon\t185\n\tempty';
  assert.deepEqual(cellsOf(text).map((row) => row.map(({ from, to }) => text.slice(from, to))), [['City', 'Limit'], ['London', '185'], ['', 'empty']]);
});

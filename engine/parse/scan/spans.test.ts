import assert from 'node:assert/strict';
import { test } from 'node:test';

import { columnsOf } from '../pdf/columns.ts';
import { linesOf, segmentsOf } from '../pdf/lines.ts';
import { spansOf } from './spans.ts';
import type { RecognisedLine } from './tesseract.ts';

/** A line as Tesseract tells it: words from x0 to x1, and how far its base line falls over 1000 pixels. */
function line(y: number, words: [text: string, x0: number, x1: number][], height = 36, falls = 0): RecognisedLine {
  const at = (x: number): number => y + (x * falls) / 1000;
  return {
    height, baseline: { x0: 0, y0: at(0), x1: 1000, y1: at(1000) },
    words: words.map(([text, x0, x1]) => ({ text, confidence: 90, bbox: { x0, x1, y0: at(x0) - 28, y1: at(x1) } })),
  };
}

const textOf = (lines: RecognisedLine[]): string[] =>
  columnsOf(segmentsOf(spansOf(lines, 0.36))).flatMap((column) => linesOf(column).map(({ text }) => text));

test('words stay in the order they were read in, however their boxes overlap or stand apart', () => {
  const words: [string, number, number][] = [['中国', 100, 190], ['〈', 150, 175], ['南', 176, 205], ['京', 232, 240], [')', 228, 262], ['国际', 264, 330], ['象棋', 366, 430], ['2008', 440, 500], ['年', 512, 540]];
  assert.deepEqual(textOf([line(100, words)]), ['中国〈南京)国际象棋2008年']);
  assert.deepEqual(textOf([line(100, [['The', 100, 150], ['light', 158, 220], ['house', 240, 310]])]), ['The light house']);
});

test('the lines of a page that lies askew are lines, their boxes where the ink is', () => {
  const tilted = [100, 160, 220].map((y) => line(y, Array.from({ length: 12 }, (_, i) => [`w${i}`, 80 * i, 80 * i + 60]), 36, 15));
  assert.equal(textOf(tilted).length, 3);
  const spans = spansOf(tilted, 1);
  assert.deepEqual(new Set(spans.slice(0, 12).map(({ base }) => base.toFixed(3))).size, 1);
  assert.ok(spans[11]!.top - spans[0]!.top > 10);
});

test('lines measured a little higher or lower are of one size; headings are larger', () => {
  const sizes = spansOf([line(100, [['A heading', 0, 300]], 60), ...[200, 260, 320].map((y, i) => line(y, [['text of the page', 0, 500]], 34 + 2 * i))], 1).map(({ size }) => size);
  assert.equal(new Set(sizes.slice(1)).size, 1);
  assert.ok(sizes[0]! > 1.4 * sizes[1]!);
});

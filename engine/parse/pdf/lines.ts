import { CJK } from './spans.ts';
import type { Span } from './spans.ts';

/** Spans on one base line with no more than word gaps between them; what column finding moves about. */
export interface Segment { spans: Span[]; x0: number; x1: number; base: number; top: number; bottom: number; size: number }

/** A stretch of a line's text with its rectangle in the frame. */
export interface Piece { start: number; end: number; x0: number; x1: number; top: number; bottom: number }

/** A line as a person reads it. `size` and `font` are those of most of its characters. */
export interface Line {
  text: string;
  pieces: Piece[];
  /** Where cells begin that stand clearly apart, the first one included: offsets in `text` and their edges. */
  cells: { start: number; x0: number; x1: number }[];
  x0: number;
  x1: number;
  base: number;
  top: number;
  bottom: number;
  size: number;
  font: string;
  /** Characters by font. */
  fonts: Map<string, number>;
  /** Its Latin text is in fonts of one character width, and it is mostly Latin: CJK is of one width anyway. */
  fixed: boolean;
}

/** Widest gap inside a segment, and narrowest between two cells, in font sizes. */
const WORD_GAP = 0.8;
const CELL_GAP = 1.3;
/** A gap this wide is a space even where the file has none. */
const SPACE_GAP = 0.13;
/** Runs are joined up to this many characters: boxes stay exact within a word or two, and files stay small. */
const RUN_LENGTH = 32;

const MARKER_ALONE = /^(?:[•●▪◦‣■□◆○–—·*-]|[([]?[\dA-Za-z]{1,4}[.)\]、]|[（(【][一二三四五六七八九十\d]+[)）】]|[①-⑳])$/;
const endsInCjk = new RegExp(`[${CJK}]$|[\\ud840-\\ud888][\\udc00-\\udfff]$`);
const startsWithCjk = new RegExp(`^[${CJK}]`);

/** Whether text of CJK meets text of CJK where `left` and `right` are put together. */
export const meetInCjk = (left: string, right: string): boolean => endsInCjk.test(left) && startsWithCjk.test(right);

/** Joins spans into segments: first in the order of the file, which knows its superscripts, then by position. */
export function segmentsOf(spans: Span[]): Segment[] {
  const segments: Segment[] = [];
  let current: Segment | undefined;
  for (const span of spans) {
    const last = current?.spans.at(-1);
    if (current && last && follows(current, last, span)) extend(current, span);
    else segments.push(current = { spans: [span], x0: span.x0, x1: span.x1, base: span.base, top: span.top, bottom: span.bottom, size: span.size });
  }
  return mergeByPosition(segments);
}

function follows(segment: Segment, last: Span, span: Span): boolean {
  const size = Math.max(segment.size, span.size);
  const gap = span.x0 - last.x1;
  return Math.abs(span.base - segment.base) < size * (span.size === segment.size ? 0.3 : 0.5) && gap > -0.5 * size
    && gap < WORD_GAP * size;
}

function extend(segment: Segment, span: Span): void {
  if (span.size > segment.size * 1.05) {
    segment.size = span.size;
    segment.base = span.base;
  }
  segment.spans.push(span);
  segment.x0 = Math.min(segment.x0, span.x0);
  segment.x1 = Math.max(segment.x1, span.x1);
  segment.top = Math.min(segment.top, span.top);
  segment.bottom = Math.max(segment.bottom, span.bottom);
}

function mergeByPosition(segments: Segment[]): Segment[] {
  const rest = segments.sort((a, b) => a.base - b.base || a.x0 - b.x0);
  const merged: Segment[] = [];
  for (const segment of rest) {
    let joined = false;
    for (let i = merged.length - 1; i >= 0 && !joined; i--) {
      const other = merged[i]!;
      const size = Math.min(other.size, segment.size);
      if (segment.base - other.base > size * 2) break;
      if (Math.abs(segment.base - other.base) > size * 0.25) continue;
      const gap = segment.x0 >= other.x0 ? segment.x0 - other.x1 : other.x0 - segment.x1;
      if (gap > WORD_GAP * size || gap < -0.3 * size) continue;
      // Only neighbours by position are new here; where they lie in one another the file's own order stands.
      other.spans = segment.x0 >= other.x0 ? [...other.spans, ...segment.spans] : [...segment.spans, ...other.spans];
      other.x0 = Math.min(other.x0, segment.x0);
      other.x1 = Math.max(other.x1, segment.x1);
      other.top = Math.min(other.top, segment.top);
      other.bottom = Math.max(other.bottom, segment.bottom);
      other.size = Math.max(other.size, segment.size);
      joined = true;
    }
    if (!joined) merged.push(segment);
  }
  return merged;
}

/** Puts the segments of one column into lines, top to bottom. */
export function linesOf(segments: Segment[]): Line[] {
  const rows: Segment[][] = [];
  for (const segment of [...segments].sort((a, b) => a.base - b.base)) {
    const row = rows.slice(-2).findLast((candidate) => candidate.every((other) => besides(other, segment)));
    if (row) row.push(segment);
    else rows.push([segment]);
  }
  const lines = rows.map((row) => lineOf(row.sort((a, b) => a.x0 - b.x0)));
  return lines.sort((a, b) => a.base - b.base);
}

function besides(one: Segment, other: Segment): boolean {
  const alike = Math.abs(one.size - other.size) < 0.15 * Math.max(one.size, other.size);
  const near = alike ? 0.35 * Math.min(one.size, other.size) : 0.45 * Math.max(one.size, other.size);
  return Math.abs(one.base - other.base) < near && (one.x0 >= other.x1 - 1 || other.x0 >= one.x1 - 1);
}

function lineOf(row: Segment[]): Line {
  const line: Line = {
    text: '', pieces: [], cells: [], x0: row[0]!.x0, x1: Math.max(...row.map((s) => s.x1)), base: 0,
    top: Math.min(...row.map((s) => s.top)), bottom: Math.max(...row.map((s) => s.bottom)), size: 0, font: '', fonts: new Map(),
    fixed: isFixed(row.flatMap((segment) => segment.spans)),
  };
  const weights = new Map<string, { size: number; font: string; base: number; count: number }>();
  const rightToLeft = isRightToLeft(row);
  for (const segment of rightToLeft ? row.reverse() : row) {
    const spans = rightToLeft ? segment.spans.toSorted((a, b) => b.x0 - a.x0) : segment.spans;
    for (const [index, span] of spans.entries()) {
      append(line, span, index === 0, rightToLeft);
      line.fonts.set(span.font, (line.fonts.get(span.font) ?? 0) + span.text.length);
      const key = `${span.size.toFixed(1)} ${span.font}`;
      const weight = weights.get(key);
      if (weight) weight.count += span.text.length;
      else weights.set(key, { size: span.size, font: span.font, base: span.base, count: span.text.length });
    }
  }
  const main = [...weights.values()].reduce((a, b) => (b.count > a.count ? b : a));
  // Small capitals are set smaller than the capital they stand beside, but they are of its size.
  const size = /[\p{Ll}\p{Lo}]/u.test(line.text) ? main.size : Math.max(...[...weights.values()].map((weight) => weight.size));
  return Object.assign(line, { size, font: main.font, base: main.base });
}

function isFixed(spans: Span[]): boolean {
  let latin = 0;
  let other = 0;
  for (const { text, fixed } of spans) {
    if (!/[\x21-\x7e]/.test(text)) other += text.length;
    else if (!fixed) return false;
    else latin += text.length;
  }
  return latin > other;
}

/** Arabic and Hebrew, whose spans follow one another to the left; pdf.js has put the characters of a span in order. */
function isRightToLeft(row: Segment[]): boolean {
  let balance = 0;
  for (const { spans } of row) {
    for (const { text } of spans) balance += /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(text) ? text.length : -text.length;
  }
  return balance > 0;
}

function append(line: Line, span: Span, opensSegment: boolean, rightToLeft: boolean): void {
  const last = line.pieces.at(-1);
  const gap = !last ? 0 : rightToLeft ? last.x0 - span.x1 : span.x0 - last.x1;
  const apart = opensSegment && gap > CELL_GAP * span.size && !MARKER_ALONE.test(line.text);
  const afterIndex = last !== undefined && last.bottom - last.top < 0.85 * (span.bottom - span.top);
  if (last && needsSpace(line.text, span, gap, afterIndex)) line.text += ' ';
  const start = line.text.length;
  line.text += span.text;
  const piece: Piece = { start, end: line.text.length, x0: span.x0, x1: span.x1, top: span.top, bottom: span.bottom };
  const cell = line.cells.at(-1);
  if (!cell || apart) line.cells.push({ start, x0: span.x0, x1: span.x1 });
  else cell.x1 = Math.max(cell.x1, span.x1);
  if (last && !apart && !rightToLeft && gap < span.size && gap > -1 && piece.end - last.start <= RUN_LENGTH
    && Math.abs(last.bottom - piece.bottom) < 0.1 * span.size) {
    last.end = piece.end;
    last.x1 = Math.max(last.x1, piece.x1);
    last.top = Math.min(last.top, piece.top);
    last.bottom = Math.max(last.bottom, piece.bottom);
  } else line.pieces.push(piece);
}

function needsSpace(before: string, span: Span, gap: number, afterIndex: boolean): boolean {
  if (before.endsWith(' ')) return false;
  if (meetInCjk(before, span.text)) return gap > CELL_GAP * span.size;
  // A word after a superscript or subscript is set closer to it, as the index reaches into the space.
  const narrow = afterIndex && /^\p{Ll}{2}/u.test(span.text);
  return span.spaced || gap > (narrow ? 0.03 : SPACE_GAP) * span.size;
}

import { CJK } from './spans.ts';
import { looksLikeHeading, opensSection } from './headings.ts';
import type { Styles } from './headings.ts';
import type { Line } from './lines.ts';
import { inRows, tableAt } from './tables.ts';

/** The lines of one column of one page, top to bottom, and the direction they run in. */
export interface Column {
  page: number;
  angle: number;
  /** Not in the main direction of its page: a stamp, a turned table. */
  aside: boolean;
  lines: Line[];
}

/** A line and where its column is. */
export interface Placed { line: Line; page: number; angle: number }

/** Lines that belong together. */
export interface Paragraph { kind: 'heading' | 'text' | 'list-item' | 'table' | 'code'; lines: Placed[]; /** Depth of a list item. */ level?: number }

/** What a list item begins with: a bullet, or a number or letter with its point or bracket. */
export const MARKER = /^(?:[•●▪◦‣■□◆○➢✓]\s*|[–—·*-]\s+|(?:\(?\d{1,3}[.)]|\(?[a-zA-Z][.)]|\(?[ivx]{1,4}[.)])\s+|\[\d{1,3}\]\s*|\d{1,2}、|[（(][一二三四五六七八九十\d]{1,3}[)）]\s*|[①-⑳]\s*)(?=\S)/;
/** "2.6.1 …": entries of a table of contents. */
const SECTION_NUMBER = /^\d{1,2}(?:\.\d{1,2}){1,4}\.?\s/;
const SENTENCE_END = /[.!?:;。！？：；…”"』」)）\]]$/;
const LOWER_START = /^[\p{Ll}]/u;
const CODE = /[{}();=<>[\]#$\\]/;
const CJK_START = new RegExp(`^[${CJK}]`);

/** Cuts a document's columns into paragraphs, headings, list items and tables, and joins what a column break tore. */
export function paragraphsOf(columns: Column[], styles: Styles): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  for (const column of columns) {
    const own = paragraphsOfColumn(column, styles);
    const first = own[0];
    const torn = first && tornFrom(paragraphs, first, styles);
    if (first && torn) {
      torn.lines.push(...first.lines);
      own.shift();
    }
    paragraphs.push(...own);
  }
  return paragraphs;
}

/** The paragraph that `next`, the first of its column, goes on with: unfinished, of body text, and not far back. */
function tornFrom(paragraphs: Paragraph[], next: Paragraph, styles: Styles): Paragraph | undefined {
  const line = next.lines[0]!.line;
  if (next.kind !== 'text' || Math.abs(line.size - styles.size) > 0.06 * styles.size) return undefined;
  for (let i = paragraphs.length - 1; i >= Math.max(0, paragraphs.length - 6); i--) {
    const before = paragraphs[i]!;
    const last = before.lines.at(-1)!;
    if (last.page < next.lines[0]!.page - 1 || last.angle !== next.lines[0]!.angle) return undefined;
    if (before.kind !== 'text' && before.kind !== 'list-item') return undefined;
    // Footnotes and captions, set smaller, may stand between.
    if (Math.abs(last.line.size - line.size) > 0.06 * line.size) continue;
    if (SENTENCE_END.test(last.line.text)) return undefined;
    const goesOn = LOWER_START.test(line.text) || /[-\u00ad\u2010,]$/.test(last.line.text)
      || (CJK_START.test(line.text) && before.lines.length > 1 && reachesRight(before.lines.map((placed) => placed.line)));
    return goesOn ? before : undefined;
  }
  return undefined;
}

/** Whether the last of several lines is as long as the longest, so that the text may go on in the next column. */
const reachesRight = (lines: Line[]): boolean => lines.at(-1)!.x1 > Math.max(...lines.map((line) => line.x1)) - 1.5 * lines.at(-1)!.size;

function paragraphsOfColumn({ page, angle, aside, lines }: Column, styles: Styles): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  const leading = leadingOf(lines);
  const bullets: number[] = [];
  const place = (line: Line): Placed => ({ line, page, angle });
  for (let i = 0; i < lines.length;) {
    const rows = tableAt(lines, i);
    if (rows > 0) {
      paragraphs.push({ kind: 'table', lines: lines.slice(i, i + rows).map(place) });
      i += rows;
      continue;
    }
    const listing = styles.fixed ? 0 : listingAt(lines, i);
    if (listing > 0) {
      paragraphs.push({ kind: 'code', lines: lines.slice(i, i + listing).map(place) });
      i += listing;
      continue;
    }
    const line = lines[i]!;
    const previous = paragraphs.at(-1);
    const heading = !aside && looksLikeHeading(line, lines[i - 1], lines[i + 1], styles);
    if (previous && previous.kind !== 'table' && previous.kind !== 'code' && (previous.kind === 'heading') === heading && !begins(previous, lines, i, leading)) {
      previous.lines.push(place(line));
    } else if (heading) paragraphs.push({ kind: 'heading', lines: [place(line)] });
    else if (MARKER.test(line.text)) {
      while (bullets.length > 0 && bullets.at(-1)! > line.x0 + 0.4 * line.size) bullets.pop();
      if (bullets.length === 0 || bullets.at(-1)! < line.x0 - 0.4 * line.size) bullets.push(line.x0);
      paragraphs.push({ kind: 'list-item', lines: [place(line)], level: bullets.length });
    } else paragraphs.push({ kind: 'text', lines: [place(line)] });
    i++;
  }
  return paragraphs;
}

/** How many lines from `from` on are one listing: two or more, in fonts of one character width. */
function listingAt(lines: Line[], from: number): number {
  let end = from;
  while (end < lines.length && lines[end]!.fixed && (end === from || lines[end]!.base - lines[end - 1]!.base < 3 * lines[end]!.size)) end++;
  return end - from > 1 && lines.slice(from, end).some((line) => CODE.test(line.text)) ? end - from : 0;
}

/** Whether line `i` begins a paragraph of its own rather than going on with `previous`. */
function begins(previous: Paragraph, lines: Line[], i: number, leading: number): boolean {
  const line = lines[i]!;
  const before = lines[i - 1]!;
  const after = lines[i + 1];
  const size = Math.max(line.size, before.size);
  const gap = line.base - before.base;
  if (Math.abs(line.size - before.size) > 0.12 * size && before.text.length > 1) return true;
  if (previous.kind === 'heading') return gap > 2.3 * size || opensSection(line.text) || line.fonts.get(before.font) === undefined;
  if (gap > 2.3 * size || gap > Math.max(leading, 1.1 * size) * 1.35) return true;
  if (inRows(before, line)) return true;
  if (MARKER.test(line.text) && !continuesNumber(before.text)) return true;
  const first = previous.lines[0]!.line;
  if (SECTION_NUMBER.test(line.text) && SECTION_NUMBER.test(first.text)) return true;
  const indent = 0.7 * size;
  const near = lines.slice(Math.max(0, i - 5), i + 5).filter((other) => Math.abs(other.size - line.size) < 0.1 * size);
  const right = Math.max(...near.map((other) => other.x1));
  const over = SENTENCE_END.test(before.text) || (before.x1 < right - 2 * size && !LOWER_START.test(line.text));
  // Indented against its neighbours: the first line of a paragraph.
  if (over && line.x0 > before.x0 + indent && (!after || line.x0 > after.x0 + indent) && previous.kind !== 'list-item') return true;
  // Back out to where a hanging paragraph began: the next entry of a list of references.
  if (line.x0 < before.x0 - indent && before !== first && Math.abs(line.x0 - first.x0) < indent) return true;
  // Out beyond the text of a list item: the list is over.
  if (previous.kind === 'list-item' && line.x0 < first.x0 - indent) return true;
  // The line before had room for this one's first word: it was ended on purpose.
  const fits = before.x1 + firstWordWidth(line) + size < right;
  return fits && (SENTENCE_END.test(before.text) || !LOWER_START.test(line.text)) && !centred(before, line);
}

/** "…see section" / "3. of": a number at the start of a line that only looks like a marker. */
const continuesNumber = (before: string): boolean => /\b(?:section|sec|figure|fig|table|chapter|pp?|no|eq|vol)\.?$/i.test(before);

const centred = (a: Line, b: Line): boolean =>
  Math.abs(a.x0 + a.x1 - b.x0 - b.x1) < a.size && Math.abs(a.x0 - b.x0) > 0.5 * a.size;

function firstWordWidth(line: Line): number {
  const word = CJK_START.test(line.text) ? line.text.slice(0, 2) : line.text.split(' ', 1)[0]!;
  return ((line.x1 - line.x0) * word.length) / line.text.length;
}

/** The usual distance of one line to the next. */
function leadingOf(lines: Line[]): number {
  const gaps: number[] = [];
  for (let i = 1; i < lines.length; i++) {
    const gap = lines[i]!.base - lines[i - 1]!.base;
    if (gap > 0.8 * lines[i]!.size && gap < 2.2 * lines[i]!.size) gaps.push(gap);
  }
  return gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? 0;
}

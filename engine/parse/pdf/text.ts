import type { Run } from '../document.ts';
import { boxOf } from './spans.ts';
import { meetInCjk } from './lines.ts';
import type { Line } from './lines.ts';
import type { Column, Placed } from './paragraphs.ts';

/** Indents of a listing beyond this many characters are something else. */
const WIDEST_INDENT = 60;
const HYPHEN = /[-\u00ad\u2010]$/;
const LAST_WORD = /([\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*)[-\u00ad\u2010]$/u;
const FIRST_WORD = /^\p{L}+/u;
/** First members that English joins with a hyphen that stays. */
const HYPHENATING = new Set('self non well high low long short half all cross ill ex co so'.split(' '));

/** Words that a document writes within its lines, the witness for what a hyphen at the end of a line is. */
export type Vocabulary = Map<string, true>;

/** All words of the lines, lower case, without the pieces beside hyphens at line ends. */
export function vocabularyOf(columns: Column[]): Vocabulary {
  const words: Vocabulary = new Map();
  if (!columns.some(({ lines }) => lines.some(({ text }) => HYPHEN.test(text)))) return words;
  let cut = false;
  for (const { lines } of columns) {
    for (const { text } of lines) {
      const found = text.toLowerCase().match(/[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*/gu) ?? [];
      const hyphen = HYPHEN.test(text);
      for (let i = cut ? 1 : 0; i < found.length - (hyphen ? 1 : 0); i++) words.set(found[i]!, true);
      cut = hyphen;
    }
  }
  return words;
}

/** The text of lines that run on as one paragraph, and its runs. */
export function joinLines(lines: Placed[], words: Vocabulary): { text: string; runs: Run[] } {
  let text = '';
  const runs: Run[] = [];
  for (const placed of lines) {
    if (text !== '') {
      const hyphen = hyphenBetween(text, placed.line.text, words);
      if (hyphen === 'drop') {
        text = text.slice(0, -1);
        const last = runs.at(-1)!;
        last.end = Math.min(last.end, text.length);
        if (last.end <= last.start) runs.pop();
      } else if (hyphen === undefined && !meetInCjk(text, placed.line.text)) text += ' ';
    }
    runs.push(...runsOf(placed, text.length));
    text += placed.line.text;
  }
  return { text, runs };
}

/** The text of lines that stay lines, and its runs: rows of a table with tabs between cells, or an indented listing. */
export function keepLines(lines: Placed[], kind: 'table' | 'code'): { text: string; runs: Run[] } {
  const texts: string[] = [];
  const runs: Run[] = [];
  const left = Math.min(...lines.map(({ line }) => line.x0));
  let start = 0;
  for (const placed of lines) {
    const { line } = placed;
    const indent = kind === 'table' ? 0 : Math.round(((line.x0 - left) * line.text.length) / Math.max(1, line.x1 - line.x0));
    texts.push(' '.repeat(Math.min(indent, WIDEST_INDENT)) + (kind === 'table' ? tabbed(line) : line.text));
    start += texts.at(-1)!.length - line.text.length;
    runs.push(...runsOf(placed, start));
    start += line.text.length + 1;
  }
  return { text: texts.join('\n'), runs };
}

const runsOf = ({ line, page, angle }: Placed, offset: number): Run[] =>
  line.pieces.map((piece) => ({ start: offset + piece.start, end: offset + piece.end, ...boxOf(page, angle, piece) }));

/** A row of a table: the space before each cell becomes a tab. */
function tabbed({ text, cells }: Line): string {
  let row = text;
  for (const { start } of cells) if (start > 0 && row[start - 1] === ' ') row = row.slice(0, start - 1) + '\t' + row.slice(start);
  return row;
}

/** What becomes of a hyphen at the end of `left` when `right` follows: dropped, kept without a space, or no hyphen at all. */
export function hyphenBetween(left: string, right: string, words: Vocabulary): 'drop' | 'keep' | undefined {
  if (!HYPHEN.test(left)) return undefined;
  const first = LAST_WORD.exec(left.slice(-80))?.[1];
  const second = FIRST_WORD.exec(right)?.[0];
  if (first === undefined || second === undefined) return /[\p{L}\p{N}][-\u2010]$/u.test(left) && /^[\p{L}\p{N}]/u.test(right) ? 'keep' : undefined;
  if (left.endsWith('\u00ad')) return 'drop';
  const [a, b] = [first.toLowerCase(), second.toLowerCase()];
  if (words.has(a + b)) return 'drop';
  if (words.has(`${a}-${b}`) || a.includes('-') || HYPHENATING.has(a) || !/^\p{Ll}/u.test(second) || /\p{N}$/u.test(a)) return 'keep';
  return a.length > 3 && b.length > 3 && words.has(a) && words.has(b) ? 'keep' : 'drop';
}

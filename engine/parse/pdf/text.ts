import type { Run } from '../document.ts';
import { boxOf } from './spans.ts';
import { meetInCjk } from './lines.ts';
import type { Column, Placed } from './paragraphs.ts';

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

/** The text of lines as one paragraph, and its runs. `separator` keeps the lines apart, as rows of a table are. */
export function joinLines(lines: Placed[], words: Vocabulary, separator?: string): { text: string; runs: Run[] } {
  let text = '';
  const runs: Run[] = [];
  for (const { line, page, angle } of lines) {
    if (text !== '') {
      if (separator !== undefined) text += separator;
      else {
        const hyphen = hyphenBetween(text, line.text, words);
        if (hyphen === 'drop') {
          text = text.slice(0, -1);
          const last = runs.at(-1)!;
          last.end = Math.min(last.end, text.length);
          if (last.end <= last.start) runs.pop();
        } else if (hyphen === undefined && !meetInCjk(text, line.text)) text += ' ';
      }
    }
    const start = text.length;
    text += separator === undefined ? line.text : tabbed(line);
    for (const piece of line.pieces) runs.push({ start: start + piece.start, end: start + piece.end, ...boxOf(page, angle, piece) });
  }
  return { text, runs };
}

/** A row of a table: the space before each cell becomes a tab. */
function tabbed({ text, cells }: Placed['line']): string {
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

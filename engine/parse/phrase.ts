import type { Mark } from '../api.ts';

/** A paragraph as it is being read. It is kept in pieces: looking at a growing string copies it each time. */
export class Phrase {
  length = 0;
  private last = '';
  private readonly pieces: string[] = [];
  private readonly marks: Mark[] = [];

  /** Adds text as it is. */
  quote(piece: string): void {
    if (piece === '') return;
    this.pieces.push(piece);
    this.length += piece.length;
    this.last = piece.at(-1)!;
  }

  /** Adds text as it is shown: white space collapsed, none at the start or after white space. */
  say(text: string): void {
    const shown = collapse(text);
    this.quote(this.last.trim() === '' ? shown.trimStart() : shown);
  }

  /** Whether what was said last is a line end. */
  get endsLine(): boolean {
    return this.last === '\n';
  }

  /** A line end that is shown. */
  breakLine(): void {
    this.dropSpace();
    if (this.length > 0) this.quote('\n');
  }

  /** A line end of the source, which is a space unless it stands between Chinese characters; `next` comes after it. */
  wrapLine(next: string): void {
    this.dropSpace();
    if (this.length > 0) this.quote(gapBetween(this.last, next));
  }

  /** Marks the text from `start` to here; a mark that ends where this one starts is prolonged. */
  mark(start: number, kind: Mark['kind']): void {
    if (start >= this.length) return;
    const before = this.marks.findLast((mark) => mark.kind === kind);
    if (before?.end === start) before.end = this.length;
    else this.marks.push({ start, end: this.length, kind });
  }

  /** The text without white space at its end, and its marks, outermost first. */
  finish(): { text: string; marks?: Mark[] } {
    this.dropSpace();
    const text = this.pieces.join('');
    if (this.marks.length === 0) return { text };
    const marks = this.marks.map((mark) => ({ ...mark, end: Math.min(mark.end, text.length) })).filter((mark) => mark.start < mark.end);
    return { text, marks: marks.sort((a, b) => a.start - b.start || b.end - a.end) };
  }

  private dropSpace(): void {
    while (this.pieces.length > 0 && this.last.trim() === '') {
      const piece = this.pieces.pop()!;
      this.length -= piece.length;
      this.last = this.pieces.at(-1)?.at(-1) ?? '';
      this.quote(piece.trimEnd());
    }
  }
}

/** White space as a page shows it; none between Chinese lines; characters nobody sees are left out. */
export function collapse(text: string): string {
  return text.replace(/[\u00AD\u200B\uFEFF]/g, '').replace(/[ \t\r\n\f\u00A0]+/g, (gap, at: number, whole: string) => {
    const before = whole[at - 1];
    const after = whole[at + gap.length];
    return before && after && /[\r\n]/.test(gap) ? gapBetween(before, after) : ' ';
  });
}

/** What stands between two lines that are read as one: a space, but nothing between Chinese characters. */
export function gapBetween(before: string, after: string): string {
  return CJK.test(before.slice(-1)) && CJK.test(after.slice(0, 1)) ? '' : ' ';
}

const CJK = /[\u2E80-\u9FFF\uF900-\uFAFF\uFE30-\uFE4F\uFF00-\uFF60]/;

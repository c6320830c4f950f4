import type { Block, Box, DocumentType, FailureCode, Place } from '../api.ts';

/**
 * What every parser returns. `text` is the texts of the blocks joined by a blank line, so a span of `text` is a span of
 * the document, and `text.slice(block.place.start, block.place.end) === block.text` for every block.
 */
export interface ParsedDocument {
  type: DocumentType;
  title?: string;
  text: string;
  blocks: ParsedBlock[];
  /** Number of pages, where the format has pages. */
  pages?: number;
  /** Of formats with a layout: every stretch of a line with its rectangle, ascending by `start`. */
  runs?: Run[];
  /** Of formats that are text themselves: the encoding it was decoded from, as a WHATWG label. */
  encoding?: string;
  /** Things a person should know though the document is usable ("12 of 40 pages hold no text"). */
  warnings: string[];
}

/** A block, and of text formats where it stands in the decoded file. */
export interface ParsedBlock extends Block { source?: { start: number; end: number } }

/** A stretch of text set on one line of one page; `start` and `end` are offsets in `ParsedDocument.text`. */
export interface Run extends Box { start: number; end: number }

/** A block before its offsets in the whole text are known; `runs` are offsets within the block's text. */
export interface Draft extends Omit<ParsedBlock, 'place'> { page?: number; runs?: Run[] }

const BLOCK_GAP = '\n\n';

/** Joins drafts into a document: offsets, heading paths and runs of the whole. Drafts without text are left out. */
export function assemble(type: DocumentType, drafts: Draft[], more: Partial<ParsedDocument> = {}): ParsedDocument {
  const blocks: ParsedBlock[] = [];
  const runs: Run[] = [];
  const path: { level: number; text: string }[] = [];
  let text = '';
  for (const { page, runs: own, ...draft } of drafts) {
    if (draft.text.trim() === '') continue;
    if (text !== '') text += BLOCK_GAP;
    const start = text.length;
    text += draft.text;
    if (draft.kind === 'heading') {
      const level = draft.level ?? 1;
      while (path.length > 0 && path.at(-1)!.level >= level) path.pop();
    }
    const place: Place = { start, end: text.length, headings: path.map((heading) => heading.text) };
    if (draft.kind === 'heading') path.push({ level: draft.level ?? 1, text: draft.text });
    if (page !== undefined) place.page = page;
    for (const run of own ?? []) runs.push({ ...run, start: run.start + start, end: run.end + start });
    blocks.push({ ...draft, place });
  }
  const document: ParsedDocument = { type, text, blocks, warnings: [], ...more };
  if (runs.length > 0) document.runs = runs;
  return document;
}

/** The parts of a document that places are made from; what the store keeps of a document. */
export type Placed = Pick<ParsedDocument, 'blocks' | 'runs'>;

/**
 * The place of a span of the document's text: its headings, first page and the rectangles that cover it. A run that is
 * only partly covered gives a rectangle in proportion to the usual widths of its characters; rectangles that touch on
 * one line are joined.
 */
export function placeOf(document: Placed, start: number, end: number): Place {
  const block = blockAt(document, start);
  const place: Place = { start, end, headings: block?.place.headings ?? [] };
  if (block?.kind === 'heading' && end > block.place.end) place.headings = [...place.headings, block.text];
  const boxes = boxesOf(document, start, end);
  const page = boxes[0]?.page ?? block?.place.page;
  if (page !== undefined) place.page = page;
  if (boxes.length > 0) place.boxes = boxes;
  return place;
}

function blockAt({ blocks }: Placed, offset: number): Block | undefined {
  return blocks[firstEndingAfter(blocks.length, (i) => blocks[i]!.place.end, offset)];
}

function boxesOf(document: Placed, start: number, end: number): Box[] {
  const boxes: Box[] = [];
  const runs = document.runs ?? [];
  for (let i = firstEndingAfter(runs.length, (at) => runs[at]!.end, start); i < runs.length; i++) {
    const run = runs[i]!;
    if (run.start >= end) break;
    const box = covered(document, run, Math.max(start, run.start), Math.min(end, run.end));
    const last = boxes.at(-1);
    if (last && onOneLine(last, box)) {
      const right = Math.max(last.x + last.width, box.x + box.width);
      last.x = Math.min(last.x, box.x);
      last.width = right - last.x;
      last.height = Math.max(last.height, box.height);
    } else boxes.push(box);
  }
  return boxes;
}

/** The part of a run between two offsets. */
function covered(document: Placed, run: Run, start: number, end: number): Box {
  const box: Box = { page: run.page, x: run.x, y: run.y, width: run.width, height: run.height };
  const block = blockAt(document, run.start);
  if (!block || (start === run.start && end === run.end)) return box;
  const widthOf = (from: number, to: number): number => usualWidth(block.text.slice(from - block.place.start, to - block.place.start));
  const whole = Math.max(widthOf(run.start, run.end), Number.EPSILON);
  box.x += (run.width * widthOf(run.start, start)) / whole;
  box.width *= widthOf(start, end) / whole;
  return box;
}

/** About how wide a text is set in a proportional font, in em. */
function usualWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (character >= '\u2e80') width += 1;
    else if (/[iljtfrI.,;:'|!()[\] ]/.test(character)) width += 0.3;
    else if (/[mwMW]/.test(character)) width += 0.8;
    else if (/[A-Z]/.test(character)) width += 0.68;
    else width += 0.5;
  }
  return width;
}

function onOneLine(a: Box, b: Box): boolean {
  const gap = b.x - (a.x + a.width);
  return a.page === b.page && Math.abs(a.y - b.y) < Math.min(a.height, b.height) / 2 && gap > -a.height && gap < a.height * 2;
}

/** Index of the first of `count` ascending ends that is greater than `offset`; `count` if none is. */
function firstEndingAfter(count: number, endOf: (index: number) => number, offset: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (endOf(middle) > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A file that cannot be taken in: the code tells which, the message what the person can do. */
export class ParseFailure extends Error {
  readonly code: FailureCode;
  constructor(code: FailureCode, message: string) {
    super(message);
    this.name = 'ParseFailure';
    this.code = code;
  }
}

/** The text of a span of a document, as far as blocks have it. */
export function textBetween({ blocks }: Pick<Placed, 'blocks'>, start: number, end: number): string {
  return blocks.filter(({ place }) => place.end > start && place.start < end)
    .map(({ text, place }) => text.slice(Math.max(0, start - place.start), end - place.start)).join('\n\n');
}

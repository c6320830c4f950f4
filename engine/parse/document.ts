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
 * only partly covered gives a rectangle in proportion; rectangles that touch on one line are joined.
 */
export function placeOf(document: Placed, start: number, end: number): Place {
  const block = document.blocks[firstEndingAfter(document.blocks.map((b) => b.place.end), start)];
  const place: Place = { start, end, headings: block?.place.headings ?? [] };
  if (block?.kind === 'heading' && end > block.place.end) place.headings = [...place.headings, block.text];
  const boxes = boxesOf(document.runs ?? [], start, end);
  const page = boxes[0]?.page ?? block?.place.page;
  if (page !== undefined) place.page = page;
  if (boxes.length > 0) place.boxes = boxes;
  return place;
}

function boxesOf(runs: Run[], start: number, end: number): Box[] {
  const boxes: Box[] = [];
  for (let i = firstEndingAfter(runs.map((run) => run.end), start); i < runs.length; i++) {
    const run = runs[i]!;
    if (run.start >= end) break;
    const length = Math.max(1, run.end - run.start);
    const from = Math.max(0, start - run.start) / length;
    const to = Math.min(length, end - run.start) / length;
    const box: Box = { page: run.page, x: run.x + run.width * from, y: run.y, width: run.width * (to - from), height: run.height };
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

function onOneLine(a: Box, b: Box): boolean {
  const gap = b.x - (a.x + a.width);
  return a.page === b.page && Math.abs(a.y - b.y) < Math.min(a.height, b.height) / 2 && gap > -a.height && gap < a.height * 2;
}

/** Index of the first end greater than `offset` in ascending `ends`. */
function firstEndingAfter(ends: number[], offset: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]! > offset) high = middle;
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

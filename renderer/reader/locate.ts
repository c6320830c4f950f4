import type { Block } from '../../engine/api.ts';
import { fold, unfold } from './fold.ts';

export interface Span { start: number; end: number }

/** Text selected on a rendered page, and what stands around it there. */
export interface PageSelection { text: string; before: string; after: string; firstPage: number; lastPage: number }

/** How much of each end must match when the whole does not (a page's header was selected along with it). */
const END_LENGTH = 24;
const CONTEXT = 60;

/**
 * Finds the span of the document that a selection on the pages shows. The two texts come from different walks over the
 * PDF (one in drawing order with line ends, one in reading order with words repaired), so they are compared without
 * white space and hyphens; of several equal stretches the one with the same surroundings wins. Undefined if none fits.
 */
export function locate(blocks: Block[], selection: PageSelection): Span | undefined {
  const wanted = fold(selection.text, 'none').text;
  if (wanted === '') return undefined;
  for (const near of [around(blocks, selection), blocks]) {
    const found = locateIn(near, wanted, selection);
    if (found) return found;
  }
  return undefined;
}

function around(blocks: Block[], { firstPage, lastPage }: PageSelection): Block[] {
  const near = blocks.filter(({ place: { page = 0 } }) => page >= firstPage - 1 && page <= lastPage + 1);
  return near.length > 0 ? near : blocks;
}

function locateIn(blocks: Block[], wanted: string, selection: PageSelection): Span | undefined {
  const first = blocks[0];
  if (!first) return undefined;
  const text = joined(blocks);
  const folded = fold(text, 'none');
  const before = fold(selection.before, 'none').text.slice(-CONTEXT);
  const after = fold(selection.after, 'none').text.slice(0, CONTEXT);
  let best: { from: number; to: number; score: number } | undefined;
  for (let from = folded.text.indexOf(wanted); from >= 0; from = folded.text.indexOf(wanted, from + 1)) {
    const to = from + wanted.length;
    const score = sameEnd(folded.text.slice(Math.max(0, from - CONTEXT), from), before) + sameStart(folded.text.slice(to, to + CONTEXT), after);
    if (!best || score > best.score) best = { from, to, score };
  }
  if (!best && wanted.length > END_LENGTH * 2) {
    const from = folded.text.indexOf(wanted.slice(0, END_LENGTH));
    const tail = folded.text.indexOf(wanted.slice(-END_LENGTH), from + END_LENGTH);
    const to = tail + END_LENGTH;
    if (from >= 0 && tail >= 0 && to - from < wanted.length * 1.5) best = { from, to, score: 0 };
  }
  if (!best) return undefined;
  const { start, end } = unfold(folded, best.from, best.to, text);
  return { start: start + first.place.start, end: end + first.place.start };
}

/** The document's text from the first of these blocks to the last, offsets kept: what lies between is white space. */
function joined(blocks: Block[]): string {
  let text = '';
  const origin = blocks[0]!.place.start;
  for (const block of blocks) text = text.padEnd(block.place.start - origin, '\n') + block.text;
  return text;
}

function sameEnd(a: string, b: string): number {
  let n = 0;
  while (n < a.length && n < b.length && a[a.length - 1 - n] === b[b.length - 1 - n]) n++;
  return n;
}

function sameStart(a: string, b: string): number {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n++;
  return n;
}

/** The span of a quote in a document that is opened without a place. */
export function locateQuote(blocks: Block[], quote: string): Span | undefined {
  return locate(blocks, { text: quote, before: '', after: '', firstPage: 0, lastPage: Number.MAX_SAFE_INTEGER });
}

/** The text of a span, blocks parted by a blank line. */
export function textOf(blocks: Block[], span: Span): string {
  return blocks.filter((block) => block.place.start < span.end && block.place.end > span.start)
    .map((block) => block.text.slice(Math.max(0, span.start - block.place.start), span.end - block.place.start))
    .join('\n\n');
}

/** The sentence of the block that a span stands in, for marking a place without a mouse. */
export function sentenceAround(blocks: Block[], span: Span): Span {
  const block = blocks.find(({ place }) => place.start <= span.start && place.end >= span.end);
  if (!block) return span;
  let { start, end } = span;
  for (const { index, segment } of new Intl.Segmenter(undefined, { granularity: 'sentence' }).segment(block.text)) {
    const from = block.place.start + index;
    const to = from + segment.trimEnd().length;
    if (from <= span.start && to > span.start) start = from;
    if (from < span.end && to >= span.end) end = to;
  }
  return { start, end };
}

import type { Block } from '../../engine/api.ts';
import { fold, unfold } from './fold.ts';
import type { Span } from './locate.ts';

/** More matches than a person will walk through. */
const MOST = 2000;

/**
 * Where a query stands in the document, in reading order; a match lies within one block. Case, accents, full-width
 * forms and the amount of white space do not matter.
 */
export function find(blocks: Block[], query: string): Span[] {
  const wanted = fold(query.trim(), 'one').text;
  const spans: Span[] = [];
  if (wanted === '') return spans;
  for (const block of blocks) {
    const folded = fold(block.text, 'one');
    for (let from = folded.text.indexOf(wanted); from >= 0; from = folded.text.indexOf(wanted, from + wanted.length)) {
      const { start, end } = unfold(folded, from, from + wanted.length, block.text);
      spans.push({ start: start + block.place.start, end: end + block.place.start });
      if (spans.length === MOST) return spans;
    }
  }
  return spans;
}

/** Which match to show first: the first one at or after an offset, or the first of all. */
export function firstFrom(spans: Span[], offset: number): number {
  const index = spans.findIndex((span) => span.start >= offset);
  return index < 0 ? 0 : index;
}

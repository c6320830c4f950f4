import type { Block } from '../../engine/api.ts';
import { fold, unfold, type Folded } from './fold.ts';
import type { Span } from './locate.ts';

/** More matches than a person will walk through. */
const MOST = 10_000;

/** Blocks made ready to be searched again and again, one fold for each. */
export interface Searchable { blocks: Block[]; folded: Folded[] }

export function searchable(blocks: Block[]): Searchable {
  return { blocks, folded: blocks.map((block) => fold(block.text, 'one')) };
}

/**
 * Where a query stands in the document, in reading order; a match lies within one block. Case, accents, full-width
 * forms and the amount of white space do not matter.
 */
export function find({ blocks, folded }: Searchable, query: string): Span[] {
  const wanted = fold(query.trim(), 'one').text;
  const spans: Span[] = [];
  if (wanted === '') return spans;
  for (const [i, block] of blocks.entries()) {
    const { text } = folded[i]!;
    for (let from = text.indexOf(wanted); from >= 0; from = text.indexOf(wanted, from + wanted.length)) {
      const { start, end } = unfold(folded[i]!, from, from + wanted.length, block.text);
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

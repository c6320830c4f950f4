import type { Block, DocumentId, Hit } from '../api.ts';
import type { Span } from '../sentences.ts';

/** A chunk that a language model is given, with as much around it as is known: `wide` is its parent as far as no other given chunk holds it. */
export interface Passage {
  /** Index of the hit. */
  hit: number;
  document: DocumentId;
  name: string;
  headings: readonly string[];
  page?: number;
  start: number;
  end: number;
  text: string;
  wide?: Span & { text: string };
}

/** A passage under the number that it was shown with. */
export interface Numbered extends Passage { number: number }

/**
 * How many of the hits, best first, are worth giving: those of at least `least`, up to the first that falls short of the best by
 * more than `gap` of it. None where none is good enough. (QAnything; its 0.28 and 0.5 are for a cross-encoder's sigmoid.)
 */
export function worthGiving(relevances: readonly number[], least: number, gap: number): number {
  const [best = 0] = relevances;
  const end = relevances.findIndex((relevance) => relevance < least || best - relevance > gap * best);
  return end < 0 ? relevances.length : end;
}

/**
 * Hits as passages, best first. Spans that overlap would be said twice; chunks never do.
 * @param parents the span of the parent of each hit's chunk, where it is known
 */
export function passagesOf(hits: readonly Hit[], blocks: (hit: Hit) => readonly Block[], parents: (hit: Hit) => Span | undefined): Passage[] {
  return hits.map((hit, index) => {
    const { document, documentName, place: { start, end, headings, page } } = hit;
    const passage: Passage = { hit: index, document, name: documentName, headings, start, end, text: hit.text, ...(page !== undefined && { page }) };
    const parent = parents(hit);
    if (!parent) return passage;
    const others = hits.filter((other) => other !== hit && other.document === document).map(({ place }) => place);
    const from = Math.max(parent.start, ...others.filter((other) => other.end <= start).map((other) => other.end));
    const to = Math.min(parent.end, ...others.filter((other) => other.start >= end).map((other) => other.start));
    const around = from < start || to > end ? textBetween(blocks(hit), from, to) : '';
    return around === '' ? passage : { ...passage, wide: { start: from, end: to, text: around } };
  });
}

/** The text of a span of a document over the blocks it touches. */
export function textBetween(blocks: readonly Block[], start: number, end: number): string {
  return blocks.filter(({ place }) => place.end > start && place.start < end)
    .map(({ text, place }) => text.slice(Math.max(0, start - place.start), end - place.start)).join('\n\n').trim();
}

/**
 * The order in which passages are shown, and their numbers: those of one file together and as it is written; the best file
 * first and the second best last, since models look least at what stands in the middle (Liu et al., "Lost in the Middle",
 * arXiv 2307.03172). Each chunk has a number of its own. (QAnything numbers files, and interleaved chunks of two files are
 * attributed to the wrong one.)
 * @param passages best first
 */
export function arranged(passages: readonly Passage[]): { document: DocumentId; name: string; passages: Numbered[] }[] {
  const documents = [...new Set(passages.map(({ document }) => document))];
  const ordered = documents.length > 2 ? [documents[0]!, ...documents.slice(2), documents[1]!] : documents;
  let number = 0;
  return ordered.map((document) => {
    const own = passages.filter((passage) => passage.document === document).toSorted((a, b) => a.start - b.start);
    return { document, name: own[0]!.name, passages: own.map((passage) => ({ ...passage, number: ++number })) };
  });
}

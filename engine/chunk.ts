import type { Block } from './api.ts';
import type { ParsedDocument } from './parse/document.ts';
import { pieces, sentences, type Span } from './sentences.ts';

/** A stretch of a document that is found and embedded as one. Parents hold children; children are what is searched. */
export interface Chunk {
  /** Index of its parent in `Chunks.parents`. */
  parent: number;
  /** Offsets in the document's text: `text === document.text.slice(start, end)`. */
  start: number;
  end: number;
  text: string;
  headings: string[];
  /** Of a piece of a cut table: the header row, said again for whoever reads the piece alone. */
  header?: string;
  tokens: number;
}

export interface Chunks { parents: { start: number; end: number }[]; chunks: Chunk[] }

export interface ChunkSizes { parentTokens: number; childTokens: number }

export const CHUNK_SIZES: ChunkSizes = { parentTokens: 800, childTokens: 256 };

export type CountTokens = (text: string) => number;

/** The smallest thing that is not cut again: a sentence, a table, a row, a listing, a heading. */
interface Unit extends Span { tokens: number; heading?: boolean; rows?: CutTable }

/** A table that is too long for one chunk. Its pieces after the first say `header` again, where it is short enough. */
interface CutTable { header?: string; headerTokens: number }

/** Units under one heading path. */
interface Section { headings: string[]; units: Unit[] }

/**
 * Splits a document by its structure. A section ends at the next heading; headings go with the text that follows them.
 * Children hold whole sentences (a sentence longer than the budget is cut at a clause), whole tables or rows of one,
 * whole listings or lines of one; they follow the text without overlap and leave out nothing but white space. Parents
 * hold neighbouring children, whole sections where they fit. Tokens of a chunk are the sum over its units.
 */
export function split(document: ParsedDocument, countTokens: CountTokens, sizes: ChunkSizes = CHUNK_SIZES): Chunks {
  const parents: Chunks['parents'] = [];
  const chunks: Chunk[] = [];
  let room = 0;
  let top: string | undefined;
  for (const section of sectionsOf(document, countTokens, sizes.childTokens)) {
    const children = pack(section.units, sizes.childTokens);
    const total = children.reduce((sum, child) => sum + child.tokens, 0);
    // A section that fits into a parent is not torn over two.
    let fresh = section.headings[0] !== top || (total > room && total <= sizes.parentTokens);
    top = section.headings[0];
    for (const { start, tokens, header, ...child } of children) {
      const end = trimmedEnd(document.text, child.end);
      if (fresh || tokens > room || parents.length === 0) {
        parents.push({ start, end });
        room = sizes.parentTokens;
        fresh = false;
      }
      room -= tokens;
      parents.at(-1)!.end = end;
      chunks.push({
        parent: parents.length - 1, start, end, text: document.text.slice(start, end),
        headings: section.headings, ...(header !== undefined && { header }), tokens,
      });
    }
  }
  return { parents, chunks };
}

function sectionsOf(document: ParsedDocument, countTokens: CountTokens, budget: number): Section[] {
  const sections: Section[] = [];
  let titles: Unit[] = [];
  let section: Section | undefined;
  for (const block of document.blocks) {
    const units = unitsOf(document.text, block, countTokens, budget);
    if (block.kind === 'heading') {
      titles = titles.concat(units);
      section = undefined;
      continue;
    }
    if (!section) sections.push(section = { headings: block.place.headings, units: titles });
    for (const unit of units) section.units.push(unit); // A file may be one paragraph of more sentences than a call takes arguments.
    titles = [];
  }
  const last = document.blocks.at(-1);
  if (titles.length > 0 && last) sections.push({ headings: last.place.headings, units: titles });
  return sections;
}

function unitsOf(text: string, block: Block, countTokens: CountTokens, budget: number): Unit[] {
  const span = { start: block.place.start, end: block.place.end };
  const measure = (piece: Span): Unit => ({ ...piece, tokens: countTokens(text.slice(piece.start, trimmedEnd(text, piece.end))) });
  const fitted = (spans: Span[], room = budget) => spans.map(measure).flatMap((unit) => cut(text, unit, room, measure))
    .filter((unit) => trimmedEnd(text, unit.end) > unit.start);
  switch (block.kind) {
    case 'heading':
      return fitted([span]).map((unit) => ({ ...unit, heading: true }));
    case 'table': {
      const whole = measure(span);
      return whole.tokens <= budget ? [whole] : rowsOf(block, countTokens, budget, fitted);
    }
    case 'code': {
      const whole = measure(span);
      return whole.tokens <= budget ? [whole] : fitted(linesOf(block));
    }
    default:
      return fitted(sentences(text, span.start, span.end));
  }
}

function rowsOf(block: Block, countTokens: CountTokens, budget: number, fitted: (pieces: Span[], room: number) => Unit[]): Unit[] {
  const header = block.text.split('\n').slice(0, block.headerRows ?? 1).join('\n');
  const headerTokens = countTokens(header);
  const rows: CutTable = header !== '' && headerTokens <= budget / 3 ? { header, headerTokens } : { headerTokens: 0 };
  return fitted(linesOf(block), budget - rows.headerTokens).map((unit) => ({ ...unit, rows }));
}

/** The lines of a block, each with its line break. */
function linesOf(block: Block): Span[] {
  const lines: Span[] = [];
  let start = block.place.start;
  for (const line of block.text.split(/(?<=\n)/)) {
    lines.push({ start, end: start + line.length });
    start += line.length;
  }
  return lines;
}

/** A unit within the budget, or its pieces that are. */
function cut(text: string, unit: Unit, budget: number, measure: (piece: Span) => Unit): Unit[] {
  const length = unit.end - unit.start;
  if (unit.tokens <= budget || length < 2) return [unit];
  const fit = Math.max(1, Math.min(length - 1, Math.floor((length * budget * 0.9) / unit.tokens)));
  return pieces(text, unit, fit).flatMap((piece) => piece.end - piece.start < length ? cut(text, measure(piece), budget, measure) : [unit]);
}

interface Child extends Span { tokens: number; header?: string }

/**
 * Packs the units of a section into children of similar size: as few as the budget allows, each ending as near as it can
 * to its even share, so that no crumb is left at the end.
 */
function pack(units: Unit[], budget: number): Child[] {
  const total = units.reduce((sum, unit) => sum + unit.tokens, 0);
  const share = total / Math.ceil(total / budget || 1);
  const children: Child[] = [];
  let child: Child | undefined;
  let rows: CutTable | undefined;
  let onlyHeadings = false;
  let done = 0;
  for (const unit of units) {
    const apart = child !== undefined && !onlyHeadings && unit.rows !== rows;
    const full = child !== undefined && !onlyHeadings && done + unit.tokens / 2 > share * children.length;
    if (!child || apart || full || child.tokens + unit.tokens > budget) {
      const again = unit.rows !== undefined && unit.rows === rows && unit.rows.header !== undefined;
      child = { start: unit.start, end: unit.end, tokens: unit.tokens + (again ? unit.rows!.headerTokens : 0), ...(again && { header: unit.rows!.header! }) };
      children.push(child);
      onlyHeadings = unit.heading === true;
    } else {
      child.end = unit.end;
      child.tokens += unit.tokens;
      onlyHeadings &&= unit.heading === true;
    }
    rows = unit.rows;
    done += unit.tokens;
  }
  return children;
}

function trimmedEnd(text: string, end: number): number {
  let at = end;
  while (at > 0 && /\s/.test(text[at - 1]!)) at--;
  return at;
}

import type { Block } from '../../engine/api.ts';

export type HighlightKind = 'cited' | 'match' | 'current';

/** A stretch of the document's text that is set off. */
export interface Highlight { start: number; end: number; kind: HighlightKind }

/** A stretch of one block in which nothing changes; `start` is its offset in the document's text. */
export interface Segment {
  start: number;
  text: string;
  highlight?: HighlightKind;
  marks: Set<'strong' | 'emphasis' | 'code' | 'link'>;
}

const STRENGTH: Record<HighlightKind, number> = { cited: 1, match: 2, current: 3 };

/** Cuts `from`…`to` of a block (offsets within it) wherever a mark or a highlight begins or ends. */
export function segmentsOf(block: Block, highlights: Highlight[], from = 0, to = block.text.length): Segment[] {
  const origin = block.place.start;
  const marks = (block.marks ?? []).filter((mark) => mark.start < to && mark.end > from);
  const lights = highlights.filter((light) => light.start < origin + to && light.end > origin + from);
  const cuts = new Set([from, to]);
  for (const { start, end } of marks) cuts.add(clamp(start, from, to)).add(clamp(end, from, to));
  for (const { start, end } of lights) cuts.add(clamp(start - origin, from, to)).add(clamp(end - origin, from, to));
  const edges = [...cuts].sort((a, b) => a - b);
  const segments: Segment[] = [];
  for (let i = 0; i + 1 < edges.length; i++) {
    const start = edges[i]!;
    const end = edges[i + 1]!;
    const over = lights.filter((light) => light.start <= origin + start && light.end >= origin + end);
    const segment: Segment = {
      start: origin + start,
      text: block.text.slice(start, end),
      marks: new Set(marks.filter((mark) => mark.start <= start && mark.end >= end).map((mark) => mark.kind)),
    };
    over.sort((a, b) => STRENGTH[b.kind] - STRENGTH[a.kind]);
    if (over[0]) segment.highlight = over[0].kind;
    segments.push(segment);
  }
  return segments;
}

/** A cell of a table as offsets within its block. */
export interface Cell { from: number; to: number }

/** Rows of a table block: lines, cells parted by tabs. */
export function cellsOf(text: string): Cell[][] {
  let from = 0;
  return text.split('\n').map((line) => line.split('\t').map((cell) => {
    const at = from;
    from += cell.length + 1;
    return { from: at, to: at + cell.length };
  }));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

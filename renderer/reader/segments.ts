import type { Block } from '../../engine/api.ts';
import type { Span } from './locate.ts';

/** A stretch of one block in which nothing changes; `start` is its offset in the document's text. */
export interface Segment {
  start: number;
  text: string;
  cited: boolean;
  marks: Set<'strong' | 'emphasis' | 'code' | 'link'>;
}

/** Cuts `from`…`to` of a block (offsets within it) wherever a mark or a citation begins or ends. */
export function segmentsOf(block: Block, cited: Span[], from = 0, to = block.text.length): Segment[] {
  const origin = block.place.start;
  const marks = (block.marks ?? []).filter((mark) => mark.start < to && mark.end > from);
  const spans = cited.filter((span) => span.start < origin + to && span.end > origin + from);
  const cuts = new Set([from, to]);
  for (const { start, end } of marks) cuts.add(clamp(start, from, to)).add(clamp(end, from, to));
  for (const { start, end } of spans) cuts.add(clamp(start - origin, from, to)).add(clamp(end - origin, from, to));
  const edges = [...cuts].sort((a, b) => a - b);
  const segments: Segment[] = [];
  for (let i = 0; i + 1 < edges.length; i++) {
    const start = edges[i]!;
    const end = edges[i + 1]!;
    segments.push({
      start: origin + start,
      text: block.text.slice(start, end),
      cited: spans.some((span) => span.start <= origin + start && span.end >= origin + end),
      marks: new Set(marks.filter((mark) => mark.start <= start && mark.end >= end).map((mark) => mark.kind)),
    });
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

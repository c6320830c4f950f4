import type { Segment } from './lines.ts';

/** How many lines both sides of a gutter must have before it counts, and how much of them may lie across it. */
const LEAST_LINES = 3;
const MOST_ACROSS = 0.5;
/** How far base lines of one table row may differ, and how narrow a gutter may be, in font sizes. */
const ALIGNED = 0.1;
const NARROWEST = 0.9;

/**
 * Splits a page's segments into columns in reading order. A gutter is a vertical strip that few segments cross though
 * many stand on both sides of it; those that cross it (titles, wide figures) part the page into bands, and in each band
 * the left side is read before the right. After the recursive X-Y cut (Nagy & Seth 1984), but with the vertical cut
 * first, so that white space between paragraphs that happens to align does not tear columns apart.
 */
export function columnsOf(segments: Segment[]): Segment[][] {
  const gutter = segments.length < 2 * LEAST_LINES ? undefined : findGutter(segments);
  if (gutter === undefined) return segments.length > 0 ? [segments] : [];
  const columns: Segment[][] = [];
  let across: Segment[] = [];
  let left: Segment[] = [];
  let right: Segment[] = [];
  const flush = (): void => {
    // Lines on one side only go with the full lines above: the short last line of an abstract, say.
    if (left.length === 0 || right.length === 0 || !isBand(left, right)) {
      across.push(...left, ...right);
    } else {
      if (across.length > 0) columns.push(...columnsOf(across));
      across = [];
      columns.push(...columnsOf(left), ...columnsOf(right));
    }
    left = [];
    right = [];
  };
  for (const segment of [...segments].sort((a, b) => a.base - b.base)) {
    if (segment.x1 <= gutter + 1) left.push(segment);
    else if (segment.x0 >= gutter - 1) right.push(segment);
    else {
      if (left.length + right.length > 0) flush();
      across.push(segment);
    }
  }
  flush();
  if (across.length === segments.length) return [segments]; // no band held: rows of a table
  if (across.length > 0) columns.push(...columnsOf(across));
  return columns;
}

/** The middle of the best strip, or nothing if the segments form one column. */
function findGutter(segments: Segment[]): number | undefined {
  const from = Math.floor(Math.min(...segments.map((s) => s.x0)));
  const to = Math.ceil(Math.max(...segments.map((s) => s.x1)));
  if (to - from < 40 || to - from > 20000) return undefined;
  const crossing = new Int32Array(to - from + 2);
  const beginning = new Int32Array(to - from + 2); // segments that begin right of x
  const ending = new Int32Array(to - from + 2); // segments that end left of x
  for (const { x0, x1 } of segments) {
    const a = Math.max(0, Math.floor(x0 - from));
    const b = Math.min(to - from, Math.ceil(x1 - from));
    crossing[a]!++;
    crossing[b]!--;
    ending[b]!++;
    beginning[a]!++;
  }
  let open = 0;
  let ended = 0;
  let begun = 0;
  let best: { score: number; start: number; end: number } | undefined;
  let running = false;
  for (let x = 0; x <= to - from; x++) {
    open += crossing[x]!;
    ended += ending[x]!;
    begun += beginning[x]!;
    const right = segments.length - begun;
    const fewer = Math.min(ended, right);
    const score = fewer >= LEAST_LINES && open <= fewer * MOST_ACROSS ? fewer - open : -1;
    if (score >= 0 && (!best || score > best.score)) {
      best = { score, start: x, end: x };
      running = true;
    } else if (running && best && score === best.score) best.end = x;
    else running = false;
  }
  return best && from + (best.start + best.end) / 2;
}

/**
 * Whether two sides are columns and not cells of a table: prose fills its column, and lines that are not cells do not
 * stand on the same base lines. A gutter no wider than a word gap is none.
 */
function isBand(left: Segment[], right: Segment[]): boolean {
  const rows = [rowsOf(left), rowsOf(right)] as const;
  if (Math.min(rows[0].length, rows[1].length) < LEAST_LINES) return false;
  const pairs = rows[1].flatMap((row) => {
    const beside = rows[0].find((other) => Math.abs(other.base - row.base) < ALIGNED * row.size);
    return beside ? [row.x0 - beside.x1 > NARROWEST * row.size] : [];
  });
  if (pairs.length > 0 && 2 * pairs.filter((wide) => !wide).length >= pairs.length) return false; // only the gap between two words
  if (pairs.length < 0.6 * Math.min(rows[0].length, rows[1].length)) return true;
  return rows.every((side) => isProse(side));
}

interface Row { base: number; size: number; x0: number; x1: number; inked: number }

function rowsOf(segments: Segment[]): Row[] {
  const rows: Row[] = [];
  for (const { base, size, x0, x1 } of segments) {
    const row = rows.at(-1);
    if (row && Math.abs(row.base - base) < 0.4 * size) {
      row.x0 = Math.min(row.x0, x0);
      row.x1 = Math.max(row.x1, x1);
      row.inked += x1 - x0;
    } else rows.push({ base, size, x0, x1, inked: x1 - x0 });
  }
  return rows;
}

/** Half of the lines or more fill most of the width, and the width holds a few words. */
function isProse(rows: Row[]): boolean {
  const width = Math.max(...rows.map((row) => row.x1)) - Math.min(...rows.map((row) => row.x0));
  const full = rows.filter((row) => row.inked > 0.75 * width).length;
  return width > 8 * rows[0]!.size && full >= 0.4 * rows.length;
}

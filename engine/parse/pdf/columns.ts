import type { Segment } from './lines.ts';

/** How many lines a column has at least. */
const LEAST_LINES = 3;
/** Edges within so many points count as one; so many of them are tried as gutters. */
const EDGE = 2;
const MOST_GUTTERS = 12;
/** How far base lines of one table row may differ, and how narrow a gutter may be, in font sizes. */
const ALIGNED = 0.1;
const NARROWEST = 0.9;

/** Part of a page from top to bottom: two columns, or what goes across. */
type Band = { left: Segment[]; right: Segment[] } | { across: Segment[] };

/**
 * Splits a page's segments into columns in reading order. A gutter is an upright line with text on both sides of it;
 * what crosses it (titles, wide figures) parts the page into bands, and in each band the left side is read before the
 * right. After the recursive X-Y cut (Nagy & Seth 1984), but with the upright cut first, so that white space between
 * paragraphs that happens to align does not tear columns apart.
 */
export function columnsOf(segments: Segment[]): Segment[][] {
  if (segments.length === 0) return [];
  const sorted = [...segments].sort((a, b) => a.base - b.base);
  let best: { bands: Band[]; inColumns: number } = { bands: [], inColumns: 0 };
  for (const gutter of guttersOf(segments)) {
    const bands = bandsOf(sorted, gutter);
    const inColumns = bands.reduce((sum, band) => sum + ('left' in band ? band.left.length + band.right.length : 0), 0);
    if (inColumns > best.inColumns) best = { bands, inColumns };
  }
  if (best.inColumns === 0) return [sorted];
  return best.bands.flatMap((band) => ('left' in band ? [...columnsOf(band.left), ...columnsOf(band.right)] : columnsOf(band.across)));
}

/** Cuts segments, sorted from top to bottom, at a gutter. */
function bandsOf(sorted: Segment[], gutter: number): Band[] {
  const bands: Band[] = [];
  let across: Segment[] = [];
  let left: Segment[] = [];
  let right: Segment[] = [];
  const flush = (): void => {
    // Lines on one side only go with the full lines above: the short last line of an abstract, say.
    if (!isBand(left, right)) across.push(...left, ...right);
    else {
      if (across.length > 0) bands.push({ across });
      bands.push({ left, right });
      across = [];
    }
    left = [];
    right = [];
  };
  for (const segment of sorted) {
    if (segment.x1 <= gutter) left.push(segment);
    else if (segment.x0 >= gutter) right.push(segment);
    else {
      if (left.length + right.length > 0) flush();
      across.push(segment);
    }
  }
  flush();
  if (across.length > 0) bands.push({ across });
  return bands;
}

/** Where gutters may be: where fewest segments cross, and just left of where many begin, as columns are set. */
function guttersOf(segments: Segment[]): number[] {
  const clear = clearestOf(segments);
  const begins = new Map<number, number>();
  for (const { x0 } of segments) begins.set(Math.round(x0 / EDGE), (begins.get(Math.round(x0 / EDGE)) ?? 0) + 1);
  const edges = [...begins].filter(([edge, count]) => count + (begins.get(edge + 1) ?? 0) >= LEAST_LINES)
    .sort((a, b) => b[1] - a[1]).slice(0, MOST_GUTTERS).map(([edge]) => (edge - 1) * EDGE);
  return clear === undefined ? edges : [clear, ...edges];
}

/** The middle of the strip that most segments stand beside and fewest cross. */
function clearestOf(segments: Segment[]): number | undefined {
  const starts = segments.map((segment) => segment.x0).sort((a, b) => a - b);
  const ends = segments.map((segment) => segment.x1).sort((a, b) => a - b);
  let best: { score: number; x: number } | undefined;
  // Between the end of one segment and the next beginning nothing changes, so only those places are looked at.
  for (let ended = 1, begun = 0; ended < ends.length; ended++) {
    const x = ends[ended - 1]!;
    while (begun < starts.length && starts[begun]! < x) begun++;
    const next = starts[begun];
    if (next === undefined) break;
    const score = Math.min(ended, starts.length - begun) - (begun - ended);
    if (next > x && (!best || score > best.score)) best = { score, x: (x + Math.min(next, ends[ended]!)) / 2 };
  }
  return best?.x;
}

/**
 * Whether two sides are columns and not cells of a table: they stand side by side, prose fills its column, and lines that
 * are not cells do not stand on the same base lines. A gap no wider than between words is no gutter.
 */
function isBand(left: Segment[], right: Segment[]): boolean {
  const [one, other] = [rowsOf(left), rowsOf(right)];
  const least = Math.min(one.length, other.length);
  if (least < LEAST_LINES || !besideOneAnother(one, other)) return false;
  const pairs = other.flatMap((row) => {
    const beside = nearest(one, row.base);
    return Math.abs(beside.base - row.base) < ALIGNED * row.size ? [row.x0 - beside.x1 > NARROWEST * row.size] : [];
  });
  if (pairs.length > 0 && 2 * pairs.filter((wide) => !wide).length >= pairs.length) return false;
  const isProse = (width: number): boolean => isProseOf(one, width) && isProseOf(other, width);
  if (pairs.length >= 0.6 * least) return isProse(11);
  return isProse(8) || (pairs.length < 0.3 * least && least >= 5);
}

/** Seven lines in ten of the shorter side have a line of the other side next to them; blocks set in turns have not. */
function besideOneAnother(one: Row[], other: Row[]): boolean {
  const [shorter, longer] = one.length < other.length ? [one, other] : [other, one];
  const beside = shorter.filter((row) => Math.abs(nearest(longer, row.base).base - row.base) < 0.8 * row.size);
  return beside.length >= 0.7 * shorter.length;
}

/** The row nearest to a base line; rows go from top to bottom. */
function nearest(rows: Row[], base: number): Row {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]!.base < base) low = middle + 1;
    else high = middle;
  }
  const [above, below] = [rows[Math.max(0, low - 1)]!, rows[low]!];
  return Math.abs(base - above.base) < Math.abs(below.base - base) ? above : below;
}

interface Row { base: number; size: number; x0: number; x1: number; inked: number; /** Widest gap in it, and widest segment. */ gap: number; widest: number }

function rowsOf(segments: Segment[]): Row[] {
  const rows: Row[] = [];
  for (const { base, size, x0, x1 } of segments) {
    const row = rows.at(-1);
    if (row && Math.abs(row.base - base) < 0.4 * size) {
      row.gap = Math.max(row.gap, x0 - row.x1, row.x0 - x1);
      row.widest = Math.max(row.widest, x1 - x0);
      row.x0 = Math.min(row.x0, x0);
      row.x1 = Math.max(row.x1, x1);
      row.inked += x1 - x0;
    } else rows.push({ base, size, x0, x1, inked: x1 - x0, gap: 0, widest: x1 - x0 });
  }
  return rows;
}

/** Four lines in ten or more fill most of the width, which is that of so many font sizes or more. */
function isProseOf(rows: Row[], least: number): boolean {
  const width = Math.max(...rows.map((row) => row.x1)) - Math.min(...rows.map((row) => row.x0));
  const full = rows.filter((row) => row.inked > 0.75 * width && row.gap < 3 * row.size && row.widest > 8 * row.size).length;
  return width > least * rows[0]!.size && full >= 0.4 * rows.length;
}

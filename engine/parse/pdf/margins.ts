import type { Column } from './paragraphs.ts';
import type { Line } from './lines.ts';

/** Running headers and footers live in the outer parts of a page, and count as running from this many pages on. */
const OUTER = 0.13;
const LEAST_PAGES = 3;
/** How far the base line may move from page to page, in points. */
const DRIFT = 3;

export interface PageSize { width: number; height: number }

const PAGE_NUMBER = /^(?:[-–—·|\s]*(?:page|p\.|第)?\s*(?:\d{1,4}|[ivxl]{1,7})\s*(?:页|頁|(?:of|\/|／|共)\s*\d{1,4}\s*页?)?[-–—·|\s]*)$/i;

/**
 * Drops page numbers, and lines that repeat at the same height of several pages, digits aside. On the first page such a
 * line stays: there it is said once, and often nowhere else.
 */
export function withoutMargins(columns: Column[], sizes: (PageSize | undefined)[]): Column[] {
  const repeats = new Map<string, { base: number; pages: Set<number> }[]>();
  const offsets = new Map<number, Set<number>>();
  const outer = columns.flatMap((column) => column.lines
    .filter((line) => isOuter(line, column, sizes[column.page - 1]!)).map((line) => ({ line, page: column.page })));
  for (const { line, page } of outer) {
    const number = numberOf(line);
    if (number !== undefined) offsets.set(number - page, (offsets.get(number - page) ?? new Set()).add(page));
    const key = repeatKey(line);
    if (!repeats.has(key)) repeats.set(key, []);
    const group = repeats.get(key)!.find((candidate) => Math.abs(candidate.base - line.base) < DRIFT);
    if (group) group.pages.add(page);
    else repeats.get(key)!.push({ base: line.base, pages: new Set([page]) });
  }
  const running = new Set(outer.filter(({ line, page }) => {
    const number = numberOf(line);
    if (number !== undefined && offsets.get(number - page)!.size >= LEAST_PAGES) return true;
    const group = repeats.get(repeatKey(line))!.find((candidate) => Math.abs(candidate.base - line.base) < DRIFT);
    return group!.pages.size >= LEAST_PAGES && (page > 1 || PAGE_NUMBER.test(line.text));
  }).map(({ line }) => line));
  return columns.map((column) => ({ ...column, lines: column.lines.filter((line) => !running.has(line)) }))
    .filter((column) => column.lines.length > 0);
}

/** The same for a line and its mirror image on the facing page, whatever the number in it. */
const repeatKey = (line: Line): string =>
  PAGE_NUMBER.test(line.text) ? '#' : [...line.text.replace(/\d+/g, '#').replace(/\s+/g, '')].sort().join('');

const numberOf = (line: Line): number | undefined => {
  const digits = PAGE_NUMBER.test(line.text) ? /\d+/.exec(line.text)?.[0] : undefined;
  return digits === undefined ? undefined : Number(digits);
};

function isOuter(line: Line, { angle }: Column, { height }: PageSize): boolean {
  return angle === 0 && (line.base < OUTER * height || line.base > (1 - OUTER) * height);
}

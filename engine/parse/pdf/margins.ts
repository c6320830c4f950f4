import type { Column } from './paragraphs.ts';
import type { Line } from './lines.ts';

/** Running headers and footers live in the outer parts of a page, and count as running from this many pages on. */
const OUTER = 0.13;
const LEAST_PAGES = 3;
/** How far the base line may move from page to page, in points. */
const DRIFT = 3;

export interface PageSize { width: number; height: number }

const PAGE_NUMBER = /^(?:[-–—·|\s]*(?:page|p\.|第)?\s*(?:\d{1,4}|[ivxl]{1,7})\s*(?:页|頁|(?:of|\/|／|共)\s*\d{1,4}\s*页?)?[-–—·|\s]*)$/i;

/** Drops lines that repeat at the same height of several pages, digits aside, and page numbers. */
export function withoutMargins(columns: Column[], sizes: PageSize[]): Column[] {
  const groups = new Map<string, { base: number; pages: Set<number> }[]>();
  const groupOf = (line: Line, page: number): { base: number; pages: Set<number> } | undefined => {
    const key = PAGE_NUMBER.test(line.text) ? '#' : line.text.replace(/\d+/g, '#').replace(/\s+/g, '');
    let list = groups.get(key);
    if (!list) groups.set(key, list = []);
    let group = list.find((candidate) => Math.abs(candidate.base - line.base) < DRIFT);
    if (!group) list.push(group = { base: line.base, pages: new Set() });
    group.pages.add(page);
    return group;
  };
  const marked = columns.map((column) => ({
    column,
    running: column.lines.map((line) => (isOuter(line, column, sizes[column.page - 1]!) ? groupOf(line, column.page) : undefined)),
  }));
  return marked.map(({ column, running }) => ({
    ...column,
    lines: column.lines.filter((_, i) => !((running[i]?.pages.size ?? 0) >= LEAST_PAGES)),
  })).filter((column) => column.lines.length > 0);
}

function isOuter(line: Line, { angle }: Column, { height }: PageSize): boolean {
  return angle === 0 && (line.base < OUTER * height || line.base > (1 - OUTER) * height);
}

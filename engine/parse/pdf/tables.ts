import type { Line } from './lines.ts';

const LEAST_ROWS = 3;

/**
 * How many lines from `from` on are the rows of one table: each has cells that stand apart, and shares at least two
 * cell edges with the row above. 0 if it is none.
 */
export function tableAt(lines: Line[], from: number): number {
  let rows = 0;
  for (let i = from; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.cells.length < 2) break;
    if (i > from && (line.base - lines[i - 1]!.base > 3 * line.size || !goOn(lines[i - 1]!, line))) break;
    rows++;
  }
  return rows >= LEAST_ROWS ? rows : 0;
}

/** Two rows of one table: two edges in common, or entries of a table of contents with their page numbers. */
function goOn(above: Line, row: Line): boolean {
  const number = /\s\d{1,4}$/;
  return sharedEdges(above, row) >= 2 || (number.test(above.text) && number.test(row.text) && Math.abs(above.x1 - row.x1) < 0.5 * row.size);
}

/** Cells of two rows that begin, end or are centred at the same place. */
function sharedEdges(one: Line, other: Line): number {
  const near = 0.5 * other.size;
  return other.cells.filter((cell) => one.cells.some((above) => Math.abs(above.x0 - cell.x0) < near
    || Math.abs(above.x1 - cell.x1) < near || Math.abs(above.x0 + above.x1 - cell.x0 - cell.x1) < 2 * near)).length;
}

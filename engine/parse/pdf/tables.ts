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
    if (i > from && (line.base - lines[i - 1]!.base > 3 * line.size || sharedEdges(lines[i - 1]!, line) < 2)) break;
    rows++;
  }
  return rows >= LEAST_ROWS ? rows : 0;
}

/** Cells of two rows that begin, end or are centred at the same place. */
function sharedEdges(one: Line, other: Line): number {
  const near = 0.5 * other.size;
  return other.cells.filter((cell) => one.cells.some((above) => Math.abs(above.x0 - cell.x0) < near
    || Math.abs(above.x1 - cell.x1) < near || Math.abs(above.x0 + above.x1 - cell.x0 - cell.x1) < 2 * near)).length;
}

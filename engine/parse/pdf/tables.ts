import type { Line } from './lines.ts';

const LEAST_ROWS = 3;
/** A cell that may be set to the right or in the middle, in font sizes. */
const NARROW = 8;

/**
 * How many lines from `from` on are the rows of one table: each has cells that stand apart, and stands
 * below the row above cell by cell. 0 if it is none.
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
  if (number.test(above.text) && number.test(row.text) && Math.abs(above.x1 - row.x1) < 0.5 * row.size) return true;
  const first = Math.abs(above.x0 - row.x0) < 0.5 * row.size ? 1 : 0;
  const inner = sharedCells(above, row);
  return inner > 0 && inner + first > 1;
}

/**
 * How many cells after the first stand below one of the row above: both begin, or one being narrow end or are centred, at
 * the same place. Wide gaps in justified prose have no such cells, though their lines share both margins.
 */
function sharedCells(above: Line, row: Line): number {
  const near = 0.5 * row.size;
  return row.cells.slice(1).filter((cell) => above.cells.slice(1).some((other) => Math.abs(other.x0 - cell.x0) < near
    || (Math.min(cell.x1 - cell.x0, other.x1 - other.x0) < NARROW * row.size
      && (Math.abs(other.x1 - cell.x1) < near || Math.abs(other.x0 + other.x1 - cell.x0 - cell.x1) < 2 * near)))).length;
}

/** Whether two lines are rows even where they are too few for a table: a cell begins below a cell. */
export const inRows = (above: Line, row: Line): boolean => row.cells.length > 1 && row.cells.slice(1)
  .some((cell) => above.cells.slice(1).some((other) => Math.abs(other.x0 - cell.x0) < 0.5 * row.size));

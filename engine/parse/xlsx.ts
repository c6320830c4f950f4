import readXlsxFile from 'read-excel-file/node';
import { openArchive } from './archive.ts';
import { assemble, ParseFailure, type Draft, type ParsedDocument } from './document.ts';
import { textOfRows } from './table.ts';

type Cell = string | number | boolean | Date | null | undefined;

/** An Excel workbook: each sheet a heading and its table; rows of one cell above a table are its title. */
export async function parseXlsx(bytes: Uint8Array): Promise<ParsedDocument> {
  openArchive(bytes); // For its limits and its reasons.
  const sheets = await readXlsxFile(Buffer.from(bytes)).catch((error: unknown) => {
    if (error instanceof RangeError) throw error;
    throw new ParseFailure('damaged', 'Excel would not open this workbook either: a part of it is damaged or missing. Open it in Excel, let it repair the file, and save a new copy.');
  });
  const told = sheets.map(({ sheet, data }) => ({ sheet, drafts: sheetDrafts(data as Cell[][]) })).filter(({ drafts }) => drafts.length > 0);
  return assemble('xlsx', told.flatMap(({ sheet, drafts }): Draft[] => [{ kind: 'heading', level: 1, text: sheet }, ...drafts]));
}

/** A sheet's rows as titles and tables; an empty row ends a table. */
export function sheetDrafts(rows: readonly (readonly Cell[])[]): Draft[] {
  const drafts: Draft[] = [];
  let table: string[][] = [];
  const flush = (): void => {
    const width = Math.max(0, ...table.map((row) => row.findLastIndex((cell) => cell !== '') + 1));
    const first = Math.min(...table.map((row) => row.findIndex((cell) => cell !== '')));
    const cells = table.map((row) => row.slice(first, width));
    if (table.length > 0) drafts.push(width - first === 1 && table.length === 1 ? { kind: 'paragraph', text: cells[0]![0]! } : { kind: 'table', text: textOfRows(cells), headerRows: cells.length > 1 && isHeader(cells[0]!) ? 1 : 0 });
    table = [];
  };
  for (const row of rows) {
    const cells = row.map(textOfCell);
    const filled = cells.filter((cell) => cell !== '').length;
    if (filled === 0) flush();
    else if (filled === 1 && table.length === 0 && row.length > 1) drafts.push({ kind: 'paragraph', text: cells.find((cell) => cell !== '')! });
    else table.push(cells);
  }
  flush();
  return drafts;
}

/** Names of columns are short texts. */
const isHeader = (cells: readonly string[]): boolean => cells.filter((cell) => cell !== '').every((cell) => cell.length <= 80 && !/^[\d.,%\s-]+$/.test(cell));

function textOfCell(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (cell instanceof Date) return cell.toISOString().replace(/T00:00:00\.000Z$/, '').replace(/T(\d\d:\d\d)(?::00)?\.000Z$/, ' $1');
  // What adding tenths leaves behind the fifteenth digit is not shown either.
  return typeof cell === 'number' ? String(Number(cell.toPrecision(15))) : String(cell).trim();
}

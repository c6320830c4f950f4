import type { Draft } from './document.ts';

/** Rows of delimited text (RFC 4180 with any of , ; tab |), as a table block whose first row is its header. */
export function readTable(text: string): Draft | undefined {
  const rows = delimitedRows(text).filter((row) => row.some((cell) => cell !== ''));
  if (rows.length === 0) return undefined;
  return { kind: 'table', text: textOfRows(rows), headerRows: rows.length > 1 ? 1 : 0, source: { start: 0, end: text.length } };
}

/** The cells of delimited text, row by row. */
export function delimitedRows(text: string): string[][] {
  return rowsOf(text, delimiterOf(text));
}

/** A table as text: rows on lines, cells parted by tabs; white space within a cell is one space. */
export function textOfRows(rows: string[][]): string {
  return rows.map((row) => row.map((cell) => cell.replace(/\s+/g, ' ').trim()).join('\t')).join('\n');
}

/** How much of a text is looked at to find its delimiter. */
const HEAD = 16_384;

/** The delimiter that parts the first lines into the same number of cells, more than one. */
function delimiterOf(text: string): string {
  const head = text.slice(0, text.length > HEAD ? text.lastIndexOf('\n', HEAD) + 1 || HEAD : text.length);
  let best = { delimiter: ',', score: 0 };
  for (const delimiter of [',', ';', '\t', '|']) {
    const counts = rowsOf(head, delimiter).slice(0, 20).map((row) => row.length);
    const usual = counts[0] ?? 1;
    const score = usual < 2 ? 0 : counts.filter((count) => count === usual).length / counts.length + Math.min(usual, 50) / 1000;
    if (score > best.score) best = { delimiter, score };
  }
  return best.delimiter;
}

function rowsOf(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let cell: string;
    if (text[at] === '"') {
      let end = at + 1;
      while (end < text.length && !(text[end] === '"' && text[end + 1] !== '"')) end += text[end] === '"' ? 2 : 1;
      cell = text.slice(at + 1, end).replaceAll('""', '"');
      at = end + 1;
      const rest = endOfCell(text, at, delimiter);
      cell += text.slice(at, rest);
      at = rest;
    } else {
      const end = endOfCell(text, at, delimiter);
      cell = text.slice(at, end);
      at = end;
    }
    row.push(cell.trim());
    const atDelimiter = text[at] === delimiter;
    at += text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1;
    if (atDelimiter && at < text.length) continue;
    if (atDelimiter) row.push('');
    rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push(row);
  return rows;
}

function endOfCell(text: string, from: number, delimiter: string): number {
  let end = from;
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n' && text[end] !== '\r') end++;
  return end;
}

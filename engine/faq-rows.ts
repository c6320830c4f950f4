import { readSheet } from 'read-excel-file/node';
import { EngineError } from './api.ts';
import { decode } from './parse/encoding.ts';
import { delimitedRows } from './parse/table.ts';

/** Questions and answers as a file holds them, and the rows that hold none. Rows count from 1, as a spreadsheet shows them. */
export interface FaqRows { rows: { question: string; answer: string }[]; refused: { row: number; reason: FaqFault }[] }

/** The interface has a sentence in each language for every one. */
export type FaqFault = 'no-question' | 'no-answer' | 'long-question' | 'long-answer';

const LONGEST_QUESTION = 512;
const LONGEST_ANSWER = 8192;
const MOST_ROWS = 10_000;

const QUESTION = /^(?:questions?|q|faq|问题|問題|问|問|提问|标准问|标准问题|prompt)$/i;
const ANSWER = /^(?:answers?|a|答案|回答|答|回复|回覆|标准答案|response|reply)$/i;

/**
 * Reads rows of question and answer from a CSV, TSV or XLSX file. The columns are those whose heads say so in either language;
 * without such heads the first two.
 *
 * @throws EngineError 'invalid' for a file that is neither, is broken, or is too long
 */
export async function readFaqRows(name: string, bytes: Uint8Array): Promise<FaqRows> {
  const table = (await cellsOf(name, bytes)).map((row, i) => ({ row: i + 1, cells: row })).filter(({ cells }) => cells.some((cell) => cell !== ''));
  if (table.length === 0) throw new EngineError('invalid', `There are no rows in ${name}.`);
  if (table.length > MOST_ROWS) throw new EngineError('invalid', `${name} has ${table.length} rows; at most ${MOST_ROWS} are taken in. Split it into several files.`);
  const heads = table[0]!.cells;
  const [question, answer] = [heads.findIndex((cell) => QUESTION.test(cell)), heads.findIndex((cell) => ANSWER.test(cell))];
  const headed = question !== -1 && answer !== -1;
  if (!headed && Math.max(...table.map(({ cells }) => cells.length)) < 2) throw new EngineError('invalid', `${name} has one column; a question and its answer stand in two.`);

  const found: FaqRows = { rows: [], refused: [] };
  for (const { row, cells } of headed ? table.slice(1) : table) {
    const pair = { question: cells[headed ? question : 0] ?? '', answer: cells[headed ? answer : 1] ?? '' };
    const reason = faultOf(pair.question, pair.answer);
    if (reason) found.refused.push({ row, reason });
    else found.rows.push(pair);
  }
  return found;
}

/** What keeps a question and its answer from being stored, or undefined. */
export function faultOf(question: string, answer: string): FaqFault | undefined {
  if (!/[\p{L}\p{N}]/u.test(question)) return 'no-question';
  if (answer.trim() === '') return 'no-answer';
  if (question.length > LONGEST_QUESTION) return 'long-question';
  if (answer.length > LONGEST_ANSWER) return 'long-answer';
  return undefined;
}

async function cellsOf(name: string, bytes: Uint8Array): Promise<string[][]> {
  // Every XLSX file is a zip archive.
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
    try {
      return (await readSheet(Buffer.from(bytes))).map((row) => row.map((cell) => (cell instanceof Date ? cell.toISOString().slice(0, 10) : String(cell ?? '').trim())));
    } catch {
      throw new EngineError('invalid', `${name} is not a whole XLSX file. Open it in Excel or LibreOffice and save it once more, as XLSX or CSV.`);
    }
  }
  if (!/\.(?:csv|tsv|tab|txt)$/i.test(name)) throw new EngineError('invalid', `${name} is neither CSV nor XLSX. Save it as one of these.`);
  return delimitedRows(decode(bytes).text);
}

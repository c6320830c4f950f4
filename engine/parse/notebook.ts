import { assemble, ParseFailure, type Draft, type ParsedDocument } from './document.ts';
import { decode } from './encoding.ts';
import { markdownBlocks } from './markdown.ts';

interface Cell { cell_type?: string; source?: string | string[]; input?: string | string[]; outputs?: Output[] }
interface Output { text?: string | string[]; data?: Record<string, string | string[]> }

/** A Jupyter notebook (nbformat 3 and 4): its prose, its code, and what the code printed. */
export async function parseNotebook(bytes: Uint8Array): Promise<ParsedDocument> {
  const cells = cellsOf(decode(bytes).text);
  const drafts = cells.flatMap((cell): Draft[] => {
    const source = joined(cell.source ?? cell.input);
    if (cell.cell_type === 'markdown' || cell.cell_type === 'heading') return markdownBlocks(source).map(({ source: _, ...draft }) => draft);
    return [{ kind: 'code', text: source }, ...(cell.outputs ?? []).map((output): Draft => ({ kind: 'code', text: joined(output.text ?? output.data?.['text/plain']).trimEnd() }))];
  });
  const title = drafts.find(({ kind, level }) => kind === 'heading' && level === 1)?.text;
  return assemble('notebook', drafts, title !== undefined ? { title } : {});
}

function cellsOf(text: string): Cell[] {
  let notebook: { cells?: unknown; worksheets?: { cells?: unknown }[] } | null;
  try {
    notebook = JSON.parse(text) as typeof notebook;
  } catch {
    throw new ParseFailure('damaged', 'This notebook is not whole: its JSON breaks off or is broken. Open it in Jupyter and save a new copy.');
  }
  const cells = notebook?.cells ?? notebook?.worksheets?.flatMap((sheet) => sheet.cells ?? []);
  if (!Array.isArray(cells)) throw new ParseFailure('damaged', 'This file is called a notebook and has no cells. Open it in Jupyter and save a new copy.');
  return cells.filter((cell): cell is Cell => typeof cell === 'object' && cell !== null);
}

const joined = (text: string | string[] | undefined): string => (Array.isArray(text) ? text.join('') : typeof text === 'string' ? text : '');

import type { Block, DocumentId, Hit } from '../api.ts';
import { sentences, type Span } from '../sentences.ts';
import { isQuestion } from './clues.ts';

/** Something a document says: a sentence, a row of a table with its header, a listing. Headings say nothing alone. */
export interface Statement {
  kind: 'sentence' | 'row' | 'code';
  /** As it reads in an answer. */
  text: string;
  /** What stands above it: headings, the question of a list of questions, the name of the document. */
  context: string;
  document: DocumentId;
  /** Index of the hit it was found in. */
  hit: number;
  /** Offset of its block. */
  block: number;
  start: number;
  end: number;
  /** The document's text from `start` to `end`. */
  quote: string;
}

/** A listing longer than this is shown by its first lines. */
const CODE = 1200;

/** The statements of a hit, in order. */
export function statementsOf(hit: Hit, index: number, blocks: readonly Block[]): Statement[] {
  const statements: Statement[] = [];
  const from = hit.place.start;
  const to = hit.place.end;
  let asked = '';
  for (const block of blocks) {
    if (block.place.end <= from || block.place.start >= to || block.kind === 'heading') continue;
    const headings = block.place.headings.length > 0 ? block.place.headings : hit.place.headings;
    const add = (kind: Statement['kind'], span: Span, text = slice(block, span)) => {
      const trimmed = trim(block, span);
      if (trimmed.start >= trimmed.end) return;
      statements.push({
        kind, text: text.trim(), context: [hit.documentName, ...headings, asked].join('\n'), document: hit.document, hit: index,
        block: block.place.start, ...trimmed, quote: slice(block, trimmed),
      });
    };
    const shown = { start: Math.max(from, block.place.start), end: Math.min(to, block.place.end) };
    switch (block.kind) {
      case 'table':
        for (const row of rowsOf(block)) if (row.start < shown.end && row.end > shown.start) add('row', row, row.text);
        break;
      case 'code':
        add('code', { start: shown.start, end: Math.min(shown.end, shown.start + CODE) });
        break;
      default:
        for (const span of sentences(block.text, shown.start - block.place.start, shown.end - block.place.start)) {
          const sentence = { start: span.start + block.place.start, end: span.end + block.place.start };
          const text = slice(block, sentence).replace(/\s*\n\s*/g, ' ').trim();
          add('sentence', sentence, text);
          if (isQuestion(text)) asked = text;
        }
    }
  }
  return statements;
}

function slice(block: Block, { start, end }: Span): string {
  return block.text.slice(start - block.place.start, end - block.place.start);
}

function trim(block: Block, span: Span): Span {
  const text = slice(block, span);
  return { start: span.start + text.length - text.trimStart().length, end: span.end - (text.length - text.trimEnd().length) };
}

/** The rows of a table below its header, each cell named by its column: "name: Moss; light: shade". */
function rowsOf(block: Block): (Span & { text: string })[] {
  const lines = block.text.split('\n');
  const headerRows = Math.min(block.headerRows ?? 1, lines.length - 1);
  const columns = headerRows > 0 ? lines[headerRows - 1]!.split('\t').map((cell) => cell.trim()) : [];
  const wide = /\p{Script=Han}/u.test(block.text);
  let start = block.place.start;
  return lines.flatMap((line, i) => {
    const span = { start, end: start + line.length };
    start += line.length + 1;
    if (i < headerRows || line.trim() === '') return [];
    const cells = line.split('\t').map((cell, column) => {
      const name = columns[column];
      return cell.trim() === '' ? '' : name ? `${name}${wide ? '：' : ': '}${cell.trim()}` : cell.trim();
    });
    return [{ ...span, text: cells.filter((cell) => cell !== '').join(wide ? '；' : '; ') }];
  });
}

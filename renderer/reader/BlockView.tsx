import type { ReactNode } from 'react';
import type { Block } from '../../engine/api.ts';
import type { Span } from './locate.ts';
import type { Segment } from './segments.ts';
import { cellsOf, segmentsOf } from './segments.ts';

export interface BlockViewProps { block: Block; cited: Span[]; tableName: string }

/** One block as the element it is. Every stretch of its text says its offset in the document in `data-start`. */
export function BlockView({ block, cited, tableName }: BlockViewProps): ReactNode {
  const text = stretches(segmentsOf(block, cited));
  switch (block.kind) {
    case 'heading': {
      const Heading = `h${Math.min(6, Math.max(1, block.level ?? 1))}` as 'h1';
      return <Heading>{text}</Heading>;
    }
    case 'paragraph': return <p>{text}</p>;
    case 'quote': return <blockquote>{text}</blockquote>;
    case 'code': return <pre><code>{text}</code></pre>;
    case 'list-item': return <li data-depth={Math.min(6, block.level ?? 1)} className={MARKED.test(block.text) ? 'marked' : undefined}>{text}</li>;
    case 'table': return <TableBlock block={block} cited={cited} tableName={tableName} />;
  }
}

/** The item brings its own bullet or number. */
const MARKED = /^\s*(?:[•●○▪◦·*–—-]|\(?\d{1,3}[.)、．）]|\(?[a-z][.)]\s|[（(]?[一二三四五六七八九十]+[、.)）])/i;

function TableBlock({ block, cited, tableName }: BlockViewProps): ReactNode {
  const rows = cellsOf(block.text);
  const headers = Math.min(block.headerRows ?? 0, rows.length);
  const row = (cells: (typeof rows)[number], index: number) => (
    <tr key={index}>
      {cells.map(({ from, to }, column) => {
        const text = stretches(segmentsOf(block, cited, from, to));
        return index < headers ? <th key={column} scope="col">{text}</th> : <td key={column}>{text}</td>;
      })}
    </tr>
  );
  return (
    <div className="reader-table" role="region" aria-label={tableName} tabIndex={0}>
      <table>
        {headers > 0 && <thead>{rows.slice(0, headers).map(row)}</thead>}
        <tbody>{rows.slice(headers).map((cells, index) => row(cells, index + headers))}</tbody>
      </table>
    </div>
  );
}

function stretches(segments: Segment[]): ReactNode {
  return segments.map((segment) => {
    let text: ReactNode = segment.text;
    if (segment.marks.has('code')) text = <code>{text}</code>;
    if (segment.marks.has('emphasis')) text = <em>{text}</em>;
    if (segment.marks.has('strong')) text = <strong>{text}</strong>;
    if (segment.marks.has('link')) text = <span className="reader-link">{text}</span>;
    return segment.cited
      ? <mark key={segment.start} data-start={segment.start} className="cited">{text}</mark>
      : <span key={segment.start} data-start={segment.start}>{text}</span>;
  });
}

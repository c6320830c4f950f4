import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { Document } from '../../engine/api.ts';
import { Checkbox } from '../controls/Checkbox.tsx';
import { useAhead } from '../controls/useAhead.ts';
import { useEngine } from '../engine.tsx';
import { count } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import './DocumentList.css';
import { DocumentRow } from './DocumentRow.tsx';
import { everyId, useDocuments, type DocumentFilter } from './useDocuments.ts';

/** Height of a row that says nothing unusual. */
const ROW = 52;

interface DocumentListProps {
  filter: DocumentFilter;
  /** The library holds nothing at all. */
  empty: boolean;
  openDocument: Document | undefined;
  onOpen(document: Document): void;
}

/**
 * The documents of a library. Only rows near the view exist, so that 20,000 scroll like 20. One row at a time is in the
 * tab order; the arrow keys, Home, End and Page keys choose which.
 */
export function DocumentList({ filter, empty, openDocument, onOpen }: DocumentListProps) {
  const words = useWords();
  const engine = useEngine();
  const scroll = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const [view, setView] = useState({ first: 0, last: 30 });
  const { total, rows } = useDocuments(filter, view.first, view.last);

  const virtual = useVirtualizer({
    count: total ?? 0,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW,
    overscan: 8,
    onChange: ({ range }) => {
      if (range && (range.startIndex !== view.first || range.endIndex !== view.last)) setView({ first: range.startIndex, last: range.endIndex });
    },
  });

  function move(event: KeyboardEvent): void {
    if (event.target instanceof HTMLInputElement && event.target.type !== 'checkbox') return;
    const page = Math.max(1, view.last - view.first - 1);
    const goal = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: (total ?? 1) - 1 }[event.key];
    if (goal === undefined || !total) return;
    event.preventDefault();
    const index = Math.max(0, Math.min(goal, total - 1));
    setActive(index);
    virtual.scrollToIndex(index);
    goingTo.current = index;
  }
  // The row may only come to exist with the scrolling, and its document a while later.
  const goingTo = useRef<number>(undefined);
  useEffect(() => {
    const row = scroll.current?.querySelector<HTMLElement>(`[data-index="${goingTo.current}"] .document-open`);
    if (!row) return;
    goingTo.current = undefined;
    if (document.activeElement === document.body || scroll.current!.contains(document.activeElement)) row.focus();
  });

  if (empty) {
    return (
      <div className="documents-none">
        <p className="documents-none-title">{words.library.emptyTitle}</p>
        <p>{words.library.emptyText}</p>
      </div>
    );
  }
  if (total === 0) return <div className="documents-none"><p>{words.library.noMatch}</p></div>;

  const tabbed = Math.min(active, Math.max(0, (total ?? 1) - 1));
  return (
    <>
      {total !== undefined && total > 1 && (
        <div className="documents-head">
          <Inclusion rows={[...rows.values()]} total={total} onInclude={async (included) => engine.include(await everyId(engine, filter), included)} />
        </div>
      )}
      <div ref={scroll} className="documents" onKeyDown={move}>
        <div className="documents-all" role="list" aria-label={words.library.documents(total ?? 0)} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const document = rows.get(item.index);
            return (
              <div
                key={item.key}
                ref={virtual.measureElement}
                className="documents-row"
                role="listitem"
                aria-setsize={total}
                aria-posinset={item.index + 1}
                data-index={item.index}
                style={{ transform: `translateY(${item.start}px)` }}
                onFocus={() => setActive(item.index)}
              >
                {document ? (
                  <DocumentRow
                    document={document}
                    open={document.id === openDocument?.id}
                    tabbed={item.index === tabbed}
                    onOpen={onOpen}
                  />
                ) : (
                  <div className="document-unknown" />
                )}
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
}

/** One box for all that are listed. What is not loaded is taken to be like what is. */
function Inclusion({ rows, total, onInclude }: { rows: Document[]; total: number; onInclude(included: boolean): Promise<void> }) {
  const words = useWords();
  const used = rows.filter((document) => document.included).length;
  const [checked, choose] = useAhead<boolean | 'mixed'>(used === 0 ? false : used === rows.length ? true : 'mixed');
  return (
    <>
      <Checkbox label={words.library.includeAll} checked={checked} onChange={() => choose(checked !== true, () => onInclude(checked !== true))} />
      <span aria-hidden="true">
        {checked === 'mixed' && rows.length === total ? words.library.included(used) : `${words.library.states.all} ${count(words.language, total)}`}
      </span>
    </>
  );
}

import { useEffect, useState, type ReactNode } from 'react';
import { IconButton } from './ReaderIcon.tsx';
import type { ReaderWords } from './words.ts';

export interface Paging { page: number; pages: number; onGo(page: number): void; onZoom(to: 1 | -1 | 'fit'): void; fits: boolean }

export interface ToolbarProps {
  words: ReaderWords;
  name: string;
  headings: string[];
  /** Where pages are shown. */
  paging?: Paging;
  /** Where a document has both views. */
  view?: { kind: 'pages' | 'text'; onChange(kind: 'pages' | 'text'): void };
  /** Where several places are cited. */
  citations?: { current: number; total: number; onGo(index: number): void };
  finding: boolean;
  onFind(): void;
  onClose(): void;
}

/** The reader's head: what is open and where one is in it. */
export function Toolbar({ words, name, headings, paging, view, citations, finding, onFind, onClose }: ToolbarProps): ReactNode {
  const path = headings.join(' › ');
  return (
    <header className="reader-head">
      <div className="reader-title">
        <h2 title={name}>{name}</h2>
        {path && <p title={path}>{path}</p>}
      </div>
      <div className="reader-tools">
        {citations && citations.total > 1 && (
          <div className="reader-group">
            <IconButton icon="up" name={words.previousCitation} onPress={() => citations.onGo((citations.current + citations.total - 1) % citations.total)} />
            <span className="reader-count" role="status">{words.citation(citations.current + 1, citations.total)}</span>
            <IconButton icon="down" name={words.nextCitation} onPress={() => citations.onGo((citations.current + 1) % citations.total)} />
          </div>
        )}
        {paging && (
          <>
            <div className="reader-group">
              <PageField words={words} paging={paging} />
              <span className="reader-count">{words.ofPages(paging.pages)}</span>
            </div>
            <div className="reader-group">
              <IconButton icon="out" name={words.zoomOut} onPress={() => paging.onZoom(-1)} />
              <IconButton icon="fit" name={words.fitWidth} pressed={paging.fits} onPress={() => paging.onZoom('fit')} />
              <IconButton icon="in" name={words.zoomIn} onPress={() => paging.onZoom(1)} />
            </div>
          </>
        )}
        <div className="reader-group">
          {view && <IconButton icon={view.kind === 'pages' ? 'text' : 'pages'} name={view.kind === 'pages' ? words.textView : words.pageView}
            onPress={() => view.onChange(view.kind === 'pages' ? 'text' : 'pages')} />}
          <IconButton icon="find" name={words.find} pressed={finding} onPress={onFind} />
          <IconButton icon="close" name={words.close} onPress={onClose} />
        </div>
      </div>
    </header>
  );
}

function PageField({ words, paging }: { words: ReaderWords; paging: Paging }): ReactNode {
  const [typed, setTyped] = useState<string>();
  useEffect(() => setTyped(undefined), [paging.page]);
  const go = () => {
    const page = Number(typed);
    if (typed && Number.isInteger(page) && page >= 1) paging.onGo(Math.min(page, paging.pages));
    setTyped(undefined);
  };
  return (
    <input className="reader-page" inputMode="numeric" aria-label={words.page} value={typed ?? paging.page} size={String(paging.pages).length}
      onFocus={(event) => event.target.select()} onBlur={go}
      onChange={(event) => setTyped(event.target.value.replace(/\D/g, ''))}
      onKeyDown={(event) => {
        if (event.key === 'Enter') go();
        else if (event.key === 'ArrowUp') paging.onGo(Math.max(1, paging.page - 1));
        else if (event.key === 'ArrowDown') paging.onGo(Math.min(paging.pages, paging.page + 1));
        else return;
        event.preventDefault();
      }} />
  );
}

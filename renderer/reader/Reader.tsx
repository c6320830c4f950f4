import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import type { Block, Document, Engine, Place, TurnId } from '../../engine/api.ts';
import { copyText } from './copy.ts';
import { FindBar } from './FindBar.tsx';
import { locate, locateQuote, sentenceAround, textOf, type Span } from './locate.ts';
import type { Zoom } from './pages.ts';
import { zoomed } from './pages.ts';
import { PasswordForm, Sentence, Skeleton } from './parts.tsx';
import { PdfView, type PageGoal, type PdfViewHandle } from './PdfView.tsx';
import type { PageBox } from './PdfPage.tsx';
import { pageSelection, spanOfRange, type Selected } from './selection.ts';
import { SelectionBar } from './SelectionBar.tsx';
import { TextView } from './TextView.tsx';
import { Toolbar } from './Toolbar.tsx';
import { noticeOf, troubleOf } from './trouble.ts';
import { useBlocks } from './useBlocks.ts';
import { useFind } from './useFind.ts';
import { usePdf } from './usePdf.ts';
import { spanKey, usePlaces } from './usePlaces.ts';
import type { ReaderWords } from './words.ts';
import './reader.css';

export interface ReaderTarget {
  document: Document;
  /** What to show first. */
  place?: Place;
  /** All places the answer cites in this document, `place` among them, to walk through. */
  places?: Place[];
  /** Looked for where there is no place. */
  quote?: string;
  /** The answer this was opened from; a right place can then be named. */
  turn?: TurnId;
}

export interface ReaderProps {
  target: ReaderTarget;
  words: ReaderWords;
  engine: Engine;
  onRightPlace?(start: number, end: number): void;
  /** "Why was this not cited?", about a span and its text. */
  onExplain?(start: number, end: number, text: string): void;
  onClose(): void;
}

/** A document opened at a place: PDF as pages, everything as text, with what is cited set off. */
export function Reader(props: ReaderProps): ReactNode {
  const { id, state, bytes } = props.target.document;
  // A document that is read again stays open as it is until that is done.
  const settled = useRef({ id, as: '' });
  if (settled.current.id !== id || state.kind === 'ready' || state.kind === 'failed') settled.current = { id, as: `${state.kind} ${bytes}` };
  return <OpenDocument key={`${id} ${settled.current.as}`} {...props} />;
}

type Goal = { key: number; flash: boolean } & ({ kind: 'span'; span: Span } | { kind: 'page'; page: number });

/** Matches on either side of the current one that are shown on pages. */
const MATCHES_SHOWN = 30;
const NOTE_MILLISECONDS = 3500;

function OpenDocument({ target, words, engine, onRightPlace, onExplain, onClose }: ReaderProps): ReactNode {
  const { document, turn } = target;
  const isPdf = document.type ? document.type === 'pdf' : /\.pdf$/i.test(document.name);
  const [pdf, retryPdf] = usePdf(engine, document.id, isPdf);
  const [loaded, retryBlocks] = useBlocks(engine, document.id, !isPdf || pdf.kind === 'open' || pdf.kind === 'failed');
  const blocks = loaded.kind === 'ready' ? loaded.blocks : undefined;
  const [chosen, setView] = useState<'pages' | 'text'>('pages');
  const view = isPdf && pdf.kind !== 'failed' ? chosen : 'text';

  const scroller = useRef<HTMLDivElement>(null);
  const pages = useRef<PdfViewHandle>(null);
  const [page, setPage] = useState(1);
  const [zoom, setZoom] = useState<Zoom>('fit');
  const [goal, setGoal] = useState<Goal>();
  const [note, setNote] = useState<string>();
  useEffect(() => {
    if (!note) return;
    const timer = setTimeout(() => setNote(undefined), NOTE_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [note]);

  const cited = useCited(target, blocks);
  const [current, setCurrent] = useState(0);
  const goTo = useCallback((span: Span, flash: boolean) => setGoal((last) => ({ kind: 'span', span, flash, key: (last?.key ?? 0) + 1 })), []);
  const goToPage = useCallback((to: number) => setGoal((last) => ({ kind: 'page', page: to, flash: false, key: (last?.key ?? 0) + 1 })), []);
  const visited = useRef<{ target: ReaderTarget; cited: Place[] }>(undefined);
  useEffect(() => {
    const before = visited.current;
    visited.current = { target, cited };
    if (before && before.cited === cited && isNews(before.target, target)) return;
    const index = Math.max(0, cited.findIndex((place) => place.start === target.place?.start));
    setCurrent(index);
    if (cited[index]) goTo(cited[index], true);
  }, [cited, target, goTo]);

  const finding = useFind(blocks, () => cited[current]?.start ?? 0, useCallback((match: Span) => goTo(match, false), [goTo]));
  const { matches, current: match } = finding;
  const found = matches[match];
  useEffect(() => { if (found) goTo(found, false); }, [found, goTo]);

  const near = useMemo(() => matches.slice(Math.max(0, match - MATCHES_SHOWN), match + MATCHES_SHOWN), [matches, match]);
  const asked = useMemo(() => (view === 'pages' ? [...cited.filter((place) => !place.boxes), ...near] : []), [view, cited, near]);
  const places = usePlaces(engine, document.id, asked);
  const placeOf = (span: Span): Place | undefined => cited.find((place) => place.boxes && place.start === span.start && place.end === span.end) ?? places.get(spanKey(span));

  const pointed = goal?.kind === 'span' && goal.flash ? goal.span : undefined;
  const boxes = useMemo((): PageBox[] => [
    ...cited.flatMap((place) => (place.boxes ?? places.get(spanKey(place))?.boxes ?? []).map((box) => ({ ...box, kind: 'cited' as const, pointedOut: place === pointed }))),
    ...near.flatMap((span) => (places.get(spanKey(span))?.boxes ?? []).map((box) => ({ ...box, kind: span === matches[match] ? 'current' as const : 'match' as const }))),
  ], [cited, near, places, matches, match, pointed]);

  const goalPlace = goal?.kind === 'span' ? placeOf(goal.span) : undefined;
  const pageGoal = useMemo((): PageGoal | undefined => {
    if (!goal) return undefined;
    if (goal.kind === 'page') return goal;
    const first = goalPlace?.boxes?.[0];
    const at = first?.page ?? goalPlace?.page ?? blockAt(blocks, goal.span.start)?.place.page;
    if (at === undefined) return undefined;
    return { page: at, key: goal.key, flash: goal.flash, ...(first && { y: Math.min(...goalPlace!.boxes!.filter((box) => box.page === at).map((box) => box.y)) }) };
  }, [goal, goalPlace, blocks]);
  const textGoal = useMemo(() => (goal?.kind === 'span' ? { start: goal.span.start, end: goal.span.end, key: goal.key, flash: goal.flash } : undefined), [goal]);

  const spanOf = (selected: Selected): Span | undefined => {
    if (view === 'text') return scroller.current ? spanOfRange(scroller.current, selected.range) : undefined;
    const selection = pageSelection(selected);
    return blocks && selection ? locate(blocks, selection) : undefined;
  };
  const markRight = (span: Span | undefined) => {
    if (!span) return setNote(words.notLocated);
    onRightPlace?.(span.start, span.end);
    setNote(words.rightPlaceSaved);
  };
  const explain = (selected: Selected) => {
    const span = spanOf(selected);
    if (!span) return setNote(words.notLocated);
    onExplain?.(span.start, span.end, selected.text.trim());
  };
  const copy = (selected: Selected) => {
    const span = spanOf(selected);
    const block = span && blockAt(blocks, span.start);
    const text = span && blocks ? textOf(blocks, span) : selected.text.trim();
    const on = view === 'pages' ? pageSelection(selected)?.firstPage : block?.place.page;
    copyText(words.quoted(text, [document.name, on && words.pageNumber(on), block?.place.headings.join(' › ')].filter(Boolean).join(', ')));
    if (turn !== undefined) void engine.signal({ kind: 'copied', turn, text });
    setNote(words.copied);
  };
  const changeZoom = (to: 1 | -1 | 'fit') => setZoom(to === 'fit' ? 'fit' : zoomed(pages.current?.scale() ?? 1, to));
  const changeView = (to: 'pages' | 'text') => {
    setView(to);
    const here = cited.find((place) => place.page === page) ?? blocks?.find((block) => (block.place.page ?? 0) >= page)?.place;
    if (to === 'text' && here) goTo(here, false);
    else setGoal((last) => last && { ...last, flash: false, key: last.key + 1 });
  };
  const right = turn !== undefined && onRightPlace !== undefined;
  const failed = document.state.kind === 'failed' && !document.state.kept ? words.failures[document.state.code] : undefined;

  return (
    <section className="reader" aria-label={words.reader(document.name)} onKeyDown={(event) => {
      const typing = event.target instanceof HTMLInputElement;
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'f') finding.show();
      else if (event.key === 'Escape') onClose();
      else if (view === 'pages' && !typing && (event.key === '+' || event.key === '=')) changeZoom(1);
      else if (view === 'pages' && !typing && event.key === '-') changeZoom(-1);
      else if (view === 'pages' && !typing && event.key === '0') changeZoom('fit');
      else return;
      event.preventDefault();
    }}>
      <Toolbar words={words} name={document.name} headings={cited[current]?.headings ?? []} finding={finding.open} onFind={finding.open ? finding.close : finding.show} onClose={onClose}
        {...(view === 'pages' && pdf.kind === 'open' && { paging: { page, pages: pdf.pdf.numPages, onGo: goToPage, onZoom: changeZoom, fits: zoom === 'fit' } })}
        {...(pdf.kind === 'open' && blocks && { view: { kind: view, onChange: changeView } })}
        citations={{ current, total: cited.length, onGo: (index) => { setCurrent(index); goTo(cited[index]!, true); } }} />
      {finding.open && (
        <FindBar words={words} query={finding.query} current={match} total={matches.length} asked={finding.asked}
          onQuery={finding.search} onGo={finding.go} onClose={() => { finding.close(); scroller.current?.focus(); }}
          {...(right && { onRightPlace: () => markRight(matches[match] && sentenceAround(blocks ?? [], matches[match])) })} />
      )}
      {pdf.kind === 'failed' && blocks && <p className="reader-notice" role="status">{noticeOf(pdf.error, words)}</p>}
      {pdf.kind === 'open' && failed && <p className="reader-notice" role="status">{failed}</p>}
      <div className="reader-body">
        {view === 'pages' && pdf.kind === 'loading' && <Skeleton words={words} />}
        {view === 'pages' && pdf.kind === 'locked' && <PasswordForm words={words} again={pdf.again} onPassword={pdf.unlock} />}
        {view === 'pages' && pdf.kind === 'open' && (
          <PdfView pdf={pdf.pdf} boxes={boxes} zoom={zoom} scroller={scroller} handle={pages} words={words} onPage={setPage} onZoom={setZoom} {...(pageGoal && { goal: pageGoal })} />
        )}
        {view === 'text' && (loaded.kind === 'loading' || loaded.kind === 'unasked') && <Skeleton words={words} />}
        {view === 'text' && blocks && blocks.length === 0 && <Sentence text={words.empty} />}
        {view === 'text' && blocks && blocks.length > 0 && (
          <TextView blocks={blocks} cited={cited} matches={matches} match={match} scroller={scroller} words={words} {...(textGoal && { goal: textGoal })} />
        )}
        {view === 'text' && loaded.kind === 'failed' && (() => {
          const { sentence, again } = troubleOf(loaded.error, document, words);
          return <Sentence text={sentence} {...(again && { again: words.retry, onAgain: () => { retryBlocks(); if (isPdf) retryPdf(); } })} />;
        })()}
        <SelectionBar words={words} scroller={scroller} onCopy={copy} {...(right && { onRightPlace: (selected: Selected) => markRight(spanOf(selected)) })} {...(onExplain && { onExplain: explain })} />
        <div className="reader-note" role="status">{note && <p>{note}</p>}</div>
      </div>
    </section>
  );
}

/** The same visit, of which only the document's row has changed; opening the same place again is a new visit. */
function isNews(before: ReaderTarget, target: ReaderTarget): boolean {
  return before.place === target.place && before.places === target.places && JSON.stringify(before.document) !== JSON.stringify(target.document);
}

/** The cited places: as given, or found by the quote. */
function useCited(target: ReaderTarget, blocks: Block[] | undefined): Place[] {
  const { place, places, quote } = target;
  const given = useMemo(() => places ?? (place ? [place] : undefined), [place, places]);
  return useMemo(() => {
    if (given) return given;
    const span = quote && blocks ? locateQuote(blocks, quote) : undefined;
    return span ? [{ ...span, headings: blockAt(blocks, span.start)?.place.headings ?? [] }] : [];
  }, [given, quote, blocks]);
}

function blockAt(blocks: Block[] | undefined, start: number): Block | undefined {
  return blocks?.find((block) => block.place.end > start);
}

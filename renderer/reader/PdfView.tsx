import { useCallback, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState, type ReactNode, type Ref, type RefObject } from 'react';
import type { PDFDocumentProxy } from 'pdfjs-dist';
import { PdfPage, type PageBox } from './PdfPage.tsx';
import { anchorAt, anchorTop, layoutPages, pageAt, pinched, scrollTo, visiblePages, type Anchor, type PageSize, type Zoom } from './pages.ts';
import type { ReaderWords } from './words.ts';
import './pdf.css';

/** Scroll to a page (from 1), and to a point on it in PDF points from its top; a new `key` scrolls again. */
export interface PageGoal { page: number; y?: number; key: number; flash: boolean }

/** What the toolbar asks of the view. */
export interface PdfViewHandle { scale(): number }

export interface PdfViewProps {
  pdf: PDFDocumentProxy;
  boxes: PageBox[];
  goal?: PageGoal;
  zoom: Zoom;
  scroller: RefObject<HTMLDivElement | null>;
  handle: Ref<PdfViewHandle>;
  words: ReaderWords;
  /** The page a person is looking at, from 1. */
  onPage(page: number): void;
  onZoom(zoom: number): void;
}

/** Pages this far out of sight are drawn already. */
const AHEAD = 700;
/** The height of the window that counts as "being read": the page there is the current one and stays put on zooming. */
const EYE = 1 / 3;
const NO_BOXES: PageBox[] = [];
/** A4, until the first page says otherwise. */
const UNKNOWN: PageSize = { width: 595, height: 842 };

/** All pages of a PDF in a column, of which only those near the window exist. */
export function PdfView({ pdf, boxes, goal, zoom, scroller, handle, words, onPage, onZoom }: PdfViewProps): ReactNode {
  const [known, setKnown] = useState<ReadonlyMap<number, PageSize>>(new Map());
  const [column, setColumn] = useState({ width: 0, height: 0 });
  const [shown, setShown] = useState<number[]>([]);
  const anchor = useRef<Anchor>({ page: 0, share: 0 });
  /** Where a goal has led, until the person moves: sizes of pages around it become known only then. */
  const aim = useRef<PageGoal>(undefined);

  const layout = useMemo(() => {
    const usual = known.get(1) ?? known.values().next().value ?? UNKNOWN;
    const sizes = Array.from({ length: pdf.numPages }, (_, i) => known.get(i + 1) ?? usual);
    return { sizes, ...layoutPages(sizes, zoom, column.width) };
  }, [pdf, known, zoom, column.width]);

  const onSize = useCallback((page: number, size: PageSize) => setKnown((sizes) => {
    const now = sizes.get(page);
    return now?.width === size.width && now.height === size.height ? sizes : new Map(sizes).set(page, size);
  }), []);

  /** Where the last look found the window. Scroll events come a frame late, so a move may not have been seen yet. */
  const seen = useRef({ top: 0, layout });

  const look = useCallback(() => {
    const root = scroller.current;
    if (!root) return;
    const eye = root.scrollTop + root.clientHeight * EYE;
    anchor.current = anchorAt(layout, eye);
    seen.current = { top: root.scrollTop, layout };
    onPage(pageAt(layout, eye) + 1);
    const now = visiblePages(layout, root.scrollTop, root.clientHeight, AHEAD);
    setShown((before) => (before.length === now.length && before.every((page, i) => page === now[i]) ? before : now));
  }, [layout, scroller, onPage]);

  useEffect(() => {
    const root = scroller.current;
    if (!root) return;
    const observer = new ResizeObserver(() => setColumn({ width: root.clientWidth, height: root.clientHeight }));
    observer.observe(root);
    return () => observer.disconnect();
  }, [scroller]);

  useLayoutEffect(() => {
    const root = scroller.current;
    if (!root || column.height === 0) return;
    const { top, layout: before } = seen.current;
    const clamped = root.scrollTop < top && root.scrollTop >= root.scrollHeight - root.clientHeight - 1;
    if (root.scrollTop !== top && !clamped) anchor.current = anchorAt(before, root.scrollTop + root.clientHeight * EYE);
    const wanted = aim.current
      ? scrollTo(layout, aim.current.page - 1, aim.current.y, root.clientHeight)
      : anchorTop(layout, anchor.current) - root.clientHeight * EYE;
    // Saying where it already is would end a scroll the browser is animating.
    if (Math.abs(wanted - root.scrollTop) > 1) root.scrollTop = wanted;
    look();
  }, [layout, column.height, scroller, look]);

  const latest = useRef(layout);
  latest.current = layout;
  const measured = column.height > 0;
  useEffect(() => {
    if (!goal || !measured) return;
    let over = false;
    void pdf.getPage(goal.page).then((proxy) => {
      const root = scroller.current;
      if (over || !root) return;
      const { width, height } = proxy.getViewport({ scale: 1 });
      aim.current = goal;
      root.scrollTop = scrollTo(latest.current, goal.page - 1, goal.y, root.clientHeight);
      onSize(goal.page, { width, height });
    }, () => undefined);
    return () => { over = true; };
  }, [pdf, goal, measured, onSize, scroller]);
  const move = () => { aim.current = undefined; };

  useEffect(() => {
    const root = scroller.current;
    const pinch = (event: WheelEvent) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      onZoom(pinched(latest.current.scales[anchor.current.page] ?? 1, event.deltaY));
    };
    // React listens passively, and a passive listener may not keep the browser from zooming the whole window.
    root?.addEventListener('wheel', pinch, { passive: false });
    return () => root?.removeEventListener('wheel', pinch);
  }, [scroller, onZoom]);

  useImperativeHandle(handle, () => ({ scale: () => layout.scales[anchor.current.page] ?? 1 }), [layout]);

  const byPage = useMemo(() => Map.groupBy(boxes, (box) => box.page), [boxes]);
  return (
    <div className="reader-scroll pdf-scroll" ref={scroller} tabIndex={0} role="document" aria-label={words.contents} onScroll={look}
      onWheel={move} onPointerDown={move} onKeyDown={move}>
      <div className="pdf-column" style={{ height: layout.total, minWidth: layout.widest }}>
        {shown.map((index) => (
          <PdfPage key={index} pdf={pdf} page={index + 1} size={layout.sizes[index]!} top={layout.tops[index]!} width={layout.widths[index]!}
            height={layout.heights[index]!} scale={layout.scales[index]!} boxes={byPage.get(index + 1) ?? NO_BOXES}
            flash={goal?.flash ? goal.key : 0} label={words.pageNumber(index + 1)} onSize={onSize} />
        ))}
      </div>
    </div>
  );
}

import { memo, useEffect, useRef, type CSSProperties, type ReactNode } from 'react';
import { TextLayer, type PDFDocumentProxy } from 'pdfjs-dist';
import type { Box } from '../../engine/api.ts';
import type { PageSize } from './pages.ts';

export interface PageBox extends Box { kind: 'cited' | 'match' | 'current'; pointedOut?: boolean }

export interface PdfPageProps {
  pdf: PDFDocumentProxy;
  /** Counted from 1. */
  page: number;
  size: PageSize;
  top: number;
  width: number;
  height: number;
  scale: number;
  boxes: PageBox[];
  /** Changes when the cited boxes are to be pointed out again. */
  flash: number;
  label: string;
  onSize(page: number, size: PageSize): void;
}

/** A page passed quickly while scrolling is not drawn at all. */
const DRAW_AFTER = 40;
/** Larger canvases are drawn with fewer pixels than the screen has: browsers refuse them or run out of memory. */
const MOST_PIXELS = 24_000_000;

/** One page: its picture, an invisible layer of selectable text over it, and the highlighted boxes between. */
export const PdfPage = memo(function PdfPage(props: PdfPageProps): ReactNode {
  const { pdf, page, size, top, width, height, scale, boxes, flash, label, onSize } = props;
  const picture = useRef<HTMLDivElement>(null);
  const text = useRef<HTMLDivElement>(null);

  useEffect(() => {
    let over = false;
    let cancel = () => undefined as void;
    const timer = setTimeout(async () => {
      const proxy = await pdf.getPage(page).catch(() => undefined);
      if (over || !proxy) return;
      const plain = proxy.getViewport({ scale: 1 });
      onSize(page, { width: plain.width, height: plain.height });
      const ratio = Math.min(devicePixelRatio, Math.sqrt(MOST_PIXELS / Math.max(1, width * height)));
      const canvas = document.createElement('canvas');
      canvas.width = Math.floor(width * ratio);
      canvas.height = Math.floor(height * ratio);
      const task = proxy.render({ canvas, viewport: proxy.getViewport({ scale: (width * ratio) / plain.width }) });
      cancel = () => task.cancel();
      // A cancelled or broken drawing leaves what was shown before.
      const drawn = await task.promise.then(() => true, () => false);
      if (drawn && !over) picture.current?.replaceChildren(canvas);
    }, DRAW_AFTER);
    return () => { over = true; clearTimeout(timer); cancel(); };
  }, [pdf, page, width, height, onSize]);

  useEffect(() => {
    const container = text.current;
    if (!container) return;
    let layer: TextLayer | undefined;
    let over = false;
    const timer = setTimeout(async () => {
      const proxy = await pdf.getPage(page).catch(() => undefined);
      if (over || !proxy) return;
      container.style.setProperty('--user-unit', String(proxy.userUnit));
      layer = new TextLayer({ textContentSource: proxy.streamTextContent(), container, viewport: proxy.getViewport({ scale: 1 }) });
      const rendered = await layer.render().then(() => true, () => false);
      if (over || !rendered) return;
      const end = document.createElement('div');
      end.className = 'endOfContent';
      container.append(end);
    }, DRAW_AFTER);
    return () => { over = true; clearTimeout(timer); layer?.cancel(); container.replaceChildren(); };
  }, [pdf, page]);

  return (
    <div className="pdf-page" role="region" aria-label={label} data-page={page}
      style={{ top, width, height, '--scale-factor': scale } as CSSProperties}>
      <div className="pdf-picture" ref={picture} aria-hidden="true" />
      <div className="pdf-boxes" aria-hidden="true" key={flash}>
        {boxes.map((box, index) => (
          <div key={index} className={`pdf-box ${box.kind}${box.pointedOut ? ' flash' : ''}`} style={{
            left: `${(box.x / size.width) * 100}%`, top: `${(box.y / size.height) * 100}%`,
            width: `${(box.width / size.width) * 100}%`, height: `${(box.height / size.height) * 100}%`,
          }} />
        ))}
      </div>
      <div className="textLayer" ref={text} onPointerDown={() => text.current?.classList.add('selecting')}
        onPointerUp={() => text.current?.classList.remove('selecting')} onPointerLeave={() => text.current?.classList.remove('selecting')} />
    </div>
  );
});

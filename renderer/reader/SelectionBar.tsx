import { useEffect, useState, type ReactNode, type RefObject } from 'react';
import { ReaderIcon } from './ReaderIcon.tsx';
import { selectedIn, type Selected } from './selection.ts';
import type { ReaderWords } from './words.ts';

export interface SelectionBarProps {
  words: ReaderWords;
  /** Where a selection counts, and what scrolls under the bar. */
  scroller: RefObject<HTMLElement | null>;
  onRightPlace?(selected: Selected): void;
  onExplain?(selected: Selected): void;
  onCopy(selected: Selected): void;
}

/** A selection still being dragged is left alone this long. */
const SETTLE = 180;
const BAR_HEIGHT = 44;
/** Of the bar with all it may hold. */
const BAR_WIDTH = 520;

/** What can be done with selected text, floating beside it; the next stop of the Tab key after the document. */
export function SelectionBar({ words, scroller, onRightPlace, onExplain, onCopy }: SelectionBarProps): ReactNode {
  const [selected, setSelected] = useState<Selected>();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let pressed = false;
    const read = () => { if (!pressed) setSelected(scroller.current ? selectedIn(scroller.current) : undefined); };
    const settle = () => { clearTimeout(timer); timer = setTimeout(read, SETTLE); };
    const down = (event: PointerEvent) => { pressed = event.target instanceof Node && (scroller.current?.contains(event.target) ?? false); };
    const up = () => { pressed = false; settle(); };
    document.addEventListener('selectionchange', settle);
    document.addEventListener('pointerdown', down);
    document.addEventListener('pointerup', up);
    document.addEventListener('pointercancel', up);
    document.addEventListener('scroll', settle, true);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('selectionchange', settle);
      document.removeEventListener('pointerdown', down);
      document.removeEventListener('pointerup', up);
      document.removeEventListener('pointercancel', up);
      document.removeEventListener('scroll', settle, true);
    };
  }, [scroller]);

  const frame = scroller.current?.parentElement?.getBoundingClientRect();
  if (!selected || !frame) return null;
  const { rect } = selected;
  const below = rect.bottom - frame.top + 8;
  const top = below + BAR_HEIGHT > frame.height ? Math.max(8, rect.top - frame.top - BAR_HEIGHT - 8) : Math.max(8, below);
  const away = () => { document.getSelection()?.removeAllRanges(); setSelected(undefined); scroller.current?.focus(); };
  return (
    <div className="reader-selection" role="toolbar" aria-label={words.selectionActions}
      style={{ top, left: Math.min(Math.max(8, rect.left - frame.left), Math.max(8, frame.width - BAR_WIDTH)) }}
      onPointerDown={(event) => event.preventDefault()}
      onKeyDown={(event) => { if (event.key === 'Escape') { event.stopPropagation(); away(); } }}>
      {onRightPlace && <button type="button" className="reader-action strong" onClick={() => { onRightPlace(selected); away(); }}><ReaderIcon name="place" />{words.rightPlace}</button>}
      {onExplain && <button type="button" className="reader-action" onClick={() => { onExplain(selected); away(); }}><ReaderIcon name="why" />{words.whyNot}</button>}
      <button type="button" className="reader-action" onClick={() => { onCopy(selected); away(); }}><ReaderIcon name="copy" />{words.copyWithSource}</button>
    </div>
  );
}

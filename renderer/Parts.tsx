import { useEffect, useState, type ReactNode, type RefObject } from 'react';
import { Divider } from './controls/Divider.tsx';
import { Segmented } from './controls/Segmented.tsx';
import './Parts.css';
import { useStored } from './useStored.ts';
import { useWords } from './words/useWords.ts';

export type Part = 'library' | 'conversation' | 'reader';

/** Widths of the window below which two parts fit beside each other, or one. */
const TWO_FIT_BELOW = 1_080;
const ONE_FITS_BELOW = 720;
const LEAST = { library: 220, conversation: 340, reader: 340 };
const MOST_LIBRARY = 420;

/** Which parts are seen, and how the person changes that. */
export interface Arrangement {
  width: number;
  /** One part at a time, with a switch above. */
  narrow: boolean;
  seen: Record<Part, boolean>;
  turnTo(part: Part): void;
  showLibrary(shown: boolean): void;
}

/**
 * As many parts as fit: all three, or the conversation and whichever of the others was turned to last, or one alone.
 * `reading`: there is something in the reader.
 */
export function useArrangement(reading: boolean): Arrangement {
  const width = useWindowWidth();
  const [libraryShown, setLibraryShown] = useStored('library-shown', true);
  const [front, setFront] = useState<Part>('conversation');
  const narrow = width < ONE_FITS_BELOW;
  const turned: Part = front === 'reader' && !reading ? 'conversation' : front;
  const both = width >= TWO_FIT_BELOW;

  const reader = reading && (narrow ? turned === 'reader' : both || turned !== 'library' || !libraryShown);
  const library = narrow ? turned === 'library' : libraryShown && (both || !reader);
  return {
    width,
    narrow,
    seen: { library, conversation: !narrow || turned === 'conversation', reader },
    turnTo: setFront,
    showLibrary(shown) {
      if (!narrow) setLibraryShown(shown);
      setFront(shown ? 'library' : 'conversation');
    },
  };
}

interface PartsProps {
  arrangement: Arrangement;
  library: ReactNode;
  conversation: ReactNode;
  /** Absent while nothing is open. */
  reader: ReactNode | undefined;
  readerPart: RefObject<HTMLDivElement | null>;
}

/** The three parts beside each other, with lines between them that can be moved. */
export function Parts({ arrangement: { width, narrow, seen, turnTo }, library, conversation, reader, readerPart }: PartsProps) {
  const words = useWords().general;
  const [libraryWidth, setLibraryWidth] = useStored('library-width', 288);
  const [readerShare, setReaderShare] = useStored('reader-share', 0.5);
  const left = Math.min(libraryWidth, MOST_LIBRARY);
  const rest = width - (seen.library ? left : 0);
  const mostReader = rest - LEAST.conversation;
  const readerWidth = Math.max(LEAST.reader, Math.min(rest * readerShare, mostReader));
  const shown = (['library', 'conversation', 'reader'] as const).filter((part) => part !== 'reader' || reader);

  return (
    <div className={narrow ? 'parts parts-one' : 'parts'}>
      {narrow && (
        <nav className="parts-switch" aria-label={words.more}>
          <Segmented label={words.more} value={shown.find((part) => seen[part])!} onChange={turnTo} options={shown.map((value) => ({ value, label: words.parts[value] }))} />
        </nav>
      )}
      <aside className="part" hidden={!seen.library} aria-label={words.parts.library} style={{ width: narrow ? undefined : left }}>{library}</aside>
      {seen.library && !narrow && <Divider label={words.resize(words.parts.library)} width={left} least={LEAST.library} most={MOST_LIBRARY} grows="right" onChange={setLibraryWidth} />}
      <main className="part part-middle" hidden={!seen.conversation}>{conversation}</main>
      {seen.reader && !narrow && (
        <Divider label={words.resize(words.parts.reader)} width={readerWidth} least={LEAST.reader} most={mostReader} grows="left" onChange={(value) => setReaderShare(value / rest)} />
      )}
      {reader && <div ref={readerPart} tabIndex={-1} className="part" hidden={!seen.reader} style={{ width: narrow ? undefined : readerWidth }}>{reader}</div>}
    </div>
  );
}

function useWindowWidth(): number {
  const [width, setWidth] = useState(innerWidth);
  useEffect(() => {
    const measure = (): void => setWidth(innerWidth);
    addEventListener('resize', measure);
    return () => removeEventListener('resize', measure);
  }, []);
  return width;
}

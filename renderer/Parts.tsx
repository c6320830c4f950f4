import { useEffect, useState, type ReactNode } from 'react';
import { Divider } from './controls/Divider.tsx';
import { Segmented } from './controls/Segmented.tsx';
import './Parts.css';
import { useStored } from './useStored.ts';
import { useWords } from './words/useWords.ts';

export type Part = 'library' | 'conversation' | 'reader';

/** Widths of the window up to which two parts fit beside each other, or one. */
const TWO_FIT_BELOW = 1_080;
const ONE_FITS_BELOW = 720;
const LEAST = { library: 220, conversation: 340, reader: 340 };
const MOST_LIBRARY = 420;

interface PartsProps {
  library: ReactNode;
  conversation: ReactNode;
  /** Absent while nothing is open. */
  reader: ReactNode | undefined;
  libraryShown: boolean;
  /** The part the person turned to last: it is seen where not all fit. */
  front: Part;
  onFront(part: Part): void;
}

/** The three parts side by side, as many as fit: the conversation and whichever was turned to, or that one alone. */
export function Parts({ library, conversation, reader, libraryShown, front, onFront }: PartsProps) {
  const words = useWords().general;
  const width = useWindowWidth();
  const [libraryWidth, setLibraryWidth] = useStored('library-width', 288);
  const [readerShare, setReaderShare] = useStored('reader-share', 0.5);
  const narrow = width < ONE_FITS_BELOW;
  const two = width < TWO_FIT_BELOW;

  const turned: Part = front === 'reader' && !reader ? 'conversation' : front;
  const seesReader = reader !== undefined && (narrow ? turned === 'reader' : !two || turned !== 'library' || !libraryShown);
  const seesLibrary = narrow ? turned === 'library' : libraryShown && (!two || !seesReader);
  const seesConversation = narrow ? turned === 'conversation' : true;

  const left = seesLibrary && !narrow ? Math.min(libraryWidth, MOST_LIBRARY) : 0;
  const rest = width - left;
  const mostReader = rest - LEAST.conversation;
  const readerWidth = Math.max(LEAST.reader, Math.min(rest * readerShare, mostReader));

  return (
    <div className={narrow ? 'parts parts-one' : 'parts'}>
      {narrow && (
        <nav className="parts-switch" aria-label={words.more}>
          <Segmented
            label={words.more}
            value={turned}
            onChange={onFront}
            options={(['library', 'conversation', ...(reader ? (['reader'] as const) : [])] as Part[]).map((value) => ({ value, label: words.parts[value] }))}
          />
        </nav>
      )}
      <aside className="part" hidden={!seesLibrary} aria-label={words.parts.library} style={{ width: narrow ? undefined : left }}>{library}</aside>
      {seesLibrary && !narrow && <Divider label={words.resize(words.parts.library)} width={left} least={LEAST.library} most={MOST_LIBRARY} grows="right" onChange={setLibraryWidth} />}
      <main className="part part-middle" hidden={!seesConversation}>{conversation}</main>
      {seesReader && !narrow && (
        <Divider label={words.resize(words.parts.reader)} width={readerWidth} least={LEAST.reader} most={mostReader} grows="left" onChange={(value) => setReaderShare(value / rest)} />
      )}
      {reader && <div className="part" hidden={!seesReader} style={{ width: narrow ? undefined : readerWidth }}>{reader}</div>}
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

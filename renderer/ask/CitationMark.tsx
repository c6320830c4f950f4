import { useEffect, useId, useRef, useState, type FocusEvent } from 'react';
import type { Citation, Hit, Sentence, Thumb, TurnId } from '../../engine/api.ts';
import { float } from '../controls/floating.ts';
import { useWords } from '../words/useWords.ts';
import { CitationCard } from './CitationCard.tsx';
import './CitationMark.css';
import { citationToOpen, type OpenPlace } from './openPlace.ts';

const SHOW_AFTER = 160;
/** Long enough to travel from the mark to its card. */
const HIDE_AFTER = 240;

interface CitationMarkProps {
  citation: Citation;
  /** The whole answer. */
  sentences: Sentence[];
  hit: Hit | undefined;
  /** What the person said brought the hit up. */
  taught: boolean;
  turn: TurnId | undefined;
  thumb: Thumb | undefined;
  onOpen: OpenPlace;
}

/**
 * A small number inside a sentence. The pointer or the focus on it shows the card with the quote; pressing it opens the
 * reader. The card follows the mark in the page, so Tab goes into it; Escape puts it away.
 */
export function CitationMark({ citation, sentences, hit, taught, turn, thumb, onOpen }: CitationMarkProps) {
  const words = useWords();
  const id = useId();
  const [shown, setShown] = useState(false);
  const mark = useRef<HTMLButtonElement>(null);
  const card = useRef<HTMLDivElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const turnTo = (state: boolean, after: number): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setShown(state), after);
  };
  const open = (): void => {
    turnTo(false, 0);
    onOpen(citationToOpen(citation, sentences, turn));
  };
  const leave = (event: FocusEvent<HTMLSpanElement>): void => {
    if (!event.currentTarget.contains(event.relatedTarget)) turnTo(false, 0);
  };

  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    const element = card.current;
    if (!shown || !element || !mark.current) return;
    element.showPopover();
    float(element, mark.current, { side: 'above', align: 'middle' });
    // A card stands still; when what it belongs to moves away under it, it goes.
    const away = (event: Event): void => {
      if (!element.contains(event.target as Node)) setShown(false);
    };
    addEventListener('scroll', away, true);
    return () => removeEventListener('scroll', away, true);
  }, [shown]);

  return (
    <span
      className="citation"
      onPointerEnter={(event) => event.pointerType === 'mouse' && turnTo(true, SHOW_AFTER)}
      onPointerLeave={(event) => event.pointerType === 'mouse' && turnTo(false, HIDE_AFTER)}
      onBlur={leave}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !shown) return;
        event.stopPropagation();
        if (card.current?.contains(document.activeElement)) mark.current?.focus();
        turnTo(false, 0);
      }}
    >
      <button
        ref={mark}
        type="button"
        className="citation-mark"
        data-chunk={citation.chunk}
        data-thumb={thumb}
        data-taught={taught || undefined}
        aria-label={words.citation.openAt(citation.number, citation.documentName)}
        aria-describedby={shown ? id : undefined}
        onFocus={(event) => event.currentTarget.matches(':focus-visible') && turnTo(true, 0)}
        onClick={open}
      >
        {citation.number}
      </button>
      {shown && (
        <div ref={card} id={id} className="citation-card" popover="manual" role="group" aria-label={words.citation.openAt(citation.number, citation.documentName)}>
          <CitationCard citation={citation} hit={hit} turn={turn} thumb={thumb} onOpen={open} />
        </div>
      )}
    </span>
  );
}

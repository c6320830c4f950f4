import { useEffect, useRef, type ReactNode } from 'react';
import { IconButton, ReaderIcon } from './ReaderIcon.tsx';
import type { ReaderWords } from './words.ts';

export interface FindBarProps {
  words: ReaderWords;
  query: string;
  current: number;
  total: number;
  /** A new number focuses the field again. */
  asked: number;
  onQuery(query: string): void;
  onGo(index: number): void;
  /** Marks the sentence of the current match as the right place, for whoever does not use a mouse. */
  onRightPlace?(): void;
  onClose(): void;
}

/** Find in the document: Enter goes on, Shift+Enter back, Escape closes. */
export function FindBar({ words, query, current, total, asked, onQuery, onGo, onRightPlace, onClose }: FindBarProps): ReactNode {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => { field.current?.focus(); field.current?.select(); }, [asked]);
  const step = (by: 1 | -1) => { if (total > 0) onGo((current + total + by) % total); };
  return (
    <div className="reader-find" role="search" onKeyDown={(event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      onClose();
    }}>
      <input ref={field} type="text" aria-label={words.find} placeholder={words.findPlaceholder} value={query} spellCheck={false}
        onChange={(event) => onQuery(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
          event.preventDefault();
          step(event.shiftKey ? -1 : 1);
        }} />
      <span className="reader-count" role="status">{query.trim() === '' ? '' : total === 0 ? words.findNothing : words.findCount(current + 1, total)}</span>
      {onRightPlace && total > 0 && (
        <button type="button" className="reader-action" onClick={onRightPlace}><ReaderIcon name="place" />{words.rightPlace}</button>
      )}
      <IconButton icon="up" name={words.findPrevious} disabled={total === 0} onPress={() => step(-1)} />
      <IconButton icon="down" name={words.findNext} disabled={total === 0} onPress={() => step(1)} />
      <IconButton icon="close" name={words.findClose} onPress={onClose} />
    </div>
  );
}

import { useCallback, useDeferredValue, useMemo, useState } from 'react';
import type { Block } from '../../engine/api.ts';
import { find, firstFrom, searchable } from './find.ts';
import type { Span } from './locate.ts';

const NONE: Span[] = [];

export interface Finding {
  open: boolean;
  /** Grows with every wish to find, so that the field takes the focus again. */
  asked: number;
  query: string;
  matches: Span[];
  current: number;
  show(): void;
  close(): void;
  search(query: string): void;
  go(index: number): void;
}

/**
 * Find in document: the query, its matches and the current one. `from` is the offset to begin at; `onAgain` is told
 * when the only match is asked for once more.
 */
export function useFind(blocks: Block[] | undefined, from: () => number, onAgain: (match: Span) => void): Finding {
  const [asked, setAsked] = useState(0);
  const [open, setOpen] = useState(false);
  const [query, setQuery] = useState('');
  const [current, setCurrent] = useState(0);
  const [searched, setSearched] = useState<unknown>();
  const wanted = useDeferredValue(open ? query : '');
  const ready = useMemo(() => (blocks && open ? searchable(blocks) : undefined), [blocks, open]);
  const matches = useMemo(() => (ready && wanted ? find(ready, wanted) : NONE), [ready, wanted]);
  if (matches !== searched) {
    setSearched(matches);
    setCurrent(firstFrom(matches, from()));
  }
  const go = useCallback((index: number) => {
    if (index === current && matches[index]) onAgain(matches[index]);
    setCurrent(index);
  }, [matches, current, onAgain]);
  const show = useCallback(() => { setOpen(true); setAsked((n) => n + 1); }, []);
  const close = useCallback(() => setOpen(false), []);
  return { open, asked, query, matches, current, show, close, search: setQuery, go };
}

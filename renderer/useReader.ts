import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';
import { EngineError, type DocumentId, type Signal } from '../engine/api.ts';
import { useToaster } from './controls/Toast.tsx';
import { useEngine } from './engine.tsx';
import type { OpenPlace, PlaceToOpen } from './ask/openPlace.ts';
import type { ReaderTarget } from './reader/Reader.tsx';
import { useLive } from './useLive.ts';
import { useWords } from './words/useWords.ts';

export interface Reading {
  target: ReaderTarget | undefined;
  /** The element around the reader, which takes the focus of someone who works by keyboard. */
  part: RefObject<HTMLDivElement | null>;
  open: OpenPlace;
  openDocument(document: DocumentId): void;
  close(): void;
  /** "The right place is here", about the answer the document was opened from. */
  markRight(start: number, end: number): void;
}

/**
 * What the reader shows. A document that changes is shown as it is now, one that is removed leaves. When a
 * place that was opened from an answer is left, the engine hears how long it was in view.
 */
export function useReader(): Reading {
  const words = useWords();
  const engine = useEngine();
  const { say, run } = useToaster();
  const [target, setTarget] = useState<ReaderTarget>();
  const watch = useRef<Stopwatch>(undefined);
  const part = useFocusThere(target !== undefined, target);

  const leave = useCallback(() => {
    const left = watch.current;
    watch.current = undefined;
    if (left) void engine.signal({ ...left.opened, dwell: left.seconds() }).catch(() => undefined);
  }, [engine]);
  useEffect(() => {
    addEventListener('pagehide', leave);
    return () => removeEventListener('pagehide', leave);
  }, [leave]);

  const close = useCallback(() => {
    leave();
    setTarget(undefined);
  }, [leave]);

  const show = (document: DocumentId, what?: PlaceToOpen): void => {
    part.from();
    run(async () => {
      leave();
      try {
        setTarget(targetOf(await engine.document(document), what));
      } catch (error) {
        if (!(error instanceof EngineError) || error.code !== 'not-found') throw error;
        say(words.citation.gone);
        return;
      }
      const opened = what && openedBy(what);
      if (opened) watch.current = stopwatch(opened);
    });
  };

  const id = target?.document.id;
  const { value: now, key, error } = useLive(['documents'], String(id ?? ''), async (from) => (id === undefined ? undefined : from.document(id)));
  useEffect(() => {
    if (!now || now.id !== id) return;
    setTarget((before) => (before && JSON.stringify(before.document) !== JSON.stringify(now) ? { ...before, document: now } : before));
  }, [now, id]);
  useEffect(() => {
    if (id !== undefined && key === String(id) && error instanceof EngineError && error.code === 'not-found') close();
  }, [id, key, error, close]);

  return {
    target,
    part: part.ref,
    open: (what) => show(what.document, what),
    openDocument: (document) => show(document),
    close,
    markRight(start, end) {
      const { turn, document } = target ?? {};
      if (turn !== undefined && document) run(() => engine.signal({ kind: 'right-place', turn, document: document.id, start, end }));
    },
  };
}

/** Takes the focus of the keyboard into the part when something opens there, and back to where it was when it closes. */
function useFocusThere(open: boolean, what: unknown): { ref: RefObject<HTMLDivElement | null>; from(): void } {
  const ref = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLElement>(undefined);
  useEffect(() => {
    if (open && opener.current) ref.current?.focus();
    if (open || !opener.current) return;
    if (document.activeElement === document.body) opener.current.focus();
    opener.current = undefined;
  }, [open, what]);
  return {
    ref,
    from() {
      const active = document.activeElement;
      opener.current = active instanceof HTMLElement && active.matches(':focus-visible') ? active : undefined;
    },
  };
}

function targetOf(document: ReaderTarget['document'], what: PlaceToOpen | undefined): ReaderTarget {
  const target: ReaderTarget = { document };
  if (what) target.place = what.place;
  if (what?.places) target.places = what.places;
  if (what?.quote !== undefined) target.quote = what.quote;
  if (what?.turn !== undefined) target.turn = what.turn;
  return target;
}

type Opened = Extract<Signal, { kind: 'opened' }>;

/** What is told of a place that was opened from an answer: which, and what had been in view before it. */
function openedBy({ turn, chunk, number, passed }: PlaceToOpen): Opened | undefined {
  if (turn === undefined) return undefined;
  return { kind: 'opened', turn, ...(number === undefined ? { chunk } : { number }), ...(passed && passed.length > 0 && { passed }) };
}

/** Counts the seconds a place stays in view; a window that is hidden shows nothing. */
interface Stopwatch { opened: Opened; seconds(): number }

function stopwatch(opened: Opened): Stopwatch {
  let sum = 0;
  let since: number | undefined = performance.now();
  const turnOver = (): void => {
    if (since !== undefined) sum += performance.now() - since;
    since = document.hidden ? undefined : performance.now();
  };
  document.addEventListener('visibilitychange', turnOver);
  return {
    opened,
    seconds() {
      turnOver();
      document.removeEventListener('visibilitychange', turnOver);
      return Math.round(sum / 100) / 10;
    },
  };
}

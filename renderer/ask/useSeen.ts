import { useCallback, useEffect, useRef, type RefObject } from 'react';
import type { ChunkId } from '../../engine/api.ts';

/** What stood still for so long was seen; what only went by was not. */
const SEEN_MILLISECONDS = 500;
/** Nearly whole: positions are no whole numbers of pixels. */
const WHOLE = 0.95;

/** Which passages of an answer have been in view. */
export interface Seen<Part extends Element> {
  /** Of the element that holds the answer; whatever in it has `data-chunk` stands for that chunk. */
  part: RefObject<Part | null>;
  /** The chunks before the first place of this one that have been in view. */
  before(chunk: ChunkId): ChunkId[];
}

/** Watches what of an answer comes into view, so that it can be told what a person passed over on the way to a passage. */
export function useSeen<Part extends Element>(): Seen<Part> {
  const part = useRef<Part>(null);
  const seen = useRef(new WeakSet<Element>());
  const since = useRef(new Map<Element, number>());

  useEffect(() => {
    const viewed = new IntersectionObserver((entries) => {
      for (const { target, intersectionRatio, time } of entries) {
        if (intersectionRatio >= WHOLE) since.current.set(target, time);
        else {
          if (time - (since.current.get(target) ?? time) >= SEEN_MILLISECONDS) seen.current.add(target);
          since.current.delete(target);
        }
      }
    }, { threshold: WHOLE });
    const look = (): void => passagesIn(part.current!).forEach((element) => viewed.observe(element));
    // Passages come in later too, when a list of them is unfolded.
    const grown = new MutationObserver(look);
    look();
    grown.observe(part.current!, { childList: true, subtree: true });
    return () => {
      viewed.disconnect();
      grown.disconnect();
    };
  }, []);

  const before = useCallback((chunk: ChunkId): ChunkId[] => {
    const all = passagesIn(part.current!);
    const first = all.findIndex((element) => chunkOf(element) === chunk);
    const now = performance.now();
    const passed = all.slice(0, Math.max(0, first)).filter((element) => seen.current.has(element) || now - (since.current.get(element) ?? now) >= SEEN_MILLISECONDS);
    return [...new Set(passed.map(chunkOf))];
  }, []);

  return { part, before };
}

const passagesIn = (part: Element): HTMLElement[] => [...part.querySelectorAll<HTMLElement>('[data-chunk]')];
const chunkOf = ({ dataset }: HTMLElement): ChunkId => Number(dataset['chunk']) as ChunkId;

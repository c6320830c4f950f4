import { useEffect, useRef, useState } from 'react';
import type { DocumentId, Engine, Place } from '../../engine/api.ts';
import type { Span } from './locate.ts';

/** Places of spans with their pages and boxes, as far as the engine has told them; asked once per span. */
export function usePlaces(engine: Engine, document: DocumentId, spans: Span[]): Map<string, Place> {
  const asked = useRef(new Set<string>());
  const [places, setPlaces] = useState(() => new Map<string, Place>());
  useEffect(() => {
    for (const span of spans) {
      const key = spanKey(span);
      if (asked.current.has(key)) continue;
      asked.current.add(key);
      engine.place(document, span.start, span.end).then(
        (place) => setPlaces((known) => new Map(known).set(key, place)),
        () => asked.current.delete(key),
      );
    }
  }, [engine, document, spans]);
  return places;
}

export function spanKey({ start, end }: Span): string {
  return `${start}-${end}`;
}

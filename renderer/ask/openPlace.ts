import type { ChunkId, Citation, DocumentId, Hit, Place, Sentence, TurnId } from '../../engine/api.ts';

/** What to open in the reader, and from where, so that what was looked at can be told. */
export interface PlaceToOpen {
  document: DocumentId;
  place: Place;
  quote?: string;
  /** All places the same answer cites in this document. */
  places?: Place[];
  turn: TurnId | undefined;
  chunk: ChunkId;
  /** Of a citation. */
  number?: number;
  /** Chunks that stood before it and had been in view. */
  passed?: ChunkId[];
}

export type OpenPlace = (what: PlaceToOpen) => void;

export function citationToOpen(citation: Citation, sentences: readonly Sentence[], turn: TurnId | undefined): PlaceToOpen {
  const all = sentences.flatMap((sentence) => sentence.citations).filter((other) => other.document === citation.document);
  // One number may stand after several sentences, each with its own place.
  const places = [...new Map(all.map(({ place }) => [`${place.start} ${place.end}`, place])).values()].sort((a, b) => a.start - b.start);
  return { document: citation.document, place: citation.place, quote: citation.quote, places, turn, chunk: citation.chunk, number: citation.number };
}

export function hitToOpen(hit: Hit, turn: TurnId): PlaceToOpen {
  return { document: hit.document, place: hit.place, turn, chunk: hit.chunk };
}

/** The citations of an answer, each number once, in order. */
export function citationsOf(sentences: readonly Sentence[]): Citation[] {
  const byNumber = new Map<number, Citation>();
  for (const { citations } of sentences) for (const citation of citations) if (!byNumber.has(citation.number)) byNumber.set(citation.number, citation);
  return [...byNumber.values()].sort((a, b) => a.number - b.number);
}

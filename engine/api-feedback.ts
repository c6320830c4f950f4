/** What people say; `api.ts` carries it on. */

import type { ChunkId, DocumentId, EventId, TurnId } from './api.ts';
import type { AppAction } from './api-answers.ts';

export type Thumb = 'up' | 'down';

/** What a person did. Stored as it happened and never changed; judgements are derived later. */
export type Signal =
  | { kind: 'answer-thumb'; turn: TurnId; thumb: Thumb | 'none' }
  | { kind: 'citation-thumb'; turn: TurnId; number: number; thumb: Thumb | 'none' }
  /** After a thumb down on an answer. */
  | { kind: 'answer-reason'; turn: TurnId; reason: 'wrong-passage' | 'bad-answer' | 'not-in-library' | 'outdated' }
  /** An earlier turn that went along to the language model helped, or does not belong there. */
  | { kind: 'recalled-turn'; turn: TurnId; recalled: TurnId; thumb: Thumb | 'none' }
  /** Something the app can do was offered with the answer, and the person did it or does not want it there. */
  | { kind: 'action'; turn: TurnId; action: AppAction; said: 'accepted' | 'refused' | 'none' }
  /** A document that was called outdated, as what this answer leans on or another, still holds. */
  | { kind: 'up-to-date'; turn: TurnId; document: DocumentId }
  /** What the answer should have been, in the person's own words. */
  | { kind: 'corrected'; turn: TurnId; text: string }
  /** "The right place is here": a span a person selected in the reader. */
  | { kind: 'right-place'; turn: TurnId; document: DocumentId; start: number; end: number }
  | Looked & { kind: 'opened'; turn: TurnId; /** Of the citation. */ number: number }
  | Looked & { kind: 'opened'; turn: TurnId; /** Of the hit, where it was opened from a list of them. */ chunk: ChunkId }
  | { kind: 'copied'; turn: TurnId; text: string };

/** `dwell`: seconds the place stayed in view. `passed`: the chunks that stood before it and had been in view whole, but were not opened. */
export interface Looked { dwell?: number; passed?: ChunkId[] }

export interface FeedbackEvent {
  id: EventId;
  at: number;
  signal: Signal;
  question: string;
  documentName?: string;
}

import type { ChunkId, ConversationId, DocumentId, EventId, Hit, LibraryId, Signal, TurnId } from '../api.ts';
import type { StoredEvent } from './judgements.ts';

/** A hit on chunk `chunk` of document `document`: a hundred characters from `100 * chunk` on. For tests. */
export function hitOf(chunk: number, document = 1): Hit {
  return {
    chunk: chunk as ChunkId, document: document as DocumentId, library: 1 as LibraryId, documentName: `${document}.md`, type: 'markdown',
    contentHash: `hash ${document}`, text: `text of chunk ${chunk}`, relevance: 0.5, trace: { fused: { rank: 1, score: 0 } },
    place: { start: 100 * chunk, end: 100 * chunk + 100, headings: [] },
  };
}

let made = 0;

/** An event on turn `turn`, in which chunks 1…3 of document 1 were found and 1 and 2 cited. Events come in the order they are made. */
export function eventOf(signal: DistributiveOmit<Signal, 'turn'>, { turn = 1, question = 'How long is tea brewed?', before, span }: { turn?: number; question?: string; /** Asked before in these words; chunks 4 and 5 were found. */ before?: string; span?: [document: number, start: number, end: number] } = {}): StoredEvent {
  const hits = [1, 2, 3].map((chunk) => hitOf(chunk));
  const at = ++made;
  return {
    id: `e${String(at).padStart(6, '0')}` as EventId, at, signal: { ...signal, turn: turn as TurnId } as Signal,
    context: {
      turn: {
        id: turn as TurnId, conversation: 1 as ConversationId, asked: turn, question, hits, models: { answerer: 'extractive' }, milliseconds: 1,
        answer: {
          outcome: 'answered',
          sentences: [1, 2].map((number) => ({
            text: `Sentence ${number}.`,
            citations: [{ number, chunk: number as ChunkId, document: 1 as DocumentId, documentName: '1.md', type: 'markdown', quote: '', place: hits[number - 1]!.place }],
          })),
        },
      },
      ...(before !== undefined && { before: { question: before, asked: turn - 1, hits: [4, 5].map((chunk) => hitOf(chunk)) } }),
      ...(span && { span: { documentName: `${span[0]}.md`, contentHash: `hash ${span[0]}`, start: span[1], end: span[2], text: 'x' } }),
    },
  };
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

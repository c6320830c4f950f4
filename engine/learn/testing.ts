import type { ChunkId, ConversationId, DocumentId, EventId, Hit, LibraryId, Signal, TurnId } from '../api.ts';
import { openEmbedder } from '../models/embedder.ts';
import { openReranker } from '../models/reranker.ts';
import type { DeepLevel } from './deep-lessons.ts';
import type { StoredEvent } from './judgements.ts';
import type { TextLesson } from './trainee.ts';

/** A hit on chunk `chunk` of document `document`: a hundred characters from `100 * chunk` on. For tests. */
export function hitOf(chunk: number, document = 1): Hit {
  return {
    chunk: chunk as ChunkId, document: document as DocumentId, library: 1 as LibraryId, documentName: `${document}.md`, type: 'markdown',
    contentHash: `hash ${document}`, text: `text of chunk ${chunk}`, relevance: 0.5, trace: { fused: { rank: 1, score: 0 } },
    place: { start: 100 * chunk, end: 100 * chunk + 100, headings: [] },
  };
}

let made = 0;

interface Around {
  turn?: number;
  question?: string;
  /** Chunks that were found. */
  hits?: readonly number[];
  /** Of the answer, each with the chunk it cites; they are numbered in order. */
  sentences?: readonly (readonly [text: string, chunk: number])[];
  /** Asked before in these words; chunks 4 and 5 were found. */
  before?: string;
  span?: [document: number, start: number, end: number];
  /** What chunks give to a correction; those that were not found with the question were found with it. */
  gains?: Record<number, number>;
}

/** An event on turn `turn`, in which by default chunks 1…3 of document 1 were found and 1 and 2 cited. Events come in the order they are made. */
export function eventOf(signal: DistributiveOmit<Signal, 'turn'>, { turn = 1, question = 'How long is tea brewed?', before, span, gains, ...around }: Around = {}): StoredEvent {
  const hits = (around.hits ?? [1, 2, 3]).map((chunk) => hitOf(chunk));
  const sentences = around.sentences ?? [['Sentence 1.', 1], ['Sentence 2.', 2]];
  const at = ++made;
  return {
    id: `e${String(at).padStart(6, '0')}` as EventId, at, signal: { ...signal, turn: turn as TurnId } as Signal,
    context: {
      turn: {
        id: turn as TurnId, conversation: 1 as ConversationId, asked: turn, question, hits, models: { answerer: 'extractive' }, milliseconds: 1,
        answer: {
          outcome: 'answered',
          sentences: sentences.map(([text, chunk], i) => ({
            text, citations: [{ number: i + 1, chunk: chunk as ChunkId, document: 1 as DocumentId, documentName: '1.md', type: 'markdown', quote: '', place: hitOf(chunk).place }],
          })),
        },
      },
      ...(before !== undefined && { before: { question: before, asked: turn - 1, turn: (turn - 1) as TurnId, hits: [4, 5].map((chunk) => hitOf(chunk)) } }),
      ...(gains && { correction: {
        hits: Object.keys(gains).map(Number).filter((chunk) => !hits.some((hit) => Number(hit.chunk) === chunk)).map((chunk) => hitOf(chunk)),
        gains: Object.entries(gains).map(([chunk, gain]) => ({ chunk: Number(chunk) as ChunkId, gain })),
      } }),
      ...(span && { span: { documentName: `${span[0]}.md`, contentHash: `hash ${span[0]}`, start: span[1], end: span[2], text: 'x' } }),
    },
  };
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** What the model in a folder, opened as search opens it, makes of a question's texts: a reranker's logits, an embedder's cosines. */
export async function scoresOfFolder(folder: string, level: DeepLevel, { question, texts, priors }: TextLesson): Promise<number[]> {
  if (level === 'reranker') {
    const model = await openReranker(folder);
    const scores = await model.score(question, texts.map((text, i) => ({ text, prior: priors[i]! })));
    await model.close();
    return scores;
  }
  const model = await openEmbedder(folder);
  const [[asked], found] = [await model.embed([question], 'query'), await model.embed([...texts], 'document')];
  await model.close();
  return found.map((vector) => vector.reduce((sum, value, d) => sum + value * asked![d]!, 0));
}

import { randomUUID } from 'node:crypto';
import type { ChunkId, EventId, FeedbackEvent, Signal, Turn, TurnId } from '../api.ts';
import type { Correction } from '../correction.ts';
import { sql, type Db } from './database.ts';

/**
 * What is frozen with an event, so that learning later needs nothing else: the turn with its question, hits and their
 * traces, answer and models, and of a span a person pointed at its text and the hash of its document's content.
 */
export interface EventContext {
  turn: Omit<Turn, 'thumbs'>;
  /** The question before it, when it was asked in other words within a minute. */
  before?: { /** Absent in older events. */ turn?: TurnId; question: string; asked: number; hits: Turn['hits'] };
  /** What the library said to a correction. */
  correction?: Correction;
  /** Of the prompt a language model is given, and of what read and cut the hits' files; absent in older events. */
  versions?: { prompt: string; chunker: string };
  span?: { documentName: string; contentHash: string; start: number; end: number; text: string };
}

/** Stores what a person did; events keep the order in which they came, within a millisecond and when the clock is set back. */
export function saveEvent(db: Db, signal: Signal, context: EventContext): EventId {
  const at = Date.now();
  const id = randomUUID() as string as EventId;
  sql(db, 'insert into event (id, at, turn_id, signal, context) values (?, ?, ?, ?, ?)').run(id, at, signal.turn, JSON.stringify(signal), JSON.stringify(context));
  return id;
}

interface Row { id: EventId; at: number; signal: string; context: string }

/** All events, newest first. */
export function events(db: Db): FeedbackEvent[] {
  return sql<Row>(db, 'select id, at, signal, context from event order by number desc limit 5000').all().map(({ id, at, ...row }) => {
    const signal = JSON.parse(row.signal) as Signal;
    const context = JSON.parse(row.context) as EventContext;
    const event: FeedbackEvent = { id, at, signal, question: context.turn.question };
    const name = context.span?.documentName ?? ('number' in signal ? citationName(context, signal.number) : 'chunk' in signal ? hitName(context, signal.chunk) : undefined);
    if (name !== undefined) event.documentName = name;
    return event;
  });
}

/** All events with their context, oldest first, one JSON object a line. Of a document that was deleted since, the words are gone. */
export function exportEvents(db: Db): string {
  const present = new Set(sql<{ hash: string }>(db, `select distinct c.hash from content c join document d on d.content_id = c.id where d.state <> 'removed'`).all().map(({ hash }) => hash));
  const lines = sql<Row>(db, 'select id, at, signal, context from event order by number').all().map(({ id, at, signal, context }) => {
    const told = withoutGone(JSON.parse(signal) as Signal, JSON.parse(context) as EventContext, (hash) => !present.has(hash));
    return JSON.stringify({ id, at: new Date(at).toISOString(), ...told });
  });
  return lines.map((line) => `${line}\n`).join('');
}

/** Marks what lost its words. */
const GONE = { gone: true };

/** An event without the words of contents that are gone: their hits, spans, quotes and the sentences that lean on them are marked and empty. */
function withoutGone(signal: Signal, { turn, span, before, correction, ...context }: EventContext, gone: (hash: string) => boolean): { signal: Signal; context: EventContext } {
  const lost = new Set(turn.hits.filter(({ contentHash }) => gone(contentHash)).map(({ chunk }) => chunk));
  const emptied = (hit: Turn['hits'][number]): Turn['hits'][number] => (gone(hit.contentHash) ? { ...hit, text: '', place: { ...hit.place, headings: [] }, ...GONE } : hit);
  const earlier = { ...(before && { before: { ...before, hits: before.hits.map(emptied) } }), ...(correction && { correction: { ...correction, hits: correction.hits.map(emptied) } }) };
  if (lost.size === 0 && !(span && gone(span.contentHash))) return { signal, context: { turn, ...(span && { span }), ...earlier, ...context } };
  const hits = turn.hits.map(emptied);
  const sentences = turn.answer.sentences.map((sentence) => (sentence.citations.some(({ chunk }) => lost.has(chunk))
    ? { ...sentence, text: '', citations: sentence.citations.map((citation) => ({ ...citation, quote: '', place: { ...citation.place, headings: [] } })), ...GONE } : sentence));
  return {
    signal: signal.kind === 'copied' ? { ...signal, text: '' } : signal,
    context: { turn: { ...turn, hits, answer: { ...turn.answer, sentences } }, ...(span && { span: gone(span.contentHash) ? { ...span, text: '', ...GONE } : span }), ...earlier, ...context },
  };
}

export function deleteEvents(db: Db, ids: EventId[]): void {
  for (const id of ids) sql(db, 'delete from event where id = ?').run(id);
}

/** What counts now: the latest thumb on the answer, on each citation and each earlier turn that went along, the latest word on each action, and the answer as it was put right. */
export function thumbsOf(db: Db, turn: TurnId): Turn['thumbs'] {
  const thumbs: Turn['thumbs'] = { citations: {} };
  for (const row of sql<{ signal: string }>(db, 'select signal from event where turn_id = ? order by number').all(turn)) {
    const signal = JSON.parse(row.signal) as Signal;
    if (signal.kind === 'answer-thumb') {
      if (signal.thumb === 'none') delete thumbs.answer;
      else thumbs.answer = signal.thumb;
      if (signal.thumb !== 'down') delete thumbs.corrected;
    } else if (signal.kind === 'corrected') {
      thumbs.corrected = signal.text;
      if (thumbs.answer === 'up') delete thumbs.answer;
    } else if (signal.kind === 'citation-thumb') {
      if (signal.thumb === 'none') delete thumbs.citations[signal.number];
      else thumbs.citations[signal.number] = signal.thumb;
    } else if (signal.kind === 'recalled-turn') {
      const { [signal.recalled]: _, ...others } = thumbs.recalled ?? {};
      thumbs.recalled = signal.thumb === 'none' ? others : { ...others, [signal.recalled]: signal.thumb };
    } else if (signal.kind === 'action') {
      const { [signal.action]: _, ...others } = thumbs.actions ?? {};
      thumbs.actions = signal.said === 'none' ? others : { ...others, [signal.action]: signal.said };
    }
  }
  return thumbs;
}

function hitName({ turn }: EventContext, chunk: ChunkId): string | undefined {
  return turn.hits.find((hit) => hit.chunk === chunk)?.documentName;
}

function citationName(context: EventContext, number: number): string | undefined {
  return context.turn.answer.sentences.flatMap((sentence) => sentence.citations).find((citation) => citation.number === number)?.documentName;
}

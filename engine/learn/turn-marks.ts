import type { EventId, TurnId } from '../api.ts';
import type { Mark } from './judgements.ts';

/** What counts of a turn: the latest thumb on the answer, the reason given for it, how the answer was put right, and what points at passages. */
export interface TurnMarks { first: Mark; thumb?: Mark; reason?: Mark; corrected?: Mark; pointed: Mark[]; events: EventId[] }

/** The marks that count, turn by turn in the order they were asked: of thumbs the latest, none where it was taken back. */
export function byTurn(marks: readonly Mark[]): TurnMarks[] {
  const turns = new Map<TurnId, TurnMarks & { citations: Map<number, Mark> }>();
  for (const mark of marks) {
    let turn = turns.get(mark.turn);
    if (!turn) turns.set(mark.turn, (turn = { first: mark, pointed: [], events: [], citations: new Map() }));
    turn.events.push(mark.id);
    const { signal } = mark;
    if (signal.kind === 'answer-thumb') {
      delete turn.reason;
      delete turn.thumb;
      if (signal.thumb !== 'down') delete turn.corrected;
      if (signal.thumb !== 'none') turn.thumb = mark;
    } else if (signal.kind === 'answer-reason') {
      turn.reason = mark;
      delete turn.thumb;
    } else if (signal.kind === 'corrected') {
      turn.corrected = mark;
      if (turn.thumb?.signal.kind === 'answer-thumb' && turn.thumb.signal.thumb === 'up') delete turn.thumb;
    } else if (signal.kind === 'citation-thumb') {
      turn.citations.delete(signal.number);
      if (signal.thumb !== 'none') turn.citations.set(signal.number, mark);
    } else turn.pointed.push(mark);
  }
  return [...turns.values()].sort((a, b) => a.first.asked - b.first.asked)
    .map(({ citations, ...turn }) => ({ ...turn, pointed: [...citations.values(), ...turn.pointed] }));
}

import type { EventId, Signal } from './api.ts';
import { PROMPT } from './answer/prompt.ts';
import { EngineError } from './api.ts';
import type { Correction } from './correction.ts';
import { groupOf } from './learn/holdout.ts';
import { plainQuestion } from './learn/judgements.ts';
import { textBetween } from './parse/document.ts';
import { contentHashOf, bodyOf, recipesOf } from './store/contents.ts';
import { turn as turnOf, turns } from './store/conversations.ts';
import { write, type Db } from './store/database.ts';
import { document } from './store/documents.ts';
import { saveEvent, type EventContext } from './store/feedback.ts';
import { frozenTurn, questionGroups, saveGroup } from './store/judged.ts';
import { questionWords } from './words.ts';

/** A question asked so soon after another, in some of its words, is the same need put better. */
const REWORDED_MILLISECONDS = 60_000;
const IN_COMMON = 0.25;

function sayMuchTheSame(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => new Set(questionWords(text).filter(({ stop }) => !stop).map(({ token }) => token))) as [Set<string>, Set<string>];
  const common = [...x].filter((token) => y.has(token)).length;
  return plainQuestion(a) !== plainQuestion(b) && common >= IN_COMMON * (x.size + y.size - common) && common > 0;
}

/** The turn that a signal is about. That a document still holds can be said when the conversation in which it was called outdated is gone. */
function turnFor(db: Db, signal: Signal): EventContext['turn'] {
  const frozen = signal.kind === 'up-to-date' ? frozenTurn(db, signal.turn) : undefined;
  if (frozen) return frozen;
  const { thumbs: _, ...turn } = turnOf(db, signal.turn);
  return turn;
}

/**
 * Stores what a person did, with everything around it frozen.
 *
 * @param correction what the library says to a correction
 * @throws EngineError 'not-found' when the turn or the document is gone, 'invalid' for a citation or span that is not there and for an empty correction
 */
export async function keepSignal(db: Db, signal: Signal, correction?: Correction): Promise<EventId> {
  const turn = turnFor(db, signal);
  const context: EventContext = { turn, versions: { prompt: PROMPT, chunker: recipesOf(db, turn.hits.map(({ contentHash }) => contentHash)) } };
  const before = signal.kind === 'up-to-date' ? undefined : turns(db, turn.conversation).filter(({ id, asked }) => id < turn.id && asked <= turn.asked).at(-1);
  if (before && turn.asked - before.asked <= REWORDED_MILLISECONDS && sayMuchTheSame(before.question, turn.question)) {
    context.before = { turn: before.id, question: before.standalone ?? before.question, asked: before.asked, hits: before.hits };
  }
  if ('number' in signal && !turn.answer.sentences.some((sentence) => sentence.citations.some(({ number }) => number === signal.number))) {
    throw new EngineError('invalid', `That answer has no citation ${signal.number}.`);
  }
  if (signal.kind === 'opened' && 'chunk' in signal && !turn.hits.some(({ chunk }) => chunk === signal.chunk)) {
    throw new EngineError('invalid', 'That passage was not found for this question.');
  }
  if (signal.kind === 'recalled-turn' && !turn.details?.recalled?.includes(signal.recalled)) throw new EngineError('invalid', 'That turn did not go along with this answer.');
  if (signal.kind === 'action' && !turn.actions?.includes(signal.action)) throw new EngineError('invalid', 'That was not offered with this answer.');
  if (signal.kind === 'right-place') {
    const text = textBetween(bodyOf(db, signal.document), signal.start, signal.end);
    if (text.trim() === '') throw new EngineError('invalid', 'Select the text that answers the question first.');
    context.span = {
      documentName: document(db, signal.document).name, contentHash: contentHashOf(db, signal.document),
      start: signal.start, end: signal.end, text,
    };
  }
  if (signal.kind === 'up-to-date') {
    context.span = { documentName: document(db, signal.document).name, contentHash: contentHashOf(db, signal.document), start: 0, end: 0, text: '' };
  }
  if (signal.kind === 'corrected') {
    if (signal.text.trim() === '') throw new EngineError('invalid', 'Write first what the answer should have been.');
    if (correction) context.correction = correction;
  }
  const question = turn.standalone ?? turn.question;
  return write(db, () => {
    const id = saveEvent(db, signal, context);
    // Whether a question is judged by or learned from is decided now, before anything is known of how it turns out.
    saveGroup(db, id, plainQuestion(question), groupOf(question, questionGroups(db)).group);
    return id;
  });
}

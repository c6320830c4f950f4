import type { AnswerPart, ConversationId, Question } from './api.ts';
import { EngineError } from './api.ts';
import { stoppable } from './stoppable.ts';
import { beginTurn, createConversation, endTurn, turn, turns, type Ended } from './store/conversations.ts';
import { write, type Db } from './store/database.ts';
import { libraries } from './store/libraries.ts';
import type { SearchVerbs } from './thread.ts';
import { indexWords } from './words.ts';

/** A title as long as a line of the list shows. */
const TITLE_LENGTH = 80;

/**
 * The walk of one question in a conversation: complete it from what was said before, answer it, and keep the turn whatever
 * happens — a turn whose loop was left is stored as `stopped` with what had been said by then. Leaving the loop stops a
 * language model at once, also before its first word.
 *
 * @throws EngineError 'invalid' for an empty question, 'not-found' for a conversation that is gone
 */
export function converse(db: Db, search: () => Pick<SearchVerbs, 'answer'>, asked: Question, changed: () => void): AsyncIterable<AnswerPart> {
  return stoppable((left) => walk(db, search, asked, changed, left));
}

async function* walk(db: Db, search: () => Pick<SearchVerbs, 'answer'>, asked: Question, changed: () => void, left: AbortSignal): AsyncGenerator<AnswerPart> {
  const question = asked.question.trim();
  if (question === '') throw new EngineError('invalid', 'Ask something first.');
  const among = asked.libraries ?? libraries(db).map((library) => library.id);
  const before = asked.conversation === undefined ? [] : turns(db, asked.conversation)
    .map(({ standalone, question: earlier, answer }) => ({ question: standalone ?? earlier, answer: answer.sentences.map(({ text }) => text).join(' ') }));

  const { conversation, id } = await write(db, () => {
    const conversation: ConversationId = asked.conversation ?? createConversation(db, question.slice(0, TITLE_LENGTH));
    return { conversation, id: beginTurn(db, conversation, question, among, indexWords(question)) };
  });
  changed();
  yield { kind: 'begun', conversation, turn: id };

  const start = performance.now();
  const made: Ended = { answer: { outcome: 'stopped', sentences: [] }, hits: [], models: { answerer: 'none' }, milliseconds: 0 };
  try {
    for await (const event of search().answer({ question, libraries: among, conversation, before }, left)) {
      switch (event.kind) {
        case 'standalone':
          made.standalone = event.question;
          yield { kind: 'begun', conversation, turn: id, standalone: event.question };
          break;
        case 'hits':
          made.hits = event.hits;
          made.models = event.models;
          yield { kind: 'hits', hits: event.hits };
          break;
        case 'details':
          made.details = event.details;
          made.models.answerer = event.answerer;
          if (event.actions) made.actions = event.actions;
          break;
        case 'sentence':
          made.answer.sentences.push(event.sentence);
          yield { kind: 'sentence', sentence: event.sentence };
          break;
        case 'tail':
          yield { kind: 'tail', text: event.text };
          break;
        case 'end':
          made.answer.outcome = event.outcome;
      }
    }
  } catch (error) {
    // Whoever left the loop hears no more of it; what failed by itself is told.
    if (!left.aborted) throw error;
  } finally {
    made.milliseconds = Math.round(performance.now() - start);
    const said = [question, ...made.answer.sentences.map((sentence) => sentence.text)].join('\n');
    await write(db, () => endTurn(db, id, made, indexWords(said)));
    changed();
  }
  yield { kind: 'done', turn: turn(db, id) };
}

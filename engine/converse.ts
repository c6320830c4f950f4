import type { AnswerPart, ConversationId, Question, Turn } from './api.ts';
import { EngineError } from './api.ts';
import { beginTurn, createConversation, endTurn, turn, turns } from './store/conversations.ts';
import { write, type Db } from './store/database.ts';
import { libraries } from './store/libraries.ts';
import type { SearchVerbs } from './thread.ts';
import { standaloneQuestion } from './topic.ts';
import { indexWords } from './words.ts';

/** A title as long as a line of the list shows. */
const TITLE_LENGTH = 80;

/**
 * The walk of one question in a conversation: complete it from what was asked before, answer it, and keep the turn
 * whatever happens — a turn whose loop was left is stored as `stopped` with what had been said by then.
 *
 * @throws EngineError 'invalid' for an empty question, 'not-found' for a conversation that is gone
 */
export async function* converse(db: Db, search: () => Pick<SearchVerbs, 'answer'>, asked: Question, changed: () => void): AsyncGenerator<AnswerPart> {
  const question = asked.question.trim();
  if (question === '') throw new EngineError('invalid', 'Ask something first.');
  const before = asked.conversation === undefined ? [] : turns(db, asked.conversation).map((turn) => turn.question);
  const completed = standaloneQuestion(question, before);
  const standalone = completed === question ? undefined : completed;

  const { conversation, id } = await write(db, () => {
    const conversation: ConversationId = asked.conversation ?? createConversation(db, question.slice(0, TITLE_LENGTH));
    return { conversation, id: beginTurn(db, conversation, question, standalone, indexWords(question)) };
  });
  changed();
  yield { kind: 'begun', conversation, turn: id, ...(standalone !== undefined && { standalone }) } satisfies AnswerPart;

  const start = performance.now();
  const made: Pick<Turn, 'answer' | 'hits' | 'models' | 'milliseconds'> = {
    answer: { outcome: 'stopped', sentences: [] }, hits: [], models: { answerer: 'none' }, milliseconds: 0,
  };
  try {
    const among = asked.libraries ?? libraries(db).map((library) => library.id);
    for await (const event of search().answer({ question: completed, libraries: among })) {
      switch (event.kind) {
        case 'hits':
          made.hits = event.hits;
          made.models = event.models;
          yield { kind: 'hits', hits: event.hits };
          break;
        case 'sentence':
          made.answer.sentences.push(event.sentence);
          yield { kind: 'sentence', sentence: event.sentence };
          break;
        case 'end':
          made.answer.outcome = event.outcome;
      }
    }
  } finally {
    made.milliseconds = Math.round(performance.now() - start);
    const said = [question, ...made.answer.sentences.map((sentence) => sentence.text)].join('\n');
    await write(db, () => endTurn(db, id, made, indexWords(said)));
    changed();
  }
  yield { kind: 'done', turn: turn(db, id) };
}


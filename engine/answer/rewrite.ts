import { withoutThoughts } from '../llm/estimate.ts';
import type { Llm, Message } from '../llm/llm.ts';
import { plainQuestion } from '../learn/judgements.ts';
import { dependsOnEarlier, standaloneQuestion } from '../topic.ts';
import { questionWords, wordTokens } from '../words.ts';
import { harmless, languageOf, type Exchange } from './prompt.ts';

/** A question as it is searched for, and who completed it; nobody where it stands alone. */
export interface Standalone { question: string; by?: 'model' | 'topic' }

/** A person does not wait longer than this before the search begins. */
const PATIENCE = 12_000;
const LONGEST = 160;
/** More of the conversation than this says nothing new about what "it" is. */
const MOST_TOKENS = 3000;
const LAST_EXCHANGES = 6;
const ANSWER_LENGTH = 400;
/** A question of so many words that tell something, and without any that points back, is understood alone. */
const ENOUGH_WORDS = 4;

/**
 * A follow-up as a question that is understood alone: by the model where there is one and what it writes can be one, else by
 * the topic words of the conversation (`topic.ts`). The rewritten question is for search; the prompt gets the person's own.
 */
export async function standalone(llm: Llm | undefined, question: string, before: readonly Exchange[], signal?: AbortSignal): Promise<Standalone> {
  if (before.length === 0 || standsAlone(question)) return { question };
  const written = llm && (await rewritten(llm, question, before, signal));
  if (written !== undefined) return plainQuestion(written) === plainQuestion(question) ? { question } : { question: written, by: 'model' };
  const completed = standaloneQuestion(question, before.map((exchange) => exchange.question));
  return completed === question ? { question } : { question: completed, by: 'topic' };
}

function standsAlone(question: string): boolean {
  return !dependsOnEarlier(question) && questionWords(question).filter(({ stop }) => !stop).length >= ENOUGH_WORDS;
}

const WORDS = {
  en: {
    rules: [
      'You are given a conversation and the question a person asks next. Write that question so that someone who has not seen the conversation understands it.',
      'Put names and things in the place of words that point back to them, and add what the question leaves out. Change nothing else: keep its language, what it asks and its figures.',
      'If it can be understood alone, repeat it word for word. Never answer it. Write the question on one line and nothing else.',
    ],
    said: 'Conversation', next: 'Next question', example: 'Person: What does the large room cost per day?\nAnswer: 80 euros.\nNext question: And the small one?', answered: 'What does the small room cost per day?',
  },
  zh: {
    rules: [
      '下面是一段对话和此人接着问的问题。请改写这个问题，使没有看过对话的人也能看懂。',
      '把指代前文的词换成所指的名称或事物，补上问题省略的内容；其他都不要改：保持原来的语言、所问的内容和数字。',
      '如果它本来就能单独看懂，就原样重复。绝不要回答它。只写一行问题，别的都不写。',
    ],
    said: '对话', next: '接着问的问题', example: '此人：大会议室一天多少钱？\n回答：八十欧元。\n接着问的问题：小的呢？', answered: '小会议室一天多少钱？',
  },
} as const;

/** What the model makes of it; undefined where it fails, takes too long, or writes something that cannot be the question. */
async function rewritten(llm: Llm, question: string, before: readonly Exchange[], signal?: AbortSignal): Promise<string | undefined> {
  try {
    const patience = AbortSignal.timeout(PATIENCE);
    const messages = await fitting(llm, question, before.slice(-LAST_EXCHANGES));
    if (!messages) return undefined;
    let text = '';
    for await (const piece of withoutThoughts(llm.write(messages, { maxTokens: LONGEST, temperature: 0, seed: 1, signal: signal ? AbortSignal.any([signal, patience]) : patience }))) {
      text = (text + piece).trimStart();
      if (text.includes('\n')) break;
    }
    return acceptable(text.split('\n')[0]!, question, before);
  } catch {
    // Whatever went wrong with the model, search must not wait for it; the topic words do instead.
    return undefined;
  }
}

/** The conversation without its oldest exchanges, as far as it fits; undefined where the question alone does not. */
async function fitting(llm: Llm, question: string, before: readonly Exchange[]): Promise<Message[] | undefined> {
  const room = Math.min(llm.contextTokens - LONGEST, MOST_TOKENS);
  const tries = Array.from({ length: before.length + 1 }, (_, from) => messagesOf(question, before.slice(from)));
  const counts = await llm.count(tries);
  return tries.find((_, from) => counts[from]! <= room);
}

function messagesOf(question: string, before: readonly Exchange[]): Message[] {
  const words = WORDS[languageOf(question)];
  const [person, answer] = words === WORDS.zh ? ['此人：', '回答：'] : ['Person: ', 'Answer: '];
  const said = before.map((exchange) => `${person}${line(exchange.question)}\n${answer}${line(exchange.answer.slice(0, ANSWER_LENGTH))}`);
  return [
    { role: 'system', content: words.rules.join('\n') },
    { role: 'user', content: words.example },
    { role: 'assistant', content: words.answered },
    { role: 'user', content: [`${words.said}:`, ...said, `${words.next}: ${line(question)}`].join('\n') },
  ];
}

const line = (text: string): string => harmless(text).replace(/\s+/g, ' ').trim();

/** Whether it can be the question: of its language, of a question's length, made of words that were said, and no answer. */
function acceptable(text: string, question: string, before: readonly Exchange[]): string | undefined {
  const bare = text.replace(/^(?:next question|question|standalone question|接着问的问题|问题|独立问题)\s*[:：]\s*/i, '').replace(/^["“「](.*)["”」]$/, '$1').trim();
  if (bare === '' || bare.length > 4 * question.length + 120 || languageOf(bare) !== languageOf(question)) return undefined;
  const known = new Set(wordTokens([question, ...before.flatMap((exchange) => [exchange.question, exchange.answer])].join('\n')));
  const words = questionWords(bare).filter(({ stop, column }) => !stop && column === 'words');
  const strange = words.filter(({ token }) => !known.has(token)).length;
  // An answer brings words of its own; Chinese bigrams across a seam between two said words are new as well.
  return strange > words.length / 2 ? undefined : bare;
}

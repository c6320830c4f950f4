import type { Hit, Turn } from '../../engine/api.ts';
import { decimal } from '../words/numbers.ts';
import type { Words } from '../words/words.ts';
import { citationsOf } from './openPlace.ts';

/** Milliseconds as seconds: two figures below a tenth, one above. */
export function seconds(milliseconds: number, { language }: Pick<Words, 'language'>): string {
  return decimal(language, Math.max(10, milliseconds) / 1000, milliseconds < 100 ? 2 : 1);
}

/** How long an answer took; of a language model also how long until its first word, and which it was. */
export function tookInWords(turn: Turn, words: Words): string {
  const { milliseconds, details } = turn;
  const { answers } = words;
  const written = details?.written;
  return [
    answers.took(seconds(milliseconds, words)),
    written && answers.firstWord(seconds(written.firstWord, words)),
    written && answers.by(written.model),
    isOwn(turn) && answers.ownAnswer,
  ].filter(Boolean).join(' · ');
}

/** Whether the answer is one that the person stored, word for word. */
export function isOwn({ details, answer }: Turn): boolean {
  return details?.faq !== undefined && details.written === undefined && answer.sentences.every(({ citations }) => citations.length === 0);
}

/** The numbers a hit is cited with. */
export function numbersOf(hit: Hit, { answer }: Turn): number[] {
  return citationsOf(answer.sentences).filter(({ chunk }) => chunk === hit.chunk).map(({ number }) => number);
}

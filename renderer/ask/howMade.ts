import type { Hit, Turn } from '../../engine/api.ts';
import { decimal } from '../words/numbers.ts';
import type { Words } from '../words/words.ts';
import { citationsOf } from './openPlace.ts';

/** Milliseconds as seconds: two figures below a tenth, one above. */
export function seconds(milliseconds: number, { language }: Pick<Words, 'language'>): string {
  return decimal(language, Math.max(10, milliseconds) / 1000, milliseconds < 100 ? 2 : 1);
}

/** How long an answer took; of a language model also how long until its first word, and which it was. */
export function tookInWords({ milliseconds, details }: Turn, words: Words): string {
  const { answers } = words;
  const written = details?.written;
  return [
    answers.took(seconds(milliseconds, words)),
    written && answers.firstWord(seconds(written.firstWord, words)),
    written && answers.by(written.model),
  ].filter(Boolean).join(' · ');
}

/** The numbers a hit is cited with. */
export function numbersOf(hit: Hit, { answer }: Turn): number[] {
  return citationsOf(answer.sentences).filter(({ chunk }) => chunk === hit.chunk).map(({ number }) => number);
}

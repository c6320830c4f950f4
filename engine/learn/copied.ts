import type { Hit, Sentence, Turn } from '../api.ts';
import { questionWords } from '../words.ts';

/** A word or two stand in many a passage and tell nothing; two letters of Chinese count as a word. */
const LEAST = 2.5;
const UNSPACED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
/** The numbers of sources, as a copied answer has them. */
const MARKS = /\[[\d?]+\]/g;
/** A shorter piece of a sentence is not looked for at the ends of what was copied. */
const SHORTEST = 6;

/** How much a text says: its words but for those every text has. */
function information(text: string): number {
  return questionWords(text).reduce((sum, { stop, token }) => sum + (stop ? 0 : UNSPACED.test(token) ? 0.5 : 1), 0);
}

/**
 * The hits that a copied text points at: of an answer, or a part of it, those that its sentences cite; else, of a passage or a
 * part of it, that passage. None where too little was copied to tell.
 */
export function hitsCopied(copied: string, { answer, hits }: Pick<Turn, 'answer' | 'hits'>): Hit[] {
  const plain = copied.replace(MARKS, '');
  if (information(plain) < LEAST) return [];
  const text = squeezed(plain);
  const citedBy = (sentences: readonly Sentence[]): Hit[] => hits.filter((hit) => sentences.some(({ citations }) => citations.some(({ chunk }) => chunk === hit.chunk)));
  const taken = answer.sentences.filter((sentence) => isIn(sentence.text, text));
  if (taken.length > 0) return citedBy(taken);
  const swallowed = hits.filter((hit) => text.includes(squeezed(hit.text)));
  if (swallowed.length > 0) return swallowed;
  // The same words may stand in several passages; that which the answer leans on is meant.
  return [...citedBy(answer.sentences), ...hits].filter((hit) => squeezed(hit.text).includes(text)).slice(0, 1);
}

/** Whether a copied text has a sentence whole, or a telling part of it: inside, or at its own beginning or end. */
function isIn(sentence: string, copied: string): boolean {
  const whole = squeezed(sentence);
  if (whole === '') return false;
  if (copied.includes(whole) || whole.includes(copied)) return true;
  for (let length = Math.min(whole.length, copied.length) - 1; length >= SHORTEST; length--) {
    const part = whole.endsWith(copied.slice(0, length)) ? lastOf(sentence, length) : whole.startsWith(copied.slice(-length)) ? firstOf(sentence, length) : undefined;
    if (part !== undefined) return information(part) >= LEAST;
  }
  return false;
}

/** The beginning of a text that has so many letters other than white space. */
function firstOf(text: string, length: number): string {
  let seen = 0;
  for (let i = 0; i < text.length; i++) if (!/\s/.test(text[i]!) && ++seen === length) return text.slice(0, i + 1);
  return text;
}

const lastOf = (text: string, length: number): string => text.slice(firstOf(text, squeezed(text).length - length).length);

/** Without white space, which copying changes. */
const squeezed = (text: string): string => text.replace(/\s+/g, '');

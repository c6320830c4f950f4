import { sentences } from '../sentences.ts';
import { questionWords } from '../words.ts';

/**
 * A question a passage answers, made from the passage alone: one of its sentences without a part of it, which is what would be
 * asked for (the inverse cloze task, arXiv 1906.00300), and without some of its other words, as a person remembers them.
 *
 * @param random numbers in 0…1
 */
export function pseudoQuestion(text: string, random: () => number): string | undefined {
  const candidates = sentences(text).map(({ start, end }) => text.slice(start, end).replace(/\s+/g, ' ').trim())
    .filter((sentence) => sentence.length <= 300 && questionWords(sentence).filter(({ stop }) => !stop).length >= 6);
  const sentence = candidates[Math.floor(random() * candidates.length)];
  if (sentence === undefined) return undefined;
  const words = sentence.match(/[\p{Script=Han}]{2}|[\p{Script=Han}]|[^\s\p{Script=Han}\p{P}]+/gu) ?? [];
  const asked = Math.max(1, Math.round(words.length * (0.25 + 0.25 * random())));
  const from = Math.floor(random() * (words.length - asked + 1));
  const kept = words.filter((_, i) => (i < from || i >= from + asked) && random() >= FORGOTTEN).slice(0, MOST_WORDS);
  if (kept.length < LEAST_WORDS) return undefined;
  return kept.reduce((said, word, i) => said + (i > 0 && !(/\p{Script=Han}$/u.test(said) && /^\p{Script=Han}/u.test(word)) ? ' ' : '') + word, '');
}

/** Share of the words a person does not remember, or says otherwise. */
const FORGOTTEN = 0.3;
const LEAST_WORDS = 3;
const MOST_WORDS = 12;

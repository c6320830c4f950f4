import type { FusedHit } from '../rank.ts';
import { wordTokens } from '../words.ts';

/**
 * What counts in one person's documents. Search ships with weights for what it knows of a passage, fitted on many
 * libraries; a person's library has its own ways: answers stand under "FAQ", are short, begin with "A:", use other words
 * than the question. Each of these is a clue with a weight in log-odds, learned from what the person said and held at 0
 * where they said too little (a ridge around the shipped weights). Documents and their vectors stay as they are.
 */

/** Clues that are numbers, of about one in size; what is not in the language of the question has its own. */
export const CLUES = ['evidence', 'share', 'coverage', 'meaning', 'meaningAcross', 'across', 'length', 'lengthSquared', 'score'] as const;
export type Clue = (typeof CLUES)[number];
/** So many deviations of similarity, or units of the fused score, are one. */
export const DEVIATIONS = 5;
export const SCORE = 4;
/** An English word is about as long as so many Chinese characters; clues compare both. */
const WORD_LENGTH = 6;
/** Of the logarithm of a passage's length in words: what is usual. */
const USUAL_LENGTH = 4.5;
/** As much of a passage as tells how it begins. */
const OPENING = 60;

/** What is known of one candidate: a number for each clue, and words that may have a weight of their own. */
export interface Clues { numbers: readonly number[]; words: readonly string[] }

type Passage = { text: string; headings: readonly string[]; title?: string | undefined };

/** The numbers of a hit in the order of `CLUES`. */
export function numbersOf({ made, score }: Pick<FusedHit<unknown>, 'made' | 'score'>, { text }: Pick<Passage, 'text'>): number[] {
  const { evidence, share, coverage, above, across, unspaced } = made;
  const length = Math.log(20 + text.length / (1 + (WORD_LENGTH - 1) * (1 - unspaced))) - USUAL_LENGTH;
  const [own, other] = across ? [0, 1] : [1, 0];
  return [own * evidence, own * share, own * coverage, (own * above) / DEVIATIONS, (other * above) / DEVIATIONS, other, length, length * length, score / SCORE];
}

/** The words of a passage that may count: those of its title and headings, and the one it opens with. */
export function wordsOf({ text, headings, title }: Passage): string[] {
  const above = [...(title === undefined ? [] : [title]), ...headings];
  let rest = text;
  for (const heading of above) if (rest.startsWith(heading)) rest = rest.slice(heading.length).trimStart();
  const [opening] = wordTokens(rest.slice(0, OPENING));
  return [...headingWords(above.join('\n')), ...(opening === undefined ? [] : [`opening ${opening}`])];
}

/** Headings that were taken apart before: every search meets the same ones many times. */
const known = new Map<string, string[]>();
const MOST_KNOWN = 10_000;

function headingWords(headings: string): string[] {
  let words = known.get(headings);
  if (!words) {
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(headings, (words = [...new Set(wordTokens(headings).map((word) => `heading ${word}`))]));
  }
  return words;
}

/** Weights of clues. */
export interface Weighing {
  /** In the order of `CLUES`. */
  numbers: readonly number[];
  /** As `wordsOf` names them; others weigh nothing. */
  words: ReadonlyMap<string, number>;
  /** What is taken off again, so that relevance keeps its scale: a first hit is as sure as it was. */
  level: number;
  /** Share of what was learned that is applied, 0…1. */
  alpha: number;
}

/** What a candidate's score rises by, in log-odds, for a question that is wholly of the kind that was learned from. */
export function additionOf({ numbers, words, level, alpha }: Weighing, clues: Clues): number {
  if (alpha === 0) return 0;
  let sum = -level;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i]! * clues.numbers[i]!;
  for (const word of clues.words) sum += words.get(word) ?? 0;
  return alpha * sum;
}

/** The ranking with what the clues weigh added to its scores. `share`, 0…1: how much the question is of the kind that was learned from. */
export function reweigh<Id>(hits: readonly FusedHit<Id>[], weighing: Weighing, share: number, passage: (id: Id) => Passage): FusedHit<Id>[] {
  return hits.map((hit) => {
    const of = passage(hit.id);
    const learned = share * additionOf(weighing, { numbers: numbersOf(hit, of), words: wordsOf(of) });
    const score = hit.score + learned;
    return { ...hit, score, learned, relevance: 1 / (1 + Math.exp(-score)) };
  }).sort((a, b) => b.score - a.score).map((hit, i) => ({ ...hit, rank: i + 1 }));
}

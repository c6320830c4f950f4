import { createHash } from 'node:crypto';
import type { Background } from '../models/background.ts';
import { questionWords } from '../words.ts';
import { plainQuestion } from './judgements.ts';
import { near, sameFrom } from './same.ts';

/**
 * Which questions are kept aside to judge by, for good. It is decided when a question first gets feedback and written
 * down, by group: near-identical questions stand on one side, or what was learned from one would be praised for the other.
 */
export interface Group { group: string; heldOut: boolean }

/** One in so many groups is kept aside. */
const ONE_IN = 5;
/** Questions that share this much of their words are one group. */
const NEAR_WORDS = 0.8;

/** The group of a question among those that have one already. */
export function groupOf(question: string, known: Iterable<{ plain: string; group: string }>): Group {
  const plain = plainQuestion(question);
  const group = groupsByWords(known)(plain) ?? createHash('sha256').update(plain).digest('hex').slice(0, 16);
  return { group, heldOut: isHeldOut(group) };
}

/** From a question, plain, to the group of the first one known that has nearly the same words; undefined where none has. */
export function groupsByWords(known: Iterable<{ plain: string; group: string }>): (plain: string) => string | undefined {
  const questions = [...known].map(({ plain, group }) => ({ plain, group, terms: termsOf(plain) }));
  const withTerm = new Map<string, number[]>();
  const exact = new Map<string, number>();
  questions.forEach(({ plain, terms }, place) => {
    if (!exact.has(plain)) exact.set(plain, place);
    for (const term of terms) {
      const places = withTerm.get(term);
      if (places) places.push(place);
      else withTerm.set(term, [place]);
    }
  });
  return (plain) => {
    const terms = termsOf(plain);
    const near = [...new Set([...terms].flatMap((term) => withTerm.get(term) ?? []))].filter((place) => jaccard(terms, questions[place]!.terms) >= NEAR_WORDS);
    const first = Math.min(exact.get(plain) ?? Infinity, ...near);
    return first === Infinity ? undefined : questions[first]!.group;
  };
}

/** By the group's name alone, so that it never changes. */
export const isHeldOut = (group: string): boolean => Number.parseInt(group.slice(0, 8), 16) % ONE_IN === 0;

const termsOf = (plain: string): Set<string> => new Set(questionWords(plain).filter(({ stop }) => !stop).map(({ token }) => token));

function jaccard(a: Set<string>, b: Set<string>): number {
  let common = 0;
  for (const token of a) if (b.has(token)) common++;
  return common / Math.max(1, a.size + b.size - common);
}

/** A judged question with its group and what it leans on. */
export interface Splittable { group: string; heldOut: boolean; /** Its positives' documents. */ contents: readonly string[]; /** And chunks. */ chunks: readonly string[]; vector?: Float32Array }

/**
 * What may be trained on and what is judged by. No training question shares a positive chunk with one that is held out, nor
 * is one nearly the same; as long as enough are left (`least`) none shares a document either. Questions of either side with a
 * positive chunk in common come out in one group. (DM-4)
 *
 * @param background of the embedder that made their vectors: which two mean the same, whatever group they were put in when there
 * was no vector to look at
 */
export function splitQuestions<Question extends Splittable>(questions: readonly Question[], least: number, background?: Background): { train: Question[]; heldOut: Question[] } {
  const same = sameFrom(background);
  const heldOut = questions.filter((question) => question.heldOut);
  const chunks = new Set(heldOut.flatMap((question) => question.chunks));
  const contents = new Set(heldOut.flatMap((question) => question.contents));
  const clean = questions.filter((question) => !question.heldOut && !question.chunks.some((chunk) => chunks.has(chunk)) && !heldOut.some((other) => near(question.vector, other.vector, same)));
  const apart = clean.filter((question) => !question.contents.some((content) => contents.has(content)));
  return { train: joined(apart.length >= least ? apart : clean), heldOut: joined(heldOut) };
}

/**
 * Questions, those with a positive chunk in common in one group: folds part groups, and no fold is judged by what it learned from;
 * nor does a passage that comes up count as many times over as it answers questions.
 */
function joined<Question extends Splittable>(questions: readonly Question[]): Question[] {
  const parents = new Map<string, string>();
  const rootOf = (name: string): string => {
    const parent = parents.get(name) ?? name;
    return parent === name ? name : rootOf(parent);
  };
  for (const { group, chunks } of questions) for (const chunk of chunks) parents.set(rootOf(`chunk ${chunk}`), rootOf(group));
  return questions.map((question) => ({ ...question, group: rootOf(question.group) }));
}

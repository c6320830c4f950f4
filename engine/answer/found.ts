import type { Hit } from '../api.ts';
import { inContext } from '../context.ts';
import { BACKGROUND, inOtherLanguage, unspacedShare, type Background } from '../rank.ts';
import { sentences } from '../sentences.ts';
import { countTerms, inverseDocumentFrequency, questionWords, type Term } from '../words.ts';

/**
 * Whether the documents answer a question at all. One passage's relevance says how well it fits the question; beside it this looks
 * at what it lacks of the question, and whether one sentence is near it as no other's is. By how much the best hit stands above
 * the tenth is no sign: sections of one manual are alike, whether they answer or not.
 */

export interface EvidenceOptions {
  /** Number of chunks a token occurs in, and number of chunks. */
  statistics: { df: (token: string) => number; total: number };
  embed?: (texts: string[], side: 'query' | 'document') => Promise<readonly Float32Array[]>;
  background?: Background;
}

/** What the first hits say; of about one in size each. */
export interface Evidence {
  /** Which scores there are, and whether the best hit is in the language of the question, decides how they are weighed. */
  kind: 'rerank' | 'rerank-across' | 'both' | 'across' | 'words';
  /** Log-odds of the best hit, by the reranker where there is one. */
  best: number;
  /** How many of the question's four rarest words the best hit has, of three that are enough, 0…1. */
  rare: number;
  /** Deviations of similarity above the background, of the nearest sentence; 0 without vectors. */
  meaning: number;
  /** By how many deviations the nearest sentence of the best hit is nearer than those of the next two; 0 without vectors. */
  nearer: number;
}

export type Clue = Exclude<keyof Evidence, 'kind'>;

/** Log-odds of an answer: a constant, and for each clue that counts how much. */
export type Weights = { constant: number } & Partial<Record<Clue, number>>;

/** A library's own line over the log-odds, and from which probability on a question counts as answered. */
export interface Calibration { slope: number; shift: number; threshold: number }

const READ = 3;
const RAREST = 4;
/** A person's word for something is often not the document's: one of four may be missing. */
const ENOUGH = 3;
const IMAGINED = 100;
const DEVIATIONS = 5;
const LOG_ODDS = 4;
/** The log-odds of a passage that has nothing in common with the question. */
const NOTHING = -5;

/**
 * Fitted on the development sets by `npm run bench:refusal -- --fit`. Where the document that answers is missing, those on the same
 * subject say most of the question; what they lack are its rarest words. The words of a passage in another language say nothing.
 */
export const WEIGHTS: Record<Evidence['kind'], Weights> = {
  rerank: { constant: -2.95, best: 2.21, rare: 2.46, meaning: 2.01, nearer: 1.19 },
  'rerank-across': { constant: -4.32, best: 0.75, meaning: 3.52 },
  both: { constant: -2.83, best: 2.9, rare: 2.52, meaning: 2.13, nearer: 1.21 },
  across: { constant: -6.48, meaning: 5.29 },
  words: { constant: -0.85, best: 2.9, rare: 3.08 },
};

/**
 * Of a library that nothing is known of. From this threshold on nine of ten unanswerable questions are refused on the development
 * sets, and of answerable ones three or four of a hundred.
 */
export const SHIPPED: Calibration = { slope: 1, shift: 0, threshold: 0.3 };

/** What the hits of a question, best first, say of whether it is answered. */
export async function evidenceOf(question: string, hits: readonly Hit[], { statistics, embed, background = BACKGROUND }: EvidenceOptions): Promise<Evidence> {
  const score = ({ trace }: Hit): number => trace.rerank?.score ?? trace.fused.score;
  const [first] = hits;
  if (!first) return { kind: embed ? 'both' : 'words', best: NOTHING / LOG_ODDS, rare: 0, meaning: 0, nearer: 0 };
  const across = inOtherLanguage(unspacedShare(question), unspacedShare(first.text));
  const asked = questionWords(question);
  const terms = asked.filter(({ stop }) => !stop);
  const wanted = new Map(terms.map(({ token }, i) => [token, i]));
  const idf = terms.map(({ token }) => inverseDocumentFrequency(Math.max(1, statistics.df(token)), statistics.total + IMAGINED));
  const names = terms.filter((term) => !isTorn(term, asked));
  const rarest = (names.length > 0 ? names : terms).map(({ token }) => wanted.get(token)!).sort((a, b) => idf[b]! - idf[a]!).slice(0, RAREST);
  const said = countTerms(inContext({ text: first.text, headings: first.place.headings }), wanted).counts;
  const texts = hits.slice(0, READ).map(({ text }) => sentences(text).map(({ start, end }) => text.slice(start, end)));
  // Of each of the first hits, how near its nearest sentence is.
  let near = [0];
  if (embed) {
    const [vector] = await embed([question], 'query');
    const vectors = await embed(texts.flat(), 'document');
    let from = 0;
    near = texts.map(({ length }) => Math.max(length === 0 ? 0 : -Infinity, ...vectors.slice(from, from += length).map((each) => (dot(vector!, each) - background.mean) / background.deviation / DEVIATIONS)));
  }
  return {
    kind: first.trace.rerank ? (across ? 'rerank-across' : 'rerank') : !first.trace.vectors ? 'words' : across ? 'across' : 'both',
    best: score(first) / LOG_ODDS, rare: Math.min(ENOUGH, rarest.filter((i) => said[i]! > 0).length) / Math.max(1, Math.min(ENOUGH, rarest.length)),
    meaning: Math.max(...near), nearer: near[0]! - Math.max(0, ...near.slice(1)),
  };
}

/** Log-odds as shipped that the documents answer the question. */
export function scoreOf(evidence: Evidence, weights: Record<Evidence['kind'], Weights> = WEIGHTS): number {
  const { constant, ...clues } = weights[evidence.kind];
  return Object.entries(clues).reduce((sum, [clue, weight]) => sum + weight * evidence[clue as Clue], constant);
}

/**
 * Probability that the documents of a library answer the question. A library's own line was made from questions in the language
 * of its passages; it says nothing of questions in another.
 */
export function probabilityOf(evidence: Evidence, calibration: Calibration): number {
  const { slope, shift } = isAcross(evidence) ? SHIPPED : calibration;
  return 1 / (1 + Math.exp(-slope * scoreOf(evidence) - shift));
}

/** Whether the best hit is in another language than the question. */
export function isAcross({ kind }: Evidence): boolean {
  return kind.endsWith('across');
}

/** Whether a pair of characters is one of a function word and one of the word beside it: rare, and no word. A particle ends a word. */
function isTorn({ token, text }: Term, asked: readonly Term[]): boolean {
  const at = asked.findIndex((term) => term.token === token);
  const [before, after] = [asked[at - 1], asked[at + 1]];
  const tears = (beside: Term | undefined): beside is Term => beside?.stop === true && !/[的吗嗎呢]/.test(beside.text);
  return unspacedShare(text) === 1 && ((tears(before) && before.text.at(-1) === text[0]) || (tears(after) && after.text[0] === text.at(-1)));
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

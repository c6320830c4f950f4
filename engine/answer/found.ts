import type { Hit } from '../api.ts';
import { BACKGROUND, inOtherLanguage, unspacedShare, type Background } from '../rank.ts';
import { sentences } from '../sentences.ts';
import { countTerms, inverseDocumentFrequency, questionWords } from '../words.ts';

/**
 * Whether the documents answer a question at all. One passage's relevance says how well it fits the question; this looks at
 * the first hits together: how the best stands out, whether any one sentence holds what was asked for, what none of them has.
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
  /** With a reranker: the highest log-odds by fusion of a hit it read. */
  fused: number;
  /** By how much the best hit stands above the tenth. */
  gap: number;
  /** The most of the question's information whose words one sentence has, 0…1. */
  sentence: number;
  /** Deviations of similarity above the background, of the nearest sentence; 0 without vectors. */
  meaning: number;
}

/** Log-odds of an answer: constant, then weights in the order of the evidence. */
export type Weights = readonly [constant: number, best: number, fused: number, gap: number, sentence: number, meaning: number];

/** A library's own line over the log-odds, and from which probability on a question counts as answered. */
export interface Calibration { slope: number; shift: number; threshold: number }

const READ = 3;
const TENTH = 9;
const IMAGINED = 100;
const DEVIATIONS = 5;
const LOG_ODDS = 4;
/** The log-odds of a passage that has nothing in common with the question: of the tenth hit where there are fewer. */
const NOTHING = -5;

/** Fitted on the development sets by `npm run bench:refusal -- --fit`; the words of a sentence in another language say little. */
export const WEIGHTS: Record<Evidence['kind'], Weights> = {
  rerank: [-2.82, 1.68, 1.7, 1.74, 3.04, 1.39],
  'rerank-across': [-3.7, 0.7, 0.77, 1.17, 1.53, 2.02],
  both: [-3.53, 2.5, 0, 1.93, 3.49, 1.71],
  across: [-3.84, 1.57, 0, 1.37, 2.29, 2.76],
  words: [-2.58, 1.76, 0, 2.06, 3.9, 0],
};

/** Of a library that nothing is known of. */
export const SHIPPED: Calibration = { slope: 1, shift: 0, threshold: 0.25 };

/** What the hits of a question, best first, say of whether it is answered. */
export async function evidenceOf(question: string, hits: readonly Hit[], { statistics, embed, background = BACKGROUND }: EvidenceOptions): Promise<Evidence> {
  const score = ({ trace }: Hit): number => trace.rerank?.score ?? trace.fused.score;
  const [first] = hits;
  if (!first) return { kind: embed ? 'both' : 'words', best: NOTHING / LOG_ODDS, fused: 0, gap: 0, sentence: 0, meaning: 0 };
  const across = inOtherLanguage(unspacedShare(question), unspacedShare(first.text));
  const terms = questionWords(question).filter(({ stop }) => !stop);
  const wanted = new Map(terms.map(({ token }, i) => [token, i]));
  const idf = terms.map(({ token }) => inverseDocumentFrequency(Math.max(1, statistics.df(token)), statistics.total + IMAGINED));
  const all = idf.reduce((sum, value) => sum + value, 0) || 1;
  const texts = hits.slice(0, READ).flatMap(({ text }) => sentences(text).map(({ start, end }) => text.slice(start, end)));
  const share = (text: string): number => countTerms(text, wanted).counts.reduce((sum, count, i) => sum + (count > 0 ? idf[i]! : 0), 0) / all;
  let meaning = 0;
  if (embed && texts.length > 0) {
    const [asked] = await embed([question], 'query');
    const nearest = Math.max(...(await embed(texts, 'document')).map((vector) => dot(asked!, vector)));
    meaning = (nearest - background.mean) / background.deviation / DEVIATIONS;
  }
  const tenth = hits[TENTH];
  return {
    kind: first.trace.rerank ? (across ? 'rerank-across' : 'rerank') : !first.trace.vectors ? 'words' : across ? 'across' : 'both',
    best: score(first) / LOG_ODDS, fused: first.trace.rerank ? Math.max(...hits.slice(0, TENTH + 1).map(({ trace }) => trace.fused.score)) / LOG_ODDS : 0,
    gap: (score(first) - (tenth ? score(tenth) : Math.min(NOTHING, score(hits.at(-1)!)))) / LOG_ODDS,
    sentence: Math.max(0, ...texts.map(share)), meaning,
  };
}

/** Log-odds as shipped that the documents answer the question. */
export function scoreOf({ kind, best, fused, gap, sentence, meaning }: Evidence, weights: Record<Evidence['kind'], Weights> = WEIGHTS): number {
  const [constant, ...by] = weights[kind];
  return [best, fused, gap, sentence, meaning].reduce((sum, value, i) => sum + value * by[i]!, constant);
}

/**
 * Probability that the documents of a library answer the question. A library's own line was made from questions in the language
 * of its passages; it says nothing of questions in another.
 */
export function probabilityOf(evidence: Evidence, calibration: Calibration): number {
  const { slope, shift } = evidence.kind.endsWith('across') ? SHIPPED : calibration;
  return 1 / (1 + Math.exp(-slope * scoreOf(evidence) - shift));
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

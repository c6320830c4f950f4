import type { Hit } from '../api.ts';
import { BACKGROUND, type Background } from '../rank.ts';
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

/** Of about one in size each; without vectors `meaning` and `sentenceMeaning` are 0. */
export interface Evidence {
  /** Which scores there are decides how they are weighed. */
  kind: 'rerank' | 'both' | 'words';
  /** Log-odds of the best hit, by the reranker where there is one. */
  best: number;
  /** By how much the best hit stands above the last of the first ten. */
  gap: number;
  /** The most of the question's information whose words one sentence has. */
  sentence: number;
  /** The most that one hit has. */
  coverage: number;
  /** Deviations of similarity above the background, of the nearest sentence and of the nearest hit. */
  sentenceMeaning: number;
  meaning: number;
  /** Information of the question whose words none of the first hits has, in rare words. */
  missing: number;
}

/** Weights of the evidence, log-odds; and from which probability on a question counts as answered. */
export interface Calibration { weights: Record<Evidence['kind'], number[]>; slope: number; shift: number; threshold: number }

const READ = 3;
const IMAGINED = 100;
const RARE = 5;
const DEVIATIONS = 5;
const LOG_ODDS = 4;

/** In the order of `vectorOf`; fitted on the development sets by `npm run bench:refusal -- --fit`. */
export const SHIPPED: Calibration = {
  weights: {
    rerank: [0, 4, 0, 0, 0, 0, 0, 0],
    both: [0, 4, 0, 0, 0, 0, 0, 0],
    words: [0, 4, 0, 0, 0, 0, 0, 0],
  },
  slope: 1, shift: 0, threshold: 0.13,
};

/** What the hits of a question, best first, say of whether it is answered. */
export async function evidenceOf(question: string, hits: readonly Hit[], { statistics, embed, background = BACKGROUND }: EvidenceOptions): Promise<Evidence> {
  const score = ({ trace }: Hit): number => trace.rerank?.score ?? trace.fused.score;
  const [first] = hits;
  const kind = first?.trace.rerank ? 'rerank' : first?.trace.vectors ? 'both' : 'words';
  if (!first) return { kind, best: -3, gap: 0, sentence: 0, coverage: 0, sentenceMeaning: 0, meaning: 0, missing: 1 };
  const terms = questionWords(question).filter(({ stop }) => !stop);
  const wanted = new Map(terms.map(({ token }, i) => [token, i]));
  const idf = terms.map(({ token }) => inverseDocumentFrequency(Math.max(1, statistics.df(token)), statistics.total + IMAGINED));
  const all = idf.reduce((sum, value) => sum + value, 0) || 1;
  const ten = hits.slice(0, 10);
  const read = hits.slice(0, READ);
  const texts = read.flatMap(({ text }) => sentences(text).map(({ start, end }) => text.slice(start, end)));
  const share = (text: string): number => countTerms(text, wanted).counts.reduce((sum, count, i) => sum + (count > 0 ? idf[i]! : 0), 0) / all;
  const inContext = ({ documentName, place, text }: Hit): string => `${documentName}\n${place.headings.join('\n')}\n${text}`;
  const held = read.map((hit) => countTerms(inContext(hit), wanted).counts);
  const missing = idf.reduce((sum, value, i) => sum + (held.some((counts) => counts[i]! > 0) ? 0 : value), 0);
  const above = (similarity: number): number => (similarity - background.mean) / background.deviation / DEVIATIONS;
  let sentenceMeaning = 0;
  if (embed && texts.length > 0) {
    const [asked] = await embed([question], 'query');
    sentenceMeaning = above(Math.max(...(await embed(texts, 'document')).map((vector) => dot(asked!, vector))));
  }
  return {
    kind, best: score(first) / LOG_ODDS, gap: (score(first) - score(ten.at(-1)!)) / LOG_ODDS,
    sentence: Math.max(0, ...texts.map(share)), coverage: Math.max(...read.map((hit) => share(inContext(hit)))), sentenceMeaning,
    meaning: above(Math.max(...ten.map(({ trace }) => trace.vectors?.similarity ?? background.mean))),
    missing: missing / RARE,
  };
}

export function vectorOf({ best, gap, sentence, coverage, sentenceMeaning, meaning, missing }: Evidence): number[] {
  return [1, best, gap, sentence, coverage, sentenceMeaning, meaning, missing];
}

/** Log-odds as shipped. */
export function scoreOf(evidence: Evidence, { weights }: Pick<Calibration, 'weights'>): number {
  const by = weights[evidence.kind];
  return vectorOf(evidence).reduce((sum, value, i) => sum + value * by[i]!, 0);
}

/** Probability that the documents answer the question. */
export function probabilityOf(evidence: Evidence, calibration: Calibration): number {
  return 1 / (1 + Math.exp(-calibration.slope * scoreOf(evidence, calibration) - calibration.shift));
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

import type { ChunkId, Thumb, Trace } from '../api.ts';
import { unspacedShare, type Background, type FusedHit } from '../rank.ts';
import { questionWords } from '../words.ts';
import { plainQuestion, type ChunkName, type JudgedQuestion } from './judgements.ts';

/**
 * What a person said of a passage takes effect with the next question: for the same question in full, for one that means
 * the same by how near it is, for any other not at all. It is an addition to the passage's score, in log-odds, so that it
 * can be outweighed; nothing is trained.
 */

/** What was said of a chunk, as its trace shows it. */
export type Taught = NonNullable<Trace['taught']>;

/** What of a question is compared with another. `vector` as the embedder gave it, where there is one. */
export interface Compared { plain: string; terms: ReadonlySet<string>; vector?: Float32Array | undefined }

/** A question people judged passages for. */
export interface TaughtQuestion extends Compared { question: string; said: { chunk: ChunkName; thumb: Thumb; confidence: number }[] }

/** Log-odds for a passage a person pointed at for this very question: it then comes before any that only looks right. */
const LIFT = 8;
/** And against one that was pointed away from: below what answers, though not out of sight. */
const PRESS = 5;
/**
 * Two questions may mean the same from this many deviations above the background on, wholly from the second on. (Similarities
 * of unrelated texts scatter by one deviation; of 780,000 pairs of development questions 60 lie above 9.3.)
 */
const NEAR = 9.5;
const WHOLE = 11.5;
/** Without an embedder: shares of the two questions' words that are common. */
const NEAR_WORDS = 0.75;
/** With one, in the same language: a static embedder puts all questions on one subject close together. */
const SOME_WORDS = 0.5;

/** A question as it is compared. */
export function compared(question: string, vector: Float32Array | undefined): Compared {
  return { plain: plainQuestion(question), terms: termsOf(question), vector };
}

/** A judged question in each of its wordings; none where nothing was said of a passage outright. */
export function taughtQuestion({ question, wordings, judgements }: JudgedQuestion, vectorOf: (wording: string) => Float32Array | undefined): TaughtQuestion[] {
  const said = judgements.filter(({ trust }) => trust !== 'observed').map(({ chunk, label, confidence }) => ({ chunk, thumb: label === 1 ? 'up' as const : 'down' as const, confidence }));
  if (said.length === 0) return [];
  return [...new Set([question, ...wordings])].map((wording) => ({ ...compared(wording, vectorOf(wording)), question: wording, said }));
}

/** The informative words of a question. */
function termsOf(question: string): Set<string> {
  const terms = questionWords(question);
  return new Set(terms.filter(({ stop }) => !stop || terms.every((term) => term.stop)).map(({ token }) => token));
}

/**
 * What is to be added for a question, by chunk: of the nearest taught question where several speak of one chunk.
 * @param locate the chunks that now stand where a chunk stood
 */
export function taughtFor(
  question: string, vector: Float32Array | undefined, known: readonly TaughtQuestion[], background: Background, locate: (chunk: ChunkName) => readonly ChunkId[],
): Map<ChunkId, Taught> {
  const asked = compared(question, vector);
  const near = known.map((taught) => ({ taught, nearness: nearness(asked, taught, background) })).filter((match) => match.nearness > 0)
    .sort((a, b) => b.nearness - a.nearness);
  const additions = new Map<ChunkId, Taught>();
  for (const { taught, nearness } of near) {
    for (const { chunk, thumb, confidence } of taught.said) {
      const addition = nearness * confidence * (thumb === 'up' ? LIFT : -PRESS);
      for (const id of locate(chunk)) if (!additions.has(id)) additions.set(id, { thumb, question: taught.question, nearness, addition });
    }
  }
  return additions;
}

/** 1: the same question. 0: another one. */
export function nearness(asked: Compared, taught: Compared, { mean, deviation }: Background): number {
  if (asked.plain === taught.plain) return 1;
  let common = 0;
  for (const term of asked.terms) if (taught.terms.has(term)) common++;
  const words = common / Math.max(1, asked.terms.size + taught.terms.size - common);
  if (!asked.vector || !taught.vector) return words < NEAR_WORDS ? 0 : words;
  let similarity = 0;
  for (let d = 0; d < asked.vector.length; d++) similarity += asked.vector[d]! * taught.vector[d]!;
  // Near by meaning alone may still be another question on the same subject: "v5.3" for "v5.4", "when" for "what".
  if (numbersOf(asked.terms) !== numbersOf(taught.terms) || askedFor(asked.plain) !== askedFor(taught.plain)) return 0;
  if (words < SOME_WORDS && (unspacedShare(asked.plain) > 0.5) === (unspacedShare(taught.plain) > 0.5)) return 0;
  const above = (similarity - mean) / deviation;
  return above < NEAR ? 0 : Math.min(1, 0.5 + (0.5 * (above - NEAR)) / (WHOLE - NEAR));
}

const numbersOf = (terms: ReadonlySet<string>): string => [...terms].filter((term) => /\d/.test(term)).sort().join(' ');

/** What kinds of thing a question wants to know: a reason, a way, a time, … */
const WANTED: [kind: string, words: RegExp][] = [
  ['why', /\bwhy\b|\breasons?\b|为什么|為什麼|为何|為何|原因/], ['amount', /\bhow (?:many|much|long|large|big|high|old|far|fast)\b|多少|多大|多高|多长|多久|几[个次年天]/],
  ['way', /\bhow\b(?! (?:many|much|long|large|big|high|old|far|fast)\b)|如何|怎么|怎樣|怎样/], ['time', /\bwhen\b|什么时候|何时|時候|哪[年天]/],
  ['place', /\bwhere\b|哪里|哪裡|何处|位于|在哪/], ['person', /\bwhos?e?\b|是?谁|誰/], ['which', /\bwhich\b|哪[个些一種种]/],
  ['whether', /^(?:is|are|can|could|do|does|did|should|will|may)\b|吗$|嗎$|是否|能否|会不会|能不能/],
];
const askedFor = (plain: string): string => WANTED.filter(([, words]) => words.test(plain)).map(([kind]) => kind).join(' ');

/**
 * Log-odds against a passage of a document that was called outdated: one as good elsewhere comes before it, and where it alone
 * answers it is found as before.
 */
const OUTDATED = -1;

/** What is to be added to passages of outdated documents, unless something was said of the very passage for this question. */
export function againstOutdated(chunks: Iterable<{ chunk: ChunkId; contentHash: string }>, outdated: ReadonlySet<string>, taught: ReadonlyMap<ChunkId, Taught>): Map<ChunkId, { addition: number }> {
  if (outdated.size === 0) return new Map();
  return new Map([...chunks].filter(({ chunk, contentHash }) => outdated.has(contentHash) && !taught.has(chunk)).map(({ chunk }) => [chunk, { addition: OUTDATED }]));
}

/**
 * The ranking with what was said added to the scores: of the reranker to hits it has read, of the fusion to all others.
 * With nothing said the very hits that were given.
 */
export function addTaught(hits: FusedHit<ChunkId>[], taught: ReadonlyMap<ChunkId, { addition: number }>): FusedHit<ChunkId>[] {
  if (taught.size === 0) return hits;
  const relevance = (score: number): number => 1 / (1 + Math.exp(-score));
  const raised = hits.map((hit) => {
    const addition = taught.get(hit.id)?.addition;
    if (addition === undefined) return hit;
    if (!hit.rerank) return { ...hit, score: hit.score + addition, relevance: relevance(hit.score + addition) };
    return { ...hit, rerank: { ...hit.rerank, score: hit.rerank.score + addition }, relevance: relevance(hit.rerank.score + addition) };
  });
  // Hits the reranker has read stay before those it has not: their scores are not of one kind.
  const read = raised.filter((hit) => hit.rerank).sort((a, b) => b.rerank!.score - a.rerank!.score);
  if (read.length > 0) return [...read.map((hit, i) => ({ ...hit, rerank: { ...hit.rerank!, rank: i + 1 } })), ...raised.filter((hit) => !hit.rerank)];
  return raised.sort((a, b) => b.score - a.score).map((hit, i) => ({ ...hit, rank: i + 1 }));
}

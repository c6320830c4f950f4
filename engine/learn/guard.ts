import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Embedder } from '../models/embedder.ts';
import { fuse, RELEVANT, rerank, servedScores, type Reranker } from '../rank.ts';
import { inverseDocumentFrequency, questionWords, scoreWords, wordTokens, type WordStatistics } from '../words.ts';
import { clustersOf, mean, resampled, scoresOf, type FalseAccepts, type JudgedRow, type Passing } from './gate.ts';
import type { WordList } from './train-weighing.ts';
import type { Vectors } from './vectors.ts';
import type { QueryAdapter } from './query-adapter.ts';
import type { Matrix } from './train-query.ts';
import { numbersOf, wordsOf } from './weighing.ts';

export interface Pair { half: 'guard' | 'replay'; question: string; passage: string; source: string }

/** So many of a pair's candidates a reranker reads, fewer than in search: there are four hundred pairs, and ten hits count. */
const READ_FIRST = 15;

/** What rerankers said of the pairs, by the models' names. */
const READ = new Map<string, number[][]>();

/** Candidates a replayed row is trained with. */
const REPLAYED = 100;

/** The general pairs that ship with Lodestone (`resources/guard`). */
export function readPairs(file: string): Pair[] {
  return readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Pair);
}

/**
 * The pairs as a little library of their own, all passages candidates of every question, ranked as search ranks. `guard` is
 * judged by and never trained on, `replay` is trained on along with a person's own questions, so that what is learned does
 * not cost what was known.
 */
export async function guardRows(pairs: readonly Pair[], embedder: Embedder, vectors: Vectors, words: WordList, reranker?: Reranker): Promise<{ guard: JudgedRow[]; replay: JudgedRow[] }> {
  const passages = pairs.map(({ passage }) => passage);
  const documents = await embedder.embed(passages, 'document');
  const queries = await embedder.embed(pairs.map(({ question }) => question), 'query');
  const at = documents.map((vector, i) => vectors.add(`guard ${i}`, () => vector));
  const tokens = passages.map((passage) => new Set(wordTokens(passage)));
  const holding = new Map<string, number[]>();
  tokens.forEach((own, i) => { for (const token of own) holding.set(token, [...(holding.get(token) ?? []), i]); });
  const statistics: WordStatistics = {
    df: (token) => holding.get(token)?.length ?? 0, total: passages.length, averageLength: mean(passages.map((passage) => wordTokens(passage).length)),
  };
  // The same models say the same of the same pairs in every run.
  const name = `${embedder.space} ${reranker?.id}`;
  const known = READ.get(name) ?? READ.set(name, []).get(name)!;
  const rows: JudgedRow[] = [];
  for (const [own, { question, half }] of pairs.entries()) {
    const terms = questionWords(question);
    // Only passages that share an informative word are worth counting in; the others score nothing by words.
    const informative = terms.some(({ stop }) => !stop) ? terms.filter(({ stop }) => !stop) : terms;
    const sharing = new Set(informative.filter(({ token }) => inverseDocumentFrequency(statistics.df(token), passages.length) > 0).flatMap(({ token }) => holding.get(token) ?? []));
    const byWords = scoreWords(terms, [...sharing].map((id) => ({ id, text: passages[id]! })), statistics);
    const similar = documents.map((vector, id) => ({ id, similarity: dot(queries[own]!, vector) })).sort((a, b) => b.similarity - a.similarity);
    const fused = fuse(byWords, similar, { question, text: (id) => passages[id]!, ...(embedder.background && { background: embedder.background }) });
    const logits = known[own];
    const reader: Reranker | undefined = reranker && (logits ? { id: reranker.id, score: async () => logits } : { id: reranker.id, score: async (...asked) => (known[own] = await reranker.score(...asked)) });
    const all = [...await rerank(reader, question, fused.slice(0, READ_FIRST), ({ id, score }) => ({ text: passages[id]!, prior: score })), ...fused.slice(READ_FIRST)];
    if (reader && !logits) await setImmediate();
    const hits = half === 'guard' ? all : all.filter(({ id }, rank) => rank < REPLAYED || id === own);
    const scores = servedScores(hits);
    const position = hits.findIndex(({ id }) => id === own);
    rows.push({
      question, query: queries[own]!, weight: 1, found: hits.length, positives: [position],
      candidates: Int32Array.from(hits, ({ id }) => at[id]!),
      fixed: Float32Array.from(hits, ({ slope, vectors }, i) => scores[i]! - slope * vectors!.similarity),
      slope: Float32Array.from(hits, ({ slope }) => slope),
      target: Float32Array.from(hits, (_, i) => (i === position ? 1 : 0)),
      counts: new Float32Array(hits.length).fill(1), standing: new Uint8Array(hits.length), score: Float32Array.from(scores),
      clues: {
        numbers: Float32Array.from(hits.flatMap((hit) => numbersOf(hit, { text: passages[hit.id]! }))),
        words: hits.map(({ id }) => Int32Array.from(wordsOf({ text: passages[id]!, headings: [] }), (word) => words.number(word))),
      },
    });
  }
  return { guard: rows.filter((_, i) => pairs[i]!.half === 'guard'), replay: rows.filter((_, i) => pairs[i]!.half === 'replay') };
}

/** The score of every row's best hit; −Infinity of rows of no candidates. */
export const bestScores = (rows: readonly JudgedRow[], matrix: Matrix, adapter?: QueryAdapter): number[] => rows.map((row) => scoresOf(row, matrix, adapter).subarray(0, row.found).reduce((best, score) => Math.max(best, score), -Infinity));

/** Best scores of questions, before and after, and the group of each; absent: each is its own. */
export interface Best { before: readonly number[]; after: readonly number[]; groups?: readonly string[] }

/** One threshold is decided by the one question that just passes: the mean is taken from four fifths of those that pass on. */
const FROM = 0.8;
const RESAMPLED = 500;

/**
 * Share of questions a library does not answer that would get an answer, before and after, at thresholds that let as many
 * answered questions pass as `enough` lets pass before, or somewhat fewer: a candidate that is surer of everything is no worse.
 * How sure it is that the share rises is told by a bootstrap of both kinds of questions, each before and after together.
 */
export function falseAccepts(answered: Best, unanswerable: Best, enough = Math.log(RELEVANT / (1 - RELEVANT))): FalseAccepts {
  const [right, wrong] = [answered, unanswerable].map(({ before, groups = before.map((_, i) => `${i}`) }) => clustersOf(groups)) as [number[][], number[][]];
  const random = { random: 1 };
  let rises = 0;
  for (let i = 0; i < RESAMPLED; i++) {
    const { before, after } = accepted(of(answered, resampled(right, random)), of(unanswerable, resampled(wrong, random)), enough);
    if (after > before) rises++;
  }
  return { ...accepted(answered, unanswerable, enough), rises: rises / RESAMPLED };
}

/** How many answered questions a candidate moves over a threshold, down and up. */
export function crossing({ before, after }: Best, threshold: number): Passing {
  const over = (from: readonly number[], to: readonly number[]): number => from.filter((score, i) => score < threshold && to[i]! >= threshold).length;
  return { lost: over(after, before), won: over(before, after) };
}

function accepted(answered: Best, unanswerable: Best, enough: number): { before: number; after: number } {
  const passing = answered.before.filter((score) => score >= enough).length;
  const shareOf = (when: 'before' | 'after'): number => {
    const thresholds = passing === 0 ? [enough] : answered[when].toSorted((a, b) => b - a).slice(Math.ceil(FROM * passing) - 1, passing);
    let count = 0;
    for (const threshold of thresholds) for (const score of unanswerable[when]) if (score >= threshold) count++;
    return count / Math.max(1, thresholds.length * unanswerable[when].length);
  };
  return { before: shareOf('before'), after: shareOf('after') };
}

const of = ({ before, after }: Best, places: readonly number[]): Best => ({ before: places.map((place) => before[place]!), after: places.map((place) => after[place]!) });

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!;
  return sum;
}

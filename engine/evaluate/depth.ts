import { join } from 'node:path';
import { inContext } from '../context.ts';
import type { Embedder } from '../models/embedder.ts';
import type { Reranker } from '../rank.ts';
import { rank } from '../search.ts';
import { openDatabase } from '../store/database.ts';
import type { EvaluationSet } from './beir.ts';
import type { IndexedSet } from './evaluate.ts';

/**
 * How many candidates a reranker should read: more of them may hold the answer, and more of them may be put before it. Some
 * rerankers do worse than none in a field they do not know, so that is decided on one's own questions.
 */

/** Numbers of candidates that are tried. */
export const CANDIDATES = [5, 10, 20, 30, 50, 100] as const;
const DEEPEST = CANDIDATES.at(-1)!;
/** So many of the first are looked at. */
const FIRST = 3;

/** What search without a reranker found for a question, best first: which hits answer, and the logits rerankers give them, by id. */
export interface Reading { right: readonly boolean[]; logits: Readonly<Record<string, readonly number[]>> }

/** Share of questions with a hit that answers among the first three, by `CANDIDATES`; without a reranker the same for all. */
export interface Curve { reranker?: string; hits: number[] }

/** What to use: a reranker with so many candidates, or none. */
export interface Choice { reranker?: string; candidates?: number; hits: number }

/** 1 where one of the first three answers once a reranker has put the first so many candidates in order, else 0. */
export function hit({ right, logits }: Reading, reranker?: string, candidates = 0): number {
  const scores = reranker === undefined ? [] : logits[reranker]!;
  const places = right.map((_, place) => place);
  const read = places.slice(0, reranker === undefined ? 0 : candidates).sort((a, b) => scores[b]! - scores[a]! || a - b);
  return Number([...read, ...places.slice(read.length)].slice(0, FIRST).some((place) => right[place]));
}

const share = (readings: readonly Reading[], reranker?: string, candidates?: number): number => readings.reduce((sum, reading) => sum + hit(reading, reranker, candidates), 0) / Math.max(1, readings.length);

/** Without a reranker, then with each. */
export function curves(readings: readonly Reading[], rerankers: readonly string[]): Curve[] {
  return [undefined, ...rerankers].map((reranker) => ({ ...(reranker !== undefined && { reranker }), hits: CANDIDATES.map((candidates) => share(readings, reranker, candidates)) }));
}

/**
 * What does best on every other question, the fewest candidates among equals, and on those in between, which had no part in the
 * choice, does better than no reranker; else none. `hits` is the share on the latter.
 */
export function chosen(readings: readonly Reading[], rerankers: readonly string[]): Choice {
  const [looked, aside] = [0, 1].map((odd) => readings.filter((_, i) => i % 2 === odd)) as [Reading[], Reading[]];
  let best: { reranker?: string; candidates?: number; share: number } = { share: share(looked) };
  for (const candidates of CANDIDATES) {
    for (const reranker of rerankers) {
      const found = share(looked, reranker, candidates);
      if (found > best.share) best = { reranker, candidates, share: found };
    }
  }
  const [without, hits] = [share(aside), share(aside, best.reranker, best.candidates)];
  return best.reranker !== undefined && hits > without ? { reranker: best.reranker, candidates: best.candidates!, hits } : { hits: without };
}

/** Asks a set's questions and lets every reranker read what is found. */
export async function readings({ questions, judged }: EvaluationSet, { dataDir, library, ids }: IndexedSet, embedder: Embedder, rerankers: readonly Reranker[]): Promise<Reading[]> {
  const db = openDatabase(join(dataDir, 'library.sqlite'), 'search');
  try {
    const made: Reading[] = [];
    for (const { id, text } of questions) {
      const { hits, chunks } = await rank({ db, embedder }, { question: text, libraries: [library], limit: DEEPEST });
      const first = hits.slice(0, DEEPEST).map((one) => ({ ...one, chunk: chunks.get(one.id)! }));
      const candidates = first.map(({ chunk, score }) => ({ text: inContext(chunk, chunk.title), prior: score }));
      const logits: Record<string, number[]> = {};
      for (const reranker of rerankers) logits[reranker.id] = await reranker.score(text, candidates);
      made.push({ right: first.map(({ chunk }) => (judged.get(id)?.get(ids.get(chunk.documentName)!) ?? 0) > 0), logits });
    }
    return made;
  } finally {
    db.close();
  }
}

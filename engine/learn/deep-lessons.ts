import { setImmediate } from 'node:timers/promises';
import type { ChunkId, EventId, LibraryId } from '../api.ts';
import { inContext } from '../context.ts';
import type { Embedder } from '../models/embedder.ts';
import type { FusedHit } from '../rank.ts';
import { PROPOSALS, rank, type SearchParts } from '../search.ts';
import type { StoredChunk } from '../store/chunks.ts';
import type { Db } from '../store/database.ts';
import { chunksAt, type PresentChunk } from '../store/judged.ts';
import { vectorsOf } from '../store/vectors.ts';
import type { DeepLesson } from './deep-course.ts';
import type { JudgedRow } from './gate.ts';
import type { Pair } from './guard.ts';
import { isHeldOut } from './holdout.ts';
import { keyOf, type ChunkName, type JudgedQuestion } from './judgements.ts';
import { minedFor } from './mining.ts';
import { clashes } from './negatives.ts';
import { adding } from './prepare.ts';
import type { Pupil } from './teacher.ts';
import type { TextLesson } from './trainee.ts';

export type DeepLevel = 'reranker' | 'embedder';

/** A judged question as the deep levels learn from it. */
export interface AskedLesson extends DeepLesson, Pupil {
  heldOut: boolean;
  events: EventId[];
  libraries: LibraryId[];
  vector: Float32Array;
  /** Names of its positives' chunks, and hashes of their documents. */
  chunks: string[];
  contents: string[];
  answers: ChunkName[];
  /** Of each text. */
  names: ChunkName[];
}

interface Parts { db: Db; embedder: Embedder; level: DeepLevel; /** Search with everything now in use: negatives are mined from what it finds. */ production?: SearchParts }

/** So many of the first hits are told apart. */
export const READ = 30;
/** Above this rank a chunk nobody judged may well answer too: it counts half. */
const NEAR_TOP = 10;
const NEAR_TOP_COUNTS = 0.5;

/**
 * A judged question asked again of search as it shipped: the first hits, and behind them what was judged or mined and not found.
 * Judged is by the first hits; learned from is what was judged, what stands right in front, and what was mined from the present
 * ranking. None where nothing that answers is there any more.
 */
export async function askedLesson(parts: Parts, said: JudgedQuestion, group: string): Promise<AskedLesson | undefined> {
  const { db } = parts;
  const judged = said.judgements.flatMap((judgement) => chunksAt(db, judgement.chunk).map((chunk) => ({ chunk, judgement })));
  const positives = judged.filter(({ judgement }) => judgement.label === 1);
  const right = new Map(positives.map(({ chunk, judgement }) => [chunk.chunk, judgement.weight]));
  const wrong = new Map(judged.filter(({ chunk }) => !right.has(chunk.chunk)).map(({ chunk, judgement }) => [chunk.chunk, judgement.weight]));
  const outright = new Map(judged.filter(({ judgement }) => judgement.trust === 'pointed').map(({ chunk }) => [chunk.chunk, right.has(chunk.chunk) ? 1 : 0] as const));
  const inferred = new Set(positives.filter(({ judgement }) => judgement.inferred).map(({ chunk }) => chunk.chunk));
  if (right.size === 0) return undefined;
  const mined = parts.production ? await minedFor(parts.production, said, positives.map(({ chunk }) => chunk)) : new Map<ChunkId, number>();
  for (const chunk of wrong.keys()) mined.delete(chunk);
  const ranked = await ask(parts, said.question, said.libraries, new Set([...right.keys(), ...wrong.keys(), ...mined.keys()]));
  if (!ranked) return undefined;
  const { hits, found, chunks, vectors, vector } = ranked;
  const total = hits.reduce((sum, { id }) => sum + (right.get(id) ?? 0), 0);
  if (total === 0) return undefined;
  const named = (chunk: PresentChunk | StoredChunk, id: ChunkId) => ({ ...chunk, relevance: 1, ...(vectors.has(id) && { vector: vectors.get(id)! }) });
  const answers = positives.map(({ chunk }) => named(chunk, chunk.chunk));
  const shown = new Set([...said.shown, ...said.cited].flatMap((name) => chunksAt(db, name).map(({ chunk }) => chunk)));
  const contents = [...new Set(positives.map(({ chunk }) => chunk.contentHash))];
  const counts = hits.map(({ id }, i) => {
    if (right.has(id)) return 1;
    // A passage that was merely passed over is little more of an alternative than one of which nothing is known.
    const against = wrong.get(id);
    if (against !== undefined) return NEAR_TOP_COUNTS + (1 - NEAR_TOP_COUNTS) * against;
    return mined.get(id) ?? (clashes(named(chunks.get(id)!, id), answers, said.answers) ? 0 : i < NEAR_TOP ? NEAR_TOP_COUNTS : 1);
  });
  const placesOf = (which: (id: ChunkId, place: number) => boolean): number[] => hits.flatMap(({ id }, i) => (which(id, i) ? [i] : []));
  return {
    ...textsOf(parts, said.question, hits, chunks), found, group, heldOut: isHeldOut(group), events: said.events, libraries: said.libraries, vector, contents,
    weight: Math.max(...right.values()),
    target: hits.map(({ id }) => (right.get(id) ?? 0) / total),
    inferred: hits.map(({ id }) => inferred.has(id)),
    labels: hits.map(({ id }) => outright.get(id)),
    ...(said.answers.length > 0 && { accepted: said.answers.at(-1)! }),
    counts,
    ...(parts.production && { against: {
      said: placesOf((id) => wrong.has(id)), mined: placesOf((id) => mined.has(id)),
      front: placesOf((id, i) => i < NEAR_TOP && counts[i]! > 0 && !right.has(id) && !wrong.has(id) && !mined.has(id)),
    } }),
    seen: hits.flatMap(({ id }, i) => (i < found && shown.has(id) ? [i] : [])),
    chunks: positives.map(({ chunk }) => keyOf(chunk)), answers: positives.map(({ chunk }) => nameOf(chunk)), names: hits.map(({ id }) => nameOf(chunks.get(id)!)),
  };
}

/** Questions that the libraries do not answer, with what is found for them. */
export async function unanswerableLessons(parts: Parts, questions: readonly { question: string; libraries: readonly LibraryId[] }[]): Promise<DeepLesson[]> {
  const lessons: DeepLesson[] = [];
  for (const { question, libraries } of questions) {
    const ranked = await ask(parts, question, libraries, new Set());
    if (ranked) lessons.push({ ...textsOf(parts, question, ranked.hits, ranked.chunks), ...unjudged(ranked.hits.length), found: ranked.found, group: question });
    await setImmediate();
  }
  return lessons;
}

/**
 * General questions, each with its own passage and those nearest to it.
 *
 * @param rows the same pairs as search ranks them (`guardRows`), in the same order
 * @param passageOf the pair a candidate of a row is of
 */
export function generalLessons(pairs: readonly Pair[], rows: readonly JudgedRow[], passageOf: (candidate: number) => number, level: DeepLevel, near: number): DeepLesson[] {
  return rows.map((row) => {
    const order = Array.from(row.candidates, (_, i) => i).sort((a, b) => row.score[b]! - row.score[a]!);
    const own = row.positives[0]!;
    const kept = order.slice(0, near);
    const places = kept.includes(own) ? kept : [...kept, own];
    const right = places.indexOf(own);
    return {
      question: row.question, texts: places.map((place) => pairs[passageOf(row.candidates[place]!)]!.passage), group: row.question, found: places.length, seen: [], weight: 1,
      priors: places.map((place) => (level === 'embedder' ? row.fixed[place]! : row.score[place]!)),
      ...(level === 'embedder' && { slopes: places.map((place) => row.slope[place]!) }),
      target: places.map((_, i) => Number(i === right)), counts: places.map(() => 1),
    };
  });
}

const nameOf = ({ contentHash, start, end }: ChunkName): ChunkName => ({ contentHash, start, end });

const unjudged = (texts: number): Pick<DeepLesson, 'weight' | 'target' | 'counts' | 'seen'> => ({
  weight: 1, seen: [], target: new Array<number>(texts).fill(0), counts: new Array<number>(texts).fill(1),
});

/** What a reranker reads of a hit, and what search thinks of it without the model that learns. */
function textsOf({ level }: Parts, question: string, hits: readonly FusedHit<ChunkId>[], chunks: ReadonlyMap<ChunkId, StoredChunk>): Pick<TextLesson, 'question' | 'texts' | 'priors' | 'slopes'> {
  const texts = hits.map(({ id }) => inContext(chunks.get(id)!, chunks.get(id)!.title));
  if (level === 'reranker') return { question, texts, priors: hits.map(({ score }) => score) };
  return { question, texts, priors: hits.map(({ score, slope, vectors }) => score - slope * (vectors?.similarity ?? 0)), slopes: hits.map(({ slope }) => slope) };
}

interface Ranked { hits: FusedHit<ChunkId>[]; found: number; chunks: Map<ChunkId, StoredChunk>; vectors: Map<ChunkId, Float32Array>; vector: Float32Array }

/** The first hits as search shipped them, and behind them those of `added` that are not among these. */
async function ask({ db, embedder }: Parts, question: string, libraries: readonly LibraryId[], added: ReadonlySet<ChunkId>): Promise<Ranked | undefined> {
  const { hits, chunks, asked } = await rank({ db, embedder, learned: adding(added) }, { question, adapter: 'none', ...(libraries.length > 0 && { libraries: [...libraries] }) });
  if (!asked) return undefined;
  const vectors = vectorsOf(db, asked.space, hits.map(({ id }) => id));
  // A chunk that is not embedded yet cannot be compared; there are others.
  const usable = hits.filter(({ id }) => vectors.has(id));
  const proposed = ({ id, words, vectors: leg }: FusedHit<ChunkId>): boolean => !added.has(id) || (words?.rank ?? Infinity) <= PROPOSALS || (leg?.rank ?? Infinity) <= PROPOSALS;
  const first = usable.filter(proposed).slice(0, READ);
  const taken = new Set(first.map(({ id }) => id));
  return { hits: [...first, ...usable.filter(({ id }) => added.has(id) && !taken.has(id))], found: first.length, chunks, vectors, vector: asked.vector };
}

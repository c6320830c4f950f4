import type { AdapterId, ChunkId, Hit, LibraryId, ModelsInUse, SearchAnswer, SearchQuery, Trace } from './api.ts';
import { headingPath, inContext } from './context.ts';
import { addTaught, againstOutdated, type Taught } from './learn/at-once.ts';
import { adapt, ofKind, type QueryAdapter } from './learn/query-adapter.ts';
import { reweigh } from './learn/weighing.ts';
import type { Embedder } from './models/embedder.ts';
import { fuse, rerank, type FusedHit, type Reranker, type VectorHit } from './rank.ts';
import { visibleChunks, type StoredChunk } from './store/chunks.ts';
import type { Db } from './store/database.ts';
import { libraries } from './store/libraries.ts';
import { spaceOf, type Space } from './store/spaces.ts';
import { nearest, vectorsOf } from './store/vectors.ts';
import { documentFrequency, matchWords, wordStatistics } from './store/words.ts';
import { ftsQuery, questionWords, rarestTerms, scoreWords, type WordScore } from './words.ts';

export interface SearchParts { db: Db; embedder?: Embedder; reranker?: Reranker; learned?: Learned }

/** What search takes from learning; absent, or with nothing learned, search is as it shipped. */
export interface Learned {
  /** Takes in what was said since the last question. */
  refresh(): Promise<void>;
  /** The adapter in use for this space, or the one asked for by its id. */
  adapter(space: string, wanted: AdapterId | undefined): { id: AdapterId; adapter: QueryAdapter } | undefined;
  /** What people said of chunks for this question or one that means the same; `vector` as the embedder gave it. */
  taught(question: string, vector: Float32Array | undefined): Map<ChunkId, Taught>;
  /** Contents that people call outdated, by hash. */
  outdated?(): ReadonlySet<string>;
}

/** Candidates after the rerank stage, best first, and what is known of them. */
export interface Ranking {
  hits: FusedHit<ChunkId>[];
  chunks: Map<ChunkId, StoredChunk>;
  taught: Map<ChunkId, Taught>;
  /** What was added to passages of documents that people call outdated. */
  outdated: Map<ChunkId, { addition: number }>;
  /** The question's vector as the embedder gave it, where there is one, and the space it is compared in. */
  asked?: { vector: Float32Array; space: Space };
  models: ModelsInUse;
}

/** How many chunks each leg proposes. */
export const PROPOSALS = 150;
/** Where much is hidden (excluded documents, other libraries) a leg looks so many times deeper, up to a limit. */
const DEEPER = 5;
const DEEPEST = 20_000;

/** The walk from question to hits, each with its trace. */
export async function search(parts: SearchParts, query: SearchQuery): Promise<SearchAnswer> {
  const start = performance.now();
  const { hits, chunks, taught, outdated, models } = await rank(parts, query);
  return {
    hits: hits.slice(0, query.limit ?? 10).map((hit) => shown(hit, chunks.get(hit.id)!, { taught: taught.get(hit.id), outdated: outdated.get(hit.id) })),
    milliseconds: performance.now() - start,
    models,
  };
}

/**
 * Words ∪ vectors → fusion → rerank. What either leg proposes is then scored by both, so that the fusion compares like
 * with like. Chunks of excluded or removed documents are left out before the fusion; they can neither be found nor push
 * others down. What was learned comes in at three places: the adapter turns the question's vector before anything is compared
 * with it, its weighing of clues is added to the fused scores, and what was taught of a chunk for this very question is added to its score.
 */
export async function rank({ db, embedder, reranker, learned }: SearchParts, query: SearchQuery): Promise<Ranking> {
  await learned?.refresh();
  const among = query.libraries ?? libraries(db).map(({ id }) => id);
  const found = new Map<ChunkId, StoredChunk>();
  const space = embedder && spaceOf(db, embedder.space);
  const embedded = query.leg !== 'words' && embedder && space && query.question.trim() !== '' ? (await embedder.embed([query.question], 'query'))[0] : undefined;
  const adapted = embedded && space && query.adapter !== 'none' ? learned?.adapter(space.identity, query.adapter) : undefined;
  const turned = embedded && adapted && adapt(adapted.adapter, embedded);
  const asked = turned?.direction ?? embedded;
  const similarity = (cosine: number): number => (turned ? turned.length * cosine - turned.offset : cosine);

  const proposals = Math.max(PROPOSALS, query.limit ?? 0);
  const byMeaning = new Map<ChunkId, number>();
  if (asked && space) {
    for (const library of among) {
      lookDeeper(db, [library], found, proposals, (depth) => nearest(db, space, library, asked, depth).map(({ chunk, similarity: cosine }) => {
        byMeaning.set(chunk, similarity(cosine));
        return chunk;
      }));
    }
  }
  const taught = query.leg === undefined && query.taught !== false && learned ? learned.taught(query.question, embedded) : new Map<ChunkId, Taught>();
  const injected = [...taught].filter(([, { thumb }]) => thumb === 'up').map(([chunk]) => chunk);
  if (injected.length > 0) for (const [chunk, stored] of visibleChunks(db, injected, among)) found.set(chunk, stored);
  const words = query.leg === 'vectors' ? [] : byWords(db, query.question, among, found, proposals);
  if (asked && space) for (const [chunk, vector] of vectorsOf(db, space, [...found.keys()].filter((chunk) => !byMeaning.has(chunk)))) byMeaning.set(chunk, similarity(dot(asked, vector)));
  const vectors: VectorHit<ChunkId>[] = [...byMeaning].filter(([chunk]) => found.has(chunk))
    .map(([id, similarity]) => ({ id, similarity })).sort((a, b) => b.similarity - a.similarity);

  const outdated = againstOutdated(found.values(), (query.leg === undefined && query.taught !== false && learned?.outdated?.()) || new Set(), taught);
  const said = new Map([...taught, ...outdated]);
  const fused = fuse(words, vectors, { question: query.question, text: (id) => found.get(id)!.text, ...(embedder?.background && { background: embedder.background }) });
  const before = new Map(fused.map(({ id, score }) => [id, score]));
  // A leg alone is asked for to see what that leg says.
  const reader = query.leg === undefined ? reranker : undefined;
  const weighing = adapted?.adapter.weighing;
  const weighed = weighing && embedded ? reweigh(fused, weighing, ofKind(adapted.adapter.kind, embedded), (id) => found.get(id)!) : fused;
  const ranked = await rerank(reader, query.question, addTaught(weighed, said), ({ id }) => ({ text: inContext(found.get(id)!, found.get(id)!.title), prior: before.get(id)! }));
  return {
    hits: reader ? addTaught(ranked, said) : ranked,
    chunks: found, taught, outdated,
    ...(embedded && space && { asked: { vector: embedded, space } }),
    models: {
      answerer: 'extractive',
      ...(embedder && { embedder: embedder.space }), ...(adapted && { adapter: adapted.id }), ...(reader && { reranker: reader.id }),
    },
  };
}

/** Proposes chunks by the word index and scores exactly whatever was proposed so far, best first. */
function byWords(db: Db, question: string, among: readonly LibraryId[], found: Map<ChunkId, StoredChunk>, proposals: number): WordScore<ChunkId>[] {
  const terms = questionWords(question);
  const frequencies = new Map<string, number>();
  const df = (token: string): number => {
    let frequency = frequencies.get(token);
    if (frequency === undefined) frequencies.set(token, (frequency = documentFrequency(db, token)));
    return frequency;
  };
  const { total, averageLength } = wordStatistics(db);
  const wanted = rarestTerms(terms, df, total);
  if (wanted.length > 0) lookDeeper(db, among, found, proposals, (depth) => matchWords(db, ftsQuery(wanted), depth));
  const candidates = [...found.values()].map((chunk) => ({ id: chunk.chunk, text: chunk.header === undefined ? chunk.text : `${chunk.header}\n${chunk.text}`, title: headingPath(chunk, chunk.title) }));
  return scoreWords(terms, candidates, { df, total, averageLength });
}

/** Adds the visible ones of the best chunks that `propose` gives, looking deeper while too few of them are visible. */
function lookDeeper(db: Db, among: readonly LibraryId[], found: Map<ChunkId, StoredChunk>, wanted: number, propose: (depth: number) => ChunkId[]): void {
  for (let depth = wanted; ; depth = Math.min(depth * DEEPER, DEEPEST)) {
    const proposed = propose(depth);
    const visible = visibleChunks(db, proposed, among);
    if (visible.size >= wanted / 3 || proposed.length < depth || depth >= DEEPEST) {
      // Looking deeper may bring more than is wanted; the best come first.
      for (const chunk of proposed.filter((id) => visible.has(id)).slice(0, wanted)) found.set(chunk, visible.get(chunk)!);
      return;
    }
  }
}

function shown(hit: FusedHit<ChunkId>, chunk: StoredChunk, { taught, outdated }: { taught: Taught | undefined; outdated: Trace['outdated'] | undefined }): Hit {
  const trace: Trace = { fused: { rank: hit.rank, score: hit.score } };
  if (hit.words) trace.words = hit.words;
  if (hit.vectors) trace.vectors = hit.vectors;
  if (hit.rerank) trace.rerank = hit.rerank;
  if (hit.learned !== undefined) trace.learned = { addition: hit.learned };
  if (taught) trace.taught = taught;
  if (outdated) trace.outdated = outdated;
  const { chunk: id, document, library, documentName, type, contentHash, text, start, end, headings, page } = chunk;
  return {
    chunk: id, document, library, documentName, type, contentHash, text, relevance: hit.relevance, trace,
    place: { start, end, headings, ...(page !== undefined && { page }) },
  };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

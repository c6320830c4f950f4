import type { ChunkId, Hit, LibraryId, SearchAnswer, SearchQuery, Trace } from './api.ts';
import { headingPath, inContext } from './context.ts';
import type { Embedder } from './models/embedder.ts';
import { fuse, rerank, type FusedHit, type Reranker, type VectorHit } from './rank.ts';
import { visibleChunks, type StoredChunk } from './store/chunks.ts';
import type { Db } from './store/database.ts';
import { libraries } from './store/libraries.ts';
import { currentSpace, nearest, vectorsOf } from './store/vectors.ts';
import { documentFrequency, matchWords, wordStatistics } from './store/words.ts';
import { ftsQuery, questionWords, rarestTerms, scoreWords, type WordScore } from './words.ts';

export interface SearchParts { db: Db; embedder?: Embedder; reranker?: Reranker }

/** How many chunks each leg proposes. */
const PROPOSALS = 150;
/** Where much is hidden (excluded documents, other libraries) a leg looks so many times deeper, up to a limit. */
const DEEPER = 5;
const DEEPEST = 20_000;

/**
 * The walk from question to hits: words ∪ vectors → fusion → rerank, each hit with its trace. What either leg proposes
 * is then scored by both, so that the fusion compares like with like. Chunks of excluded or removed documents are left
 * out before the fusion; they can neither be found nor push others down.
 */
export async function search({ db, embedder, reranker }: SearchParts, query: SearchQuery): Promise<SearchAnswer> {
  const start = performance.now();
  const among = query.libraries ?? libraries(db).map(({ id }) => id);
  const found = new Map<ChunkId, StoredChunk>();
  const space = embedder && currentSpace(db, embedder.space);
  const asked = query.leg !== 'words' && embedder && space && query.question.trim() !== '' ? (await embedder.embed([query.question], 'query'))[0] : undefined;

  const proposals = Math.max(PROPOSALS, query.limit ?? 0);
  const byMeaning = new Map<ChunkId, number>();
  if (asked && space) {
    for (const library of among) {
      lookDeeper(db, [library], found, proposals, (depth) => nearest(db, space, library, asked, depth).map(({ chunk, similarity }) => {
        byMeaning.set(chunk, similarity);
        return chunk;
      }));
    }
  }
  const words = query.leg === 'vectors' ? [] : byWords(db, query.question, among, found, proposals);
  if (asked && space) for (const [chunk, vector] of vectorsOf(db, space, [...found.keys()].filter((chunk) => !byMeaning.has(chunk)))) byMeaning.set(chunk, dot(asked, vector));
  const vectors: VectorHit<ChunkId>[] = [...byMeaning].filter(([chunk]) => found.has(chunk))
    .map(([id, similarity]) => ({ id, similarity })).sort((a, b) => b.similarity - a.similarity);

  const fused = fuse(words, vectors, { question: query.question, text: (id) => found.get(id)!.text, ...(embedder?.background && { background: embedder.background }) });
  const ranked = await rerank(reranker, query.question, fused, (id) => inContext(found.get(id)!, found.get(id)!.title));
  return {
    hits: ranked.slice(0, query.limit ?? 10).map((hit) => shown(hit, found.get(hit.id)!)),
    milliseconds: performance.now() - start,
    models: { answerer: 'extractive', ...(embedder && { embedder: embedder.space }), ...(reranker && { reranker: reranker.id }) },
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

function shown(hit: FusedHit<ChunkId>, chunk: StoredChunk): Hit {
  const trace: Trace = { fused: { rank: hit.rank, score: hit.score } };
  if (hit.words) trace.words = hit.words;
  if (hit.vectors) trace.vectors = hit.vectors;
  if (hit.rerank) trace.rerank = hit.rerank;
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

import type { AdapterId, ChunkId, Hit, LibraryId, ModelsInUse, SearchAnswer, SearchQuery, Trace } from './api.ts';
import { headingPath, inContext } from './context.ts';
import { addTaught, againstOutdated, type Taught } from './learn/at-once.ts';
import { coinsOf, draft, type Drafted } from './learn/draft.ts';
import { adapt, ofKind, type QueryAdapter } from './learn/query-adapter.ts';
import type { Trial } from './learn/watch.ts';
import { reweigh } from './learn/weighing.ts';
import type { Embedder } from './models/embedder.ts';
import { fuse, readTogether, rerank, RERANKED, type Candidate, type FusedHit, type Reranker, type VectorHit } from './rank.ts';
import { visibleChunks, type StoredChunk } from './store/chunks.ts';
import type { Db } from './store/database.ts';
import { libraries } from './store/libraries.ts';
import { spaceOf, type Space } from './store/spaces.ts';
import { nearest, vectorsOf } from './store/vectors.ts';
import { documentFrequency, matchWords, wordStatistics } from './store/words.ts';
import { ftsQuery, questionWords, rarestTerms, scoreWords, type WordScore } from './words.ts';

export interface SearchParts {
  db: Db;
  embedder?: Embedder;
  reranker?: Reranker;
  learned?: Learned;
  /** Opens the reranker that was in use before, by its id; undefined where it cannot be had. */
  former?(id: string): Promise<Reranker | undefined>;
}

/** What search takes from learning; absent, or with nothing learned, search is as it shipped. */
export interface Learned {
  /** Takes in what was said since the last question. */
  refresh(): Promise<void>;
  /** The adapter in use for this space with this reranker (null: with none), or the one asked for by its id. */
  adapter(space: string, reranker: string | null, wanted: AdapterId | undefined): { id: AdapterId; adapter: QueryAdapter } | undefined;
  /** The version in use, of whatever level, whose turn it is with this question: it is answered with and without it. */
  trial?(space: string, reranker: string | undefined, question: string): Pick<Trial, 'version' | 'before'> | undefined;
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

/**
 * The walk from question to hits, each with its trace.
 *
 * @param watched the hits are for an answer that people judge: some questions are then answered from two rankings interleaved, that
 * of the version in use and that of what was before it
 */
export async function search(parts: SearchParts, query: SearchQuery, watched = false): Promise<SearchAnswer> {
  const start = performance.now();
  const { ranking, trial } = await rankings(parts, query, watched);
  const { chunks, taught, outdated, models } = ranking;
  const limit = query.limit ?? 10;
  const drafted = trial ? draft(ranking.hits, trial.before.hits, ({ id }) => id, limit, coinsOf(query.question, trial.version)) : ranking.hits.slice(0, limit).map((hit) => ({ hit }));
  return {
    hits: drafted.map(({ hit, side }: Drafted<FusedHit<ChunkId>>) => {
      const by = side === 'old' ? trial!.before.models.adapter : models.adapter;
      return shown(hit, chunks.get(hit.id)!, { ...(taught.has(hit.id) && { taught: taught.get(hit.id)! }), ...(outdated.has(hit.id) && { outdated: outdated.get(hit.id)! }), ...(side && { drafted: { side, trial: trial!.version, ...(by !== undefined && { adapter: by }) } }) });
    }),
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
export async function rank(parts: SearchParts, query: SearchQuery): Promise<Ranking> {
  return (await rankings(parts, query, false)).ranking;
}

/** A question as an adapter, or none, understands it: what chunks are compared with, what comes of a cosine, and who then reads the first. */
interface View { adapted?: { id: AdapterId; adapter: QueryAdapter } | undefined; reads?: Reranker | undefined; direction?: Float32Array | undefined; similarity(cosine: number): number }

/** What a view's legs proposed, and the fusion of it. */
interface Fused { found: Map<ChunkId, StoredChunk>; fused: FusedHit<ChunkId>[] }

/** The ranking of a question, and where a version is on trial with it also that of what was before it. */
interface Rankings { ranking: Ranking; trial?: { version: AdapterId; before: Ranking } }

async function rankings({ db, embedder, reranker, learned, former }: SearchParts, query: SearchQuery, watched: boolean): Promise<Rankings> {
  await learned?.refresh();
  const { question, leg } = query;
  const among = query.libraries ?? libraries(db).map(({ id }) => id);
  const space = embedder && spaceOf(db, embedder.space);
  const embedded = leg !== 'words' && embedder && space && question.trim() !== '' ? (await embedder.embed([question], 'query'))[0] : undefined;
  const taught = leg === undefined && query.taught !== false && learned ? learned.taught(question, embedded) : new Map<ChunkId, Taught>();
  const adapted = embedded && space && query.adapter !== 'none' ? learned?.adapter(space.identity, reranker?.id ?? null, query.adapter) : undefined;
  const mayBeTried = watched && embedded && space && taught.size === 0 && leg === undefined && query.adapter === undefined && query.taught === undefined;
  const trial = mayBeTried ? learned?.trial?.(space.identity, reranker?.id, question) : undefined;
  const before = trial && await viewBefore(trial.before);
  const views = [viewOf(adapted, reranker, embedded), ...(before ? [before] : [])];

  /** Undefined where the reranker that was in use cannot be had. */
  async function viewBefore({ space: compared, reranker: id, adapter }: Trial['before']): Promise<View | undefined> {
    const reads = id === undefined || id === reranker?.id ? reranker : await former?.(id);
    return reads?.id === id ? viewOf(adapter === undefined ? undefined : learned?.adapter(compared, id ?? null, adapter), reads, embedded) : undefined;
  }

  const proposed = propose({ db, embedder, space, among, taught }, query, views);
  const chunks = new Map(proposed.toReversed().flatMap(({ found }) => [...found]));
  const outdated = againstOutdated(chunks.values(), (leg === undefined && query.taught !== false && learned?.outdated?.()) || new Set(), taught);
  const said = new Map([...taught, ...outdated]);
  const weighed = views.map(({ adapted: by }, i) => {
    const { found, fused } = proposed[i]!;
    const weighing = by?.adapter.weighing;
    return addTaught(weighing && embedded ? reweigh(fused, weighing, ofKind(by.adapter.kind, embedded), (id) => found.get(id)!) : fused, said);
  });
  const candidates = proposed.map(({ found, fused }) => {
    const before = new Map(fused.map(({ id, score }) => [id, score]));
    return ({ id }: FusedHit<ChunkId>): Candidate => ({ text: inContext(found.get(id)!, found.get(id)!.title), prior: before.get(id)! });
  });
  // A leg alone is asked for to see what that leg says.
  const once = leg === undefined && before && reranker && before.reads === reranker
    ? await readTogether(reranker, question, weighed.flatMap((hits, i) => hits.slice(0, RERANKED).map(candidates[i]!))) : undefined;
  const [ranking, rankingBefore] = await Promise.all(views.map(async ({ adapted: by, reads }, i): Promise<Ranking> => {
    const reader = leg === undefined ? once ?? reads : undefined;
    const hits = await rerank(reader, question, weighed[i]!, candidates[i]!);
    return {
      hits: reader ? addTaught(hits, said) : hits,
      chunks, taught, outdated,
      ...(embedded && space && { asked: { vector: embedded, space } }),
      models: {
        answerer: 'extractive',
        ...(embedder && { embedder: embedder.space }), ...(by && { adapter: by.id }), ...(reader && { reranker: reader.id }),
      },
    };
  }));
  return { ranking: ranking!, ...(trial && rankingBefore && { trial: { version: trial.version, before: rankingBefore } }) };
}

function viewOf(adapted: View['adapted'], reads: View['reads'], embedded: Float32Array | undefined): View {
  const turned = embedded && adapted && adapt(adapted.adapter, embedded);
  return { adapted, reads, direction: turned?.direction ?? embedded, similarity: (cosine) => (turned ? turned.length * cosine - turned.offset : cosine) };
}

/** What the legs propose for each view, fused; views that compare with the same vector share it. */
function propose(
  { db, embedder, space, among, taught }: Pick<SearchParts, 'db' | 'embedder'> & { space: Space | undefined; among: readonly LibraryId[]; taught: Ranking['taught'] },
  { question, leg, limit }: SearchQuery, views: readonly View[],
): Fused[] {
  const proposals = Math.max(PROPOSALS, limit ?? 0);
  const legs = views.filter(({ direction }, i) => views.findIndex((view) => view.direction === direction) === i).map((view) => {
    const byMeaning = new Map<ChunkId, number>();
    const found = new Map<ChunkId, StoredChunk>();
    const { direction } = view;
    if (direction && space) {
      for (const library of among) {
        lookDeeper(db, [library], found, proposals, (depth) => nearest(db, space, library, direction, depth).map(({ chunk, similarity: cosine }) => {
          byMeaning.set(chunk, view.similarity(cosine));
          return chunk;
        }));
      }
    }
    return { ...view, byMeaning, found };
  });
  const injected = [...taught].filter(([, { thumb }]) => thumb === 'up').map(([chunk]) => chunk);
  if (injected.length > 0) for (const { found } of legs) for (const [chunk, stored] of visibleChunks(db, injected, among)) found.set(chunk, stored);
  const words = leg === 'vectors' ? [] : byWords(db, question, among, legs.map(({ found }) => found), proposals);
  const fused = legs.map(({ direction, similarity, byMeaning, found }): Fused & Pick<View, 'direction'> => {
    if (direction && space) for (const [chunk, vector] of vectorsOf(db, space, [...found.keys()].filter((chunk) => !byMeaning.has(chunk)))) byMeaning.set(chunk, similarity(dot(direction, vector)));
    const vectors: VectorHit<ChunkId>[] = [...byMeaning].filter(([chunk]) => found.has(chunk))
      .map(([id, similarity]) => ({ id, similarity })).sort((a, b) => b.similarity - a.similarity);
    const text = (id: ChunkId): string => found.get(id)!.text;
    return { direction, found, fused: fuse(words.filter(({ id }) => found.has(id)), vectors, { question, text, ...(embedder?.background && { background: embedder.background }) }) };
  });
  return views.map(({ direction }) => fused.find((one) => one.direction === direction)!);
}

/** Proposes chunks by the word index for each view and scores exactly whatever was proposed for any so far, best first. */
function byWords(db: Db, question: string, among: readonly LibraryId[], founds: readonly Map<ChunkId, StoredChunk>[], proposals: number): WordScore<ChunkId>[] {
  const terms = questionWords(question);
  const frequencies = new Map<string, number>();
  const df = (token: string): number => {
    let frequency = frequencies.get(token);
    if (frequency === undefined) frequencies.set(token, (frequency = documentFrequency(db, token)));
    return frequency;
  };
  const { total, averageLength } = wordStatistics(db);
  const wanted = rarestTerms(terms, df, total);
  const proposed = new Map<ChunkId, StoredChunk>();
  if (wanted.length > 0) lookDeeper(db, among, proposed, proposals, (depth) => matchWords(db, ftsQuery(wanted), depth));
  for (const found of founds) for (const [chunk, stored] of proposed) found.set(chunk, stored);
  const all = new Map(founds.flatMap((found) => [...found]));
  const candidates = [...all.values()].map((chunk) => ({ id: chunk.chunk, text: chunk.header === undefined ? chunk.text : `${chunk.header}\n${chunk.text}`, title: headingPath(chunk, chunk.title) }));
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

function shown(hit: FusedHit<ChunkId>, chunk: StoredChunk, { taught, outdated, drafted }: Pick<Trace, 'taught' | 'outdated' | 'drafted'>): Hit {
  const trace: Trace = { fused: { rank: hit.rank, score: hit.score } };
  if (hit.words) trace.words = hit.words;
  if (hit.vectors) trace.vectors = hit.vectors;
  if (hit.rerank) trace.rerank = hit.rerank;
  if (hit.learned !== undefined) trace.learned = { addition: hit.learned };
  if (taught) trace.taught = taught;
  if (outdated) trace.outdated = outdated;
  if (drafted) trace.drafted = drafted;
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

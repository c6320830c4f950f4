import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { ChunkId, EventId, LibraryId } from '../api.ts';
import type { Embedder } from '../models/embedder.ts';
import { servedScores, type FusedHit, type Reranker } from '../rank.ts';
import { PROPOSALS, rank, type Learned } from '../search.ts';
import type { Db } from '../store/database.ts';
import type { StoredChunk } from '../store/chunks.ts';
import { chunksAt, type PresentChunk } from '../store/judged.ts';
import { chunkNear, vectorsOf } from '../store/vectors.ts';
import { CITED, SHOWN, UNSEEN, type JudgedRow } from './gate.ts';
import { isHeldOut, splitQuestions } from './holdout.ts';
import { keyOf, type ChunkName, type JudgedQuestion, type Judgement } from './judgements.ts';
import { clashes, type Ranked } from './negatives.ts';
import { next } from './train-query.ts';
import type { WordList } from './train-weighing.ts';
import type { Vectors } from './vectors.ts';
import { numbersOf, wordsOf } from './weighing.ts';

export interface LearnParts { db: Db; embedder: Embedder; /** As search uses it: what is learned lies over what it says. */ reranker?: Reranker | undefined; words: WordList; /** The group a question's feedback was put in when it came. */ groupOf: (events: readonly EventId[], question: string) => string }

/** A judged question as training uses it. */
export interface Lesson {
  row: JudgedRow;
  group: string;
  heldOut: boolean;
  /** Names of its positives' chunks, and hashes of their documents. */
  chunks: string[];
  contents: string[];
  vector: Float32Array;
  events: EventId[];
  answers: string[];
  libraries: LibraryId[];
  positives: { chunk: PresentChunk; judgement: Judgement }[];
  negatives: { chunk: PresentChunk; judgement: Judgement }[];
  /** What search as it shipped gives every candidate: log-odds. */
  served: ReadonlyMap<ChunkId, number>;
  /** The present ranking, as negatives are mined from it. */
  ranked: (Ranked & { chunk: ChunkId })[];
}

/** How deep the present ranking is looked at. */
const DEPTH = 200;
/**
 * Above this rank an unjudged chunk may well answer too: it counts half. Not to compare it at all is as good where a person also
 * says what is wrong (+7.29 points of nDCG@10 against +7.26 on questions never seen, three draws of 200 judged ones), and loses two
 * thirds of the gain where they only point at what is right (`learn-quick.test.ts`): what stood before it is then all there is to learn.
 */
const NEAR_TOP = 10;
const PERHAPS = 0.5;
/** Chunks drawn from the whole library for every question. */
const STRANGERS = 24;

/**
 * Makes lessons of judged questions: each asked again of search as it shipped, and what was judged found among the
 * candidates. Questions whose positives are all gone give none. Rests between questions, so that messages are heard.
 *
 * @param wait resolves when the next question may be taken; throws to stop
 */
export async function prepareLessons(parts: LearnParts, judged: readonly JudgedQuestion[], vectors: Vectors, wait: (done: number) => Promise<void>): Promise<Lesson[]> {
  const lessons: Lesson[] = [];
  const random = { random: 1 };
  for (const [done, question] of judged.entries()) {
    await wait(done);
    const lesson = await lessonOf(parts, question, vectors, random);
    if (lesson) lessons.push(lesson);
    await setImmediate();
  }
  return lessons;
}

async function lessonOf({ db, embedder, reranker, words, groupOf }: LearnParts, said: JudgedQuestion, vectors: Vectors, random: { random: number }): Promise<Lesson | undefined> {
  const judged = said.judgements.flatMap((judgement) => chunksAt(db, judgement.chunk).map((chunk) => ({ chunk, judgement })));
  const positives = judged.filter(({ judgement }) => judgement.label === 1);
  const negatives = judged.filter(({ judgement, chunk }) => judgement.label === 0 && !positives.some((positive) => positive.chunk.chunk === chunk.chunk));
  if (positives.length === 0) return undefined;
  // Strangers are compared too, so that what is learned holds against passages that no question has met.
  const strangers = Array.from({ length: STRANGERS }, () => chunkNear(db, embedder.space, next(random))).filter((chunk) => chunk !== undefined);
  const added = new Set([...positives, ...negatives].map(({ chunk }) => chunk.chunk).concat(strangers));
  const found = await rank({ db, embedder, ...(reranker && { reranker }), learned: adding(added) }, {
    question: said.question, limit: DEPTH, adapter: 'none', ...(said.libraries.length > 0 && { libraries: said.libraries }),
  });
  if (!found.asked) return undefined;
  const proposed = (hit: FusedHit<ChunkId>): boolean => (hit.words?.rank ?? Infinity) <= PROPOSALS || (hit.vectors?.rank ?? Infinity) <= PROPOSALS;
  const hits = found.hits.filter((hit) => !added.has(hit.id) || proposed(hit)).slice(0, DEPTH);
  const taken = new Set(hits.map(({ id }) => id));
  const all = [...hits, ...found.hits.filter(({ id }) => added.has(id) && !taken.has(id))];
  const stored = vectorsOf(db, found.asked.space, all.map(({ id }) => id));
  // A chunk that is not embedded yet cannot be compared; there are others.
  const usable = all.filter(({ id }) => stored.has(id));
  const foundUsable = hits.filter(({ id }) => stored.has(id)).length;

  const ranked = hits.flatMap(({ id, relevance }) => {
    const chunk = found.chunks.get(id);
    const vector = stored.get(id);
    return chunk ? [{ chunk: id, parent: chunk.parent, contentHash: chunk.contentHash, start: chunk.start, end: chunk.end, text: chunk.text, documentName: chunk.documentName, relevance, ...(vector && { vector }) }] : [];
  });
  const right = positives.map(({ chunk }): Ranked => {
    const vector = stored.get(chunk.chunk);
    return { ...chunk, relevance: 1, ...(vector && { vector }) };
  });
  const byId = new Map(ranked.map((candidate) => [candidate.chunk, candidate]));
  const weightOf = new Map(positives.map(({ chunk, judgement }) => [chunk.chunk, judgement.weight]));
  const wrong = new Map(negatives.map(({ chunk, judgement }) => [chunk.chunk, judgement.weight]));
  const total = usable.reduce((sum, { id }) => sum + (weightOf.get(id) ?? 0), 0);
  if (total === 0) return undefined;
  const counts = usable.map(({ id }, i) => {
    if (weightOf.has(id)) return 1;
    // A passage that was merely passed over is little more of an alternative than one of which nothing is known.
    const against = wrong.get(id);
    if (against !== undefined) return PERHAPS + (1 - PERHAPS) * against;
    const candidate = byId.get(id);
    return candidate && clashes(candidate, right, said.answers) ? 0 : i < NEAR_TOP ? PERHAPS : 1;
  });
  const idsOf = (names: readonly ChunkName[]): Set<ChunkId> => new Set(names.flatMap((name) => chunksAt(db, name).map(({ chunk }) => chunk)));
  const [shown, cited] = [idsOf(said.shown), idsOf(said.cited)];
  const row: JudgedRow = {
    question: said.question, query: found.asked.vector, weight: Math.max(...weightOf.values()), found: foundUsable,
    positives: usable.flatMap(({ id }, i) => (weightOf.has(id) ? [i] : [])),
    candidates: Int32Array.from(usable, ({ id }) => vectors.add(`chunk ${id}`, () => stored.get(id)!)),
    target: Float32Array.from(usable, ({ id }) => (weightOf.get(id) ?? 0) / total),
    counts: Float32Array.from(counts),
    standing: Uint8Array.from(usable, ({ id }) => (cited.has(id) ? CITED : shown.has(id) ? SHOWN : UNSEEN)),
    contents: contentsOf(usable, found.chunks),
    ...cluesOf(usable, found.chunks, words),
  };
  const group = groupOf(said.events, said.question);
  return {
    row, group, heldOut: isHeldOut(group), vector: found.asked.vector, events: said.events, answers: said.answers, libraries: said.libraries, positives, negatives, ranked,
    served: new Map(usable.map(({ id }, i) => [id, row.score[i]!])),
    chunks: positives.map(({ chunk }) => keyOf(chunk)), contents: [...new Set(positives.map(({ chunk }) => chunk.contentHash))],
  };
}

const contentsOf = (hits: readonly FusedHit<ChunkId>[], chunks: ReadonlyMap<ChunkId, StoredChunk>): string[] => [...new Set(hits.map(({ id }) => chunks.get(id)!.contentHash))];

/** What a row holds of its candidates' scores, as served, of the lines in the similarity they lie on, and of the clues to them. */
function cluesOf(hits: readonly FusedHit<ChunkId>[], chunks: ReadonlyMap<ChunkId, StoredChunk>, words: WordList): Pick<JudgedRow, 'score' | 'fixed' | 'slope' | 'clues'> {
  const scores = servedScores(hits);
  return {
    score: Float32Array.from(scores),
    fixed: Float32Array.from(hits, ({ slope, vectors: leg }, i) => scores[i]! - slope * (leg?.similarity ?? 0)),
    slope: Float32Array.from(hits, ({ slope }) => slope),
    clues: {
      numbers: Float32Array.from(hits.flatMap((hit) => numbersOf(hit, chunks.get(hit.id)!))),
      words: hits.map(({ id }) => Int32Array.from(wordsOf(chunks.get(id)!), (word) => words.number(word))),
    },
  };
}

/** Questions on other matters, asked of all libraries, and those a person said are not answered there. */
const OTHERS = 60;

/**
 * Questions that the libraries do not answer: general ones, asked of the person's own documents, and those of which the person
 * said so. By these is seen whether a candidate begins to answer what cannot be answered.
 */
export async function unanswerableRows({ db, embedder, reranker, words }: Omit<LearnParts, 'groupOf'>, said: readonly JudgedQuestion[], general: readonly string[], vectors: Vectors): Promise<JudgedRow[]> {
  const every = Math.max(1, Math.floor(general.length / OTHERS));
  const questions = [...said.filter(({ unanswerable }) => unanswerable).map(({ question, libraries }) => ({ question, libraries })),
    ...general.filter((_, i) => i % every === 0).slice(0, OTHERS).map((question) => ({ question, libraries: [] as LibraryId[] }))];
  const rows: JudgedRow[] = [];
  for (const { question, libraries } of questions) {
    const { hits, chunks, asked } = await rank({ db, embedder, ...(reranker && { reranker }) }, { question, ...(libraries.length > 0 && { libraries }) });
    const best = hits.slice(0, DEPTH);
    const stored = asked && vectorsOf(db, asked.space, best.map(({ id }) => id));
    if (!asked || !stored) continue;
    const usable = best.filter(({ id }) => stored.has(id));
    rows.push({
      question, query: asked.vector, weight: 1, found: usable.length, positives: [],
      candidates: Int32Array.from(usable, ({ id }) => vectors.add(`chunk ${id}`, () => stored.get(id)!)),
      target: new Float32Array(usable.length), counts: new Float32Array(usable.length).fill(1), standing: new Uint8Array(usable.length),
      contents: contentsOf(usable, chunks),
      ...cluesOf(usable, chunks, words),
    });
    await setImmediate();
  }
  return rows;
}

/** For search: chunks to score like the others though neither leg proposes them. */
export function adding(chunks: ReadonlySet<ChunkId>): Learned {
  const taught = new Map([...chunks].map((chunk) => [chunk, { thumb: 'up' as const, question: '', nearness: 0, addition: 0 }]));
  return { refresh: async () => undefined, adapter: () => undefined, taught: () => taught };
}

/** Fewer lessons than this teach nothing that holds for the next question, nor do lessons of fewer documents. */
export const MINIMUM = { questions: 30, documents: 10 };

/** What may be trained on and judged by. */
export const split = (lessons: readonly Lesson[], { background }: Pick<Embedder, 'background'>): { train: Lesson[]; heldOut: Lesson[] } => splitQuestions(lessons, MINIMUM.questions, background);

/** Names all that a run learns from: a run that is gone on with must find the same. */
export function snapshotOf(lessons: readonly Lesson[], space: string): string {
  const hash = createHash('sha256').update(`weighing 1 ${space}`);
  for (const { row, group, chunks } of lessons) hash.update(JSON.stringify([row.question, group, chunks, [...row.target].map((x, i) => (x > 0 ? i : -1)).filter((i) => i >= 0), row.candidates.length]));
  return hash.digest('hex').slice(0, 16);
}

import type { WordScore } from './words.ts';

/**
 * From two rankings to one. The legs are added as evidence, not as ranks: a rank forgets that the first hit of one leg
 * covers all of a question and the first of the other next to nothing.
 */

/** A chunk as the word leg scored it. */
export type WordHit<Id> = WordScore<Id>;

/** A chunk as the vector leg found it. */
export interface VectorHit<Id> { id: Id; /** Cosine, -1…1. */ similarity: number }

/** The similarity of a question and a passage that have nothing to do with each other; a property of the embedder. */
export interface Background { mean: number; deviation: number }

export interface FusionContext<Id> {
  question: string;
  /** The text of a candidate: its language matters. */
  text: (id: Id) => string;
  /** Of the embedder in use, from its manifest. */
  background?: Background;
}

/** What the fusion knew of a candidate: e-folds of evidence by words, shares as in `WordScore`, deviations of similarity above the background (0 without a vector). */
export interface Made { evidence: number; share: number; coverage: number; above: number; /** Question and passage are in different languages. */ across: boolean; /** `unspacedShare` of the passage. */ unspaced: number }

/** A candidate after fusion, best first, with what each leg said of it. Ranks count from 1. */
export interface FusedHit<Id> {
  id: Id;
  rank: number;
  /** Log-odds that the passage answers the question. */
  score: number;
  /** `score` as a probability, 0…1. */
  relevance: number;
  /** By how much `score` rises with the similarity: what a better vector of the question would be worth here. */
  slope: number;
  /** What the score was made of; what was learned weighs it anew. */
  made: Made;
  words?: { rank: number; score: number; coverage: number; terms: string[] };
  vectors?: { rank: number; similarity: number };
  /** What was learned of this library adds to `score`. */
  learned?: number;
  /** Where a reranker read it; `score` is its logit and what was learned of this library. */
  rerank?: { rank: number; score: number; model: string };
}

/** Of the bundled embedder on random pairs of question and passage. */
export const BACKGROUND: Background = { mean: 0, deviation: 0.08 };

/** One unit of each kind of evidence, in log-odds of relevance. */
interface Weights {
  constant: number;
  /** Per e-fold of `WordScore.evidence`: one rare word in common may be chance, three are not. */
  evidence: number;
  /** `WordScore.share`: how much of the question the words in common are, and how often they are said. */
  share: number;
  /** `WordScore.coverage`: how much of the question's information has its words in the passage. */
  coverage: number;
  /** Per standard deviation of similarity above the background: meaning in common. */
  meaning: number;
}

/**
 * What is known of a candidate decides how it is weighed. Few weights, so that they hold for libraries they were not
 * fitted on; `bench/fusion.ts` fits them.
 */
export const WEIGHTS: Record<'same' | 'across' | 'words', Weights> = {
  /** Question and passage in one language: words weigh most. */
  same: { constant: -3, evidence: 1.17, share: 1.8, coverage: 0.45, meaning: 0.13 },
  /** In two languages they share names and numbers at most, and their absence says nothing: meaning decides. */
  across: { constant: -4.9, evidence: 0, share: 1.5, coverage: 0, meaning: 0.74 },
  /** The passage has no vector yet, or there is no embedder: in the order of BM25. */
  words: { constant: -3, evidence: 2.17, share: 4.26, coverage: 0, meaning: 0 },
};

/** In one language a passage may also answer in quite other words, but rarely does: so much is held against it. */
export const PARAPHRASE = 3;

/** Evidence of less than this counts as none. */
export const FAINT = 0.1;

/**
 * Below this relevance a passage does not answer the question. Chosen on the development sets: of best hits that answer,
 * 94 to 100 of a hundred are above; for questions asked of a library on something else 1 to 9 are, and where both are
 * encyclopaedias 26; with only the answering document taken away, most are.
 */
export const RELEVANT = 0.13;

/**
 * Fuses the two legs. Best given every candidate of either leg with both its word score and its similarity; what a leg
 * does not know counts as nothing in common. Other `weights` than the shipped are for judging a fit.
 */
export function fuse<Id>(words: readonly WordHit<Id>[], vectors: readonly VectorHit<Id>[], context: FusionContext<Id>, weights = WEIGHTS): FusedHit<Id>[] {
  const { mean, deviation } = context.background ?? BACKGROUND;
  const asked = unspacedShare(context.question);
  const byWords = new Map(words.map((hit) => [hit.id, hit]));
  const candidates = new Map<Id, Omit<FusedHit<Id>, 'rank' | 'score' | 'relevance' | 'slope' | 'made'>>();
  words.filter((hit) => hit.score > 0).forEach(({ id, score, coverage, matched }, i) => {
    candidates.set(id, { id, words: { rank: i + 1, score, coverage, terms: matched } });
  });
  vectors.forEach(({ id, similarity }, i) => {
    candidates.set(id, { ...candidates.get(id), id, vectors: { rank: i + 1, similarity } });
  });
  // Where nothing at all shares a word with the question, words tell nothing of any candidate.
  const wordless = !words.some((hit) => hit.score > 0);
  const fused = [...candidates.values()].map((candidate) => {
    const { evidence = 0, share = 0, coverage = 0 } = byWords.get(candidate.id) ?? {};
    const above = candidate.vectors ? (candidate.vectors.similarity - mean) / deviation : 0;
    const logOdds = (by: Weights): number => by.constant + by.evidence * Math.log(FAINT + evidence) + by.share * share
      + by.coverage * coverage + by.meaning * above;
    const across = logOdds(weights.across);
    const same = logOdds(weights.same);
    const unspaced = unspacedShare(context.text(candidate.id));
    const other = inOtherLanguage(asked, unspaced);
    const [by, score] = !candidate.vectors ? [weights.words, logOdds(weights.words)]
      : wordless || other ? [weights.across, across]
      : same >= across - PARAPHRASE ? [weights.same, same]
      : [weights.across, across - PARAPHRASE];
    const made: Made = { evidence: Math.log(FAINT + evidence), share, coverage, above, across: other, unspaced };
    return { ...candidate, rank: 0, score, slope: by.meaning / deviation, made, relevance: 1 / (1 + Math.exp(-score)) };
  });
  fused.sort((a, b) => b.score - a.score);
  return fused.map((hit, i) => ({ ...hit, rank: i + 1 }));
}

/** Whether a passage is in a language that a question is not in at all, by how much of each is written without spaces. */
export function inOtherLanguage(question: number, passage: number): boolean {
  // A Chinese passage on software may be half code and names; one in English has no Chinese at all.
  return question >= 0.3 ? passage < 0.05 : question < 0.05 && passage >= 0.3;
}

/** How much of a text is written without spaces (Chinese, Japanese), 0…1; a Han character weighs as much as half a word. */
export function unspacedShare(text: string): number {
  let unspaced = 0;
  let words = 0;
  let letters = 0;
  // Hundreds of passages are looked at for each question: a loop over units, not a regular expression.
  for (let i = 0; i <= text.length; i++) {
    const unit = i < text.length ? text.charCodeAt(i) : 0;
    if ((unit >= 0x3040 && unit <= 0x30ff) || (unit >= 0x3400 && unit <= 0x9fff) || (unit >= 0xf900 && unit <= 0xfaff)) unspaced++;
    const letter = (unit >= 0x41 && unit <= 0x5a) || (unit >= 0x61 && unit <= 0x7a) || (unit >= 0xc0 && unit < 0x250);
    if (!letter && letters > 1) words++;
    letters = letter ? letters + 1 : 0;
  }
  return unspaced === 0 ? 0 : unspaced / (unspaced + 2 * words);
}

/** A hit as a reranker reads it: its text in context, and its log-odds by words and vectors alone, with nothing learned of it. */
export interface Candidate { text: string; prior: number }

/** Reads question and passage together. */
export interface Reranker {
  /** Identity of the model, kept in every trace. */
  id: string;
  /** One logit a candidate, higher is better. A small model adds to the prior, a large one may do without. */
  score(question: string, candidates: readonly Candidate[]): Promise<number[]>;
  /** What one unit of the prior adds to a logit; nothing if absent. */
  trust?: number;
}

/** How many of the fused hits a reranker reads. */
export const RERANKED = 50;

/**
 * The rerank stage: the first hits in the order of the reranker, relevance by its logit, the others after them as they
 * were. Without a reranker the hits stay as they are.
 */
export async function rerank<Id>(
  reranker: Reranker | undefined, question: string, hits: FusedHit<Id>[], candidate: (hit: FusedHit<Id>) => Candidate,
): Promise<FusedHit<Id>[]> {
  if (!reranker || hits.length === 0) return hits;
  const read = hits.slice(0, RERANKED);
  const logits = await reranker.score(question, read.map(candidate));
  const reordered = read
    .map((hit, i) => ({ hit, score: logits[i]! + (hit.learned ?? 0) }))
    .sort((a, b) => b.score - a.score)
    .map(({ hit, score }, i) => ({ ...hit, relevance: 1 / (1 + Math.exp(-score)), rerank: { rank: i + 1, score, model: reranker.id } }));
  return [...reordered, ...hits.slice(RERANKED)];
}

/** A reranker that has read the candidates of several rankings of one question, each text once, and has its logits ready. */
export async function readTogether(reranker: Reranker, question: string, candidates: readonly Candidate[]): Promise<Reranker> {
  const texts = [...new Set(candidates.map(({ text }) => text))];
  const logits = await reranker.score(question, texts.map((text) => ({ text, prior: 0 })));
  const read = new Map(texts.map((text, i) => [text, logits[i]!]));
  return { id: reranker.id, score: async (_, each) => each.map(({ text, prior }) => read.get(text)! + (reranker.trust ?? 0) * prior) };
}

/**
 * One score for each hit, in the order in which hits are shown: what a reranker said of those it has read, and of the others as
 * far below as the fusion puts them.
 */
export function servedScores(hits: readonly Pick<FusedHit<unknown>, 'score' | 'rerank'>[]): number[] {
  const read = hits.flatMap(({ rerank }) => (rerank ? [rerank.score] : []));
  if (read.length === 0) return hits.map(({ score }) => score);
  const lowest = Math.min(...read);
  const highest = Math.max(...hits.map(({ rerank, score }) => (rerank ? -Infinity : score)));
  return hits.map(({ rerank, score }) => (rerank ? rerank.score : lowest - BEHIND + score - highest));
}

/** In log-odds: the best hit that was not read stands so far behind the last that was. */
const BEHIND = 0.1;

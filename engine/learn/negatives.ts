import { unspacedShare } from '../rank.ts';
import { wordTokens } from '../words.ts';
import { overlaps, type ChunkName } from './judgements.ts';

/** A chunk as negatives are mined from it. `relevance` is what the present ranking thinks of it, 0…1. */
export interface Ranked extends ChunkName { parent?: number; text: string; relevance: number; vector?: Float32Array; documentName?: string }

/** Ranks mined from, counted from 1: above them stand too many that answer and nobody has said so. */
const FIRST = 10;
const LAST = 200;
const KEPT = 15;
/** The ranking is this sure of a chunk: perhaps an answer nobody judged. Below the second it is surely none. */
const LIKELY = 0.9;
const UNLIKELY = 0.1;
/** Cosine from which two texts say the same. */
const DUPLICATE = 0.98;
/** Shorter answers stand in many chunks by chance. */
const SHORTEST_ANSWER = 4;

/**
 * Whether a chunk cannot be called wrong for a question: it overlaps a positive, stands in the same parent, says the same, says it
 * in the other language, or holds an accepted answer.
 */
export function clashes(candidate: Ranked, positives: readonly Ranked[], answers: readonly string[]): boolean {
  return positives.some((positive) =>
    overlaps(candidate, positive) ||
    (candidate.contentHash === positive.contentHash && candidate.parent !== undefined && candidate.parent === positive.parent) ||
    (cosine(candidate.vector, positive.vector) ?? 0) >= DUPLICATE || isTheSameText(candidate, positive) || areTranslations(candidate, positive),
  ) || answers.some((answer) => answer.trim().length >= SHORTEST_ANSWER && candidate.text.includes(answer.trim()));
}

/**
 * Hard negatives of a question out of its present ranking, best first: what a person would have been shown next, without
 * what may be right after all, and nothing twice. (Ranks 10–200, fifteen kept; near-positives weigh half: seeds of FlagEmbedding
 * and NV-Retriever.)
 */
export function hardNegatives<Candidate extends Ranked>(ranking: readonly Candidate[], positives: readonly Ranked[], answers: readonly string[]): { chunk: Candidate; weight: number }[] {
  const kept: Candidate[] = [];
  for (const candidate of ranking.slice(FIRST - 1, LAST)) {
    if (kept.length === KEPT) break;
    if (candidate.relevance <= LIKELY && !clashes(candidate, positives, answers) && !kept.some((other) => isTheSameText(candidate, other))) kept.push(candidate);
  }
  return kept.map((chunk) => ({ chunk, weight: chunk.relevance < UNLIKELY ? 1 : 0.5 }));
}

/** Runs of so many words, of which two texts share so many if they are one text with a few words changed (Broder 1997). */
const SHINGLE = 3;
const SHARED = 0.8;
/** Texts that share so many runs are about as long as each other, and where a model has looked at them, alike to it. */
const ABOUT_AS_LONG = 0.6;
const ALIKE = 0.8;

/** Whether two chunks are the same text, but for a few words. */
function isTheSameText(a: Ranked, b: Ranked): boolean {
  if (a.text.trim() === b.text.trim()) return true;
  if ((cosine(a.vector, b.vector) ?? 1) < ALIKE || Math.min(a.text.length, b.text.length) < ABOUT_AS_LONG * Math.max(a.text.length, b.text.length)) return false;
  return inCommon(runsOf(a), runsOf(b)) >= SHARED;
}

/** Jaccard index of two texts' runs of three words; of Chinese, of four characters. */
export const resemblance = (a: string, b: string): number => inCommon(runsIn(a), runsIn(b));

function inCommon(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let common = 0;
  for (const run of a) if (b.has(run)) common++;
  return common / Math.max(1, a.size + b.size - common);
}

/** A chunk is held against many others. */
const known = new WeakMap<Ranked, Set<string>>();
function runsOf(chunk: Ranked): Set<string> {
  const runs = known.get(chunk) ?? runsIn(chunk.text);
  known.set(chunk, runs);
  return runs;
}

function runsIn(text: string): Set<string> {
  const words = wordTokens(text);
  return new Set(Array.from({ length: Math.max(1, words.length - SHINGLE + 1) }, (_, i) => words.slice(i, i + SHINGLE).join(' ')));
}

/** What of a file's name says no more than its language, and the name's end. */
const LANGUAGE = /(?<![\p{L}\p{N}])(?:en|eng|english|zh|cn|chs|cht|chinese|hans|hant|tw|hk|英文版?|中文版?|英语|汉语|简体|繁体)(?![\p{L}\p{N}])/giu;
const EXTENSION = /\.[a-z0-9]{1,8}$/i;

/**
 * Whether two chunks stand in the same document in two languages, as far as names tell: `guide.en.md` and `guide.zh.md`. Which
 * passage translates which is not known, so all of the one are spared for the other.
 */
function areTranslations(a: Ranked, b: Ranked): boolean {
  if (a.contentHash === b.contentHash || a.documentName === undefined || b.documentName === undefined) return false;
  return stem(a.documentName) === stem(b.documentName) && unspacedShare(a.text) > 0.5 !== unspacedShare(b.text) > 0.5;
}

const stem = (name: string): string => name.normalize('NFKC').toLowerCase().replace(EXTENSION, '').replace(LANGUAGE, ' ').replace(/[^\p{L}\p{N}]+/gu, ' ').trim();

function cosine(a: Float32Array | undefined, b: Float32Array | undefined): number | undefined {
  if (!a || !b) return undefined;
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!;
  return sum;
}

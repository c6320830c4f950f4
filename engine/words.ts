import { isFunctionBigram, isFunctionCharacter, isStopWord } from './words/stop.ts';
import { folded, UNSPACED, visitTokens, type Column } from './words/tokens.ts';

/** A token of a question. */
export interface Term {
  token: string;
  column: Column;
  /** Asked for only when nothing else is left. */
  stop: boolean;
  /** How often the question says it: a long request repeats what it is about. */
  count: number;
  /** As the person wrote it. */
  text: string;
}

/** What the index stores of a text: tokens parted by spaces, and `length`, the number of tokens in `words`. */
export interface IndexedWords { words: string; characters: string; length: number }

/** The tokens of a text for the two columns of the index. */
export function indexWords(text: string): IndexedWords {
  const words: string[] = [];
  const characters: string[] = [];
  visitTokens(folded(text), (token, column) => { (column === 'words' ? words : characters).push(token); });
  return { words: words.join(' '), characters: characters.join(' '), length: words.length };
}

/** The tokens of column `words` of a text, in order: what `scoreWords` counts. */
export function wordTokens(text: string): string[] {
  const tokens: string[] = [];
  visitTokens(folded(text), (token, column) => { if (column === 'words') tokens.push(token); });
  return tokens;
}

/** How often each of `wanted` occurs in a text, whichever its column, and the number of tokens in `words`. */
export function countTerms(text: string, wanted: Map<string, number>): { counts: Float64Array; length: number } {
  const counts = new Float64Array(wanted.size);
  let length = 0;
  visitTokens(folded(text), (token, column) => {
    if (column === 'words') length++;
    const index = wanted.get(token);
    if (index !== undefined) counts[index]!++;
  });
  return { counts, length };
}

const RUNS = new RegExp(`(${UNSPACED.source}+)`, 'u');

/**
 * The terms of a question, each once with its count. A run of Chinese gives its bigrams, a lone character itself. English stop words
 * and Chinese function words are marked `stop`.
 */
export function questionWords(text: string): Term[] {
  const terms = new Map<string, Term>();
  let lone: Term | undefined;
  const add = (term: Term) => {
    const known = terms.get(term.token);
    if (known) known.count++;
    else terms.set(term.token, term);
  };
  const flush = () => { if (lone) add(lone); lone = undefined; };
  for (const piece of folded(text).split(RUNS)) {
    let bigrams = 0;
    visitTokens(piece, (token, column, start, end) => {
      const raw = piece.slice(start, end);
      if (column === 'characters') lone = { token, column, stop: isFunctionCharacter(token), count: 1, text: raw };
      else {
        bigrams++;
        const stop = UNSPACED.test(raw) ? isFunctionBigram(token) : isStopWord(raw.toLowerCase());
        add({ token, column, stop, count: 1, text: raw });
      }
    });
    if (bigrams > 0) lone = undefined;
    flush();
  }
  return [...terms.values()];
}

/** An FTS5 MATCH string that finds any of the terms in their columns. Safe against every input: tokens are quoted. */
export function ftsQuery(terms: readonly Pick<Term, 'token' | 'column'>[]): string {
  if (terms.length === 0) return '""';
  return terms.map(({ token, column }) => `${column} : "${token.replaceAll('"', '""')}"`).join(' OR ');
}

/** Above this many chunks a common term costs more than it tells: FTS5 scores every chunk that holds it. */
const LARGE = 20_000;
const COMMON = 0.05;
const RAREST = 6;

/**
 * The terms worth asking the index for. Stop words go if anything else is found; in a large library so do terms in more
 * than 5 % of the chunks and all but the six rarest.
 * @param df number of chunks a token occurs in
 * @param total number of chunks
 */
export function rarestTerms(terms: readonly Term[], df: (token: string) => number, total: number): Term[] {
  const found = terms.filter((term) => df(term.token) > 0);
  const informative = found.some((term) => !term.stop) ? found.filter((term) => !term.stop) : found;
  if (total <= LARGE) return informative;
  const ascending = informative.toSorted((a, b) => df(a.token) - df(b.token));
  const rare = ascending.filter((term) => df(term.token) <= total * COMMON);
  return (rare.length > 0 ? rare : ascending.slice(0, 2)).slice(0, RAREST);
}

// ── Score ───────────────────────────────────────────────────────────────────────────────────────────────────

const K1 = 0.9;
const B = 0.4;
/** Ten chunks say little of how common a word is: so many without any of the question's words are imagined beside them. */
const IMAGINED = 100;

export interface WordStatistics {
  /** Number of chunks a token occurs in. */
  df: (token: string) => number;
  /** Number of chunks. */
  total: number;
  /** Mean of `IndexedWords.length`. */
  averageLength: number;
}

export interface WordScore<Id> {
  id: Id;
  /** BM25, each term as often as the question says it. */
  score: number;
  /** `score` in rare words: 1 is what a text that repeats one rare word could reach. Comparable between questions and libraries. */
  evidence: number;
  /** `score` over what a text made of the question's terms alone could reach, 0…1. */
  share: number;
  /** Share of the question's information the text covers, 0…1: idf of the informative terms in it over idf of all. */
  coverage: number;
  /** The question's words that were found, as written. */
  matched: string[];
}

/** Robertson's idf in the form that is never negative. */
export function inverseDocumentFrequency(df: number, total: number): number {
  return Math.log(1 + Math.max(0, total - df + 0.5) / (df + 0.5));
}

/** Exact BM25 (k1 0.9, b 0.4: Anserini's) of a question's terms in texts, best first. A title counts as text. */
export function scoreWords<Id>(
  terms: readonly Term[],
  candidates: readonly { id: Id; text: string; title?: string }[],
  { df, total, averageLength }: WordStatistics,
): WordScore<Id>[] {
  const used = terms.some((term) => !term.stop) ? terms.filter((term) => !term.stop) : terms;
  const wanted = new Map(used.map((term, i) => [term.token, i]));
  // A word no text has says no more than one that a single text has: in a small library it would outweigh all others.
  const idf = used.map((term) => inverseDocumentFrequency(Math.max(1, df(term.token)), total + IMAGINED));
  const highest = used.reduce((sum, term, i) => sum + idf[i]! * term.count * (K1 + 1), 0);
  const rare = inverseDocumentFrequency(1, total + IMAGINED) * (K1 + 1);
  const information = idf.reduce((sum, value) => sum + value, 0);
  const scores = candidates.map(({ id, text, title }) => {
    const { counts, length } = countTerms(title ? `${title}\n${text}` : text, wanted);
    const norm = K1 * (1 - B + (B * length) / Math.max(1, averageLength));
    let score = 0;
    let covered = 0;
    const matched: string[] = [];
    for (let i = 0; i < used.length; i++) {
      const count = counts[i]!;
      if (count === 0) continue;
      score += (idf[i]! * used[i]!.count * count * (K1 + 1)) / (count + norm);
      covered += idf[i]!;
      matched.push(used[i]!.text);
    }
    return { id, score, evidence: score / rare, share: highest > 0 ? score / highest : 0, coverage: information > 0 ? covered / information : 0, matched };
  });
  return scores.sort((a, b) => b.score - a.score);
}

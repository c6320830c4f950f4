import type { Block, Hit } from './api.ts';
import { directness, isQuestion, leansBack } from './extract/clues.ts';
import { statementsOf, type Statement } from './extract/statements.ts';
import { RELEVANT } from './rank.ts';
import { countTerms, inverseDocumentFrequency, questionWords, wordTokens, type Term } from './words.ts';

/**
 * Answers without a language model: the best statements of the best chunks, in the words and the language of the
 * sources, each with the very span it was taken from.
 */

export interface ExtractOptions {
  /** The blocks of a hit's document, in order. */
  blocks: (hit: Hit) => readonly Block[];
  /** Number of chunks a token occurs in, and number of chunks; without them every term weighs the same. */
  statistics?: { df: (token: string) => number; total: number };
  /** Unit vectors of texts, the question first; meaning counts if given. */
  embed?: (question: string, statements: string[]) => Promise<readonly Float32Array[]>;
  /** Hits below are no answer; `RELEVANT` if absent. */
  threshold?: number;
}

/** `hit` is an index into the hits given; offsets are of the document's text, `quote` is the text between them. */
export interface Evidence { hit: number; start: number; end: number; quote: string }

export interface Extracted { text: string; citations: Evidence[]; /** Starts a new paragraph. */ opens?: boolean }

export interface Extract { outcome: 'answered' | 'not-found'; sentences: Extracted[] }

/** Hits that are read for statements, and statements in an answer. */
const READ = 8;
const MOST = 5;
/** A statement joins the answer if it scores this share of the best one; a second one may be weaker. */
const KEEP = 0.7;
const KEEP_SECOND = 0.55;
/** Statements that share this much of their words say the same. */
const SAME = 0.75;

interface Scored extends Statement {
  score: number;
  tokens: Set<string>;
  /** The question's terms in its own words. */
  asked: Set<string>;
  also: Statement[];
}

/** Makes an answer of hits, best first; `not-found` where no hit is relevant enough. */
export async function extract(question: string, hits: readonly Hit[], options: ExtractOptions): Promise<Extract> {
  const relevant = hits.slice(0, READ).map((hit, index) => ({ hit, index })).filter(({ hit }) => hit.relevance >= (options.threshold ?? RELEVANT));
  const statements = relevant.flatMap(({ hit, index }) => statementsOf(hit, index, options.blocks(hit)));
  if (statements.length === 0) return { outcome: 'not-found', sentences: [] };
  const scored = merged(await scoredStatements(question, statements, hits, options));
  return { outcome: 'answered', sentences: inReadingOrder(chosen(scored, statements)) };
}

// ── Score ───────────────────────────────────────────────────────────────────────────────────────────────────

async function scoredStatements(question: string, statements: Statement[], hits: readonly Hit[], options: ExtractOptions): Promise<Scored[]> {
  const all = questionWords(question);
  const terms = all.some((term) => !term.stop) ? all.filter((term) => !term.stop) : all;
  const wanted = new Map(terms.map((term, i) => [term.token, i]));
  const weights = weightsOf(terms, options.statistics);
  const vectors = await options.embed?.(question, statements.map(({ text }) => text));
  return statements.map((statement, i) => {
    const own = countTerms(statement.text, wanted).counts;
    const around = countTerms(statement.context, wanted).counts;
    // What the heading above already says counts half.
    const covered = weights.reduce((sum, weight, t) => sum + weight * (own[t]! > 0 ? 1 : around[t]! > 0 ? 0.5 : 0), 0);
    const meaning = vectors ? Math.max(0, dot(vectors[0]!, vectors[i + 1]!)) : 0;
    const tokens = new Set(wordTokens(statement.text));
    let score = (covered + 0.5 * meaning + directness(question, terms, statement.text)) * (0.5 + hits[statement.hit]!.relevance / 2);
    if (isQuestion(statement.text)) score *= 0.3;
    if (tokens.size < 4) score *= 0.6;
    return { ...statement, score, tokens, asked: new Set(terms.flatMap(({ token }, t) => (own[t]! > 0 ? [token] : []))), also: [] };
  });
}

/** The share each term has in the question's information. */
function weightsOf(terms: Term[], statistics: ExtractOptions['statistics']): number[] {
  const idf = terms.map(({ token }) => (statistics ? inverseDocumentFrequency(statistics.df(token), statistics.total) : 1));
  const sum = idf.reduce((total, value) => total + value, 0) || 1;
  return idf.map((value) => value / sum);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

// ── Choice ──────────────────────────────────────────────────────────────────────────────────────────────────

/** Best first; statements that say the same become one with several sources. */
function merged(scored: Scored[]): Scored[] {
  const kept: Scored[] = [];
  for (const statement of scored.toSorted((a, b) => b.score - a.score)) {
    const same = kept.find((other) => overlap(other.tokens, statement.tokens) >= SAME && agree(other.tokens, statement.tokens));
    if (!same) kept.push(statement);
    else if (same.kind === statement.kind && !same.also.some((other) => sameSpan(other, statement)) && !sameSpan(same, statement)) same.also.push(statement);
  }
  return kept;
}

function sameSpan(a: Statement, b: Statement): boolean {
  return a.document === b.document && a.start === b.start && a.end === b.end;
}

/** In a figure or a “not” that only one of two statements has, they say different things, however alike they are. */
const DECIDES = /\p{N}|^(?:not|no|never|nor|without|cannot)$|[不没未无非勿一二三四五六七八九十百千万两]/u;

function agree(a: Set<string>, b: Set<string>): boolean {
  const only = (these: Set<string>, others: Set<string>): boolean => [...these].some((token) => DECIDES.test(token) && !others.has(token));
  return !only(a, b) && !only(b, a);
}

/** Jaccard. */
function overlap(a: Set<string>, b: Set<string>): number {
  let both = 0;
  for (const token of a) if (b.has(token)) both++;
  return both / Math.max(1, a.size + b.size - both);
}

/** The best statements, and before one that leans on the sentence before it ("It was …") that sentence. */
function chosen(best: Scored[], statements: Statement[]): Scored[] {
  const top = best[0]!;
  const taken: Scored[] = [];
  for (const statement of best) {
    if (taken.length >= MOST) break;
    if (statement.score < top.score * (taken.length === 1 ? KEEP_SECOND : KEEP)) break;
    if (taken.some((other) => sameSpan(other, statement) || answersFor(other, statement))) continue;
    taken.push(statement);
    const before = statements[statements.findIndex((other) => sameSpan(other, statement)) - 1];
    if (taken.length >= MOST || !before || before.block !== statement.block || before.document !== statement.document) continue;
    if (leansBack(statement.text) && !taken.some((other) => sameSpan(other, before))) {
      taken.push(best.find((other) => sameSpan(other, before)) ?? { ...before, score: 0, tokens: new Set(), asked: new Set(), also: [] });
    }
  }
  return taken;
}

/** Of rows of one table that have the question's words in common, the one that has more of them is what is asked for: London's, not Lisbon's. */
function answersFor(one: Scored, other: Scored): boolean {
  return one.kind === 'row' && other.kind === 'row' && one.document === other.document && one.block === other.block && one.asked.size > other.asked.size && [...other.asked].every((term) => one.asked.has(term));
}

/** Documents in the order of their best statement, within a document as it is written. */
function inReadingOrder(statements: Scored[]): Extracted[] {
  const documents = [...new Set(statements.map((statement) => statement.document))];
  const ordered = statements.toSorted((a, b) => documents.indexOf(a.document) - documents.indexOf(b.document) || a.start - b.start);
  return ordered.map((statement, i) => {
    const before = ordered[i - 1];
    const opens = before !== undefined && (before.document !== statement.document || before.context !== statement.context || statement.kind !== 'sentence');
    const citations = [statement, ...statement.also].map(({ hit, start, end, quote }) => ({ hit, start, end, quote }));
    return { text: statement.text, citations, ...(opens && { opens }) };
  });
}

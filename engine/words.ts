import { simplified } from './words/simplified.ts';
import { isFunctionBigram, isFunctionCharacter, isStopWord } from './words/stop.ts';

/**
 * One way to cut text into tokens, for the index, the question and the score alike.
 *
 * English and other spaced scripts become words: NFKC, lower case, no diacritics, singular. An identifier is kept whole
 * and given in its parts (`enableMemPattern` → enablemempattern enable mem pattern; `v5.4.0` → 5p4p0 5p4 5). Chinese and
 * Japanese have no spaces: a run of them becomes its overlapping bigrams, in simplified characters, and beside them, for
 * questions of one character, its single characters in a column of their own. Tokens hold letters and digits only, so
 * that FTS5's unicode61 takes each as it is.
 */

/** The two columns of the full-text index. */
export type Column = 'words' | 'characters';

/** A token of a question. `text` is what the person wrote; `stop` words are asked for only when nothing else is left. */
export interface Term { token: string; column: Column; stop: boolean; text: string }

/** What the index stores of a text: tokens parted by spaces, and `length`, the number of tokens in `words`. */
export interface IndexedWords { words: string; characters: string; length: number }

const OTHER = 1;
const LETTER = 2;
const WIDE = 3;
const kinds = new Uint8Array(0x10000);

/** Whether a UTF-16 unit is a letter or digit of a spaced script, of an unspaced one (CJK), or neither. */
function kindOf(unit: number): number {
  const known = kinds[unit]!;
  return known !== 0 ? known : (kinds[unit] = findKind(unit));
}

function findKind(unit: number): number {
  // Surrogates: nearly every letter beyond the basic plane is a rare Han character.
  if (unit >= 0xd800 && unit <= 0xdfff) return WIDE;
  const character = String.fromCharCode(unit);
  if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}ー]/u.test(character)) {
    return /[\p{L}\p{N}]/u.test(character) ? WIDE : OTHER;
  }
  // Unicode made letters of these after version 6.1, the one unicode61 knows.
  if (/[\u19b0-\u19c9\u1cf2\u1cf3]/.test(character)) return OTHER;
  return /[\p{L}\p{N}\u0300-\u036f]/u.test(character) ? LETTER : OTHER;
}

const JOINER = /['’.\-_]/;

/** Calls `visit` with each token of a text, in order. Bigrams and words go to column `words`. */
function visitTokens(text: string, visit: (token: string, column: Column, raw: string) => void): void {
  const plain = isAscii(text) ? text : text.normalize('NFKC');
  const end = plain.length;
  let at = 0;
  while (at < end) {
    const kind = kindOf(plain.charCodeAt(at));
    if (kind === OTHER) { at++; continue; }
    const from = at;
    if (kind === WIDE) {
      while (at < end && kindOf(plain.charCodeAt(at)) === WIDE) at++;
      visitRun(plain.slice(from, at), visit);
      continue;
    }
    for (;;) {
      while (at < end && kindOf(plain.charCodeAt(at)) === LETTER) at++;
      if (at + 1 < end && JOINER.test(plain[at]!) && kindOf(plain.charCodeAt(at + 1)) === LETTER) at++;
      else break;
    }
    if (plain.startsWith('++', at)) at += 2;
    else if (plain[at] === '#' && at - from === 1) at++;
    const raw = plain.slice(from, at);
    for (const token of tokensOf(raw)) visit(token, 'words', raw);
  }
}

function visitRun(run: string, visit: (token: string, column: Column, raw: string) => void): void {
  const folded = simplified(run);
  const astral = /[\ud800-\udfff]/.test(folded);
  const characters = astral ? [...folded] : folded;
  const originals = astral ? [...run] : run;
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]!;
    visit(astral ? safe(character) : character, 'characters', originals[i]!);
    if (i + 1 === characters.length) break;
    const next = characters[i + 1]!;
    visit(astral ? safe(character) + safe(next) : character + next, 'words', originals[i]! + originals[i + 1]!);
  }
}

/** unicode61 knows the characters of Unicode 6.1; later ones are spelt as their code point. */
function safe(character: string): string {
  return character.length === 1 ? character : `u${character.codePointAt(0)!.toString(16)}`;
}

function isAscii(text: string): boolean {
  return /^[\x00-\x7f]*$/.test(text);
}

// ── Words ───────────────────────────────────────────────────────────────────────────────────────────────────

const REMEMBERED = 50_000;
const remembered = new Map<string, string[]>();

/** The tokens of one word or identifier as written; texts repeat their words, so they are remembered. */
function tokensOf(raw: string): string[] {
  const known = remembered.get(raw);
  if (known) return known;
  if (remembered.size >= REMEMBERED) remembered.clear();
  const tokens = findTokens(raw);
  remembered.set(raw, tokens);
  return tokens;
}

function findTokens(raw: string): string[] {
  if (/^[a-z]+$/.test(raw)) return [singular(raw)];
  const version = /^v?(\d+(?:\.\d+)+)$/i.exec(raw);
  if (version) return prefixes(version[1]!.split('.'));
  if (raw.endsWith('++')) return [`${fold(raw.slice(0, -2))}plusplus`];
  if (raw.endsWith('#')) return [`${fold(raw.slice(0, -1))}sharp`];
  const word = raw.replace(/['’]s$/i, '').replace(/['’]/g, '');
  const parts = word.split(/[._-]/).flatMap(humps).map(fold).filter((part) => part !== '');
  if (parts.length === 0) return [];
  if (parts.length === 1) return [singular(parts[0]!)];
  const whole = singular(parts.join(''));
  return [...new Set([whole, ...parts.filter((part) => part.length > 2 || /^\d+$/.test(part)).map(singular)])];
}

/** `5.4.0` is also found by `5.4` and by `5`. The point is written p, for 5.4 is not 54. */
function prefixes(numbers: string[]): string[] {
  return numbers.map((_, i) => numbers.slice(0, numbers.length - i).join('p'));
}

/** The humps of camel case: `XMLHttpRequest` → XML Http Request. */
function humps(word: string): string[] {
  return word.split(/(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll}{2})/u);
}

/** Lower case without diacritics, letters and digits only. */
function fold(word: string): string {
  if (/^[A-Za-z0-9]*$/.test(word)) return word.toLowerCase();
  return word.toLowerCase().normalize('NFD').replace(/[\u0300-\u036f]/g, '').normalize('NFC').replace(/ς/g, 'σ');
}

/**
 * The light plural rule: Harman's S-stemmer, and `e` after a hiss dropped with or without the s, so that cache and
 * caches, match and matches meet. Applied until nothing changes, hence idempotent.
 */
export function singular(word: string): string {
  for (let now = word; ;) {
    const next = once(now);
    if (next === now) return now;
    now = next;
  }
}

function once(word: string): string {
  if (word.length < 4 || !/^[a-z]+$/.test(word)) return word;
  if (/[^ae]ies$/.test(word)) return word.length > 4 ? `${word.slice(0, -3)}y` : word.slice(0, -1);
  if (/[^suaio]s$/.test(word) || /[^u]os$/.test(word)) return word.slice(0, -1);
  if (/(?:[sxz]|[cs]h)e$/.test(word)) return word.slice(0, -1);
  return word;
}

// ── Index, question, query ──────────────────────────────────────────────────────────────────────────────────

/** The tokens of a text for the two columns of the index. */
export function indexWords(text: string): IndexedWords {
  const words: string[] = [];
  const characters: string[] = [];
  visitTokens(text, (token, column) => { (column === 'words' ? words : characters).push(token); });
  return { words: words.join(' '), characters: characters.join(' '), length: words.length };
}

/** The tokens of column `words` of a text, in order: what `scoreWords` counts. */
export function wordTokens(text: string): string[] {
  const tokens: string[] = [];
  visitTokens(text, (token, column) => { if (column === 'words') tokens.push(token); });
  return tokens;
}

/** How often each of `wanted` occurs in a text, whichever its column, and the number of tokens in `words`. */
export function countTokens(text: string, wanted: Map<string, number>): { counts: Float64Array; length: number } {
  const counts = new Float64Array(wanted.size);
  let length = 0;
  visitTokens(text, (token, column) => {
    if (column === 'words') length++;
    const index = wanted.get(token);
    if (index !== undefined) counts[index]!++;
  });
  return { counts, length };
}

/**
 * The terms of a question, each once. A run of Chinese gives its bigrams, a lone character itself. English stop words
 * and Chinese function words are marked `stop`.
 */
export function questionWords(text: string): Term[] {
  const terms = new Map<string, Term>();
  let lone: Term | undefined;
  const add = (term: Term) => { if (!terms.has(term.token)) terms.set(term.token, term); };
  const flush = () => { if (lone) add(lone); lone = undefined; };
  for (const piece of text.normalize('NFKC').split(/([\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}ー]+)/u)) {
    let bigrams = 0;
    visitTokens(piece, (token, column, raw) => {
      if (column === 'characters') lone = { token, column, stop: isFunctionCharacter(token), text: raw };
      else {
        bigrams++;
        add({ token, column, text: raw, stop: kindOf(token.charCodeAt(0)) === WIDE ? isFunctionBigram(token) : isStopWord(raw.toLowerCase()) });
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
  /** BM25. */
  score: number;
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
  const idf = used.map((term) => inverseDocumentFrequency(df(term.token), total));
  const information = idf.reduce((sum, value) => sum + value, 0);
  const scores = candidates.map(({ id, text, title }) => {
    const { counts, length } = countTokens(title ? `${title}\n${text}` : text, wanted);
    const norm = K1 * (1 - B + (B * length) / Math.max(1, averageLength));
    let score = 0;
    let covered = 0;
    const matched: string[] = [];
    for (let i = 0; i < used.length; i++) {
      const count = counts[i]!;
      if (count === 0) continue;
      score += (idf[i]! * count * (K1 + 1)) / (count + norm);
      covered += idf[i]!;
      matched.push(used[i]!.text);
    }
    return { id, score, coverage: information > 0 ? covered / information : 0, matched };
  });
  return scores.sort((a, b) => b.score - a.score);
}

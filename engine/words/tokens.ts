import { simplified } from './simplified.ts';

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

/** A character of a script written without spaces. */
export const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}ー]/u;

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
  if (UNSPACED.test(character)) {
    return /[\p{L}\p{N}]/u.test(character) ? WIDE : OTHER;
  }
  // Unicode made letters of these after version 6.1, the one unicode61 knows.
  if (/[\u19b0-\u19c9\u1cf2\u1cf3]/.test(character)) return OTHER;
  return /[\p{L}\p{N}\u0300-\u036f]/u.test(character) ? LETTER : OTHER;
}

const JOINER = /['’.\-_]/;

/** What is called with each token, and where it stands in the text after NFKC. */
export type Visit = (token: string, column: Column, start: number, end: number) => void;

/** Calls `visit` with each token of a text, which must be in NFKC. Bigrams and words go to column `words`. */
export function visitTokens(text: string, visit: Visit): void {
  const end = text.length;
  let at = 0;
  while (at < end) {
    const kind = kindOf(text.charCodeAt(at));
    if (kind === OTHER) { at++; continue; }
    const from = at;
    if (kind === WIDE) {
      while (at < end && kindOf(text.charCodeAt(at)) === WIDE) at++;
      visitRun(text.slice(from, at), from, visit);
      continue;
    }
    for (;;) {
      while (at < end && kindOf(text.charCodeAt(at)) === LETTER) at++;
      if (at + 1 < end && JOINER.test(text[at]!) && kindOf(text.charCodeAt(at + 1)) === LETTER) at++;
      else break;
    }
    if (text.startsWith('++', at)) at += 2;
    else if (text[at] === '#' && at - from === 1) at++;
    for (const token of tokensOf(text.slice(from, at))) visit(token, 'words', from, at);
  }
}

function visitRun(run: string, from: number, visit: Visit): void {
  const simple = simplified(run);
  const characters = /[\ud800-\udfff]/.test(simple) ? [...simple] : simple;
  let at = from;
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]!;
    const next = characters[i + 1];
    const end = at + character.length;
    visit(safe(character), 'characters', at, end);
    if (next !== undefined) visit(safe(character) + safe(next), 'words', at, end + next.length);
    at = end;
  }
}

/** unicode61 knows the characters of Unicode 6.1; later ones are spelt as their code point. */
function safe(character: string): string {
  return character.length === 1 ? character : `u${character.codePointAt(0)!.toString(16)}`;
}

/** NFKC: one form for full width, ligatures and composed letters. */
export function folded(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : text.normalize('NFKC');
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

import type { Citation, Sentence } from '../../engine/api.ts';

/** The sentences by paragraph. */
export function paragraphs(sentences: readonly Sentence[]): Sentence[][] {
  const result: Sentence[][] = [];
  for (const sentence of sentences) {
    if (sentence.opens || result.length === 0) result.push([]);
    result.at(-1)!.push(sentence);
  }
  return result;
}

/** Longest last word, in letters, that is kept on one line with the numbers after it. */
const LONGEST_TAIL = 16;

/** A sentence and its last word, or its last letters where words are not parted; numbers stay with the latter. */
export function parted(text: string): [head: string, tail: string] {
  const word = text.search(/[^\s\p{Script=Han}]+$/u);
  let cut = word > 0 && text.length - word <= LONGEST_TAIL && /\s/.test(text[word - 1]!) ? word : Math.max(0, text.length - 2);
  if (/^[\uDC00-\uDFFF]/.test(text.slice(cut))) cut--; // Not through the middle of a letter of two units.
  return [text.slice(0, cut), text.slice(cut)];
}

/** A sentence that rests on several places of one chunk shows its number once. */
export function eachOnce(citations: readonly Citation[]): Citation[] {
  return [...new Map(citations.toReversed().map((citation) => [citation.number, citation])).values()].reverse();
}

/** Chinese punctuation brings its own space. */
export function closesItself(text: string): boolean {
  return /[。！？；：，、”’」』）】》]$/u.test(text.trim());
}

/**
 * Chinese is matched in pairs of letters. 远程, 程办, 办公 are said as 远程办公 where `text` says so too, and a letter of
 * that is not said again.
 */
export function joinedTerms(terms: readonly string[], text: string): string[] {
  const result: string[] = [];
  for (const term of terms) {
    const before = result.at(-1);
    const isChinese = /^\p{Script=Han}+$/u.test(term);
    if (isChinese && before?.includes(term)) continue;
    const longer = before?.endsWith(term[0]!) ? before + term.slice(1) : undefined;
    if (isChinese && longer && text.includes(longer)) result[result.length - 1] = longer;
    else result.push(term);
  }
  return result;
}

/** Where sentences end, in Chinese and English alike. */

export interface Span { start: number; end: number }

/** Abbreviations whose full stop ends no sentence. */
const ABBREVIATIONS = new Set(`mr mrs ms dr prof sr jr st mt vs etc e.g i.e eg ie cf al fig figs eq eqs sec ch vol no nos pp p
ed eds inc ltd co corp dept univ approx est ca c.f jan feb mar apr jun jul aug sep sept oct nov dec a.m p.m u.s u.k ph.d
ver v art arts ref refs tab resp`.split(/\s+/));

/** Ends a sentence wherever it stands. */
const WIDE_END = '。！？；…｡';
const CLOSERS = '”’」』）》】〕"\')]}»';
const FOOTNOTES = /(?:\[\d{1,3}\])*/y;

/**
 * Cuts `text.slice(start, end)` into sentences that touch: they cover every character, white space after a sentence
 * belongs to it. A blank line always ends one; a single line break does where `lines` says so (lists, tables, code).
 */
export function sentences(text: string, start = 0, end = text.length, lines = false): Span[] {
  const spans: Span[] = [];
  let from = start;
  let at = start;
  while (at < end) {
    const next = endAfter(text, from, at, end, lines);
    if (next === 0) { at++; continue; }
    at = next;
    while (at < end && isSpace(text.charCodeAt(at))) at++;
    spans.push({ start: from, end: at });
    from = at;
  }
  if (from < end) spans.push({ start: from, end });
  return spans;
}

/** The offset after the sentence end at `at`, closing quotes and brackets included; 0 where no sentence ends. */
function endAfter(text: string, from: number, at: number, end: number, lines: boolean): number {
  const unit = text.charCodeAt(at);
  // Letters, digits, spaces and Han, nearly every character, end nothing.
  if (unit === 32 || (unit >= 47 && unit < 63 && unit !== 33) || (unit > 63 && unit < 0x2026) || (unit > 0x3002 && unit < 0xff00)) return 0;
  const mark = text[at]!;
  if (mark === '\n') return lines || text[at + 1] === '\n' ? at + 1 : 0;
  const wide = WIDE_END.includes(mark);
  if (!wide && mark !== '.' && mark !== '!' && mark !== '?') return 0;
  let after = at + 1;
  while (after < end && (WIDE_END + '.!?').includes(text[after]!)) after++;
  while (after < end && CLOSERS.includes(text[after]!)) after++;
  const bare = after === at + 1;
  // The number of a footnote belongs to the sentence before it: “… the Land of Heroes.[24] Within …”.
  FOOTNOTES.lastIndex = after;
  after = Math.min(end, after + FOOTNOTES.exec(text)![0].length);
  if (wide) return after;
  // ASCII marks end a sentence only before white space, the end, or Chinese.
  if (after < end && !isSpace(text.charCodeAt(after)) && text.charCodeAt(after) < 0x2e80) return 0;
  if (mark === '.' && bare && !endsSentence(text, from, at, after, end)) return 0;
  return after;
}

/** Whether the full stop at `at`, with its footnotes up to `after`, ends a sentence, and not an abbreviation, an initial or a list number. */
function endsSentence(text: string, from: number, at: number, after: number, end: number): boolean {
  let begin = at;
  while (begin > from && at - begin < 12 && /[\p{L}\p{N}.]/u.test(text[begin - 1]!)) begin--;
  const word = text.slice(begin, at);
  if (begin === from && /^(?:\d{1,3}|[a-zA-Z]|[ivxIVX]+)$/.test(word)) return false;
  let next = after;
  while (next < end && isSpace(text.charCodeAt(next))) next++;
  if (next >= end) return true;
  if (/\p{Ll}/u.test(text[next]!)) return false;
  if (/^\p{Lu}$/u.test(word)) return false;
  return !ABBREVIATIONS.has(word.toLowerCase());
}

function isSpace(unit: number): boolean {
  return unit === 32 || (unit >= 9 && unit <= 13) || unit === 0xa0 || unit === 0x3000 || unit === 0x2028 || unit === 0xfeff;
}

const CUTS = [/\n\s*/g, /[，,;；：:、—]\s*/g, /\s+/g];

/**
 * Cuts a span that is too long into pieces of at most `length` characters that touch: after a line break or else a clause mark
 * where one is in the second half of the piece, else after a space, else anywhere but inside a surrogate pair.
 */
export function pieces(text: string, { start, end }: Span, length: number): Span[] {
  const spans: Span[] = [];
  let from = start;
  while (end - from > length) {
    const cut = cutIn(text, from, from + length);
    spans.push({ start: from, end: cut });
    from = cut;
  }
  if (from < end) spans.push({ start: from, end });
  return spans;
}

function cutIn(text: string, from: number, to: number): number {
  const half = from + ((to - from) >> 1);
  for (const mark of CUTS) {
    let cut = 0;
    for (const match of text.slice(half, to).matchAll(mark)) cut = half + match.index + match[0].length;
    if (cut > from) return cut;
  }
  const low = text.charCodeAt(to);
  if (low < 0xdc00 || low > 0xdfff) return to;
  return to - 1 > from ? to - 1 : to + 1;
}

/** Text made comparable, and for each of its characters where it stood: `at[i]` is the offset of folded character i. */
export interface Folded { text: string; at: number[] }

const SPACE = /\s/;
const HYPHEN = /[-\u00ad\u2010-\u2015\u2212\uff0d]/;
const COMBINING = /\p{M}/u;
const WIDE = /[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]/;

/**
 * Folds case, accents, ligatures and full-width forms. `spaces: 'one'` keeps a run of white space as one space except
 * beside Chinese; `'none'` drops white space and hyphens altogether, so that a line end within a word does not matter.
 */
export function fold(text: string, spaces: 'one' | 'none'): Folded {
  let folded = '';
  const at: number[] = [];
  for (let i = 0; i < text.length;) {
    const point = String.fromCodePoint(text.codePointAt(i)!);
    if (SPACE.test(point)) {
      if (spaces === 'one' && folded !== '' && !folded.endsWith(' ')) { folded += ' '; at.push(i); }
    } else if (spaces === 'none' ? !HYPHEN.test(point) : point !== '\u00ad') {
      const plain = foldPoint(point);
      if (folded.endsWith(' ') && (WIDE.test(plain) || WIDE.test(folded.at(-2) ?? ''))) { folded = folded.slice(0, -1); at.pop(); }
      folded += plain;
      for (let k = 0; k < plain.length; k++) at.push(i);
    }
    i += point.length;
  }
  return { text: folded, at };
}

function foldPoint(point: string): string {
  if (point <= '~') return point.toLowerCase();
  if (point >= '\u4e00' && point <= '\u9fff') return point;
  let plain = '';
  for (const part of point.normalize('NFKD').toLowerCase()) if (!COMBINING.test(part)) plain += part;
  return plain;
}

/** The span of the unfolded text that folded characters `from`…`to` (exclusive) came from. */
export function unfold(folded: Folded, from: number, to: number, original: string): { start: number; end: number } {
  const last = folded.at[to - 1]!;
  return { start: folded.at[from]!, end: last + String.fromCodePoint(original.codePointAt(last)!).length };
}

/** The signs that GPT-2's vocabularies write bytes with (encoder.py, `bytes_to_unicode`). */
const BYTE_SIGNS: string[] = byteSigns();
const LONGEST = 48;

/**
 * Counts tokens at once, on this thread, where asking the model's process would take a round trip: the longest pieces of
 * the vocabulary from left to right. For word pieces (`bert`) this is the tokenizer itself; others choose among pieces
 * differently and end a few tokens in a hundred away.
 */
export function pieceCounter({ kind, pieces }: { kind: string; pieces: string[] }): (text: string) => number {
  const known = new Set(pieces);
  const longest = Math.min(LONGEST, pieces.reduce((most, piece) => Math.max(most, piece.length), 1));

  /** Pieces of a text from the left; what is none is unknown, or falls apart into bytes. */
  function count(text: string, inBytes: boolean): number {
    let found = 0;
    for (let at = 0; at < text.length; ) {
      let length = Math.min(longest, text.length - at);
      while (length > 0 && !known.has(text.slice(at, at + length))) length--;
      const missing = length === 0 ? String.fromCodePoint(text.codePointAt(at)!) : '';
      at += length + missing.length;
      found += inBytes && missing !== '' ? Buffer.byteLength(missing) : 1;
    }
    return found;
  }

  switch (kind) {
    case 'bert': return (text) => wordsOf(text).reduce((sum, word) => sum + wordPieces(word, known), 0);
    case 'gpt2': return (text) => count(Array.from(Buffer.from(text), (byte) => BYTE_SIGNS[byte]!).join(''), false);
    case 't5': return (text) => count(`▁${text.trim().replaceAll(/\s+/g, '▁')}`, false);
    default: return (text) => count(text.replaceAll(' ', '▁'), true);
  }
}

/** As BERT cuts a text before it looks for pieces: no accents, lower case, signs and Chinese characters by themselves. */
function wordsOf(text: string): string[] {
  return text.normalize('NFD').replaceAll(/\p{Mn}/gu, '').toLowerCase().match(/\p{Script=Han}|[\p{P}\p{S}]|[^\s\p{P}\p{S}\p{Script=Han}]+/gu) ?? [];
}

/** How many pieces a word is: the first with ▁ before it, the others without; one, the unknown, where it cannot be cut. */
function wordPieces(word: string, known: Set<string>): number {
  let found = 0;
  for (let at = 0; at < word.length; found++) {
    let end = word.length;
    while (end > at && !known.has((at === 0 ? '▁' : '') + word.slice(at, end))) end--;
    if (end === at) return 1;
    at = end;
  }
  return found;
}

function byteSigns(): string[] {
  const printable = (byte: number): boolean => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let others = 0;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : 256 + others++));
}

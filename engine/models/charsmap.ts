/**
 * SentencePiece's table of normalisations (`precompiled_charsmap`: NFKC with changes of its own), as the tokenizers of XLM-R and
 * T5 carry it: a double-array trie (https://github.com/s-yata/darts-clone) over UTF-8 from what is replaced to where in a
 * block of texts its replacement stands. Applied as Hugging Face's tokenizers do: to whole graphemes of fewer than six bytes,
 * else to each character; where several beginnings are in the table the shortest counts.
 */
export class Charsmap {
  private readonly units: DataView;
  private readonly texts: Uint8Array;
  private readonly known = new Map<string, string>();
  private readonly graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

  /** From base64. Throws where it is no such table. */
  constructor(base64: string) {
    const bytes = Buffer.from(base64, 'base64');
    const length = bytes.length < 4 ? Infinity : bytes.readUInt32LE(0);
    if (length + 4 > bytes.length || length % 4 !== 0) throw new Error('its table of normalisations (precompiled_charsmap) is damaged.');
    this.units = new DataView(bytes.buffer, bytes.byteOffset + 4, length);
    this.texts = bytes.subarray(4 + length);
  }

  normalise(text: string): string {
    // What is in no table, and no mark that joins what stands before it behind it, need not be looked at.
    return text.replace(CHANGEABLE, (part) => {
      let normal = '';
      for (const { segment } of this.graphemes.segment(part)) normal += this.grapheme(segment);
      return normal;
    });
  }

  private grapheme(grapheme: string): string {
    const known = this.known.get(grapheme);
    if (known !== undefined) return known;
    const whole = Buffer.byteLength(grapheme) < LONG ? this.find(grapheme) : undefined;
    const normal = whole ?? Array.from(grapheme, (character) => this.find(character) ?? character).join('');
    if (this.known.size >= REMEMBERED) this.known.clear();
    this.known.set(grapheme, normal);
    return normal;
  }

  /** The replacement of the shortest beginning of a text that has one. */
  private find(text: string): string | undefined {
    let node = offset(this.unit(0));
    for (const byte of Buffer.from(text)) {
      if (byte === 0) return undefined;
      node ^= byte;
      const unit = this.unit(node);
      if ((unit & LABEL) !== byte) return undefined;
      node ^= offset(unit);
      if ((unit >>> 8) & 1) return this.textAt(this.unit(node) & 0x7fffffff);
    }
    return undefined;
  }

  private unit(index: number): number {
    const at = index * 4;
    return at + 4 <= this.units.byteLength ? this.units.getUint32(at, true) : 0;
  }

  private textAt(start: number): string {
    return new TextDecoder().decode(this.texts.subarray(start, this.texts.indexOf(0, start)));
  }
}

const LONG = 6;
const REMEMBERED = 10_000;
/** The bits a label lies in; the highest is set in leaves, which have none. */
const LABEL = 0x800000ff | 0;
const CHANGEABLE = /(?:[\x20-\x7e\u3400-\u4dbf\u4e00-\u9fff]?[^\x20-\x7e\u3400-\u4dbf\u4e00-\u9fff]+)+/gu;

function offset(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

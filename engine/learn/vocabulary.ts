import { Unigram, type UnigramFile } from '../models/unigram.ts';
import { isDictionary, type Pair } from './pairs.ts';
import { SIMPLIFIED, TRADITIONAL } from '../words/simplified.ts';

/**
 * Finds the vocabulary of the static embedder: whole English words and word pieces, Chinese words, characters, numbers.
 * Every piece will have one vector, so a piece should be a unit of meaning; Chinese words are found as runs of characters
 * that keep together (Jin & Tanaka-Ishii 2006 in spirit) or stand in a dictionary, and then kept if the likeliest cut uses them.
 */
export interface VocabularySizes {
  englishWords: number;
  englishPieces: number;
  chineseWords: number;
  numbers: number;
}

export const VOCABULARY_SIZES: VocabularySizes = { englishWords: 54_000, englishPieces: 6_000, chineseWords: 44_000, numbers: 1_500 };

const HAN = '㐀-䶿一-鿿豈-﫿々〇';
/** What a piece may span: Chinese runs, words of other letters, numbers, single symbols such as emoji. The rest is dropped. */
export const WORD_PATTERN = `[${HAN}]+|(?:(?![${HAN}])\\p{L})+|\\p{N}+|\\p{So}`;

/** Text looked at per pair, and Chinese characters kept for counting: enough for stable counts. */
const PASSAGE_CHARACTERS = 500;
const HAN_SAMPLE = 36_000_000;
/** Chinese is counted in every so many pairs, so that the sample spans the sources. */
const HAN_EVERY = 3;
const LONGEST_WORD = 6;
const LEAST_COUNT = 60;
/** Characters that no found (not dictionary) word begins or ends with: they belong to grammar. */
const GRAMMAR = new Set('的了是在和与及或而之其为被把将对从向也都就并但所以这那有不以于第一二三四五六七八九十条款项个');

/** Counts text pair by pair and in the end gives the tokenizer file. */
export class VocabularyBuilder {
  private readonly words = new Map<string, number>();
  private readonly numbers = new Map<string, number>();
  private readonly symbols = new Map<string, number>();
  private readonly han = new Uint16Array(HAN_SAMPLE);
  private hanLength = 0;
  private readonly dictionary = new Map<string, number>();
  private readonly pattern = new RegExp(WORD_PATTERN, 'gu');
  private readonly fold = new Map([...TRADITIONAL].map((from, i) => [from.charCodeAt(0), SIMPLIFIED.charCodeAt(i)]));

  /** `index` counts the pairs. */
  add(pair: Pair, index: number): void {
    const passage = pair.pos[0]!;
    const sampled = index % HAN_EVERY === 0 || pair.lang === 'en-zh';
    this.count(pair.query, sampled);
    this.count(passage.slice(0, PASSAGE_CHARACTERS), sampled);
    if (isDictionary(pair)) for (const word of pair.query.split(/[;；,，\s]+/)) this.addDictionaryWord(word, 10);
    else if (pair.task === 'title' && pair.lang !== 'en') for (const word of pair.query.split(/[\s（）()：:·《》]+/)) this.addDictionaryWord(word, 1);
    else if (pair.task === 'definition' && /^[a-z]+$/.test(pair.query)) this.words.set(pair.query, (this.words.get(pair.query) ?? 0) + 10);
  }

  private addDictionaryWord(word: string, weight: number): void {
    const normal = this.normalise(word).replace(new RegExp(`[^${HAN}]`, 'gu'), '');
    if (normal.length < 2 || normal.length > LONGEST_WORD) return;
    this.dictionary.set(normal, (this.dictionary.get(normal) ?? 0) + weight);
  }

  private normalise(text: string): string {
    const normal = text.normalize('NFKD').toLowerCase().replace(/\p{M}/gu, '').normalize('NFC');
    let folded = '';
    for (let i = 0; i < normal.length; i++) folded += String.fromCharCode(this.fold.get(normal.charCodeAt(i)) ?? normal.charCodeAt(i));
    return folded;
  }

  private count(text: string, sampleHan: boolean): void {
    const normal = text.normalize('NFKD').toLowerCase().replace(/\p{M}/gu, '').normalize('NFC');
    for (const [run] of normal.matchAll(this.pattern)) {
      const unit = run.charCodeAt(0);
      if (isHan(unit)) {
        if (!sampleHan || this.hanLength + run.length + 1 > HAN_SAMPLE) continue;
        for (let i = 0; i < run.length; i++) this.han[this.hanLength++] = this.fold.get(run.charCodeAt(i)) ?? run.charCodeAt(i);
        this.han[this.hanLength++] = 0;
      } else {
        const table = /^\p{N}/u.test(run) ? this.numbers : /^\p{So}/u.test(run) ? this.symbols : this.words;
        table.set(run, (table.get(run) ?? 0) + 1);
      }
    }
  }

  /** The tokenizer file; piece 0 stands for everything unknown. */
  build(sizes: VocabularySizes, log: (line: string) => void): UnigramFile {
    log(`${this.words.size} words, ${this.numbers.size} numbers, ${this.hanLength} Chinese characters, ${this.dictionary.size} dictionary words`);
    const english = this.englishPieces(sizes, log);
    const chinese = this.chinesePieces(sizes.chineseWords, log);
    const numbers = new Map(top(this.numbers, sizes.numbers, (number) => number.length <= 6));
    for (let digit = 0; digit < 100; digit++) for (const text of [String(digit), String(digit).padStart(2, '0')]) numbers.set(text, Math.max(50, numbers.get(text) ?? 0));
    const symbols = new Map(top(this.symbols, 400, (symbol) => this.symbols.get(symbol)! >= 20));
    return tokenizerFile([english, chinese, numbers, symbols]);
  }

  private englishPieces(sizes: VocabularySizes, log: (line: string) => void): Map<string, number> {
    const pieces = new Map(top(this.words, sizes.englishWords, (word) => word.length <= 20 && this.words.get(word)! >= 8));
    // Words outside the list are cut into their most frequent parts.
    const parts = new Map<string, number>();
    for (const [word, count] of this.words) {
      if (pieces.has(word) || word.length > 24 || !/^[a-z]+$/.test(word)) continue;
      for (let start = 0; start < word.length; start++) {
        for (let length = 2; length <= 6 && start + length <= word.length; length++) {
          const part = word.slice(start, start + length);
          parts.set(part, (parts.get(part) ?? 0) + count * length);
        }
      }
    }
    for (const [part, count] of top(parts, sizes.englishPieces, (part) => !pieces.has(part))) pieces.set(part, Math.max(8, count / 40));
    const letters = new Map<string, number>();
    for (const [word, count] of this.words) for (const letter of word) letters.set(letter, (letters.get(letter) ?? 0) + count);
    for (const [letter, count] of letters) if (count >= 30 && !pieces.has(letter)) pieces.set(letter, 8);
    log(`${pieces.size} pieces of words`);
    return pieces;
  }

  private chinesePieces(size: number, log: (line: string) => void): Map<string, number> {
    const counts = this.sequences();
    const characters = new Map<string, number>();
    for (let i = 0; i < this.hanLength; i++) {
      const unit = this.han[i]!;
      if (unit !== 0) characters.set(String.fromCharCode(unit), (characters.get(String.fromCharCode(unit)) ?? 0) + 1);
    }
    const candidates = this.candidates(counts, characters);
    log(`${counts.size} sequences, ${candidates.size} candidate words, ${characters.size} characters`);
    let pieces = new Map([...characters, ...candidates].filter(([piece, count]) => piece.length > 1 || count >= 2));
    for (let round = 0; round < 3; round++) {
      const used = this.segment(tokenizerFile([pieces]));
      const kept = top(used, size, (piece) => piece.length > 1 && (used.get(piece)! >= 12 || (this.dictionary.has(piece) && used.get(piece)! >= 4)));
      pieces = new Map(kept);
      for (const [character, count] of characters) if (count >= 2) pieces.set(character, Math.max(2, used.get(character) ?? 0));
      log(`round ${round}: ${kept.length} Chinese words, ${pieces.size - kept.length} characters`);
    }
    return pieces;
  }

  /** Runs of 2…4 characters (longer ones only from the dictionary) with their counts. */
  private sequences(): Map<string, number> {
    // First a table of counts by hash, where collisions only let a few too many through; then exact counts of what passed.
    const slots = 1 << 26;
    const approximate = new Uint16Array(slots);
    const hash = (start: number, length: number): number => {
      let h = length;
      for (let i = start; i < start + length; i++) h = Math.imul(h ^ this.han[i]!, 0x01000193) ^ (h >>> 13);
      return (Math.imul(h, 0x9e3779b1) >>> 0) & (slots - 1);
    };
    const walk = (visit: (start: number, length: number) => void): void => {
      for (let start = 0, end = 0; start < this.hanLength; start++) {
        if (end <= start) {
          end = start;
          while (end < this.hanLength && this.han[end] !== 0) end++;
        }
        for (let length = 2; length <= LONGEST_WORD && start + length <= end; length++) visit(start, length);
      }
    };
    walk((start, length) => {
      if (length > 4) return;
      const slot = hash(start, length);
      if (approximate[slot]! < 65535) approximate[slot]!++;
    });
    const counts = new Map<string, number>();
    const inDictionary = new Set([...this.dictionary].filter(([, weight]) => weight >= 2).map(([word]) => word));
    const hashes = new Uint8Array(slots);
    const hashText = (text: string): number => {
      let h = text.length;
      for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) ^ (h >>> 13);
      return (Math.imul(h, 0x9e3779b1) >>> 0) & (slots - 1);
    };
    for (const word of inDictionary) hashes[hashText(word)] = 1;
    walk((start, length) => {
      const slot = hash(start, length);
      if ((length > 4 || approximate[slot]! < LEAST_COUNT) && hashes[slot] === 0) return;
      const text = String.fromCharCode(...this.han.subarray(start, start + length));
      counts.set(text, (counts.get(text) ?? 0) + 1);
    });
    for (const [text, count] of counts) if (count < LEAST_COUNT && !inDictionary.has(text)) counts.delete(text);
    return counts;
  }

  private candidates(counts: Map<string, number>, characters: Map<string, number>): Map<string, number> {
    const total = this.hanLength;
    const frequency = (text: string): number => (text.length === 1 ? characters.get(text) : counts.get(text)) ?? 1;
    // A sequence that nearly always stands inside one longer sequence is a part of a word, not a word.
    const parts = new Set<string>();
    for (const [text, count] of counts) {
      if (text.length < 3 || text.length > 4) continue;
      for (const part of [text.slice(1), text.slice(0, -1)]) if (count > 0.7 * frequency(part)) parts.add(part);
    }
    const candidates = new Map<string, number>();
    for (const [text, count] of counts) {
      const listed = this.dictionary.get(text) ?? 0;
      if (listed >= 10 || (listed >= 3 && count >= 10)) {
        candidates.set(text, count);
        continue;
      }
      if (text.length > 4 || parts.has(text) || GRAMMAR.has(text[0]!) || GRAMMAR.has(text.at(-1)!)) continue;
      let cohesion = Infinity;
      for (let cut = 1; cut < text.length; cut++) cohesion = Math.min(cohesion, (count * total) / (frequency(text.slice(0, cut)) * frequency(text.slice(cut))));
      if (cohesion > (text.length === 2 ? 12 : 60)) candidates.set(text, count);
    }
    return candidates;
  }

  /** How often the likeliest cut of a third of the sample uses each piece. */
  private segment(file: UnigramFile): Map<string, number> {
    const unigram = new Unigram(file);
    const used = new Float64Array(file.model.vocab.length);
    for (let start = 0; start < this.hanLength; start += 3000) {
      const units = this.han.subarray(start, Math.min(start + 1500, this.hanLength));
      for (const id of unigram.encode(String.fromCharCode(...units))) used[id]!++;
    }
    return new Map(file.model.vocab.map(([piece], id) => [piece, used[id]!]));
  }
}

function isHan(unit: number): boolean {
  return (unit >= 0x3400 && unit <= 0x9fff && !(unit >= 0x4dc0 && unit <= 0x4dff)) || (unit >= 0xf900 && unit <= 0xfaff) || unit === 0x3005 || unit === 0x3007;
}

function top(counts: Map<string, number>, size: number, wanted: (text: string) => boolean): [string, number][] {
  return [...counts].filter(([text]) => wanted(text)).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, size);
}

/** A `tokenizer.json` that cuts by the likelihood of pieces; the scripts share no characters, so each is counted for itself. */
export function tokenizerFile(scripts: Map<string, number>[]): UnigramFile {
  const vocab: [string, number][] = [['[UNK]', 0]];
  for (const counts of scripts) {
    const total = [...counts.values()].reduce((sum, count) => sum + count + 0.5, 0);
    for (const [piece, count] of counts) vocab.push([piece, Math.round(Math.log((count + 0.5) / total) * 1000) / 1000]);
  }
  const replacements = [...TRADITIONAL].map((from, i) => ({ type: 'Replace', pattern: { String: from }, content: SIMPLIFIED[i]! }));
  const file = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: { type: 'Sequence', normalizers: [{ type: 'NFKD' }, { type: 'Lowercase' }, { type: 'StripAccents' }, { type: 'NFC' }, ...replacements] },
    pre_tokenizer: { type: 'Split', pattern: { Regex: WORD_PATTERN }, behavior: 'Removed', invert: true },
    post_processor: null,
    decoder: null,
    model: { type: 'Unigram', unk_id: 0, vocab, byte_fallback: false },
  };
  return file;
}

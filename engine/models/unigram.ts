/**
 * A fast path for Unigram tokenizers (Kudo 2018, https://arxiv.org/abs/1804.10959): the likeliest way to cut a text into
 * vocabulary pieces, by Viterbi over a trie in flat arrays. It reads the same `tokenizer.json` as any other code and gives
 * the same ids as the reference package, some hundred times faster; `unigram.test.ts` holds it to that.
 */

/** The parts of a `tokenizer.json` this path understands. */
export interface UnigramFile {
  normalizer: { type: string; normalizers?: NormalizerFile[] } | null;
  pre_tokenizer: { type: string; pattern?: { Regex?: string }; behavior?: string; invert?: boolean } | null;
  post_processor: unknown;
  added_tokens: unknown[];
  model: { type: string; vocab: [piece: string, score: number][]; unk_id: number };
}

interface NormalizerFile { type: string; pattern?: { String?: string; Regex?: string }; content?: string }

/** How words are cut is remembered, but of long ones, which seldom come back. */
const CACHED_WORD = 24;
const CACHE_ENTRIES = 50_000;
const UNKNOWN_PENALTY = 10;
const FORMS = { NFC: 'NFC', NFD: 'NFD', NFKC: 'NFKC', NFKD: 'NFKD' } as const;

/** Whether the fast path gives exactly what the file means; otherwise the reference package has to be used. */
export function isFastUnigram(file: UnigramFile): boolean {
  const split = file.pre_tokenizer;
  return file.model.type === 'Unigram' && file.added_tokens.length === 0 && file.post_processor === null
    && split?.type === 'Split' && split.pattern?.Regex !== undefined && split.invert === true && split.behavior === 'Removed'
    && file.normalizer?.type === 'Sequence' && (file.normalizer.normalizers ?? []).every(isKnown);
}

function isKnown(step: NormalizerFile): boolean {
  return step.type in FORMS || step.type === 'Lowercase' || step.type === 'StripAccents'
    || (step.type === 'Replace' && step.pattern?.String?.length === 1 && step.content?.length === 1);
}

/** Cuts texts into pieces. Call `isFastUnigram` first. */
export class Unigram {
  readonly size: number;
  private readonly unknown: number;
  private readonly unknownScore: number;
  private readonly scores: Float64Array;
  private readonly trie: Trie;
  private readonly pattern: RegExp;
  private readonly steps: ((text: string) => string)[] = [];
  /** Character folded to, by UTF-16 code unit; applied while walking the trie. */
  private readonly fold = new Uint16Array(65536);
  private readonly folded: number[] = [];
  private readonly words = new Map<string, number[]>();
  // Scratch of the Viterbi walk, grown as needed: best score, start and id of the last piece, by end offset.
  private best = new Float64Array(256);
  private start = new Int32Array(256);
  private last = new Int32Array(256);

  constructor(file: UnigramFile) {
    const vocabulary = file.model.vocab;
    this.size = vocabulary.length;
    this.unknown = file.model.unk_id;
    this.scores = Float64Array.from(vocabulary, ([, score]) => score);
    this.unknownScore = this.scores.reduce((least, score) => Math.min(least, score)) - UNKNOWN_PENALTY;
    this.scores[this.unknown] = this.unknownScore;
    this.trie = new Trie(vocabulary.map(([piece]) => piece));
    this.pattern = new RegExp(file.pre_tokenizer!.pattern!.Regex!, 'gu');
    for (let unit = 0; unit < 65536; unit++) this.fold[unit] = unit;
    for (const step of file.normalizer!.normalizers!) {
      if (step.type === 'Replace') this.addFold(step.pattern!.String!.charCodeAt(0), step.content!.charCodeAt(0));
      else if (step.type === 'Lowercase') this.steps.push((text) => text.toLowerCase());
      else if (step.type === 'StripAccents') this.steps.push((text) => text.replace(/\p{M}/gu, ''));
      else {
        const form = FORMS[step.type as keyof typeof FORMS];
        this.steps.push((text) => text.normalize(form));
      }
    }
  }

  /** Replacements run one after another: what an earlier one gave, a later one may change again. */
  private addFold(from: number, to: number): void {
    for (const unit of [from, ...this.folded]) if (this.fold[unit] === from) this.fold[unit] = to;
    this.folded.push(from);
  }

  /** Token ids of a text; at most `limit` of them. Neighbouring unknown pieces count as one, as in the reference. */
  encode(text: string, limit = Infinity): number[] {
    const ids: number[] = [];
    // Cut long texts before the work when only the beginning is wanted; 16 characters a token is more than any text has.
    let normal = limit === Infinity || text.length < limit * 16 ? text : text.slice(0, limit * 16);
    for (const step of this.steps) normal = step(normal);
    this.pattern.lastIndex = 0;
    for (let match = this.pattern.exec(normal); match !== null; match = this.pattern.exec(normal)) {
      for (const id of this.cut(match[0])) {
        if (id === this.unknown && ids.at(-1) === id) continue;
        ids.push(id);
      }
      if (ids.length >= limit) break;
    }
    if (ids.length > limit) ids.length = limit;
    return ids;
  }

  private cut(word: string): number[] {
    const known = this.words.get(word);
    if (known !== undefined) return known;
    const ids = this.viterbi(word);
    if (word.length <= CACHED_WORD) {
      if (this.words.size >= CACHE_ENTRIES) this.words.clear();
      this.words.set(word, ids);
    }
    return ids;
  }

  private viterbi(word: string): number[] {
    const length = word.length;
    if (this.best.length <= length) this.grow(length + 1);
    const { best, start, last, trie, fold, scores } = this;
    best.fill(-Infinity, 0, length + 1);
    best[0] = 0;
    for (let from = 0; from < length; from++) {
      const before = best[from]!;
      if (before === -Infinity) continue;
      const step = isPair(word, from) ? 2 : 1;
      let single = false;
      let node = 0;
      for (let at = from; at < length; at++) {
        node = trie.child(node, fold[word.charCodeAt(at)]!);
        if (node < 0) break;
        const id = trie.ids[node]!;
        if (id < 0) continue;
        const end = at + 1;
        if (end - from === step) single = true;
        const score = before + scores[id]!;
        if (score > best[end]!) {
          best[end] = score;
          start[end] = from;
          last[end] = id;
        }
      }
      const end = from + step;
      if (!single && before + this.unknownScore > best[end]!) {
        best[end] = before + this.unknownScore;
        start[end] = from;
        last[end] = this.unknown;
      }
    }
    const ids: number[] = [];
    for (let end = length; end > 0; end = start[end]!) ids.push(last[end]!);
    return ids.reverse();
  }

  private grow(length: number): void {
    this.best = new Float64Array(length * 2);
    this.start = new Int32Array(length * 2);
    this.last = new Int32Array(length * 2);
  }
}

function isPair(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit <= 0xdbff && at + 1 < text.length;
}

/** A trie over UTF-16 code units; children are found by hashing (node, unit) into flat arrays. */
class Trie {
  /** Id of the piece that ends at a node, -1 where none does. */
  readonly ids: Int32Array;
  private readonly parents: Int32Array;
  private readonly units: Uint16Array;
  private readonly nodes: Int32Array;
  private readonly mask: number;

  constructor(pieces: string[]) {
    const most = pieces.reduce((sum, piece) => sum + piece.length, 1);
    const slots = 2 ** Math.ceil(Math.log2(most * 2));
    this.mask = slots - 1;
    this.parents = new Int32Array(slots).fill(-1);
    this.units = new Uint16Array(slots);
    this.nodes = new Int32Array(slots);
    this.ids = new Int32Array(most).fill(-1);
    let count = 1;
    pieces.forEach((piece, id) => {
      let node = 0;
      for (let i = 0; i < piece.length; i++) {
        const unit = piece.charCodeAt(i);
        const slot = this.slot(node, unit);
        if (this.parents[slot] === -1) {
          this.parents[slot] = node;
          this.units[slot] = unit;
          this.nodes[slot] = count++;
        }
        node = this.nodes[slot]!;
      }
      this.ids[node] = id;
    });
  }

  /** The node under `node` by `unit`, or -1. */
  child(node: number, unit: number): number {
    const slot = this.slot(node, unit);
    return this.parents[slot] === -1 ? -1 : this.nodes[slot]!;
  }

  private slot(node: number, unit: number): number {
    let slot = (Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & this.mask;
    while (this.parents[slot] !== -1 && (this.parents[slot] !== node || this.units[slot] !== unit)) slot = (slot + 1) & this.mask;
    return slot;
  }
}

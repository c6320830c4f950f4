import { readFile } from 'node:fs/promises';
import { Tokenizer as ReferenceTokenizer } from '@huggingface/tokenizers';
import { Charsmap } from './charsmap.ts';
import { isFastUnigram, Unigram, type UnigramFile } from './unigram.ts';

/** Turns text into the token ids a model was trained with. */
export interface Tokenizer {
  /** Number of tokens, without the special ones a model adds around a text. */
  count(text: string): number;
  /** Token ids with the special tokens of the model; at most `limit`, the special tokens around the text being kept. */
  encode(text: string, limit?: number): number[];
  /** Token ids without special tokens. */
  plain(text: string): number[];
  /** The tokens of two texts as a cross-encoder reads them, with special tokens around and what kind each token is. */
  join(first: readonly number[], second: readonly number[]): { ids: number[]; types: number[] };
  /** How many special tokens stand around two texts. */
  readonly aroundPair: number;
  /** How many special tokens stand before a text. */
  readonly before: number;
  /** The token of this very text, for example `</s>`. */
  id(token: string): number | undefined;
  /** Characters of a token as it stands in the vocabulary. */
  length(id: number): number;
  /** The largest id it gives. */
  readonly largest: number;
}

/** One place of what stands around a text: special tokens, or the first or second text. */
type Part = { ids: number[]; type: number } | { text: 'A' | 'B'; type: number };
interface Template { single: Part[]; pair: Part[] }

interface PostProcessorFile {
  type: string;
  single?: PieceFile[];
  pair?: PieceFile[];
  special_tokens?: Record<string, { ids: number[] }>;
  cls?: [string, number];
  sep?: [string, number];
  processors?: PostProcessorFile[];
}
interface PieceFile { SpecialToken?: { id: string; type_id: number }; Sequence?: { id: 'A' | 'B'; type_id: number } }

/**
 * Reads a `tokenizer.json` in Hugging Face's form. Unigram tokenizers like ours take the fast path; every other kind goes
 * through `@huggingface/tokenizers`. `pair` replaces what stands around two texts: special tokens by name, and A and B.
 * Throws a sentence naming the file when it cannot be read or understood.
 */
export async function openTokenizer(path: string, pair?: readonly string[]): Promise<Tokenizer> {
  try {
    const file = JSON.parse(await readFile(path, 'utf8')) as UnigramFile;
    if (isFastUnigram(file)) {
      const unigram = new Unigram(file);
      return framed((text, limit) => unigram.encode(text, limit), templateOf(null), {
        id: (token) => nonNegative(file.model.vocab.findIndex(([piece]) => piece === token)), length: (id) => file.model.vocab[id]![0].length, largest: unigram.size - 1,
      });
    }
    return wellFormed(referenceTokenizer(file, pair));
  } catch (error) {
    throw new Error(`The tokenizer ${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** The reference implementation, on the parsed `tokenizer.json`. */
export function referenceTokenizer(file: object, pair?: readonly string[]): Tokenizer {
  const { charsmap, rest } = takeCharsmap(file as TokenizerFile);
  const tokenizer = new ReferenceTokenizer(rest, {});
  const vocabulary = tokenizer.get_vocab();
  const words = {
    id: (token: string) => vocabulary.get(token),
    length: (id: number) => tokenizer.id_to_token(id)?.length ?? 0,
    largest: [...vocabulary.values()].reduce((largest, id) => Math.max(largest, id), 0),
  };
  const template = templateOf((file as TokenizerFile).post_processor ?? null);
  if (pair !== undefined) template.pair = pair.map((name) => (name === 'A' || name === 'B' ? { text: name, type: 0 } : { ids: [required(words.id(name), name)], type: 0 }));
  return framed((text) => tokenizer.encode(charsmap?.normalise(text) ?? text, { add_special_tokens: false }).ids, template, words);
}

interface NormalizerFile { type: string; precompiled_charsmap?: string | null; normalizers?: NormalizerFile[] }
interface TokenizerFile { post_processor?: PostProcessorFile | null; normalizer?: NormalizerFile | null }

/** The package only comes near to SentencePiece's own table: where that stands first it is ours, and the rest the package's. */
function takeCharsmap(file: TokenizerFile): { charsmap?: Charsmap; rest: TokenizerFile } {
  const steps = file.normalizer?.type === 'Sequence' ? (file.normalizer.normalizers ?? []) : file.normalizer ? [file.normalizer] : [];
  const table = steps[0]?.type === 'Precompiled' ? steps[0].precompiled_charsmap : undefined;
  if (!table) return { rest: file };
  return { charsmap: new Charsmap(table), rest: { ...file, normalizer: { type: 'Sequence', normalizers: steps.slice(1) } } };
}

/** Half of a surrogate pair is no character: it is read as U+FFFD, as it would be from a file in UTF-8. */
function wellFormed(tokenizer: Tokenizer): Tokenizer {
  return {
    ...tokenizer,
    count: (text) => tokenizer.count(text.toWellFormed()),
    encode: (text, limit) => tokenizer.encode(text.toWellFormed(), limit),
    plain: (text) => tokenizer.plain(text.toWellFormed()),
  };
}

function framed(plain: (text: string, limit?: number) => number[], { single, pair }: Template, words: Pick<Tokenizer, 'id' | 'length' | 'largest'>): Tokenizer {
  const around = (parts: Part[]): number => parts.reduce((sum, part) => sum + ('ids' in part ? part.ids.length : 0), 0);
  const first = single.findIndex((part) => 'text' in part);
  return {
    ...words,
    before: around(single.slice(0, first)),
    count: (text) => plain(text).length,
    encode(text, limit = Infinity) {
      const room = Math.max(0, limit - around(single));
      const ids = plain(text, room);
      return single.flatMap((part) => ('ids' in part ? part.ids : ids.length > room ? ids.slice(0, room) : ids));
    },
    plain: (text) => plain(text),
    aroundPair: around(pair),
    join(first, second) {
      const texts = { A: first, B: second };
      const parts = pair.map((part) => ({ ids: 'ids' in part ? part.ids : texts[part.text], type: part.type }));
      return { ids: parts.flatMap(({ ids }) => ids), types: parts.flatMap(({ ids, type }) => ids.map(() => type)) };
    },
  };
}

/** What the file's post-processor puts around one text and around two. Throws for a kind that is not known. */
function templateOf(file: PostProcessorFile | null): Template {
  const [a, b]: Part[] = [{ text: 'A', type: 0 }, { text: 'B', type: 0 }];
  const second: Part = { text: 'B', type: 1 };
  if (file === null || file.type === 'ByteLevel') return { single: [a!], pair: [a!, second] };
  if (file.type === 'Sequence') return (file.processors ?? []).map(templateOf).findLast(({ single }) => single.length > 1) ?? templateOf(null);
  if (file.type === 'TemplateProcessing') {
    const parts = (pieces: PieceFile[]): Part[] => pieces.map(({ SpecialToken: special, Sequence: text }) => (text ? { text: text.id, type: text.type_id } : { ids: required(file.special_tokens?.[special!.id]?.ids, special!.id), type: special!.type_id }));
    const single = parts(file.single ?? []);
    // A file may leave out how two texts stand together.
    return { single, pair: file.pair?.length ? parts(file.pair) : [...single, b!] };
  }
  const cls: Part = { ids: [required(file.cls?.[1], 'cls')], type: 0 };
  const sep = (type: number): Part => ({ ids: [required(file.sep?.[1], 'sep')], type });
  if (file.type === 'BertProcessing') return { single: [cls, a!, sep(0)], pair: [cls, a!, sep(0), second, sep(1)] };
  if (file.type === 'RobertaProcessing') return { single: [cls, a!, sep(0)], pair: [cls, a!, sep(0), sep(0), b!, sep(0)] };
  throw new Error(`it puts special tokens around a text in the way "${file.type}", which is not known.`);
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`it has no special token "${name}".`);
  return value;
}

function nonNegative(index: number): number | undefined {
  return index < 0 ? undefined : index;
}

import { readFile } from 'node:fs/promises';
import { Tokenizer as ReferenceTokenizer } from '@huggingface/tokenizers';
import { isFastUnigram, Unigram, type UnigramFile } from './unigram.ts';

/** Turns text into the token ids a model was trained with. */
export interface Tokenizer {
  /** Number of tokens, without the special ones a model adds around a text. */
  count(text: string): number;
  /** Token ids with the special tokens of the model; at most `limit`, the special token at the end being kept. */
  encode(text: string, limit?: number): number[];
}

/**
 * Reads a `tokenizer.json` in Hugging Face's form. Unigram tokenizers like ours take the fast path; every other kind goes
 * through `@huggingface/tokenizers`. Throws a sentence naming the file when it cannot be read or understood.
 */
export async function openTokenizer(path: string): Promise<Tokenizer> {
  try {
    const file = JSON.parse(await readFile(path, 'utf8')) as UnigramFile;
    if (isFastUnigram(file)) {
      const unigram = new Unigram(file);
      return { count: (text) => unigram.encode(text).length, encode: (text, limit) => unigram.encode(text, limit) };
    }
    return referenceTokenizer(file);
  } catch (error) {
    throw new Error(`The tokenizer ${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** The reference implementation, on the parsed `tokenizer.json`. */
export function referenceTokenizer(file: object): Tokenizer {
  const tokenizer = new ReferenceTokenizer(file, {});
  return {
    count: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids.length,
    encode(text, limit = Infinity) {
      const { ids } = tokenizer.encode(text);
      if (ids.length <= limit) return ids;
      const plain = tokenizer.encode(text, { add_special_tokens: false }).ids;
      return plain.at(-1) === ids.at(-1) ? ids.slice(0, limit) : [...ids.slice(0, limit - 1), ids.at(-1)!];
    },
  };
}

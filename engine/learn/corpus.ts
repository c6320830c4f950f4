import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Unigram } from '../models/unigram.ts';
import { sentences } from '../sentences.ts';
import { isDictionary, readPairs, type Pair } from './pairs.ts';

/** Training pairs as token ids in flat arrays: text 2i is the query of pair i, text 2i + 1 its passage. */
export interface Corpus {
  ids: Int32Array;
  offsets: Int32Array;
  /** Index into `groups` of each pair. */
  group: Int32Array;
  /** Equal where two passages, or two queries, are the same text: such pairs are no negatives of each other. */
  passageKeys: Int32Array;
  queryKeys: Int32Array;
  groups: Group[];
}

/** Pairs of one task, language and source; a batch is drawn from one group. */
export interface Group { name: string; task: string; lang: string; dictionary: boolean; size: number }

/** Groups made here: single words of the dictionaries, and names found in Chinese text with their originals in brackets. */
export const WORDS = 'words en-zh';
export const NAMES = 'names en-zh';
/** Tasks made here of translated passages: a sentence → the passage in the other language; a sentence → its translation. */
export const CROSSING = 'crossing';
export const ALIGNED = 'aligned';

export const QUERY_TOKENS = 64;
export const PASSAGE_TOKENS = 160;
const CHARACTERS_PER_TOKEN = 6;

/** Tokenises every pair of a folder. Pairs of which a side has no known token are left out. */
export async function readCorpus(folder: string, tokenizer: Unigram): Promise<Corpus> {
  const ids = new Growing();
  const offsets = new Growing();
  const group = new Growing();
  const passageKeys = new Growing();
  const queryKeys = new Growing();
  const groups = new Map<string, Group & { index: number }>();
  const add = ({ task, lang }: Pick<Group, 'task' | 'lang'>, name: string, dictionary: boolean, query: string, passage: string): void => {
    const q = tokenizer.encode(query.slice(0, QUERY_TOKENS * CHARACTERS_PER_TOKEN), QUERY_TOKENS).filter((id) => id !== 0);
    const p = tokenizer.encode(passage.slice(0, PASSAGE_TOKENS * CHARACTERS_PER_TOKEN), PASSAGE_TOKENS).filter((id) => id !== 0);
    if (q.length === 0 || p.length === 0) return;
    let entry = groups.get(name);
    if (entry === undefined) groups.set(name, (entry = { name, task: dictionary ? 'parallel' : task, lang: dictionary ? 'en-zh' : lang, dictionary, size: 0, index: groups.size }));
    entry.size++;
    group.push(entry.index);
    passageKeys.push(hash(passage));
    queryKeys.push(hash(query));
    offsets.push(ids.length);
    for (const id of q) ids.push(id);
    offsets.push(ids.length);
    for (const id of p) ids.push(id);
  };
  const mined = new Set<string>();
  const translated: Pair[] = [];
  for await (const pair of readPairs(folder)) {
    const passage = pair.pos[0]!;
    const dictionary = isDictionary(pair);
    add(pair, `${pair.task} ${pair.lang} ${pair.source}`, dictionary, pair.query, passage);
    if (pair.lang === 'zh') {
      for (const [chinese, english] of names(`${pair.query}\n${passage}`)) {
        if (mined.has(chinese + english)) continue;
        mined.add(chinese + english);
        add(pair, NAMES, true, chinese, english);
      }
    }
    if (pair.task === 'parallel' && pair.lang === 'en-zh' && !dictionary) translated.push(pair);
    if (!dictionary) continue;
    // An entry lists several words and then explains them; every word by itself is a pair too.
    const meanings = terms(passage.split(': ')[0]!);
    for (const term of terms(pair.query).slice(0, 4)) for (const meaning of meanings.slice(0, 4)) add(pair, WORDS, true, term, meaning);
  }
  for (const pair of translated) for (const { task, lang, query, passage } of crossings(pair)) add({ task, lang }, `${task} ${lang} ${pair.source}`, false, query, passage);
  offsets.push(ids.length);
  return {
    ids: ids.array(), offsets: offsets.array(), group: group.array(), passageKeys: passageKeys.array(), queryKeys: queryKeys.array(),
    groups: [...groups.values()].map(({ index: _, ...rest }) => rest),
  };
}

/** Sentences of a passage that are asked for in the other language: the translation of a later one may lie behind the end. */
const ASKED_SENTENCES = 2;
/** Where translated passages have more sentences than this, one that was split or joined has likely shifted the others. */
const ALIGNED_SENTENCES = 6;
const LEAST_CHARACTERS = 6;

/**
 * What a question in one language finds in the other: of two passages that say the same, sentences with the whole other
 * passage, both ways, and where both have as many sentences, each with its translation.
 */
export function crossings({ query, pos }: Pair): { task: string; lang: string; query: string; passage: string }[] {
  const sides = [{ lang: 'zh-en', text: query, other: pos[0]! }, { lang: 'en-zh', text: pos[0]!, other: query }];
  const parts = sides.map(({ text }) => sentences(text).map(({ start, end }) => text.slice(start, end).trim()).filter((part) => part.length >= LEAST_CHARACTERS));
  const [chinese, english] = parts as [string[], string[]];
  const found = sides.flatMap(({ lang, other }, side) => (parts[side]!.length < 2 ? [] : parts[side]!.slice(0, ASKED_SENTENCES).map((sentence) => ({ task: CROSSING, lang, query: sentence, passage: other }))));
  if (chinese.length > 1 && chinese.length <= ALIGNED_SENTENCES && chinese.length === english.length) {
    chinese.forEach((sentence, i) => found.push({ task: ALIGNED, lang: 'zh-en', query: sentence, passage: english[i]! }));
  }
  return found;
}

/** A Chinese name with the foreign one in brackets behind it, as encyclopedias and manuals write it. */
const NAME = /([\u4e00-\u9fff·‧・]{2,14})[》」”"]?\s?[（(]\s?(?:英[语文語]?[：:]?\s*)?([A-Za-z][A-Za-z .'&’-]{2,40})[,，；;）)]/g;
/** Where a name begins is not marked; what is further from the bracket is more likely other text. */
const NAME_CHARACTERS = 9;

/** Pairs of a Chinese and a foreign name for one thing. */
export function names(text: string): [chinese: string, foreign: string][] {
  return [...text.matchAll(NAME)].map(([, chinese, foreign]) => [chinese!.slice(-NAME_CHARACTERS), foreign!.trim()]);
}

/** The alternatives of a dictionary entry. */
export function terms(entry: string): string[] {
  return entry.split(/[;；]/).map((term) => term.trim()).filter((term) => term !== '' && term.length < 40);
}

const ARRAYS = ['ids', 'offsets', 'group', 'passageKeys', 'queryKeys'] as const;

/** `readCorpus`, kept in `cache` between runs with the same tokenizer. */
export async function cachedCorpus(folder: string, tokenizer: Unigram, cache: string | undefined): Promise<Corpus> {
  if (cache === undefined) return readCorpus(folder, tokenizer);
  const path = (name: string): string => join(cache, `corpus-${name}`);
  if (!existsSync(path('groups.json'))) {
    const corpus = await readCorpus(folder, tokenizer);
    for (const name of ARRAYS) await writeFile(path(`${name}.i32`), new Uint8Array(corpus[name].buffer, corpus[name].byteOffset, corpus[name].byteLength));
    await writeFile(path('groups.json'), JSON.stringify(corpus.groups));
    return corpus;
  }
  const load = async (name: string): Promise<Int32Array> => {
    const bytes = await readFile(path(`${name}.i32`));
    return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  };
  return {
    ids: await load('ids'), offsets: await load('offsets'), group: await load('group'), passageKeys: await load('passageKeys'), queryKeys: await load('queryKeys'),
    groups: JSON.parse(await readFile(path('groups.json'), 'utf8')) as Group[],
  };
}

function hash(text: string): number {
  let h = text.length;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}

class Growing {
  length = 0;
  private values = new Int32Array(1 << 16);

  push(value: number): void {
    if (this.length === this.values.length) {
      const values = new Int32Array(this.length * 2);
      values.set(this.values);
      this.values = values;
    }
    this.values[this.length++] = value;
  }

  array(): Int32Array {
    return this.values.slice(0, this.length);
  }
}

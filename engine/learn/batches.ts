import type { Bags } from './bags.ts';
import { ALIGNED, CROSSING, type Corpus, type Group } from './corpus.ts';

/** How often a pair is drawn for its kind, against 1 for a sentence and its passage. */
export interface Mixture { dictionary: number; parallel: number; classical: number; question: number; title: number; definition: number; crossing: number; aligned: number }

export const MIXTURE: Mixture = { dictionary: 3, parallel: 2, classical: 0.5, question: 3, title: 1, definition: 0.7, crossing: 1.5, aligned: 1 };

export interface Batch { group: Group; queries: Bags; passages: Bags; /** [size, size], see `InfoNCE.run`. */ mask: Float32Array }

export interface BatchOptions {
  size: number;
  passageTokens: number;
  /** Share of tokens left out of a text each time it is drawn, so that no pair is learned by heart. */
  dropout: number;
  mixture: Mixture;
  /** See `toBags`. */
  repeats: number;
  /**
   * Neighbours among translated passages that are drawn together: articles of one law are told apart only by what they say. In
   * one language neighbours are too often as good an answer as the right one.
   */
  run: number;
  /** A group of n pairs is drawn as often as n to this power: below 1, small groups are drawn more often. */
  flatness: number;
  /** Every so many pairs one is kept out of training. */
  holdEvery: number;
}

/** Groups smaller than this are drawn together with their like. */
const OWN_BATCH = 4000;
/** Shorter texts are never thinned out: every word of them counts. */
const LEAST_TOKENS = 4;
const NO_NEGATIVE = -1e9;
const TRANSLATED = new Set(['en-zh', 'zh-en']);

function weight(group: Group, mixture: Mixture): number {
  if (group.dictionary) return mixture.dictionary;
  if (group.task === CROSSING) return mixture.crossing;
  if (group.task === ALIGNED) return mixture.aligned;
  if (group.task === 'parallel') return group.lang === 'zh' ? mixture.classical : mixture.parallel;
  if (group.task === 'qa') return mixture.question;
  if (group.task === 'title') return mixture.title;
  return group.task === 'definition' ? mixture.definition : 1;
}

/**
 * Draws batches of one task and language, and mostly of one source, so that the negatives are of the same kind as the right
 * passage and only the meaning tells them apart.
 */
export class Batches {
  private readonly corpus: Corpus;
  private readonly options: BatchOptions;
  private readonly random: () => number;
  private readonly pools: { group: Group; pairs: Int32Array; next: number; share: number }[] = [];
  private readonly held: { group: Group; pairs: Int32Array }[] = [];
  /** Pools with fewer pairs than a batch: nothing of them is learned. */
  readonly leftOut: { name: string; pairs: number }[] = [];

  constructor(corpus: Corpus, options: BatchOptions, random: () => number) {
    this.corpus = corpus;
    this.options = options;
    this.random = random;
    const pools = new Map<string, { group: Group; pairs: number[]; held: number[] }>();
    corpus.group.forEach((index, pair) => {
      const group = corpus.groups[index]!;
      const name = group.size >= OWN_BATCH ? group.name : `${group.task} ${group.lang}${group.dictionary ? ' dictionary' : ''}`;
      let pool = pools.get(name);
      if (pool === undefined) pools.set(name, (pool = { group: { ...group, name }, pairs: [], held: [] }));
      (pair % options.holdEvery === 0 ? pool.held : pool.pairs).push(pair);
    });
    for (const { group, pairs, held } of pools.values()) {
      const share = pairs.length ** options.flatness * weight(group, options.mixture);
      if (share === 0) continue;
      if (pairs.length < options.size) {
        this.leftOut.push({ name: group.name, pairs: pairs.length });
        continue;
      }
      this.pools.push({ group, pairs: this.mix(group, Int32Array.from(pairs)), next: 0, share });
      if (held.length >= 64) this.held.push({ group, pairs: Int32Array.from(held) });
    }
    const total = this.pools.reduce((sum, pool) => sum + pool.share, 0);
    for (const pool of this.pools) pool.share /= total;
  }

  /** What is drawn how often, for the log. */
  shares(): { name: string; pairs: number; share: number }[] {
    return this.pools.map((pool) => ({ name: pool.group.name, pairs: pool.pairs.length, share: pool.share }));
  }

  next(): Batch {
    let at = this.random();
    let pool = this.pools[0]!;
    for (const candidate of this.pools) {
      pool = candidate;
      at -= candidate.share;
      if (at < 0) break;
    }
    if (pool.next + this.options.size > pool.pairs.length) {
      this.mix(pool.group, pool.pairs);
      pool.next = 0;
    }
    const pairs = pool.pairs.subarray(pool.next, (pool.next += this.options.size));
    return this.batch(pool.group, pairs, true, this.options.repeats);
  }

  /** One batch of every group from the pairs that were kept out; `repeats` as in `toBags`. */
  heldOut(repeats = this.options.repeats): Batch[] {
    return this.held.map(({ group, pairs }) => this.batch(group, pairs.subarray(0, this.options.size), false, repeats));
  }

  private batch(group: Group, pairs: Int32Array, training: boolean, repeats: number): Batch {
    const { corpus, options } = this;
    const queries: number[][] = [];
    const passages: number[][] = [];
    for (const pair of pairs) {
      queries.push(this.text(corpus.offsets[pair * 2]!, corpus.offsets[pair * 2 + 1]!, training));
      let start = corpus.offsets[pair * 2 + 1]!;
      const end = corpus.offsets[pair * 2 + 2]!;
      const spare = end - start - options.passageTokens;
      if (spare > 0 && training && this.random() < 0.5) start += Math.floor(this.random() * (spare + 1));
      passages.push(this.text(start, Math.min(end, start + options.passageTokens), training));
    }
    const size = pairs.length;
    const mask = new Float32Array(size * size);
    this.maskEqual(mask, pairs, corpus.passageKeys);
    this.maskEqual(mask, pairs, corpus.queryKeys);
    return { group, queries: toBags(queries, repeats), passages: toBags(passages, repeats), mask };
  }

  private text(start: number, end: number, training: boolean): number[] {
    const tokens = [...this.corpus.ids.subarray(start, end)];
    if (!training || tokens.length < LEAST_TOKENS) return tokens;
    const kept = tokens.filter(() => this.random() >= this.options.dropout);
    return kept.length > 0 ? kept : tokens;
  }

  /** Pairs on one passage, or with one query, are no negatives of each other. */
  private maskEqual(mask: Float32Array, pairs: Int32Array, keys: Int32Array): void {
    const seen = new Map<number, number[]>();
    pairs.forEach((pair, i) => {
      const same = seen.get(keys[pair]!);
      if (same === undefined) seen.set(keys[pair]!, [i]);
      else {
        for (const j of same) mask[i * pairs.length + j] = mask[j * pairs.length + i] = NO_NEGATIVE;
        same.push(i);
      }
    });
  }

  /** Pairs in the order they are drawn in next, in place: anyhow, or in runs of neighbours. */
  private mix(group: Group, pairs: Int32Array): Int32Array {
    const { run } = this.options;
    if (run === 1 || group.dictionary || !TRANSLATED.has(group.lang)) return this.shuffle(pairs);
    // Runs are cut elsewhere each time, so that a pair meets all its neighbours.
    const sorted = pairs.slice().sort();
    const cut = Math.floor(this.random() * run);
    const runs = this.shuffle(Int32Array.from({ length: Math.ceil((sorted.length + cut) / run) }, (_, i) => i * run - cut));
    let at = 0;
    for (const start of runs) {
      const part = sorted.subarray(Math.max(0, start), start + run);
      pairs.set(part, at);
      at += part.length;
    }
    return pairs;
  }

  private shuffle(values: Int32Array): Int32Array {
    for (let i = values.length - 1; i > 0; i--) {
      const j = Math.floor(this.random() * (i + 1));
      const value = values[i]!;
      values[i] = values[j]!;
      values[j] = value;
    }
    return values;
  }
}

/**
 * Token ids of texts, one after another. A token that stands n times in a text counts n^`repeats`: below 1, saying a thing again
 * says less than saying it first.
 */
export function toBags(texts: number[][], repeats = 1): Bags {
  if (repeats !== 1) return damped(texts, repeats);
  const offsets = new Int32Array(texts.length + 1);
  texts.forEach((text, i) => (offsets[i + 1] = offsets[i]! + text.length));
  const ids = new Int32Array(offsets[texts.length]!);
  texts.forEach((text, i) => ids.set(text, offsets[i]));
  return { ids, offsets };
}

function damped(texts: number[][], repeats: number): Bags {
  const counted = texts.map((text) => {
    const counts = new Map<number, number>();
    for (const id of text) counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
  });
  const bags = toBags(counted.map((counts) => [...counts.keys()]));
  return { ...bags, shares: Float32Array.from(counted.flatMap((counts) => [...counts.values()]), (count) => count ** repeats) };
}

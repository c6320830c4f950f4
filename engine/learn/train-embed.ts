/**
 * Trains the bundled static embedder: `npm run train:embed -- [--data FOLDER] [--dev FOLDER] [--out FOLDER] [--steps N] …`.
 * Vocabulary, token ids, contrastive training, evaluation, model folder; minutes on one core.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openEmbedder } from '../models/embedder.ts';
import { Unigram, type UnigramFile } from '../models/unigram.ts';
import { forward, forwardNovel, GradientCollector, newTable, update, type BagTable, type Bags } from './bags.ts';
import { Batches, MIXTURE, type Batch, toBags } from './batches.ts';
import { cachedCorpus, type Corpus } from './corpus.ts';
import { InfoNCE } from './infonce.ts';
import { readPairs } from './pairs.ts';
import { dot, probe, type EmbedTexts } from './probe.ts';
import { foldedRows, recordQuality, writeFolder, type Recipe } from './folder.ts';
import { VOCABULARY_SIZES, VocabularyBuilder } from './vocabulary.ts';

const { values: given } = parseArgs({
  options: {
    data: { type: 'string', default: fileURLToPath(new URL('../../../shared/data/train', import.meta.url)) },
    dev: { type: 'string' },
    out: { type: 'string', default: fileURLToPath(new URL('../../resources/models', import.meta.url)) },
    /** Trains and measures, and writes no model. */
    dry: { type: 'boolean', default: false },
    cache: { type: 'string' },
    id: { type: 'string', default: 'lodestone-embed-static-v2' },
    steps: { type: 'string', default: '8000' },
    batch: { type: 'string', default: '1024' },
    dimensions: { type: 'string', default: '256' },
    temperature: { type: 'string', default: '0.06' },
    rate: { type: 'string', default: '0.15' },
    'weight-rate': { type: 'string', default: '0.02' },
    tokens: { type: 'string', default: '128' },
    dropout: { type: 'string', default: '0.15' },
    mixture: { type: 'string', default: '{}' },
    repeats: { type: 'string', default: '0.75' },
    novelty: { type: 'string', default: '1' },
    run: { type: 'string', default: '32' },
    flatness: { type: 'string', default: '0.75' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '1' },
  },
});

/** Tokens of a text that count when a set is probed. */
const PROBE_TOKENS = 512;
/** Steps over which the rate grows at the beginning; then it falls to a hundredth along a line. */
const WARM_UP = 50;
const HOLD_EVERY = 250;

const recipe: Recipe = {
  steps: Number(given.steps),
  batch: Number(given.batch),
  dimensions: Number(given.dimensions),
  temperature: Number(given.temperature),
  rate: Number(given.rate),
  weightRate: Number(given['weight-rate']),
  passageTokens: Number(given.tokens),
  dropout: Number(given.dropout),
  mixture: { ...MIXTURE, ...(JSON.parse(given.mixture) as Partial<typeof MIXTURE>) },
  repeats: Number(given.repeats),
  novelty: Number(given.novelty),
  run: Number(given.run),
  flatness: Number(given.flatness),
  seed: Number(given.seed),
  vocabulary: VOCABULARY_SIZES,
};

const began = Date.now();
const log = (line: string): void => console.log(`${String(Math.round((Date.now() - began) / 1000)).padStart(5)} s  ${line}`);

/** Mulberry32: a small seeded generator of numbers in [0, 1). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

async function vocabulary(data: string, cache: string | undefined): Promise<UnigramFile> {
  const kept = cache === undefined ? undefined : join(cache, 'tokenizer.json');
  if (kept !== undefined && existsSync(kept)) return JSON.parse(await readFile(kept, 'utf8')) as UnigramFile;
  const builder = new VocabularyBuilder();
  let index = 0;
  for await (const pair of readPairs(data)) builder.add(pair, index++);
  const file = builder.build(VOCABULARY_SIZES, log);
  if (kept !== undefined) {
    await mkdir(cache!, { recursive: true });
    await writeFile(kept, JSON.stringify(file));
  }
  return file;
}

function tokenCounts(corpus: Corpus, tokens: number): Float64Array {
  const counts = new Float64Array(tokens);
  for (const id of corpus.ids) counts[id]!++;
  return counts;
}

/** Rows to unit length, in place. */
function normalise(sums: Float32Array, dimensions: number): Float32Array {
  for (let row = 0; row < sums.length; row += dimensions) {
    let squares = 0;
    for (let d = row; d < row + dimensions; d++) squares += sums[d]! * sums[d]!;
    const length = Math.sqrt(squares) + 1e-12;
    for (let d = row; d < row + dimensions; d++) sums[d]! /= length;
  }
  return sums;
}

function embedWith(table: BagTable, tokenizer: Unigram): EmbedTexts {
  return async (texts) => {
    const vectors = normalise(forwardNovel(table, toBags(texts.map((text) => tokenizer.encode(text, PROBE_TOKENS))), recipe.novelty), table.dimensions);
    return texts.map((_, i) => vectors.subarray(i * table.dimensions, (i + 1) * table.dimensions));
  };
}

/** Cosines of queries and passages that do not belong together, over the pairs that were kept out. */
function backgroundOf(table: BagTable, held: Batch[]): { mean: number; deviation: number } {
  const cosines: number[] = [];
  for (const { queries, passages } of held) {
    const size = queries.offsets.length - 1;
    const q = normalise(forwardNovel(table, queries, recipe.novelty), table.dimensions);
    const p = normalise(forwardNovel(table, passages, recipe.novelty), table.dimensions);
    const row = (vectors: Float32Array, i: number): Float32Array => vectors.subarray(i * table.dimensions, (i + 1) * table.dimensions);
    for (let i = 0; i < size; i++) cosines.push(dot(row(q, i), row(p, (i + 1 + (i % (size - 1))) % size)));
  }
  const mean = cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length;
  const deviation = Math.sqrt(cosines.reduce((sum, cosine) => sum + (cosine - mean) ** 2, 0) / cosines.length);
  return { mean: Math.round(mean * 1e4) / 1e4, deviation: Math.round(deviation * 1e4) / 1e4 };
}

async function train(table: BagTable, batches: Batches): Promise<Record<string, number>> {
  const loss = await InfoNCE.open(recipe.dimensions, recipe.temperature, Number(given.threads));
  const collector = new GradientCollector(table);
  const run = async (queries: Bags, passages: Bags, mask: Float32Array) => loss.run(forward(table, queries), forward(table, passages), mask);
  let recent = 0;
  for (let step = 0; step < recipe.steps; step++) {
    const { queries, passages, mask } = batches.next();
    const contrast = await run(queries, passages, mask);
    collector.add(queries, contrast.queries);
    collector.add(passages, contrast.passages);
    const factor = Math.min(1, (step + 1) / WARM_UP) * Math.max(0.01, 1 - step / recipe.steps);
    update(table, collector.take(), { vectors: recipe.rate * factor, weights: recipe.weightRate * factor });
    recent += contrast.loss;
    if ((step + 1) % 100 === 0) {
      log(`step ${step + 1}  loss ${(recent / 100).toFixed(3)}`);
      recent = 0;
    }
  }
  const held: Record<string, number> = {};
  for (const batch of batches.heldOut()) held[batch.group.name] = Math.round((await run(batch.queries, batch.passages, batch.mask)).loss * 1000) / 1000;
  await loss.close();
  return held;
}

const file = await vocabulary(given.data, given.cache);
const tokenizer = new Unigram(file);
log(`${tokenizer.size} tokens in the vocabulary`);
const corpus = await cachedCorpus(given.data, tokenizer, given.cache);
log(`${corpus.group.length} pairs, ${corpus.ids.length} tokens`);
const random = generator(recipe.seed);
const batches = new Batches(corpus, { size: recipe.batch, passageTokens: recipe.passageTokens, dropout: recipe.dropout, mixture: recipe.mixture, repeats: recipe.repeats, run: recipe.run, flatness: recipe.flatness, holdEvery: HOLD_EVERY }, random);
for (const { name, pairs, share } of batches.shares()) log(`${(share * 100).toFixed(1).padStart(5)} %  ${pairs} pairs  ${name}`);
for (const { name, pairs } of batches.leftOut) log(`left out, fewer than a batch: ${pairs} pairs  ${name}`);
const table = newTable(tokenCounts(corpus, tokenizer.size), recipe.dimensions, random);
const heldOut = await train(table, batches);
log(`loss on pairs kept out: ${JSON.stringify(heldOut)}`);
const quality = async (embed: EmbedTexts): Promise<Record<string, number>> => (given.dev === undefined ? {} : probe(given.dev, embed));
const background = backgroundOf(table, batches.heldOut(1));
log(`cosine of unrelated texts: ${background.mean} ± ${background.deviation}`);
if (given.dry) log(`nDCG@10: ${JSON.stringify(await quality(embedWith(table, tokenizer)))}`);
else {
  const folder = join(given.out, given.id);
  const training = { data: given.data, heldOut, background, pairs: corpus.group.length, seconds: Math.round((Date.now() - began) / 1000) };
  await writeFolder(folder, given.id, file, foldedRows(table), recipe, training);
  const embedder = await openEmbedder(folder);
  const measured = await quality(embedder.embed);
  await embedder.close();
  await recordQuality(folder, measured);
  log(`nDCG@10: ${JSON.stringify(measured)}`);
  log(`written: ${folder}`);
}

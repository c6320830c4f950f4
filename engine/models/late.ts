import { join } from 'node:path';
import { lateHead, lateMeasures, MEASURES } from '../nn/late.ts';
import { Program } from '../nn/program.ts';
import { openCheckpoint } from '../nn/safetensors.ts';
import { openSession, Tensor, type Session, type SessionOptions } from '../nn/session.ts';
import type { Value } from '../nn/value.ts';
import { Weights } from '../nn/weights.ts';
import { inOtherLanguage, unspacedShare } from '../rank.ts';
import { runs } from './embedder.ts';
import type { Manifest } from './manifest.ts';
import type { OpenReranker, RerankerOptions } from './reranker.ts';
import { openTokenizer, type Tokenizer } from './tokenizer.ts';

/** A question says little more after so many tokens, and costs with each. */
const QUESTION_TOKENS = 128;
/** Shorter passages are weighed as if they had so many tokens: a bare heading is not a better answer than a short paragraph. */
const SHORT = 60;
/** Tokens of a wide stretch; a near one is as long as the question. */
const WIDE = 16;
const NARROWEST = 4;

/**
 * Opens a late-interaction reranker: `model.onnx` is a table of token vectors in the form of a static embedder (a text's
 * vector is the sum of its tokens', whose lengths are their weights), `tokenizer.json` its tokens, `head.safetensors` the
 * head of `nn/late.ts` and `trust`, how much the prior counts beside it.
 */
export async function openLateReranker(folder: string, manifest: Manifest, options: RerankerOptions = {}): Promise<OpenReranker> {
  const head = openCheckpoint(join(folder, 'head.safetensors'));
  const measures = lateMeasures(manifest.dimensions!);
  const reader = await openReader(folder, manifest, { logits: lateHead(measures, new Weights(head)) }, { ...options, folder: head.folder });
  const trust = head.read('trust')[0]!;
  return {
    id: manifest.id, trust,
    async score(question, candidates) {
      const logits = await reader.read(question, candidates.map(({ text }) => text), 'logits');
      return candidates.map(({ prior }, i) => logits[i]! + trust * prior);
    },
    close: () => reader.close(),
  };
}

/** Measures of texts, [texts, MEASURES], as the head is trained on them. */
export interface Measurer { measure(question: string, texts: string[]): Promise<Float32Array>; close(): Promise<void> }

export async function openMeasurer(folder: string, manifest: Manifest, options: RerankerOptions = {}): Promise<Measurer> {
  const reader = await openReader(folder, manifest, { measures: lateMeasures(manifest.dimensions!) }, options);
  return { measure: (question, texts) => reader.read(question, texts, 'measures'), close: () => reader.close() };
}

/** Whether question and passage are in different languages, as the head's rows are chosen. */
export function isAcross(question: string, passage: string): boolean {
  return inOtherLanguage(unspacedShare(question), unspacedShare(passage));
}

async function openReader(folder: string, manifest: Manifest, outputs: Record<string, Value>, options: SessionOptions) {
  const width = manifest.dimensions!;
  const tokenizer = await openTokenizer(join(folder, 'tokenizer.json'));
  const table = await openSession(join(folder, 'model.onnx'), { ...(options.threads !== undefined && { threads: options.threads }) });
  const program = await Program.open(outputs, options);
  const encode = (text: string, limit: number): number[] => tokensOf(tokenizer, text, limit);

  async function read(question: string, texts: string[], output: string): Promise<Float32Array> {
    const asked = encode(question, QUESTION_TOKENS);
    const passages = texts.map((text) => encode(text, manifest.maxTokens));
    const rows = await lookUp(table, new Set([...asked, ...passages.flat()]), width);
    const about = questionFeeds(asked, rows, width);
    const each = output === 'logits' ? 1 : MEASURES.length;
    const all = new Float32Array(texts.length * each);
    for (const run of runs(passages.map(({ length }) => length))) {
      const tokens = Math.max(...run.map((at) => passages[at]!.length));
      const { data } = (await program.run({
        ...about,
        ...passageFeeds(run.map((at) => passages[at]!), tokens, rows, width),
        near: stretches(tokens, Math.max(NARROWEST, asked.length)), wide: stretches(tokens, WIDE),
        length: new Tensor('float32', Float32Array.from(run, (at) => Math.log(Math.max(SHORT, passages[at]!.length))), [run.length, 1]),
        across: new Tensor('float32', Float32Array.from(run, (at) => Number(isAcross(question, texts[at]!))), [run.length, 1]),
      }))[output]!;
      run.forEach((at, i) => all.set((data as Float32Array).subarray(i * each, (i + 1) * each), at * each));
    }
    return all;
  }
  return { read, close: async () => { await program.close(); await table.release(); } };
}

/** Known tokens; a text without any stands for something unknown, which is token 0. */
function tokensOf(tokenizer: Tokenizer, text: string, limit: number): number[] {
  const known = tokenizer.encode(text, limit).filter((id) => id !== 0);
  return known.length > 0 ? known : [0];
}

/** Unit vectors and weights of tokens, by their place in `at`. */
interface Rows { at: Map<number, number>; units: Float32Array; weights: Float32Array }

async function lookUp(table: Session, tokens: Set<number>, width: number): Promise<Rows> {
  const ids = [...tokens];
  const feeds = { input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [ids.length, 1]), attention_mask: new Tensor('int64', new BigInt64Array(ids.length).fill(1n), [ids.length, 1]) };
  const units = (await table.run(feeds))[table.outputNames[0]!]!.data as Float32Array;
  const weights = new Float32Array(ids.length);
  for (let row = 0; row < ids.length; row++) {
    let squares = 0;
    for (let d = row * width; d < (row + 1) * width; d++) squares += units[d]! ** 2;
    weights[row] = Math.sqrt(squares);
    if (squares > 0) for (let d = row * width; d < (row + 1) * width; d++) units[d]! /= weights[row]!;
  }
  return { at: new Map(ids.map((id, row) => [id, row])), units, weights };
}

function questionFeeds(asked: readonly number[], { at, units, weights }: Rows, width: number): Record<string, Tensor> {
  const question = new Float32Array(asked.length * width);
  const weighing = new Float32Array(asked.length);
  const whole = new Float32Array(width);
  asked.forEach((id, i) => {
    const row = at.get(id)!;
    question.set(units.subarray(row * width, (row + 1) * width), i * width);
    weighing[i] = weights[row]!;
    for (let d = 0; d < width; d++) whole[d]! += weights[row]! * units[row * width + d]!;
  });
  const total = weighing.reduce((sum, weight) => sum + weight, 0) || 1;
  const length = Math.hypot(...whole) || 1;
  return {
    question: new Tensor('float32', question, [asked.length, width]),
    weights: new Tensor('float32', weighing.map((weight) => weight / total), [asked.length, 1]),
    whole: new Tensor('float32', whole.map((value) => value / length), [width, 1]),
  };
}

function passageFeeds(texts: readonly number[][], tokens: number, { at, units, weights }: Rows, width: number): Record<string, Tensor> {
  const passages = new Float32Array(texts.length * tokens * width);
  const weighing = new Float32Array(texts.length * tokens);
  texts.forEach((text, t) => text.forEach((id, i) => {
    const row = at.get(id)!;
    passages.set(units.subarray(row * width, (row + 1) * width), (t * tokens + i) * width);
    weighing[t * tokens + i] = weights[row]!;
  }));
  return { passages: new Tensor('float32', passages, [texts.length, tokens, width]), weighing: new Tensor('float32', weighing, [texts.length, tokens, 1]) };
}

/**
 * Stretches of `length` tokens, beginning a quarter of that apart: [starts, tokens]. Towards the end they are shorter, so that
 * what is found in a passage does not depend on what it is computed together with.
 */
function stretches(tokens: number, length: number): Tensor {
  const step = Math.max(2, length >> 2);
  const starts = Math.ceil(tokens / step);
  const belongs = new Float32Array(starts * tokens);
  for (let row = 0; row < starts; row++) belongs.fill(1, row * tokens + row * step, row * tokens + Math.min(tokens, row * step + length));
  return new Tensor('float32', belongs, [starts, tokens]);
}

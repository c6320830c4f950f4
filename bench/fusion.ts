/**
 * The weights of `engine/rank.ts`: what they do on evaluation sets, beside both legs and plain reciprocal rank fusion, and
 * with `--fit` what they would be if they were fitted anew, and what that would be worth: on each set by weights that have
 * seen no set of its kind.
 *
 *   npm run bench:fusion -- DIR… [--model FOLDER] [--questions N] [--fit]
 *
 * `DIR+DIR` searches two sets mixed: passages across languages must find their place among those in the question's own.
 * Order is fitted by a softmax over each question's candidates, relevance by Platt's line over each question's best hit
 * and the best one that is left when its gold is taken away: a question that nothing answers.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { split } from '../engine/chunk.ts';
import { readSet, type EvaluationSet } from '../engine/evaluate/beir.ts';
import { ndcg, ranked } from '../engine/evaluate/metrics.ts';
import { openEmbedder } from '../engine/models/embedder.ts';
import { assemble, type Draft } from '../engine/parse/document.ts';
import { FAINT, fuse, inOtherLanguage, RELEVANT, unspacedShare, WEIGHTS, type FusedHit, type VectorHit } from '../engine/rank.ts';
import { questionWords, rarestTerms, scoreWords, wordTokens, type WordScore } from '../engine/words.ts';
import { calibrated, fitted, kindOf, scored, type Judged } from './fusion/fit.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { model: { type: 'string' }, questions: { type: 'string', default: '200' }, fit: { type: 'boolean', default: false } },
});
if (positionals.length === 0) throw new Error('Usage: npm run bench:fusion -- DIR… [--model FOLDER] [--questions N] [--fit]');
const models = fileURLToPath(new URL('../resources/models', import.meta.url));
const embedder = await openEmbedder(values.model ?? join(models, readdirSync(models).filter((name) => name.startsWith('lodestone-embed')).sort().at(-1)!));
const background = embedder.background ?? { mean: 0, deviation: 0.08 };
const DEPTH = 100;

/** A question with the chunks that either leg proposes, each scored by both. */
interface Asked { question: string; gold: ReadonlyMap<string, number>; words: WordScore<number>[]; vectors: VectorHit<number>[]; document: (chunk: number) => string; text: (chunk: number) => string }

async function askedOf(set: EvaluationSet): Promise<Asked[]> {
  const chunks = set.documents.flatMap(({ id, title, text }) => {
    const drafts: Draft[] = [{ kind: 'paragraph', text }];
    if (title !== '') drafts.unshift({ kind: 'heading', level: 1, text: title });
    return split(assemble('text', drafts), embedder.countTokens).chunks.map((chunk, i) => ({ document: id, text: i === 0 ? chunk.text : `${title}\n${chunk.text}` }));
  });
  const postings = new Map<string, number[]>();
  let length = 0;
  chunks.forEach(({ text }, i) => {
    const tokens = wordTokens(text);
    length += tokens.length;
    for (const token of new Set(tokens)) postings.set(token, [...(postings.get(token) ?? []), i]);
  });
  const vectors: Float32Array[] = [];
  for (let i = 0; i < chunks.length; i += 256) vectors.push(...await embedder.embed(chunks.slice(i, i + 256).map(({ text }) => text), 'document'));
  const df = (token: string): number => postings.get(token)?.length ?? 0;
  const statistics = { df, total: chunks.length, averageLength: length / chunks.length };

  const every = Math.max(1, set.questions.length / Number(values.questions));
  const questions = set.questions.filter((_, i) => Math.floor(i / every) !== Math.floor((i - 1) / every));
  const asked = await embedder.embed(questions.map(({ text }) => text), 'query');
  return questions.map(({ id, text: question }, q) => {
    const terms = questionWords(question);
    const candidates = [...new Set(rarestTerms(terms, df, 0).flatMap(({ token }) => postings.get(token) ?? []))];
    const scores = (ids: number[]) => scoreWords(terms, ids.map((chunk) => ({ id: chunk, text: chunks[chunk]!.text })), statistics);
    const similarities = vectors.map((vector, chunk) => ({ id: chunk, similarity: dot(asked[q]!, vector) })).sort((a, b) => b.similarity - a.similarity);
    const union = new Set([...scores(candidates).slice(0, DEPTH), ...similarities.slice(0, DEPTH)].map((hit) => hit.id));
    return {
      question, gold: set.judged.get(id)!, words: scores([...union]), vectors: similarities.filter((hit) => union.has(hit.id)),
      document: (chunk) => chunks[chunk]!.document, text: (chunk) => chunks[chunk]!.text,
    };
  });
}

/** Several sets as one: all their documents, and all their questions. */
function mixed(sets: EvaluationSet[]): EvaluationSet {
  if (sets.length === 1) return sets[0]!;
  const of = (set: EvaluationSet) => (id: string): string => `${set.name}/${id}`;
  return {
    name: sets.map(({ name }) => name.slice(0, 12)).join('+').slice(0, 17),
    documents: sets.flatMap((set) => set.documents.map((document) => ({ ...document, id: of(set)(document.id) }))),
    questions: sets.flatMap((set) => set.questions.map((question) => ({ ...question, id: of(set)(question.id) }))),
    judged: new Map(sets.flatMap((set) => [...set.judged].map(([question, judgements]) =>
      [of(set)(question), new Map([...judgements].map(([document, grade]) => [of(set)(document), grade]))] as const))),
  };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

// ── What the weights do ─────────────────────────────────────────────────────────────────────────────────────

const fuseBoth = (asked: Asked, weights = WEIGHTS): FusedHit<number>[] => fuse(asked.words, asked.vectors, { question: asked.question, text: asked.text, background }, weights);
const RANKINGS: Record<string, (asked: Asked) => [number, number][]> = {
  words: (asked) => asked.words.filter(({ score }) => score > 0).map(({ id, score }) => [id, score]),
  vectors: (asked) => asked.vectors.map(({ id, similarity }) => [id, similarity]),
  RRF: (asked) => {
    const sum = new Map<number, number>();
    for (const leg of [asked.words.filter(({ score }) => score > 0), asked.vectors]) leg.slice(0, DEPTH).forEach(({ id }, i) => sum.set(id, (sum.get(id) ?? 0) + 1 / (61 + i)));
    return [...sum];
  },
  fused: (asked) => fusedBy(asked),
};

function fusedBy(asked: Asked, weights = WEIGHTS): [number, number][] {
  return fuseBoth(asked, weights).map(({ id, score }) => [id, score]);
}

function quality(asked: Asked, hits: [number, number][]): number {
  const best = new Map<string, number>();
  for (const [chunk, score] of hits) best.set(asked.document(chunk), Math.max(best.get(asked.document(chunk)) ?? -Infinity, score));
  return ndcg(ranked(best), asked.gold, 10);
}

const mean = (numbers: number[]): number => numbers.reduce((sum, value) => sum + value, 0) / Math.max(1, numbers.length);
const isGold = (asked: Asked, chunk: number): boolean => (asked.gold.get(asked.document(chunk)) ?? 0) > 0;

/** What was asked of a set, or of several in one, and the names of these. */
interface AskedSet { parts: string[]; questions: Asked[] }
const all = new Map<string, AskedSet>();
console.log(`${'nDCG@10'.padEnd(18)}${Object.keys(RANKINGS).map((name) => name.padStart(9)).join('')}   fused − best leg   accepted: gold, other`);
for (const folder of positionals) {
  const parts = folder.split('+').map(readSet);
  const set = mixed(parts);
  const questions = await askedOf(set);
  all.set(set.name, { parts: parts.map(({ name }) => name), questions });
  const figures = Object.values(RANKINGS).map((rank) => mean(questions.map((asked) => quality(asked, rank(asked)))));
  const tops = questions.flatMap((asked) => topSamples(asked, fuseBoth(asked)));
  const accepted = (gold: boolean): string => mean(tops.filter((top) => top.gold === gold).map((top) => Number(top.relevance >= RELEVANT))).toFixed(2);
  console.log(`${set.name.padEnd(18)}${figures.map((value) => value.toFixed(4).padStart(9)).join('')}${(figures.at(-1)! - Math.max(figures[0]!, figures[1]!)).toFixed(4).padStart(19)}${accepted(true).padStart(18)}, ${accepted(false)}`);
}

/** The best hit, and the best that is left when the gold is taken away. */
function topSamples<Hit extends { id: number }>(asked: Asked, hits: Hit[]): (Hit & { gold: boolean })[] {
  const left = hits.find(({ id }) => !isGold(asked, id));
  return [hits[0], left].flatMap((hit) => hit === undefined ? [] : [{ ...hit, gold: isGold(asked, hit.id) }]).slice(0, hits[0] === left ? 1 : 2);
}

// ── What they would be ──────────────────────────────────────────────────────────────────────────────────────

type Features = Judged & { id: number; own: number[] };

function featuresOf(asked: Asked): Features[] {
  const similarity = new Map(asked.vectors.map((hit) => [hit.id, hit.similarity]));
  return asked.words.map(({ id, evidence, share, coverage }) => {
    const meaning = (similarity.get(id)! - background.mean) / background.deviation;
    const across = inOtherLanguage(unspacedShare(asked.question), unspacedShare(asked.text(id)));
    const evident = Math.log(FAINT + evidence);
    return { id, own: [evident, share], gold: isGold(asked, id), features: across ? [0, 0, 0, 0, 1, share, meaning] : [evident, share, coverage, meaning, 0, 0, 0] };
  });
}

const plattOf = (sets: readonly AskedSet[], known: ReadonlyMap<Asked, Features[]>, score: (candidate: Features) => number) =>
  calibrated(sets.flatMap(({ questions }) => questions.flatMap((asked) => topSamples(asked, known.get(asked)!.toSorted((a, b) => score(b) - score(a)))
    .map((top) => ({ score: score(top), gold: top.gold, weight: 1 / questions.length })))));

/** The weights that these sets alone would give to candidates with words and vectors. */
function refitted(sets: readonly AskedSet[], known: ReadonlyMap<Asked, Features[]>): typeof WEIGHTS {
  const weights = fitted(sets.map(({ questions }) => questions.map((asked) => known.get(asked)!)));
  const line = plattOf(sets, known, (candidate) => scored(candidate.features, weights));
  const [evidence, share, coverage, meaning, constant, shareAcross, meaningAcross] = weights.map((weight) => weight * line.slope) as [number, number, number, number, number, number, number];
  return {
    ...WEIGHTS,
    same: { constant: line.constant, evidence, share, coverage, meaning },
    across: { constant: line.constant + constant, evidence: 0, share: shareAcross, coverage: 0, meaning: meaningAcross },
  };
}

/** And to those with words alone. */
function refittedWords(sets: readonly AskedSet[], known: ReadonlyMap<Asked, Features[]>): typeof WEIGHTS.words {
  const weights = fitted(sets.map(({ questions }) => questions.map((asked) => known.get(asked)!.map(({ own, gold }) => ({ features: own, gold })))));
  const line = plattOf(sets, known, (candidate) => scored(candidate.own, weights));
  return { constant: line.constant, evidence: weights[0]! * line.slope, share: weights[1]! * line.slope, coverage: 0, meaning: 0 };
}

if (values.fit) {
  const sets = [...all.values()];
  const known = new Map(sets.flatMap(({ questions }) => questions.map((asked) => [asked, featuresOf(asked)] as const)));
  const weights = { ...refitted(sets, known), words: refittedWords(sets, known) };
  const without = new Map<string, typeof WEIGHTS | undefined>();
  const unseenBy = ({ parts }: AskedSet): typeof WEIGHTS | undefined => {
    const kind = parts.flatMap(kindOf).sort();
    const key = kind.join();
    if (!without.has(key)) {
      const others = sets.filter((set) => !set.parts.some((part) => kind.includes(part)));
      without.set(key, others.length === 0 ? undefined : refitted(others, known));
    }
    return without.get(key);
  };
  const of = ({ questions }: AskedSet, by: typeof WEIGHTS | undefined): number => by === undefined ? NaN : mean(questions.map((asked) => quality(asked, fusedBy(asked, by))));
  const rows = [...all].map(([name, set]): [string, number[]] => [name, [of(set, WEIGHTS), of(set, weights), of(set, unseenBy(set))]]);
  rows.push(['mean', [0, 1, 2].map((column) => mean(rows.map(([, figures]) => figures[column]!)))]);
  console.log(`\n${'nDCG@10'.padEnd(18)}   shipped   refitted   by a fit that has seen no such set`);
  for (const [name, figures] of rows) console.log(`${name.padEnd(18)}${figures.map((value) => value.toFixed(4).padStart(10)).join(' ')}`);
  console.log('\nfitted', JSON.stringify(weights, (_, value: unknown) => typeof value === 'number' ? Number(value.toFixed(2)) : value, 1));
}
await embedder.close();

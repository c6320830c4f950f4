/**
 * Measures search on sets in the form of BEIR, through the real engine: every document becomes a Markdown file that is
 * parsed, split, indexed and embedded like any other.
 *
 *   npm run evaluate -- DIR… [--run FILE] [--limit N] [--candidates] [--reranker DIR]…
 *
 * `--run` writes a TREC run of each set and leg, `--limit` asks at most N questions of a set. `--candidates` shows instead for
 * how many questions one of the first three hits answers, by how many candidates a reranker reads: with none, with the one that
 * ships and with those in the folders named, and which is best on questions that had no part in the choice.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, parse } from 'node:path';
import { parseArgs } from 'node:util';
import type { Engine, LibraryId, SearchQuery } from '../api.ts';
import { openEngine } from '../engine.ts';
import { resourcesDir } from '../locations.ts';
import { openEmbedder } from '../models/embedder.ts';
import { installedModels } from '../models/installed.ts';
import { openReranker } from '../models/reranker.ts';
import { idle } from '../testing.ts';
import { readSet, type EvaluationSet } from './beir.ts';
import { CANDIDATES, chosen, curves, readings } from './depth.ts';
import { meanQuality, ranked, type Quality } from './metrics.ts';
import { trecRun } from './trec.ts';

export const LEGS = ['words', 'vectors', 'both'] as const;
export type Leg = (typeof LEGS)[number];

/** Chunks asked for: a document of several chunks counts by its best one, and a hundred documents are judged. */
const CHUNKS = 300;
const DOCUMENTS = 100;

/** The scores of each question's documents, best first. */
type Run = Map<string, [document: string, score: number][]>;

export interface SetResult { leg: Leg; quality: Quality; run: Run; /** Milliseconds a question, median. */ milliseconds: number }

/** A set in an engine of its own, answerable by words and by meaning. `ids` are its documents' by their names there. */
export interface IndexedSet { engine: Engine; dataDir: string; library: LibraryId; ids: ReadonlyMap<string, string> }

/** Indexes a set in an engine of its own, which is gone after the work. */
export async function withSet<T>(set: EvaluationSet, work: (indexed: IndexedSet) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'lodestone-evaluate-'));
  const engine = await openEngine({ dataDir, resourcesDir });
  try {
    const library = await engine.createLibrary(set.name);
    const folder = join(dataDir, 'corpus');
    mkdirSync(folder);
    const ids = new Map(set.documents.map(({ id, title, text }, i) => {
      writeFileSync(join(folder, `${i}.md`), markdown(title, text));
      return [`${i}.md`, id];
    }));
    await engine.add(library, [folder]);
    await idle(engine);
    return await work({ engine, dataDir, library, ids });
  } finally {
    await engine.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Asks a set's questions of each leg. */
export function evaluateSet(set: EvaluationSet, limit = Infinity): Promise<{ chunks: number; results: SetResult[] }> {
  return withSet(set, async ({ engine, library, ids }) => {
    const { chunks } = (await engine.libraries()).find(({ id }) => id === library)!;
    const questions = spread(set.questions, limit);
    const judged = new Map(questions.map(({ id }) => [id, set.judged.get(id)!]));
    const legs = (await engine.models()).some(({ role }) => role === 'embedder') ? LEGS : LEGS.slice(0, 1);
    const results: SetResult[] = [];
    for (const leg of legs) {
      const { run, milliseconds } = await ask(engine, library, questions, leg, ids);
      const rankings = new Map([...run].map(([question, documents]) => [question, ranked(documents)]));
      results.push({ leg, quality: meanQuality(rankings, judged), run, milliseconds });
    }
    return { chunks, results };
  });
}

/** A title and a plain text as Markdown that reads as exactly that: every mark escaped, every line at the margin. */
export function markdown(title: string, text: string): string {
  const plain = (part: string): string => part.replace(/[!-/:-@[-`{-~]/g, '\\$&').replace(/^[ \t]+/gm, '');
  return (title.trim() === '' ? '' : `# ${plain(title).replace(/\s+/g, ' ')}\n\n`) + plain(text);
}

/** At most `limit` of the items, evenly spread. */
export function spread<Item>(items: readonly Item[], limit: number): Item[] {
  if (items.length <= limit) return [...items];
  return Array.from({ length: limit }, (_, i) => items[Math.floor((i * items.length) / limit)]!);
}

async function ask(engine: Engine, library: LibraryId, questions: EvaluationSet['questions'], leg: Leg, ids: IndexedSet['ids']) {
  const run: Run = new Map();
  const times: number[] = [];
  for (const { id, text } of questions) {
    const query: SearchQuery = { question: text, libraries: [library], limit: CHUNKS, ...(leg !== 'both' && { leg }) };
    const { hits, milliseconds } = await engine.search(query);
    times.push(milliseconds);
    const best = new Map<string, number>();
    // By place: scores of hits a reranker has read and of others are not of one kind.
    hits.forEach(({ documentName }, place) => {
      const document = ids.get(documentName)!;
      if (!best.has(document)) best.set(document, hits.length - place);
    });
    run.set(id, [...best].sort((a, b) => b[1] - a[1]).slice(0, DOCUMENTS));
  }
  return { run, milliseconds: times.sort((a, b) => a - b)[times.length >> 1] ?? 0 };
}

// ── Command ─────────────────────────────────────────────────────────────────────────────────────────────────

const COLUMNS = ['nDCG@10', 'MRR@10', 'R@10', 'R@100'] as const;

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { run: { type: 'string' }, limit: { type: 'string' }, candidates: { type: 'boolean' }, reranker: { type: 'string', multiple: true } } });
  const limit = values.limit === undefined ? Infinity : Number(values.limit);
  if (positionals.length === 0 || !(limit > 0)) throw new Error('Usage: npm run evaluate -- DIR… [--run FILE] [--limit N] [--candidates] [--reranker DIR]…');
  const sets = positionals.map(readSet);
  if (values.candidates) return byCandidates(sets, limit, values.reranker ?? []);
  const sums = new Map<Leg, number[]>();
  console.log(`${'set'.padEnd(18)}${'leg'.padEnd(9)}${COLUMNS.map((name) => name.padStart(9)).join('')}   ms/question   chunks`);
  for (const set of sets) {
    const { chunks, results } = await evaluateSet(set, limit);
    for (const { leg, quality, run, milliseconds } of results) {
      const figures = [quality.ndcg10, quality.mrr10, quality.recall10, quality.recall100];
      sums.set(leg, figures.map((value, i) => value + (sums.get(leg)?.[i] ?? 0)));
      console.log(`${set.name.padEnd(18)}${row(leg, figures)}${milliseconds.toFixed(1).padStart(14)}${String(chunks).padStart(9)}`);
      if (values.run) writeFileSync(runFile(values.run, set.name, leg, sets.length), trecRun(run, leg));
    }
  }
  if (sets.length > 1) for (const [leg, totals] of sums) console.log(`${'mean'.padEnd(18)}${row(leg, totals.map((total) => total / sets.length))}`);
}

/** Curves of the models that ship and the rerankers in these folders. */
async function byCandidates(sets: readonly EvaluationSet[], limit: number, folders: readonly string[]): Promise<void> {
  const bundled = (await installedModels([join(resourcesDir, 'models')])).models;
  const placeOf = (role: string): string[] => bundled.filter(({ manifest }) => manifest.role === role).slice(-1).map(({ folder }) => folder);
  const [embedder] = await Promise.all(placeOf('embedder').map((folder) => openEmbedder(folder)));
  if (!embedder) throw new Error('No embedder ships with this build.');
  const rerankers = await Promise.all([...placeOf('reranker'), ...folders].map((folder) => openReranker(folder)));
  console.log(`${'set'.padEnd(18)}${'hit@3 with'.padEnd(34)}${CANDIDATES.map((candidates) => String(candidates).padStart(8)).join('')}`);
  for (const set of sets) {
    const read = await withSet(set, (indexed) => readings({ ...set, questions: spread(set.questions, limit) }, indexed, embedder, rerankers));
    const names = rerankers.map(({ id }) => id);
    for (const { reranker = 'no reranker', hits } of curves(read, names)) console.log(`${set.name.padEnd(18)}${reranker.padEnd(34)}${hits.map((share) => share.toFixed(4).padStart(8)).join('')}`);
    const { reranker, candidates, hits } = chosen(read, names);
    console.log(`${set.name.padEnd(18)}best: ${reranker === undefined ? 'no reranker' : `${reranker}, ${candidates} candidates`} (${hits.toFixed(4)} on every other question)`);
  }
  await Promise.all([embedder, ...rerankers].map((model) => model.close()));
}

function row(leg: Leg, figures: number[]): string {
  return leg.padEnd(9) + figures.map((value) => value.toFixed(4).padStart(9)).join('');
}

/** `FILE` for the search as people use it; a leg alone, and each of several sets, has its name before the extension. */
function runFile(file: string, set: string, leg: Leg, sets: number): string {
  const { dir, name, ext } = parse(file);
  mkdirSync(dirname(join(dir, name)), { recursive: true });
  return join(dir, [name, ...(sets > 1 ? [set] : []), ...(leg === 'both' ? [] : [leg])].join('.') + ext);
}

if (import.meta.main) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}

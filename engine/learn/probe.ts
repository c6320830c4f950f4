import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Turns texts into unit vectors. */
export type EmbedTexts = (texts: string[], side: 'query' | 'document') => Promise<Float32Array[]>;

interface Entry { _id: string; title?: string; text: string }

const CUTOFF = 10;

/**
 * nDCG@10 of exact cosine search on every BEIR folder under `folder` (`corpus.jsonl`, `queries.jsonl`, `qrels.tsv`), by set.
 * A document is its title and text as one vector; gains are 2^score − 1 (as trec_eval's ndcg_cut with graded judgements does
 * not, and BEIR's linear gain equals for 0/1): linear gain is used, to agree with BEIR.
 */
export async function probe(folder: string, embed: EmbedTexts): Promise<Record<string, number>> {
  const quality: Record<string, number> = {};
  for (const set of (await readdir(folder)).sort()) {
    if (existsSync(join(folder, set, 'qrels.tsv'))) quality[set] = Math.round((await probeSet(join(folder, set), embed)) * 1000) / 1000;
  }
  return quality;
}

async function probeSet(folder: string, embed: EmbedTexts): Promise<number> {
  const documents = await readEntries(join(folder, 'corpus.jsonl'));
  const queries = await readEntries(join(folder, 'queries.jsonl'));
  const judgements = new Map<string, Map<string, number>>();
  for (const line of (await readFile(join(folder, 'qrels.tsv'), 'utf8')).split('\n').slice(1)) {
    const [query, document, score] = line.split('\t');
    if (query === undefined || document === undefined || !(Number(score) > 0)) continue;
    if (!judgements.has(query)) judgements.set(query, new Map());
    judgements.get(query)!.set(document, Number(score));
  }
  const judged = queries.filter((query) => judgements.has(query._id));
  const documentVectors = await embed(documents.map((document) => [document.title ?? '', document.text].filter((part) => part !== '').join('\n')), 'document');
  const queryVectors = await embed(judged.map((query) => query.text), 'query');
  let sum = 0;
  judged.forEach((query, i) => (sum += ndcg(ranking(queryVectors[i]!, documentVectors).map((index) => documents[index]!._id), judgements.get(query._id)!)));
  return sum / judged.length;
}

async function readEntries(path: string): Promise<Entry[]> {
  return (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Entry);
}

/** Indexes of the nearest documents, nearest first. */
function ranking(query: Float32Array, documents: Float32Array[]): number[] {
  const scores = documents.map((document) => {
    let score = 0;
    for (let d = 0; d < query.length; d++) score += query[d]! * document[d]!;
    return score;
  });
  return scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]!).slice(0, CUTOFF);
}

/** Normalised discounted cumulative gain of a ranking against graded judgements. */
export function ndcg(ranked: string[], judgements: Map<string, number>): number {
  const gain = (scores: number[]): number => scores.reduce((sum, score, rank) => sum + score / Math.log2(rank + 2), 0);
  const ideal = [...judgements.values()].sort((a, b) => b - a).slice(0, CUTOFF);
  return gain(ranked.map((id) => judgements.get(id) ?? 0)) / gain(ideal);
}

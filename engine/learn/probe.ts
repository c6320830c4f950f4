import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSet } from '../evaluate/beir.ts';
import { meanQuality, ranked } from '../evaluate/metrics.ts';

/** Turns texts into unit vectors. */
export type EmbedTexts = (texts: string[], side: 'query' | 'document') => Promise<Float32Array[]>;

/** Of the ranking that is kept: nothing deeper is measured. */
const DEPTH = 10;

/**
 * nDCG@10 of exact cosine search with one vector a document (title and text), on every BEIR folder under `folder`, by set:
 * the embedder alone, with no chunks, words or fusion around it.
 */
export async function probe(folder: string, embed: EmbedTexts): Promise<Record<string, number>> {
  const quality: Record<string, number> = {};
  for (const name of (await readdir(folder)).sort()) {
    if (!existsSync(join(folder, name, 'corpus.jsonl'))) continue;
    const { documents, questions, judged } = readSet(join(folder, name));
    const vectors = await embed(documents.map(({ title, text }) => [title, text].filter((part) => part !== '').join('\n')), 'document');
    const asked = await embed(questions.map(({ text }) => text), 'query');
    const rankings = new Map(questions.map(({ id }, i) => {
      const scores = vectors.map((vector, j): [string, number] => [documents[j]!.id, dot(asked[i]!, vector)]);
      return [id, ranked(scores).slice(0, DEPTH)] as const;
    }));
    quality[name] = Math.round(meanQuality(rankings, judged).ndcg10 * 1000) / 1000;
  }
  return quality;
}

/** Cosine of two unit vectors. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!;
  return sum;
}

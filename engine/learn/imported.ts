import type { Embedder } from '../models/embedder.ts';
import type { JudgedRow } from './gate.ts';
import type { Sample } from './samples.ts';
import { noClues } from './train-weighing.ts';
import type { Vectors } from './vectors.ts';

/** What a similarity is worth where nothing is known of the words: as across languages (`rank.ts`). */
const SLOPE = 10;

/**
 * Imported samples as rows to learn from, by meaning alone. A row's candidates are its own texts; a sample without a
 * negative teaches nothing here and is left out. They are
 * replayed along with the general pairs; the gate judges by the person's own questions alone.
 */
export async function importedRows(samples: readonly Sample[], embedder: Embedder, vectors: Vectors): Promise<JudgedRow[]> {
  const usable = samples.filter(({ pos, neg, split }) => pos.length > 0 && neg.length > 0 && split === 'train');
  const rows: JudgedRow[] = [];
  for (const { query, pos, neg, pos_weights, weight } of usable) {
    const [vector] = await embedder.embed([query], 'query');
    const texts = [...pos, ...neg];
    const documents = await embedder.embed(texts, 'document');
    const shares = pos.map((_, i) => pos_weights[i] ?? 1);
    const total = shares.reduce((sum, share) => sum + share, 0) || 1;
    rows.push({
      question: query, query: vector!, weight, found: texts.length, positives: pos.map((_, i) => i),
      candidates: Int32Array.from(documents, (document, i) => vectors.add(`sample ${texts[i]}`, () => document)),
      fixed: new Float32Array(texts.length), slope: new Float32Array(texts.length).fill(SLOPE),
      target: Float32Array.from(texts, (_, i) => (i < pos.length ? shares[i]! / total : 0)), counts: new Float32Array(texts.length).fill(1),
      standing: new Uint8Array(texts.length), score: new Float32Array(texts.length), clues: noClues(texts.length),
    });
  }
  return rows;
}

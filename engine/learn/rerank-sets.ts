import { join } from 'node:path';
import { inContext } from '../context.ts';
import type { EvaluationSet } from '../evaluate/beir.ts';
import { spread, withSet } from '../evaluate/evaluate.ts';
import type { Judgements } from '../evaluate/metrics.ts';
import { openEmbedder } from '../models/embedder.ts';
import { RERANKED, type Candidate } from '../rank.ts';
import { rank } from '../search.ts';
import { openDatabase } from '../store/database.ts';

/** A question with what the first stage found for it, best first: what a reranker is given, and the documents behind that. */
export interface Asked {
  question: string;
  candidates: (Candidate & { document: string })[];
  /** Documents of the hits a reranker does not read. */
  rest: string[];
  grades: Judgements;
}

/** As deep as rankings are kept. */
const HITS = 300;

/**
 * Indexes a set with the engine itself and asks its questions, at most `limit` of them, of search without a reranker; and then
 * `strangers`, questions that nothing in it answers, which have no grades.
 */
export function askedOf(set: EvaluationSet, embedderFolder: string, limit: number, strangers: readonly string[]): Promise<Asked[]> {
  return withSet(set, async ({ dataDir, library, ids }) => {
    const embedder = await openEmbedder(embedderFolder);
    const db = openDatabase(join(dataDir, 'library.sqlite'), 'search');
    try {
      const asked: Asked[] = [];
      const own = spread(set.questions, limit).map(({ id, text }) => ({ question: text, grades: set.judged.get(id)! }));
      for (const { question, grades } of [...own, ...strangers.map((question) => ({ question, grades: new Map<string, number>() }))]) {
        const { hits, chunks, asked: embedded } = await rank({ db, embedder }, { question, libraries: [library], limit: HITS });
        if (!embedded) throw new Error(`${set.name} was not indexed by ${embedderFolder}. What is measured has to be the best of the models in resources/models.`);
        const document = (hit: (typeof hits)[number]): string => ids.get(chunks.get(hit.id)!.documentName)!;
        asked.push({
          question, grades,
          candidates: hits.slice(0, RERANKED).map((hit) => ({ document: document(hit), text: inContext(chunks.get(hit.id)!, chunks.get(hit.id)!.title), prior: hit.score })),
          rest: hits.slice(RERANKED, HITS).map(document),
        });
      }
      return asked;
    } finally {
      db.close();
      await embedder.close();
    }
  });
}

/** Several sets as one: all their documents, and all their questions. */
export function mixed(sets: readonly EvaluationSet[]): EvaluationSet {
  const prefixed = <T extends { id: string }>(set: EvaluationSet, items: readonly T[]): T[] => items.map((item) => ({ ...item, id: `${set.name}/${item.id}` }));
  return {
    name: sets.map(({ name }) => name).join('+'),
    documents: sets.flatMap((set) => prefixed(set, set.documents)),
    questions: sets.flatMap((set) => prefixed(set, set.questions)),
    judged: new Map(sets.flatMap((set) => [...set.judged].map(([question, grades]) =>
      [`${set.name}/${question}`, new Map([...grades].map(([document, grade]) => [`${set.name}/${document}`, grade]))] as const))),
  };
}

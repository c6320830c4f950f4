import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inContext } from '../context.ts';
import { openEngine } from '../engine.ts';
import type { EvaluationSet } from '../evaluate/beir.ts';
import { markdown } from '../evaluate/evaluate.ts';
import type { Judgements } from '../evaluate/metrics.ts';
import { resourcesDir } from '../locations.ts';
import { openEmbedder } from '../models/embedder.ts';
import { RERANKED, type Candidate } from '../rank.ts';
import { rank } from '../search.ts';
import { openDatabase } from '../store/database.ts';
import { idle } from '../testing.ts';

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
export async function askedOf(set: EvaluationSet, embedderFolder: string, limit: number, strangers: readonly string[]): Promise<Asked[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'lodestone-rerank-'));
  const engine = await openEngine({ dataDir, resourcesDir });
  const embedder = await openEmbedder(embedderFolder);
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
    const db = openDatabase(join(dataDir, 'library.sqlite'), 'search');
    const asked: Asked[] = [];
    const own = spread(set.questions, limit).map(({ id, text }) => ({ question: text, grades: set.judged.get(id)! }));
    for (const { question, grades } of [...own, ...strangers.map((question) => ({ question, grades: new Map<string, number>() }))]) {
      const { hits, chunks } = await rank({ db, embedder }, { question, libraries: [library], limit: HITS });
      const document = (hit: (typeof hits)[number]): string => ids.get(chunks.get(hit.id)!.documentName)!;
      asked.push({
        question, grades,
        candidates: hits.slice(0, RERANKED).map((hit) => ({ document: document(hit), text: inContext(chunks.get(hit.id)!, chunks.get(hit.id)!.title), prior: hit.score })),
        rest: hits.slice(RERANKED, HITS).map(document),
      });
    }
    db.close();
    return asked;
  } finally {
    await embedder.close();
    await engine.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
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

/** At most `limit` of the items, evenly spread. */
export function spread<Item>(items: readonly Item[], limit: number): Item[] {
  if (items.length <= limit) return [...items];
  return Array.from({ length: limit }, (_, i) => items[Math.floor((i * items.length) / limit)]!);
}

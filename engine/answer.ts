import type { Answer, Citation, DocumentId, Hit, LibraryId, ModelsInUse, Sentence } from './api.ts';
import { extract, type Evidence } from './extract.ts';
import { placeOf, type Placed } from './parse/document.ts';
import { search, type SearchParts } from './search.ts';
import { bodyOf } from './store/contents.ts';
import { documentFrequency, wordStatistics } from './store/words.ts';

/** A question that can be understood alone, and where to look. */
export interface AnswerQuestion { question: string; libraries: LibraryId[] }

export type AnswerEvent =
  | { kind: 'hits'; hits: Hit[]; models: ModelsInUse }
  | { kind: 'sentence'; sentence: Sentence }
  | { kind: 'end'; outcome: Answer['outcome'] };

/** The walk from question to answer: search, then sentences with citations that stand at exact places. */
export async function* answer(parts: SearchParts, { question, libraries }: AnswerQuestion): AsyncGenerator<AnswerEvent> {
  const { db, embedder } = parts;
  const { hits, models } = await search(parts, { question, libraries });
  yield { kind: 'hits', hits, models };

  const bodies = new Map<DocumentId, Placed>();
  const body = ({ document }: Hit): Placed => {
    if (!bodies.has(document)) bodies.set(document, bodyOf(db, document));
    return bodies.get(document)!;
  };
  const { outcome, sentences } = await extract(question, hits, {
    blocks: (hit) => body(hit).blocks,
    statistics: { df: (token) => documentFrequency(db, token), total: wordStatistics(db).total },
    ...(embedder && { embed: async (asked, statements) => [...(await embedder.embed([asked], 'query')), ...(await embedder.embed(statements, 'document'))] }),
  });

  // Numbers count chunks in the order in which the answer first leans on them.
  const numbers = new Map<number, number>();
  const citationOf = ({ hit: index, start, end, quote }: Evidence): Citation => {
    const hit = hits[index]!;
    const number = numbers.get(index) ?? numbers.size + 1;
    numbers.set(index, number);
    const { chunk, document, documentName, type } = hit;
    return { number, chunk, document, documentName, type, quote, place: placeOf(body(hit), start, end) };
  };
  for (const { text, citations, opens } of sentences) {
    yield { kind: 'sentence', sentence: { text, citations: citations.map(citationOf), ...(opens !== undefined && { opens }) } };
  }
  yield { kind: 'end', outcome };
}

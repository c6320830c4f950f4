import { evidenceOf, type Evidence } from '../../engine/answer/found.ts';
import { pseudoQuestion } from '../../engine/answer/pseudo.ts';
import type { Hit } from '../../engine/api.ts';
import { inContext } from '../../engine/context.ts';
import type { EvaluationSet } from '../../engine/evaluate/beir.ts';
import { prepare } from '../../engine/reading.ts';
import { Random } from '../../engine/nn/random.ts';
import type { Embedder } from '../../engine/models/embedder.ts';
import { assemble, type Draft } from '../../engine/parse/document.ts';
import { search, type SearchParts } from '../../engine/search.ts';
import { saveReading } from '../../engine/store/contents.ts';
import { useSpace } from '../../engine/store/spaces.ts';
import { spreadChunks } from '../../engine/store/calibrations.ts';
import { memoryDatabase, queue } from '../../engine/store/testing.ts';
import { saveVectors, unembedded } from '../../engine/store/vectors.ts';
import { documentFrequency, wordStatistics } from '../../engine/store/words.ts';

/**
 * A question asked of a set: `in`, the set answers it; `out`, what answers it is hidden; `other`, it is of another set. And
 * `made` and `made-out`: a question made from a passage of the set, and with the passage's document hidden.
 */
export interface Asked {
  set: string; kind: 'in' | 'out' | 'other' | 'made' | 'made-out'; question: string;
  /** Of `in`: whether what answers is among the hits looked at, as they are and by words alone; to refuse where it is not is not wholly wrong. */
  found: boolean; foundByWords: boolean;
  evidence: Evidence; words: Evidence;
}

const MADE = 120;
const LOOKED_AT = 10;

/** Asks each set so many of its own questions, as many of the others, and questions made from its passages. */
export async function askSets(sets: EvaluationSet[], parts: Omit<SearchParts, 'db' | 'embedder'> & { embedder: Embedder }, questions: number): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const set of sets) {
    const { db, library, documentOf } = await libraryOf(set, parts.embedder);
    const statistics = { df: (token: string) => documentFrequency(db, token), total: wordStatistics(db).total };
    const { embedder } = parts;
    const judge = async (kind: Asked['kind'], question: string, all: Hit[], allByWords: Hit[], answers: (hit: Hit) => boolean): Promise<void> => {
      const [hits, byWords] = [all.slice(0, LOOKED_AT), allByWords.slice(0, LOOKED_AT)];
      asked.push({
        set: set.name, kind, question, found: hits.some(answers), foundByWords: byWords.some(answers),
        evidence: await evidenceOf(question, hits, { statistics, embed: (texts, side) => embedder.embed(texts, side), ...(embedder.background && { background: embedder.background }) }),
        words: await evidenceOf(question, byWords, { statistics }),
      });
    };
    /** Asks once, and looks at the hits as they are and, where anything answers, without what does. */
    const ask = async (kinds: [Asked['kind'], Asked['kind']?], question: string, answers: (hit: Hit) => boolean = () => false): Promise<void> => {
      const { hits } = await search({ ...parts, db }, { question, limit: 30 });
      const { hits: byWords } = await search({ db }, { question, limit: 30 });
      await judge(kinds[0], question, hits, byWords, answers);
      if (kinds[1]) await judge(kinds[1], question, hits.filter((hit) => !answers(hit)), byWords.filter((hit) => !answers(hit)), answers);
    };
    for (const { id, text } of spread(set.questions, questions)) {
      const gold = set.judged.get(id)!;
      await ask(['in', 'out'], text, ({ document }) => (gold.get(documentOf(document)) ?? 0) > 0);
    }
    const others = sets.filter((other) => other !== set);
    for (const other of others) for (const { text } of spread(other.questions, Math.ceil(questions / others.length))) await ask(['other'], text);
    const random = new Random(1);
    for (const { document, text } of spreadChunks(db, library, MADE)) {
      const question = pseudoQuestion(text, () => random.next());
      if (question !== undefined) await ask(['made', 'made-out'], question, (hit) => hit.document === document);
    }
    db.close();
  }
  return asked;
}

async function libraryOf(set: EvaluationSet, embedder: Embedder) {
  const { db, library } = memoryDatabase();
  const ids = new Map<number, string>();
  for (const [i, { id, title, text }] of set.documents.entries()) {
    const drafts: Draft[] = [{ kind: 'paragraph', text }];
    if (title !== '') drafts.unshift({ kind: 'heading', level: 1, text: title });
    const document = queue(db, library, `${i}.txt`);
    ids.set(document, id);
    saveReading(db, document, prepare({ hash: `${set.name} ${i}`, parsed: assemble('text', drafts, title === '' ? {} : { title }) }, (part) => embedder.countTokens(part)));
  }
  const space = useSpace(db, embedder.space, embedder.dimensions);
  for (let left = unembedded(db, space, 256); left.length > 0; left = unembedded(db, space, 256)) {
    const vectors = await embedder.embed(left.map((chunk) => inContext(chunk, chunk.title)), 'document');
    saveVectors(db, space, left[0]!.library, left[0]!.content, new Map(left.map(({ chunk }, i) => [chunk, vectors[i]!])));
  }
  return { db, library, documentOf: (document: number): string => ids.get(document)! };
}

/** At most so many, evenly spread. */
function spread<Item>(items: readonly Item[], count: number): Item[] {
  return items.length <= count ? [...items] : Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!);
}

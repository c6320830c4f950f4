import { evidenceOf, type Evidence } from '../../engine/answer/found.ts';
import { pseudoQuestion } from '../../engine/answer/pseudo.ts';
import type { ChunkId, Hit } from '../../engine/api.ts';
import { inContext } from '../../engine/context.ts';
import type { EvaluationSet } from '../../engine/evaluate/beir.ts';
import { prepare } from '../../engine/ingest.ts';
import { Random } from '../../engine/nn/random.ts';
import type { Embedder } from '../../engine/models/embedder.ts';
import { assemble, type Draft } from '../../engine/parse/document.ts';
import { search, type SearchParts } from '../../engine/search.ts';
import { saveReading } from '../../engine/store/contents.ts';
import { useSpace } from '../../engine/store/spaces.ts';
import { memoryDatabase, queue } from '../../engine/store/testing.ts';
import { saveVectors, unembedded } from '../../engine/store/vectors.ts';
import { documentFrequency, wordStatistics } from '../../engine/store/words.ts';

/**
 * A question asked of a set: `in`, the set answers it; `out`, what answers it is hidden; `other`, it is of another set. And
 * `made` and `made-out`: a question made from a passage of the set, and with the passage's document hidden.
 */
export interface Asked { set: string; kind: 'in' | 'out' | 'other' | 'made' | 'made-out'; question: string; evidence: Evidence; words: Evidence }

const QUESTIONS = 100;
const MADE = 200;

/** Asks each set its own questions, those of the others, and questions made from its passages. */
export async function askSets(sets: EvaluationSet[], parts: Omit<SearchParts, 'db' | 'embedder'> & { embedder: Embedder }): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const set of sets) {
    const { db, documentOf } = await libraryOf(set, parts.embedder);
    const statistics = { df: (token: string) => documentFrequency(db, token), total: wordStatistics(db).total };
    const { embedder } = parts;
    const add = async (kind: Asked['kind'], question: string, hidden: (hit: Hit) => boolean): Promise<void> => {
      const { hits } = await search({ ...parts, db }, { question, limit: 30 });
      const left = hits.filter((hit) => !hidden(hit)).slice(0, 10);
      const { hits: byWords } = await search({ db }, { question, limit: 30 });
      asked.push({
        set: set.name, kind, question,
        evidence: await evidenceOf(question, left, { statistics, embed: (texts, side) => embedder.embed(texts, side), ...(embedder.background && { background: embedder.background }) }),
        words: await evidenceOf(question, byWords.filter((hit) => !hidden(hit)).slice(0, 10), { statistics }),
      });
    };
    const none = (): boolean => false;
    for (const { id, text } of spread(set.questions, QUESTIONS)) {
      const gold = set.judged.get(id)!;
      await add('in', text, none);
      await add('out', text, ({ document }) => (gold.get(documentOf(document)) ?? 0) > 0);
    }
    const others = sets.filter((other) => other !== set);
    for (const other of others) for (const { text } of spread(other.questions, Math.ceil(QUESTIONS / others.length))) await add('other', text, none);
    const random = new Random(1);
    const chunks = db.prepare('select id, text from chunk').all() as { id: ChunkId; text: string }[];
    for (const { id, text } of spread(chunks, MADE)) {
      const question = pseudoQuestion(text, () => random.next());
      if (question === undefined) continue;
      const document = (db.prepare('select d.id from document d join chunk k on k.content_id = d.content_id where k.id = ?').get(id) as { id: number }).id;
      await add('made', question, none);
      await add('made-out', question, (hit) => hit.document === document);
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
  return { db, documentOf: (document: number): string => ids.get(document)! };
}

/** At most so many, evenly spread. */
function spread<Item>(items: readonly Item[], count: number): Item[] {
  return items.length <= count ? [...items] : Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!);
}

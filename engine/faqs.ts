import type { Faq, FaqVerbs, LibraryId, Topic } from './api.ts';
import { EngineError } from './api.ts';
import { faultOf, readFaqRows } from './faq-rows.ts';
import { compared, nearness, type Compared } from './learn/at-once.ts';
import { plainQuestion } from './learn/judgements.ts';
import type { Embedder } from './models/embedder.ts';
import { BACKGROUND } from './rank.ts';
import type { Db } from './store/database.ts';
import { faqs, faqsVersion, removeFaqs, saveFaq } from './store/faqs.ts';
import { mustHaveLibrary } from './store/libraries.ts';

/** A stored question that is the one asked (`exact`), or means the same by so much (0…1). */
export interface FaqMatch { faq: Faq; nearness: number; exact: boolean }

/** A stored question as near as this restricts what an answer is made of. What is compared is meaning, never a rank. */
const NEAR = 0.9;

/**
 * What people stored as questions with their answers (QAnything's FAQ sets): equal up to case, width and punctuation, the stored
 * answer is the answer; near enough, it is all that the answer is made of. Kept up to date by looking at each question.
 */
export function openFaqs(db: Db, embedder: Embedder | undefined): { match(question: string, libraries: readonly LibraryId[], vector?: Float32Array): Promise<FaqMatch | undefined> } {
  let version = '';
  let known: { faq: Faq; compared: Compared }[] = [];

  async function refresh(): Promise<void> {
    const now = faqsVersion(db);
    if (now === version) return;
    const stored = faqs(db);
    const vectors = embedder && stored.length > 0 ? await embedder.embed(stored.map(({ question }) => question), 'query') : [];
    known = stored.map((faq, i) => ({ faq, compared: compared(faq.question, vectors[i]) }));
    version = now;
  }

  return {
    async match(question, libraries, vector) {
      await refresh();
      const among = known.filter(({ faq }) => libraries.includes(faq.library));
      if (among.length === 0) return undefined;
      const plain = plainQuestion(question);
      const same = among.find((stored) => stored.compared.plain === plain);
      if (same) return { faq: same.faq, nearness: 1, exact: true };
      const asked = compared(question, vector ?? (embedder && (await embedder.embed([question], 'query'))[0]));
      let best: FaqMatch | undefined;
      for (const stored of among) {
        const near = nearness(asked, stored.compared, embedder?.background ?? BACKGROUND);
        if (near >= NEAR && near > (best?.nearness ?? 0)) best = { faq: stored.faq, nearness: near, exact: false };
      }
      return best;
    },
  };
}

/** The engine's verbs on stored questions and answers. */
export function faqVerbs(db: Db, change: <T>(topics: Topic[], run: () => T) => Promise<T>): FaqVerbs {
  const save = (library: LibraryId, question: string, answer: string): boolean => {
    mustHaveLibrary(db, library);
    return saveFaq(db, library, { question: question.trim(), plain: plainQuestion(question), answer: answer.trim() });
  };
  return {
    faqs: async (library) => faqs(db, library),
    async addFaq(library, question, answer) {
      const fault = faultOf(question, answer);
      if (fault) throw new EngineError('invalid', fault.endsWith('question') ? 'A stored question needs words, and at most 512 characters.' : 'A stored answer needs words, and at most 8,192 characters.');
      await change(['faqs'], () => save(library, question, answer));
    },
    async importFaqs(library, name, bytes) {
      mustHaveLibrary(db, library);
      const { rows, refused } = await readFaqRows(name, bytes);
      const replaced = await change(['faqs'], () => rows.filter(({ question, answer }) => save(library, question, answer)).length);
      return { added: rows.length - replaced, replaced, refused };
    },
    removeFaqs: (ids) => change(['faqs'], () => removeFaqs(db, ids)),
  };
}

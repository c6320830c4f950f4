import type { Faq, LibraryId } from '../api.ts';
import { sql, type Db } from './database.ts';

/** The stored questions and answers of a library, or of all, oldest first. */
export function faqs(db: Db, library?: LibraryId): Faq[] {
  return sql<Faq>(db, `select id, library_id library, question, answer from faq where ? is null or library_id = ? order by id`).all(library ?? null, library ?? null);
}

/**
 * Stores a question and its answer under a number of its own; one that is the same but for case, width and punctuation gives
 * way to it.
 *
 * @returns whether there was one
 */
export function saveFaq(db: Db, library: LibraryId, faq: { question: string; plain: string; answer: string }): boolean {
  const { changes } = sql(db, 'delete from faq where library_id = ? and plain = ?').run(library, faq.plain);
  sql(db, 'insert into faq (library_id, question, plain, answer) values (@library, @question, @plain, @answer)').run({ library, ...faq });
  return changes > 0;
}

export function removeFaqs(db: Db, ids: readonly number[]): void {
  sql(db, 'delete from faq where id in (select value from json_each(?))').run(JSON.stringify(ids));
}

/** Changes whenever a question is stored, changed or removed: numbers are not given twice. */
export function faqsVersion(db: Db): string {
  const { count, latest } = sql<{ count: number; latest: number | null }>(db, 'select count(*) count, max(id) latest from faq').get()!;
  return `${count} ${latest}`;
}

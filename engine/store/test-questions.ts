import type { LibraryId, ModelsInUse, TestQuestion, TestResult } from '../api.ts';
import type { ChunkName } from '../learn/judgements.ts';
import { sql, type Db } from './database.ts';

/** A question to try models on, with the name of the place that answers it. */
export interface StoredTestQuestion extends ChunkName { id: number; library: LibraryId; question: string; from: TestQuestion['from']; documentName: string; quote: string }

/** The test questions whose documents are there, oldest first. */
export function testQuestions(db: Db, library?: LibraryId): StoredTestQuestion[] {
  return sql<StoredTestQuestion>(db, `
    select q.id, q.library_id library, q.question, q.source "from", q.hash contentHash, q.start, q.end, q.quote, min(d.name) documentName
    from test_question q join content c on c.hash = q.hash join document d on d.content_id = c.id and d.library_id = q.library_id and d.state <> 'removed'
    where ? is null or q.library_id = ? group by q.id order by q.id`).all(library ?? null, library ?? null);
}

/** Adds a test question, in place of one of the library with the same words. */
export function saveTestQuestion(db: Db, row: Omit<StoredTestQuestion, 'id' | 'documentName'>): void {
  sql(db, `insert or replace into test_question (library_id, question, source, hash, start, end, quote)
    values (@library, @question, @from, @contentHash, @start, @end, @quote)`).run(row);
}

export function removeTestQuestions(db: Db, ids: readonly number[]): void {
  sql(db, 'delete from test_question where id in (select value from json_each(?))').run(JSON.stringify(ids));
}

/** Keeps how models did. */
export function saveTestResult(db: Db, models: ModelsInUse, result: TestResult): void {
  sql(db, 'insert into test_result (at, models, result) values (?, ?, ?)').run(result.at, JSON.stringify(models), JSON.stringify(result));
}

/** How models did, newest first. */
export function testResults(db: Db): (TestResult & { models: ModelsInUse })[] {
  return sql<{ models: string; result: string }>(db, 'select models, result from test_result order by id desc limit 200').all()
    .map(({ models, result }) => ({ ...JSON.parse(result) as TestResult, models: JSON.parse(models) as ModelsInUse }));
}

/** A chunk that questions may be written for. */
export interface WritableChunk extends ChunkName { text: string; headings: string[]; documentName: string }

/** Fewer tokens are hardly a passage. */
const LEAST_TOKENS = 40;

/** Numbers of all chunks of a library that are long enough to ask about, in order. */
export function writableChunks(db: Db, library: LibraryId): number[] {
  return sql<{ id: number }>(db, `
    select k.id from chunk k join document d on d.content_id = k.content_id
    where d.library_id = ? and d.included = 1 and d.state <> 'removed' and k.tokens >= ? group by k.id order by k.id`).all(library, LEAST_TOKENS).map(({ id }) => id);
}

/** One of them as questions are written for it; undefined when it is gone by now. */
export function writableChunk(db: Db, library: LibraryId, id: number): WritableChunk | undefined {
  const row = sql<Omit<WritableChunk, 'headings'> & { headings: string }>(db, `
    select c.hash contentHash, k.start, k.end, k.text, k.headings, min(d.name) documentName
    from chunk k join content c on c.id = k.content_id join document d on d.content_id = c.id
    where k.id = ? and d.library_id = ? and d.state <> 'removed' group by k.id`).get(id, library);
  return row && { ...row, headings: JSON.parse(row.headings) as string[] };
}

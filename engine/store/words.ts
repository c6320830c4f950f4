import type { ChunkId } from '../api.ts';
import { sql, type Db } from './database.ts';

/** A chunk that the word index proposes. */
export interface WordCandidate { chunk: ChunkId; text: string; headings: string[]; title?: string }

/** The chunks an FTS5 query finds, best by FTS5's own BM25 first; visibility is for the caller to check. */
export function matchWords(db: Db, query: string, limit: number): ChunkId[] {
  return sql<{ chunk: ChunkId }>(db, 'select rowid chunk from chunk_words where chunk_words match ? order by rank limit ?').all(query, limit).map((row) => row.chunk);
}

/** In how many chunks a token stands. */
export function documentFrequency(db: Db, token: string): number {
  return sql<{ doc: number }>(db, 'select doc from vocabulary where term = ?').get(token)?.doc ?? 0;
}

/** How many chunks there are, and how many tokens they have on average. */
export function wordStatistics(db: Db): { total: number; averageLength: number } {
  const { chunks, words } = sql<{ chunks: number; words: number }>(db, 'select coalesce(sum(chunks), 0) chunks, coalesce(sum(words), 0) words from content').get()!;
  return { total: chunks, averageLength: chunks === 0 ? 1 : words / chunks };
}

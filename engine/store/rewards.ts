import { createHash } from 'node:crypto';
import type { EventId } from '../api.ts';
import type { ChunkName } from '../learn/judgements.ts';
import { sql, type Db } from './database.ts';

/** What a language model makes of some chunks for a question and an answer that was accepted to it. */
export interface Rewarded {
  /** The model, its prompt and what its scores are. */
  teacher: string;
  question: string;
  answer: string;
  /** Of what was said of the question: with any of these it is forgotten. */
  events: readonly EventId[];
  /** Score with no chunk at all, and by how much one has to exceed that to help. */
  none: number;
  margin: number;
  chunks: readonly { chunk: ChunkName; score: number }[];
}

/** The same as it is kept: scores by the name of the chunk, hash, `#`, span. */
export interface KeptRewards extends Pick<Rewarded, 'teacher' | 'none' | 'margin'> { scores: ReadonlyMap<string, number> }

/** A question and its answer are not kept a second time, only what tells them from others. */
const targetOf = ({ question, answer }: Pick<Rewarded, 'question' | 'answer'>): string => createHash('sha256').update(JSON.stringify([question, answer])).digest('hex');

/**
 * Keeps what the teacher of the latest run said in place of all that was said before: scores of two models, or of two prompts,
 * are never mixed. What follows from an event that was deleted meanwhile, or is of a content that went away, is not kept; call
 * within one transaction.
 */
export function replaceRewards(db: Db, all: readonly Rewarded[]): void {
  sql(db, 'delete from reward').run();
  for (const { teacher, none, margin, events, chunks, ...asked } of all) {
    if (!events.every((event) => sql(db, 'select 1 from event where id = ?').get(event))) continue;
    const { lastInsertRowid: id } = sql(db, 'insert into reward (teacher, target, none, margin) values (?, ?, ?, ?)').run(teacher, targetOf(asked), none, margin);
    for (const event of new Set(events)) sql(db, 'insert into reward_event values (?, ?)').run(id, event);
    for (const { chunk: { contentHash, start, end }, score } of chunks) {
      sql(db, 'insert or ignore into reward_chunk select ?, id, ?, ?, ? from content where hash = ?').run(id, start, end, score, contentHash);
    }
  }
}

/** What is kept for a question and the answer accepted to it; nothing of documents that are gone. */
export function rewardsFor(db: Db, question: string, answer: string): KeptRewards | undefined {
  const row = sql<{ id: number; teacher: string; none: number; margin: number }>(db, 'select id, teacher, none, margin from reward where target = ?').get(targetOf({ question, answer }));
  if (!row) return undefined;
  const { id, ...kept } = row;
  const scores = sql<{ name: string; score: number }>(db, `
    select c.hash || '#' || r.start || '-' || r.end name, r.score from reward_chunk r join content c on c.id = r.content_id
    where r.reward_id = ? and exists (select 1 from document d where d.content_id = c.id and d.state <> 'removed')`).all(id);
  return { ...kept, scores: new Map(scores.map(({ name, score }) => [name, score])) };
}

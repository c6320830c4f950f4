import type { Background } from '../models/background.ts';
import type { Db } from '../store/database.ts';
import { chunksAt, questionGroups } from '../store/judged.ts';
import { testQuestions } from '../store/test-questions.ts';
import { groupsByWords, type Splittable } from './holdout.ts';
import { plainQuestion, type ChunkName } from './judgements.ts';
import { near, sameFrom } from './same.ts';
import type { Sample } from './samples.ts';

/** The chunk that a name of the form hash`#`start`-`end means; undefined where it is no such name. */
export function chunkNamed(name: string): ChunkName | undefined {
  const [, contentHash, start, end] = /^(.+)#(\d+)-(\d+)$/.exec(name) ?? [];
  return contentHash === undefined ? undefined : { contentHash, start: Number(start), end: Number(end) };
}

/** Whether some spans have a letter in common with a given one. */
export function spansOf(names: readonly ChunkName[]): (name: ChunkName) => boolean {
  const byContent = new Map<string, ChunkName[]>();
  for (const name of names) byContent.set(name.contentHash, [...(byContent.get(name.contentHash) ?? []), name]);
  return ({ contentHash, start, end }) => (byContent.get(contentHash) ?? []).some((other) => other.start < end && start < other.end);
}

/**
 * What samples from elsewhere and samples that were written must keep away from: questions that are judged by, whether they are
 * held out, part folds or test, and the passages that answer them. To learn from one of these would be to know the answer. (DM-4)
 *
 * @param judged the questions of this run
 * @param background of the embedder that made their vectors
 * @returns whether a sample gives such an answer away; with its question's vector one in other words is known too
 */
export function keptAside(db: Db, judged: readonly Pick<Splittable, 'chunks' | 'vector'>[], background?: Background): (sample: Pick<Sample, 'query' | 'pos' | 'pos_ids'>, vector?: Float32Array) => boolean {
  const same = sameFrom(background);
  const tests = testQuestions(db);
  const groups = questionGroups(db);
  const groupNear = groupsByWords([...groups, ...tests.map(({ question }) => ({ plain: plainQuestion(question), group: 'test' }))]);
  const answers = [...judged.flatMap(({ chunks }) => chunks.flatMap((name) => chunkNamed(name) ?? [])), ...tests];
  const answering = spansOf(answers);
  const texts = new Set(answers.flatMap((name) => chunksAt(db, name).map(({ text }) => text.trim())));
  return ({ query, pos, pos_ids }, vector) => groupNear(plainQuestion(query)) !== undefined
    || pos_ids.some((name) => { const chunk = chunkNamed(name); return chunk !== undefined && answering(chunk); })
    || pos.some((text) => texts.has(text.trim()))
    || (vector !== undefined && judged.some((other) => near(vector, other.vector, same)));
}

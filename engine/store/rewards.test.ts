import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventId } from '../api.ts';
import { saveReading, sweep } from './contents.ts';
import { sql } from './database.ts';
import { remove } from './documents.ts';
import { replaceRewards, rewardsFor, type Rewarded } from './rewards.ts';
import { memoryDatabase, queue, readingOf } from './testing.ts';

const tea = readingOf('tea is brewed for two minutes', 'black tea takes three');
const coffee = readingOf('coffee is roasted');
const chunkOf = ({ hash, chunks }: typeof tea, i = 0) => ({ contentHash: hash, start: chunks.chunks[i]!.start, end: chunks.chunks[i]!.end });
const [one, two] = ['e1', 'e2'] as EventId[] as [EventId, EventId];

function library() {
  const { db, library } = memoryDatabase();
  const documents = [['tea.txt', tea], ['coffee.txt', coffee]].map(([name, reading]) => {
    const id = queue(db, library, name as string);
    saveReading(db, id, reading as typeof tea);
    return id;
  });
  for (const id of [one, two]) sql(db, `insert into event (id, at, turn_id, signal, context) values (?, 1, 1, '{}', '{}')`).run(id);
  return { db, documents };
}
const said = (more: Partial<Rewarded> = {}): Rewarded => ({
  teacher: 'small:qa-v1:mean_loglik', question: 'How long?', answer: 'Two minutes.', events: [one, two], none: -3, margin: 0.1,
  chunks: [{ chunk: chunkOf(tea), score: -0.5 }, { chunk: chunkOf(tea, 1), score: -2 }, { chunk: chunkOf(coffee), score: -2.75 }], ...more,
});
const count = (db: ReturnType<typeof library>['db'], table: string): unknown => sql<{ n: number }>(db, `select count(*) n from ${table}`).get()!.n;

test('scores are kept for one question and one answer, by the names of chunks; the next run’s take their place', () => {
  const { db } = library();
  replaceRewards(db, [said()]);
  const { scores, ...kept } = rewardsFor(db, 'How long?', 'Two minutes.')!;
  assert.deepEqual(kept, { teacher: 'small:qa-v1:mean_loglik', none: -3, margin: 0.1 });
  assert.deepEqual([...scores.values()].sort(), [-0.5, -2, -2.75]);
  assert.equal(scores.get(`${tea.hash}#0-${chunkOf(tea).end}`), -0.5);
  assert.equal(rewardsFor(db, 'How long?', 'Three minutes.'), undefined, 'another answer is helped by other chunks');
  replaceRewards(db, [said({ teacher: 'large', question: 'Why?' })]);
  assert.deepEqual([rewardsFor(db, 'How long?', 'Two minutes.'), rewardsFor(db, 'Why?', 'Two minutes.')!.teacher], [undefined, 'large']);
});

test('DM-6: with any event a score follows from it goes, with a document the scores of its chunks', () => {
  const { db, documents } = library();
  replaceRewards(db, [said(), said({ question: 'Why?', events: [two] })]);
  remove(db, [documents[1]!]);
  assert.deepEqual([...rewardsFor(db, 'How long?', 'Two minutes.')!.scores.values()], [-0.5, -2], 'at once');
  sweep(db, documents[1]!);
  assert.equal(count(db, 'reward_chunk'), 4);
  sql(db, 'delete from event where id = ?').run(one);
  assert.deepEqual([rewardsFor(db, 'How long?', 'Two minutes.'), count(db, 'reward'), count(db, 'reward_event'), count(db, 'reward_chunk')], [undefined, 1, 1, 2]);
  sql(db, 'delete from event').run();
  assert.deepEqual(['reward', 'reward_event', 'reward_chunk'].map((table) => count(db, table)), [0, 0, 0]);
});

test('what went away while it was scored is not kept', () => {
  const { db } = library();
  sql(db, 'delete from event where id = ?').run(two);
  replaceRewards(db, [said(), said({ question: 'Why?', events: [one], chunks: [{ chunk: { contentHash: 'gone', start: 0, end: 5 }, score: -1 }] })]);
  assert.deepEqual([count(db, 'reward'), count(db, 'reward_chunk')], [1, 0]);
});

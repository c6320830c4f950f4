import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Embedder } from '../models/embedder.ts';
import { saveReading } from '../store/contents.ts';
import { saveEvent } from '../store/feedback.ts';
import { memoryDatabase, queue, readingOf } from '../store/testing.ts';
import { openLearned } from './learned.ts';
import { eventOf } from './testing.ts';

test('what was said counts with every question that is asked from then on, however many are asked at once', async () => {
  const { db, library } = memoryDatabase();
  saveReading(db, queue(db, library, 'lease.md'), { ...readingOf('The rent is ten euros. '.repeat(20)), hash: 'hash 1' });
  /** Embeds each text as soon as its gate opens. */
  const gates: PromiseWithResolvers<void>[] = [];
  const embedder: Embedder = {
    id: 'one', space: 'one', dimensions: 2, countTokens: () => 1, close: async () => undefined,
    async embed(texts) {
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      await gate.promise;
      return texts.map(() => Float32Array.of(1, 0));
    },
  };
  const { refresh, taught } = openLearned(db, embedder);
  const say = (turn: number, question: string): void => {
    const { signal, context } = eventOf({ kind: 'citation-thumb', number: 1, thumb: 'up' }, { turn, question });
    saveEvent(db, signal, context);
  };
  say(1, 'How much is the rent?');
  const first = refresh();
  const second = refresh().then(() => taught('How much is the rent?', undefined).size);
  await Promise.resolve();
  say(2, 'What does the flat cost?');
  const third = refresh();
  while (gates.length < 2) {
    gates.at(-1)?.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }
  // Those that are still there come back the latest first.
  for (const gate of gates.toReversed()) {
    gate.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all([first, third]);
  assert.equal(await second, 1);
  for (const question of ['How much is the rent?', 'What does the flat cost?']) assert.equal(taught(question, undefined).size, 1, question);
});

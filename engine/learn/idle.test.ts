import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTimeToLearn, type Moment } from './idle.ts';

const good: Moment = { wanted: true, learning: { missing: { questions: 0, documents: 0 }, fresh: 12, questions: 60 }, learnedFrom: 48, quietMinutes: 15, reading: false, load: 0.1 };
const learning = (change: Partial<Moment['learning']>): Partial<Moment> => ({ learning: { ...good.learning, ...change } });

test('learning begins by itself when it is wanted, enough is new and nobody waits for the machine', () => {
  assert.equal(isTimeToLearn(good), true);
  const reasons: [string, Partial<Moment>][] = [
    ['nobody wants it', { wanted: false }], ['somebody was here just now', { quietMinutes: 3 }], ['documents are being read', { reading: true }], ['the machine is busy', { load: 0.8 }],
    ['too little was judged', learning({ missing: { questions: 3, documents: 0 } })], ['too little is new', learning({ fresh: 4 })],
    ['a run waits', learning({ run: { id: 1 as never, level: 'query', started: 0, state: 'paused', progress: { phase: 'training', done: 0.5, curve: [] } } })],
    ['the same was refused already', { learnedFrom: 60 }],
  ];
  for (const [why, change] of reasons) assert.equal(isTimeToLearn({ ...good, ...change }), false, why);
});

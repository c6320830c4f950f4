import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DocumentId, Thumb } from '../api.ts';
import { markOf, type StoredEvent } from './judgements.ts';
import { outdatedContents } from './outdated.ts';
import { eventOf } from './testing.ts';

const outdated = (...events: StoredEvent[]) => [...outdatedContents(events.map(markOf)).keys()];
const said = (turn = 1) => eventOf({ kind: 'answer-reason', reason: 'outdated' }, { turn });
const thumb = (thumb: Thumb | 'none') => eventOf({ kind: 'answer-thumb', thumb });
const holds = (document = 1) => eventOf({ kind: 'up-to-date', document: document as DocumentId }, { span: [document, 0, 0] });

test('what an answer cites is outdated once it is faulted for that, by which answer and when is kept', () => {
  const event = said();
  const contents = outdatedContents([thumb('down'), event].map(markOf));
  assert.deepEqual([...contents], [['hash 1', { at: event.at, turn: 1, question: 'How long is tea brewed?' }]]);
  assert.deepEqual(outdated(thumb('down'), eventOf({ kind: 'answer-reason', reason: 'bad-answer' })), []);
});

test('another thumb or another reason on the same answer takes it back', () => {
  assert.deepEqual(outdated(said(), thumb('up')), []);
  assert.deepEqual(outdated(said(), thumb('none')), []);
  assert.deepEqual(outdated(said(), eventOf({ kind: 'answer-reason', reason: 'bad-answer' })), []);
  assert.deepEqual(outdated(said(), said(2), thumb('none')), ['hash 1'], 'not what was said of another answer');
});

test('that a document still holds takes back what was said of it before, not after, and of no other', () => {
  assert.deepEqual(outdated(said(), holds()), []);
  assert.deepEqual(outdated(said(), said(2), holds()), []);
  assert.deepEqual(outdated(said(), holds(2)), ['hash 1']);
  assert.deepEqual(outdated(said(), holds(), said(2)), ['hash 1']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnswerDetails, AppAction, ConversationId, TurnId } from '../api.ts';
import { judgeBeside } from './beside.ts';
import { markOf, type StoredEvent } from './judgements.ts';
import { eventOf } from './testing.ts';

const [seven, eight, nine] = [7, 8, 9] as TurnId[] as [TurnId, TurnId, TurnId];
const written: AnswerDetails['written'] = { model: 'm', promptTokens: 1, answerTokens: 1, firstWord: 1, remote: false, given: 1 };

/** An event on a turn that the turns 7 and 8 went along with, and 9 as an example; opening the settings and the models was offered. */
function said(signal: Parameters<typeof eventOf>[0], more: { turn?: number; question?: string; conversation?: number; details?: Partial<AnswerDetails> } = {}): StoredEvent {
  const event = eventOf(signal, more);
  const { turn } = event.context;
  turn.conversation = (more.conversation ?? 1) as ConversationId;
  turn.details = { found: { probability: 1, threshold: 0.5 }, written, recalled: [seven, eight], examples: [nine], ...more.details };
  turn.actions = ['open-settings', 'open-models'];
  return event;
}
const recalled = (turn: TurnId, thumb: 'up' | 'down' | 'none', of = 1) => said({ kind: 'recalled-turn', recalled: turn, thumb }, { turn: of });
const action = (action: AppAction, word: 'accepted' | 'refused' | 'none', of = 1, question?: string) => said({ kind: 'action', action, said: word }, { turn: of, ...(question && { question }) });
const accepted = (turn = 1, more: Parameters<typeof said>[1] = {}) => said({ kind: 'answer-thumb', thumb: 'up' }, { turn, ...more });
const judged = (...events: StoredEvent[]) => judgeBeside(events.map(markOf));
const told = (...events: StoredEvent[]) => judged(...events).map((one) => `${one.task} ${one.candidates.map(({ key, label }) => `${key}${label === undefined ? '' : `:${label}`}`).join(' ')}${'accepted' in one && one.accepted ? ` → ${one.accepted.text}` : ''}`);

test('DM-1: an earlier turn that helped or does not belong there is judged among those that went along, in their order', () => {
  assert.deepEqual(told(recalled(eight, 'down')), ['chat 7 8:0']);
  assert.deepEqual(told(recalled(eight, 'up')), ['chat 7 8:1']);
  assert.deepEqual(told(recalled(seven, 'up'), recalled(eight, 'down'), recalled(seven, 'down')), ['chat 7:0 8:0'], 'the latest word counts');
  assert.deepEqual(told(recalled(seven, 'up'), recalled(seven, 'none')), [], 'and can be taken back');
});

test('DM-1: of an answer that was accepted earlier turns and examples are candidates, for a reward to tell apart', () => {
  assert.deepEqual(told(accepted()), ['chat 7 8 → Sentence 1. Sentence 2.', 'icl 9 → Sentence 1. Sentence 2.']);
  assert.deepEqual(told(said({ kind: 'answer-thumb', thumb: 'down' })), [], 'an answer that was not is no target');
  assert.deepEqual(told(accepted(), said({ kind: 'corrected', text: 'Three minutes.' })), ['chat 7 8 → Three minutes.', 'icl 9 → Three minutes.'], 'and what the person put in its place goes before it');
  assert.deepEqual(told(accepted(1, { details: { recalled: [], examples: [] } })), []);
  const { written: _, ...extractive } = { ...said({ kind: 'answer-thumb', thumb: 'up' }).context.turn.details! };
  const event = accepted();
  event.context.turn.details = extractive;
  assert.deepEqual(told(event), [], 'where no language model wrote they had no part in it');
});

test('the next answer that is accepted in the conversation is what a dismissed turn is held against', () => {
  assert.deepEqual(told(recalled(seven, 'down'), accepted(2, { details: { recalled: [], examples: [] } })), ['chat 7:0 8 → Sentence 1. Sentence 2.']);
  assert.deepEqual(told(recalled(seven, 'down'), accepted(2, { conversation: 2, details: { recalled: [], examples: [] } })), ['chat 7:0 8'], 'of no other conversation');
});

test('DM-1: an action is judged at the question it was offered for, the latest word over all times it was asked', () => {
  assert.deepEqual(told(action('open-settings', 'accepted'), action('open-models', 'refused')), ['tool open-settings:1 open-models:0']);
  assert.deepEqual(told(action('open-settings', 'refused', 1), action('open-settings', 'accepted', 2, 'how long is TEA brewed')), ['tool open-settings:1']);
  assert.deepEqual(told(action('open-settings', 'refused', 1), action('open-settings', 'none', 1)), []);
  assert.equal(judged(action('open-settings', 'refused', 1, 'one'), action('open-settings', 'accepted', 2, 'another')).length, 2);
});

import type { EventId } from '../api.ts';
import { isHeldOut } from './holdout.ts';
import type { JudgedQuestion, Judgement } from './judgements.ts';
import type { Sample } from './samples.ts';

/** A question in words with which nothing that answers was found, and in those with which it was found within a minute. */
export interface Rewording { from: string; to: string; events: EventId[] }

/** Those after which a passage was right, and still is. */
export function standing(rewordings: readonly Rewording[], judgements: readonly Judgement[]): Rewording[] {
  const right = new Set(judgements.filter(({ label }) => label === 1).flatMap(({ events }) => events));
  return rewordings.filter(({ events }) => events.some((event) => right.has(event)));
}

/** What observing a rewording is worth, as for the passage that answers its first wording. */
const WEIGHT = 0.3;

export interface RewordingParts {
  /** When events were, in milliseconds. */
  at: ReadonlyMap<EventId, number>;
  /** The group a question's feedback was put in when it came. */
  groupOf(events: readonly EventId[], question: string): string;
}

/**
 * Samples of how a question is better put: the words that found nothing, and as the answer those that did. There is nothing to
 * retrieve in them, so no level here learns from them; whoever trains a model to rewrite questions can.
 */
export function rewordingSamples(questions: readonly Pick<JudgedQuestion, 'rewordings'>[], { at, groupOf }: RewordingParts): Sample[] {
  const all = questions.flatMap(({ rewordings = [] }) => rewordings);
  return all.map(({ from, to, events }, i): Sample => {
    const group = groupOf(events, to);
    const times = events.flatMap((event) => at.get(event) ?? []);
    return {
      query: from, answers: [to], task: 'rewrite', query_id: i, pos: [], neg: [], pos_index: [], neg_index: [], key: [], key_index: [], key_ids: [], key_scores: [], pos_ids: [], neg_ids: [],
      pos_weights: [], neg_weights: [], weight: WEIGHT, instruction: '', pos_instruction: '', teacher: 'user', source: 'feedback', event_ids: events,
      split: isHeldOut(group) ? 'holdout' : 'train', group, time: times.length === 0 ? '' : new Date(Math.max(...times)).toISOString(),
    };
  });
}

import { ACTIONS } from '../actions.ts';
import type { AppAction, EventId, TurnId } from '../api.ts';
import type { Prompts } from '../models/families.ts';
import type { Db } from '../store/database.ts';
import { acceptedAmong, pastTurn, presentContents, turnAfter, type PastTurn } from '../store/memory.ts';
import type { Accepted, Beside } from './beside.ts';
import { isHeldOut } from './holdout.ts';
import type { Sample } from './samples.ts';

/** What a row weighs for which somebody only accepted the answer: half of one in which something was pointed at. */
const ACCEPTED_ONLY = 0.5;
/** Of what nobody said anything. */
const UNSAID = 0.5;

export interface BesideParts {
  /** When events were, in milliseconds. */
  at: ReadonlyMap<EventId, number>;
  /** The group a question's feedback was put in when it came. */
  groupOf(events: readonly EventId[], question: string): string;
  /** What the embedder in use is told of a task on either side. */
  instructionsFor?: ((task: string) => Prompts) | undefined;
}

/**
 * Samples of what stood beside documents. Candidates of earlier turns and of examples are all among the negatives, in the order
 * they were given, as LLM-Embedder has them: a teacher's scores tell them apart, or what the person said of them. Those of actions
 * are contrastive only. What leans on a document that is gone, or was said in a conversation that is, is left out.
 */
export function besideSamples(db: Db, said: readonly Beside[], { at, groupOf, instructionsFor }: BesideParts): Sample[] {
  const present = presentContents(db);
  const stands = ({ contents }: Pick<Accepted, 'contents'>): boolean => contents.every((hash) => present.has(hash));
  const standing = (id: TurnId): PastTurn | undefined => {
    const turn = pastTurn(db, id);
    const corrected = turn && acceptedAmong(db, [id]).get(id)?.corrected;
    if (corrected !== undefined) return { ...turn!, answer: corrected };
    return turn && stands(turn) ? turn : undefined;
  };
  const answersOf = (accepted: Accepted | undefined): string[] => (accepted && stands(accepted) ? [accepted.text] : []);
  const samples = said.flatMap((one): Omit<Sample, 'query_id'>[] => {
    const { question, events, task } = one;
    const group = groupOf(events, question);
    const told = instructionsFor?.(task);
    const times = events.flatMap((event) => at.get(event) ?? []);
    const row: Omit<Sample, 'query_id'> = {
      query: question, pos: [], neg: [], pos_index: [], neg_index: [], answers: [], key: [], key_index: [], key_ids: [], key_scores: [], task, pos_ids: [], neg_ids: [],
      pos_weights: [], neg_weights: [], weight: 1, instruction: told?.query ?? '', pos_instruction: told?.document ?? '', teacher: 'user', source: 'feedback', event_ids: events,
      split: isHeldOut(group) ? 'holdout' : 'train', group, time: times.length === 0 ? '' : new Date(Math.max(...times)).toISOString(),
    };
    if (one.task === 'tool') {
      const refused = one.candidates.filter(({ label }) => label === 0).map(({ key }) => key);
      const accepted = one.candidates.filter(({ label }) => label === 1).map(({ key }) => key);
      if (accepted.length === 0) return [];
      const others = (Object.keys(ACTIONS) as AppAction[]).filter((action) => !accepted.includes(action) && !refused.includes(action));
      const wrong = [...refused, ...others];
      return [{
        ...row, pos: accepted.map(described), pos_ids: accepted.map(actionName), pos_weights: accepted.map(() => 1),
        neg: wrong.map(described), neg_ids: wrong.map(actionName), neg_weights: wrong.map((_, i) => (i < refused.length ? 1 : UNSAID)),
      }];
    }
    const found = one.candidates.flatMap(({ key, label }) => {
      const turn = standing(key);
      return turn ? [{ turn, label }] : [];
    });
    const answers = answersOf(one.accepted);
    const labelled = found.some(({ label }) => label !== undefined);
    if (found.length === 0 || (!labelled && answers.length === 0)) return [];
    const texts = found.map(({ turn }) => exchange(turn));
    const candidates = { ...row, neg: texts, neg_ids: found.map(({ turn }) => `turn-${turn.id}`), neg_weights: found.map(({ label }) => (label === undefined ? UNSAID : 1)), answers };
    if (one.task === 'icl') return [{ ...candidates, weight: ACCEPTED_ONLY, teacher: '' }];
    // What helps is the turn together with what was said next.
    const values = found.map(({ turn }) => [turn, turnAfter(db, turn)].flatMap((each) => (each && standing(each.id) ? [exchange(each)] : [])).join('\n'));
    return [{
      ...candidates, history: texts, history_values: values,
      ...(labelled ? { teacher_scores: found.map(({ label }) => (label === undefined ? 0 : label === 1 ? 1 : -1)) } : { weight: ACCEPTED_ONLY, teacher: '' }),
    }];
  });
  return samples.map((sample, i) => ({ ...sample, query_id: i }) as Sample);
}

const exchange = ({ question, answer }: Pick<PastTurn, 'question' | 'answer'>): string => `${question}\n${answer}`;
const described = (action: AppAction): string => ACTIONS[action].join('\n');
const actionName = (action: AppAction): string => `action-${action}`;

import type { AppAction, EventId, TurnId } from '../api.ts';
import { plainQuestion, type Mark } from './judgements.ts';
import { byTurn, type TurnMarks } from './turn-marks.ts';

/**
 * What people's signals say of what stands beside documents: earlier turns (chat), accepted answers as examples (icl) and the
 * app's own actions (tool), the tasks of LLM-Embedder (arXiv 2310.07554).
 */

/** One of the things that stood beside an answer; without a label where nobody said anything of it. */
export interface Judged<Key> { key: Key; label?: 0 | 1 }

/** An answer the person accepted or put right, and the contents that it leans on. */
export interface Accepted { text: string; contents: string[] }

interface Said { question: string; turn: TurnId; asked: number; events: EventId[] }

export type Beside =
  /** Earlier turns in the order they were given; the answer that was accepted with them, or the next one in the conversation. */
  | Said & { task: 'chat'; candidates: Judged<TurnId>[]; accepted?: Accepted }
  /** Examples in the order they were given. What they are worth only a reward can say. */
  | Said & { task: 'icl'; candidates: Judged<TurnId>[]; accepted: Accepted }
  /** Actions a person accepted or refused at a question, however often it was asked. */
  | Said & { task: 'tool'; candidates: Judged<AppAction>[] };

/** @param marks in the order in which the events came */
export function judgeBeside(marks: readonly Mark[]): Beside[] {
  const turns = byTurn(marks);
  return [...turns.flatMap((turn) => [chat(turn, turns), icl(turn)]).filter((said) => said !== undefined), ...tools(turns)].sort((a, b) => a.asked - b.asked);
}

const saidOf = ({ first, events }: TurnMarks, question: string): Said => ({ question, turn: first.turn, asked: first.asked, events });

/** What the person put in its place goes before what they accepted, and leans on nothing but them. */
function acceptedIn({ thumb, corrected }: TurnMarks): Accepted | undefined {
  if (corrected?.signal.kind === 'corrected') return { text: corrected.signal.text, contents: [] };
  if (thumb?.signal.kind !== 'answer-thumb' || thumb.signal.thumb !== 'up' || thumb.answer === '') return undefined;
  return { text: thumb.answer, contents: [...new Set(thumb.cited.map(({ contentHash }) => contentHash))] };
}

function chat(turn: TurnMarks, turns: readonly TurnMarks[]): Beside | undefined {
  const { beside, conversation, asked } = turn.first;
  if (!beside || beside.recalled.length === 0) return undefined;
  const labels = new Map<TurnId, 0 | 1>();
  for (const { signal } of turn.pointed) {
    if (signal.kind !== 'recalled-turn') continue;
    labels.delete(signal.recalled);
    if (signal.thumb !== 'none') labels.set(signal.recalled, signal.thumb === 'up' ? 1 : 0);
  }
  const later = turns.find((other) => other.first.conversation === conversation && other.first.asked >= asked && acceptedIn(other));
  if (labels.size === 0 && !acceptedIn(turn)) return undefined;
  return {
    task: 'chat', ...saidOf(turn, beside.question), events: [...new Set([...turn.events, ...(later?.events ?? [])])],
    candidates: beside.recalled.map((key) => ({ key, ...(labels.has(key) && { label: labels.get(key)! }) })), ...(later && { accepted: acceptedIn(later)! }),
  };
}

function icl(turn: TurnMarks): Beside | undefined {
  const { beside } = turn.first;
  const accepted = acceptedIn(turn);
  return beside && beside.examples.length > 0 && accepted
    ? { task: 'icl', ...saidOf(turn, beside.question), candidates: beside.examples.map((key) => ({ key })), accepted } : undefined;
}

/** The latest word on each action at each question. */
function tools(turns: readonly TurnMarks[]): Beside[] {
  const questions = new Map<string, Said & { labels: Map<AppAction, 0 | 1> }>();
  for (const turn of turns) {
    for (const { id, signal } of turn.pointed) {
      if (signal.kind !== 'action' || !turn.first.beside) continue;
      const plain = plainQuestion(turn.first.beside.question);
      const said = questions.get(plain) ?? { ...saidOf(turn, turn.first.beside.question), events: [], labels: new Map<AppAction, 0 | 1>() };
      questions.set(plain, said);
      said.events.push(id);
      said.labels.delete(signal.action);
      if (signal.said !== 'none') said.labels.set(signal.action, signal.said === 'accepted' ? 1 : 0);
    }
  }
  return [...questions.values()].filter(({ labels }) => labels.size > 0)
    .map(({ labels, ...said }) => ({ task: 'tool', ...said, candidates: [...labels].map(([key, label]) => ({ key, label })) }));
}

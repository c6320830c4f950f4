import { candidatesOf, nameOf } from './candidates.ts';
import type { Lesson } from './prepare.ts';
import type { KeptRewards } from '../store/rewards.ts';
import type { Prompts } from '../models/families.ts';
import { EngineError, type EventId } from '../api.ts';

/**
 * A training sample, one JSON object a line: the fields of LLM-Embedder and FlagEmbedding by their names, and ours beside
 * them, all columns flat and of one type, so that either's loader reads it. Fields nobody here knows are kept as they came.
 * `history`, `prompt`, `type`, `teacher_scores`, `pos_scores` and `neg_scores` are there only where they say something: an empty
 * one would mean something else to a loader than none.
 */
export interface Sample {
  query: string;
  pos: string[];
  neg: string[];
  /** Line numbers in `corpus.jsonl`, as long as `pos` and `neg`. */
  pos_index: number[];
  neg_index: number[];
  answers: string[];
  /** What search found, best first: texts, lines in `corpus.jsonl`, names and relevance. */
  key: string[];
  key_index: number[];
  key_ids: string[];
  key_scores: number[];
  task: string;
  /** LLM-Embedder's are numbers in the order of a file. */
  query_id: number | string;
  /** Chunks by name: hash of the file's bytes, `#`, span. */
  pos_ids: string[];
  neg_ids: string[];
  pos_weights: number[];
  neg_weights: number[];
  weight: number;
  /** Instructions in words for the question and for what answers it; of the person's own, those that the embedder in use reads the task's texts with. */
  instruction: string;
  pos_instruction: string;
  /** Who gave `teacher_scores`: the model, and what they are (`mean_loglik`, `rerank_logit`, `rank`); `user` where nobody did. */
  teacher: string;
  source: string;
  event_ids: string[];
  /** Learned from is `train` only; `holdout` judges what was learned, and so may others (`frozen`). */
  split: string;
  group: string;
  /** ISO 8601; empty where it is not known. */
  time: string;
  [other: string]: unknown;
}

/** What a person's own questions are for. */
const TASK = 'qa';

/** So many hits are kept of a ranking. */
const KEYS = 20;

export interface SampleParts {
  /** The reranker whose log-odds lessons' `served` are; without one nothing is scored. */
  reranker?: string;
  /** What a language model made of texts for a question and the answer accepted to it. */
  rewardsFor?: (question: string, answer: string) => KeptRewards | undefined;
  /** When events were, in milliseconds. */
  at?: ReadonlyMap<EventId, number>;
  /** What the embedder in use is told of a task on either side. */
  instructionsFor?: ((task: string) => Prompts) | undefined;
}

/** Samples of lessons, each of the texts that `candidatesOf` takes. */
export function samplesOf(lessons: readonly Lesson[], { reranker, rewardsFor, at, instructionsFor }: SampleParts = {}): Sample[] {
  const told = instructionsFor?.(TASK);
  const taken = lessons.flatMap((lesson) => {
    const target = lesson.answers.at(-1);
    const candidates = candidatesOf(lesson, reranker, target === undefined ? undefined : rewardsFor?.(lesson.row.question, target));
    return candidates ? [{ lesson, ...candidates }] : [];
  });
  return taken.map(({ lesson: { row, group, heldOut, events, answers, ranked }, right, wrong, scored }, i): Sample => {
    const keys = ranked.slice(0, KEYS);
    const times = events.flatMap((event) => at?.get(event) ?? []);
    return {
      query: row.question, pos: right.map(({ text }) => text), neg: wrong.map(({ text }) => text),
      pos_index: [], neg_index: [], answers, task: TASK, query_id: i,
      key: keys.map(({ text }) => text), key_index: [], key_ids: keys.map(nameOf), key_scores: keys.map(({ relevance }) => relevance),
      pos_ids: right.map(({ name }) => name), neg_ids: wrong.map(({ name }) => name), pos_weights: right.map(({ weight }) => weight), neg_weights: wrong.map(({ weight }) => weight),
      weight: row.weight, instruction: told?.query ?? '', pos_instruction: told?.document ?? '', teacher: scored?.teacher ?? 'user', source: 'feedback', event_ids: events,
      split: heldOut ? 'holdout' : 'train', group, time: times.length === 0 ? '' : new Date(Math.max(...times)).toISOString(),
      ...(scored && { teacher_scores: scored.scores }), ...(scored?.base !== undefined && { base_score: scored.base }),
    };
  });
}

/** Columns of texts, of numbers, and of one text. */
const TEXTS = ['pos', 'neg', 'answers', 'history', 'key', 'pos_ids', 'neg_ids', 'key_ids', 'event_ids'] as const;
const NUMBERS = ['pos_index', 'neg_index', 'key_index', 'pos_scores', 'neg_scores', 'teacher_scores', 'pos_weights', 'neg_weights', 'key_scores'] as const;
const WORDS = ['task', 'prompt', 'type', 'instruction', 'pos_instruction', 'teacher', 'source', 'split', 'group', 'time'] as const;
/** Columns that are left out where they are empty. */
const SPOKEN = ['history', 'prompt', 'type', 'teacher_scores', 'pos_scores', 'neg_scores'];

/** Pairs of columns that are as long as each other, or empty. Rows to evaluate by name lines of a corpus and no texts. */
const LENGTHS: [column: string, of: (row: Record<string, unknown>) => number, what: string][] = [
  ['pos_index', (row) => lengthOf(row['pos'] ?? row['pos_index']), 'pos'], ['neg_index', (row) => lengthOf(row['neg'] ?? row['neg_index']), 'neg'],
  ['pos_scores', (row) => lengthOf(row['pos']), 'pos'], ['neg_scores', (row) => lengthOf(row['neg']), 'neg'],
  ['pos_ids', (row) => lengthOf(row['pos']), 'pos'], ['neg_ids', (row) => lengthOf(row['neg']), 'neg'],
  ['pos_weights', (row) => lengthOf(row['pos']), 'pos'], ['neg_weights', (row) => lengthOf(row['neg']), 'neg'],
  ['key_ids', (row) => lengthOf(row['key']), 'key'], ['key_scores', (row) => lengthOf(row['key'] ?? row['key_scores']), 'key'],
  // In a conversation the earlier turns are what is scored.
  ['teacher_scores', (row) => lengthOf(row['history']) || lengthOf(row['pos']) + lengthOf(row['neg']), 'pos and neg together'],
  ['key_index', (row) => lengthOf(row['key'] ?? row['key_index']), 'key'],
];
const lengthOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0);

/**
 * Reads samples of either project or of ours. Missing columns get their defaults, unknown ones stay.
 *
 * @throws EngineError 'invalid' with the number of the first line that is not of the form
 */
export function parseSamples(text: string): Sample[] {
  return text.replace(/^\ufeff/, '').split(/\r?\n/).flatMap((line, i): Sample[] => {
    if (line.trim() === '') return [];
    const refuse = (why: string): never => { throw new EngineError('invalid', `Line ${i + 1}: ${why}.`); };
    const row = asObject(line) ?? refuse('this is no JSON object');
    if (typeof row['query'] !== 'string' || row['query'].trim() === '') refuse('"query" is missing');
    const given = (column: string): boolean => row[column] !== undefined && row[column] !== null;
    for (const column of TEXTS) if (given(column) && !isListOf(row[column], 'string')) refuse(`"${column}" is no list of texts`);
    for (const column of NUMBERS) if (given(column) && !isListOf(row[column], 'number')) refuse(`"${column}" is no list of numbers`);
    for (const column of ['weight', 'base_score']) if (given(column) && typeof row[column] !== 'number') refuse(`"${column}" is no number`);
    for (const column of WORDS) if (given(column) && typeof row[column] !== 'string') refuse(`"${column}" is no text`);
    for (const [column, expected, of] of LENGTHS) {
      const length = lengthOf(row[column]);
      if (length > 0 && length !== expected(row)) refuse(`"${column}" has ${length} entries, ${of} has ${expected(row)}`);
    }
    const list = (column: string): never[] => (Array.isArray(row[column]) ? row[column] : []) as never[];
    const text = (column: string): string => (typeof row[column] === 'string' ? row[column] : '');
    // An empty prompt is FlagEmbedding's word for none in this row.
    for (const column of SPOKEN) if (!given(column) || (Array.isArray(row[column]) && row[column].length === 0 && !saysNone(column, row))) delete row[column];
    return [{
      ...row, query: row['query'] as string, pos: list('pos'), neg: list('neg'), pos_index: list('pos_index'), neg_index: list('neg_index'), answers: list('answers'),
      key: list('key'), key_index: list('key_index'), key_ids: list('key_ids'), key_scores: list('key_scores'), instruction: text('instruction'), pos_instruction: text('pos_instruction'), time: text('time'),
      task: typeof row['task'] === 'string' ? row['task'] : 'qa', query_id: typeof row['query_id'] === 'number' || typeof row['query_id'] === 'string' ? row['query_id'] : i,
      pos_ids: list('pos_ids'), neg_ids: list('neg_ids'), pos_weights: list('pos_weights'), neg_weights: list('neg_weights'),
      weight: typeof row['weight'] === 'number' ? row['weight'] : 1, teacher: typeof row['teacher'] === 'string' ? row['teacher'] : '',
      source: typeof row['source'] === 'string' ? row['source'] : 'public', event_ids: list('event_ids'),
      split: typeof row['split'] === 'string' ? row['split'] : 'train', group: typeof row['group'] === 'string' ? row['group'] : '',
    }];
  });
}

const isListOf = (value: unknown, type: string): boolean => Array.isArray(value) && value.every((item) => typeof item === type);

/** Scores of no texts, beside scores of some. */
const saysNone = (column: string, row: Record<string, unknown>): boolean =>
  (column === 'neg_scores' && lengthOf(row['neg']) === 0 && lengthOf(row['pos_scores']) > 0) || (column === 'pos_scores' && lengthOf(row['pos']) === 0 && lengthOf(row['neg_scores']) > 0);

function asObject(line: string): Record<string, unknown> | undefined {
  try {
    const row: unknown = JSON.parse(line);
    return typeof row === 'object' && row !== null && !Array.isArray(row) ? { ...row } : undefined;
  } catch {
    return undefined;
  }
}

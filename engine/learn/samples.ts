import { keyOf, type ChunkName } from './judgements.ts';
import { hardNegatives } from './negatives.ts';
import type { Lesson } from './prepare.ts';
import { EngineError, type ExportFile } from '../api.ts';

/**
 * A training sample, one JSON object a line: the fields of LLM-Embedder and FlagEmbedding by their names, and ours beside
 * them, all columns flat and of one type, so that either's loader reads it. Fields nobody here knows are kept as they came.
 */
export interface Sample {
  query: string;
  pos: string[];
  neg: string[];
  /** Line numbers in `corpus.jsonl`, as long as `pos` and `neg`. */
  pos_index: number[];
  neg_index: number[];
  answers: string[];
  task: string;
  query_id: number;
  /** Chunks by name: hash of the file's bytes, `#`, span. */
  pos_ids: string[];
  neg_ids: string[];
  pos_weights: number[];
  neg_weights: number[];
  weight: number;
  teacher: string;
  source: string;
  event_ids: string[];
  split: 'train' | 'holdout';
  group: string;
  [other: string]: unknown;
}

/** Samples of lessons: what was judged wrong first among the negatives, then what the present ranking would have shown next. */
export function samplesOf(lessons: readonly Lesson[]): Sample[] {
  return lessons.map(({ row, group, heldOut, events, answers, positives, negatives, ranked }, i): Sample => {
    const right = positives.map(({ chunk }) => ({ ...chunk, relevance: 1 }));
    const said = new Set(negatives.map(({ chunk }) => chunk.chunk));
    const mined = hardNegatives(ranked, right, answers).filter(({ chunk }) => !said.has(chunk.chunk));
    const wrong = [
      ...negatives.map(({ chunk, judgement }) => ({ text: chunk.text, name: nameOf(chunk), weight: judgement.weight })),
      ...mined.map(({ chunk, weight }) => ({ text: chunk.text, name: nameOf(chunk), weight })),
    ];
    return {
      query: row.question, pos: positives.map(({ chunk }) => chunk.text), neg: wrong.map(({ text }) => text),
      pos_index: [], neg_index: [], answers, task: 'qa', query_id: i,
      pos_ids: positives.map(({ chunk }) => nameOf(chunk)), neg_ids: wrong.map(({ name }) => name),
      pos_weights: positives.map(({ judgement }) => judgement.weight), neg_weights: wrong.map(({ weight }) => weight),
      weight: row.weight, teacher: 'user', source: 'feedback', event_ids: events, split: heldOut ? 'holdout' : 'train', group,
    };
  });
}

const nameOf = ({ contentHash, start, end }: ChunkName): string => keyOf({ contentHash, start, end });

/**
 * The files of an export: one folder a task, as LLM-Embedder takes the task from a file's first row and the data set's name
 * from its folder; what is held out in a file of its own; the corpus with a line for every text, to which `pos_index` and
 * `neg_index` point. Rows with teacher scores lie apart from those without, since its loss wants them in all rows or none.
 */
export function exportFiles(samples: readonly Sample[]): ExportFile[] {
  const corpus = new Map<string, number>();
  const lineOf = (text: string): number => {
    const known = corpus.get(text);
    if (known !== undefined) return known;
    corpus.set(text, corpus.size);
    return corpus.size - 1;
  };
  const files = new Map<string, string[]>();
  for (const sample of samples) {
    const row = { ...sample, pos_index: sample.pos.map(lineOf), neg_index: sample.neg.map(lineOf) };
    const scored = Array.isArray(sample['teacher_scores']) && sample['teacher_scores'].length > 0 ? '-scored' : '';
    const path = `export/${sample.task}${scored}/${sample.split === 'holdout' ? 'holdout' : 'train'}.json`;
    files.set(path, [...(files.get(path) ?? []), `${JSON.stringify(row)}\n`]);
  }
  const texts = [...corpus.keys()].map((text, id) => `${JSON.stringify({ id, title: '', text })}\n`);
  return [
    ...[...files].map(([path, lines]) => ({ path, text: lines.join('') })),
    ...(texts.length > 0 ? [{ path: 'export/corpus.jsonl', text: texts.join('') }] : []),
  ];
}

/** Pairs of columns that are as long as each other, or empty. */
const LENGTHS: [column: string, of: (row: Record<string, unknown>) => number, what: string][] = [
  ['pos_index', (row) => lengthOf(row['pos']), 'pos'], ['neg_index', (row) => lengthOf(row['neg']), 'neg'],
  ['pos_scores', (row) => lengthOf(row['pos']), 'pos'], ['neg_scores', (row) => lengthOf(row['neg']), 'neg'],
  ['pos_ids', (row) => lengthOf(row['pos']), 'pos'], ['neg_ids', (row) => lengthOf(row['neg']), 'neg'],
  ['pos_weights', (row) => lengthOf(row['pos']), 'pos'], ['neg_weights', (row) => lengthOf(row['neg']), 'neg'],
  // In a conversation the earlier turns are what is scored.
  ['teacher_scores', (row) => lengthOf(row['history']) || lengthOf(row['pos']) + lengthOf(row['neg']), 'pos and neg together'],
  ['key_index', (row) => lengthOf(row['key']), 'key'],
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
    for (const column of ['pos', 'neg', 'answers'] as const) {
      const value = row[column];
      if (value !== undefined && value !== null && !(Array.isArray(value) && value.every((item) => typeof item === 'string'))) refuse(`"${column}" is no list of texts`);
    }
    for (const [column, expected, of] of LENGTHS) {
      const length = lengthOf(row[column]);
      if (length > 0 && length !== expected(row)) refuse(`"${column}" has ${length} entries, ${of} has ${expected(row)}`);
    }
    const list = (column: string): never[] => (Array.isArray(row[column]) ? row[column] : []) as never[];
    return [{
      ...row, query: row['query'] as string, pos: list('pos'), neg: list('neg'), pos_index: list('pos_index'), neg_index: list('neg_index'), answers: list('answers'),
      task: typeof row['task'] === 'string' ? row['task'] : 'qa', query_id: typeof row['query_id'] === 'number' ? row['query_id'] : i,
      pos_ids: list('pos_ids'), neg_ids: list('neg_ids'), pos_weights: list('pos_weights'), neg_weights: list('neg_weights'),
      weight: typeof row['weight'] === 'number' ? row['weight'] : 1, teacher: typeof row['teacher'] === 'string' ? row['teacher'] : '',
      source: typeof row['source'] === 'string' ? row['source'] : 'public', event_ids: list('event_ids'),
      split: row['split'] === 'holdout' ? 'holdout' : 'train', group: typeof row['group'] === 'string' ? row['group'] : '',
    }];
  });
}

function asObject(line: string): Record<string, unknown> | undefined {
  try {
    const row: unknown = JSON.parse(line);
    return typeof row === 'object' && row !== null && !Array.isArray(row) ? { ...row } : undefined;
  } catch {
    return undefined;
  }
}

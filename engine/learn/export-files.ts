import type { ExportFile } from '../api.ts';
import type { Tokenizer } from '../models/tokenizer.ts';
import type { Sample } from './samples.ts';

/** What an export may know beside its samples. */
export interface ExportParts {
  /** Titles of documents by the texts of their chunks. */
  titles?: ReadonlyMap<string, string>;
  /** Of the model that the rows for Reranker are meant for. */
  tokenizer?: { name: string } & Pick<Tokenizer, 'plain'>;
}

/**
 * Samples as files that the loaders of LLM-Embedder, FlagEmbedding and Reranker read unchanged:
 *
 * - `export/<set>/train.json`: rows to train on. LLM-Embedder takes the data set's name from the folder and the task from the
 *   first row; FlagEmbedding reads every file of a folder, and looks in the first row for what holds for all. So a set is of one
 *   task, one kind (`type`), with teacher scores in every row or in none, the same for `prompt`; its folder has nothing else in it.
 * - `export/holdout/<set>/holdout.json`: rows of the same form that are never to be trained on.
 * - `export/eval/<task>/eval.json`: the held-out questions as LLM-Embedder evaluates them.
 * - `export/corpus.jsonl`: a line for every text, which indices in all of these count; of examples for `icl` in
 *   `export/corpus-icl.jsonl`.
 * - `export/reranker/<tokenizer>/train.group.json`: rows as token ids for luyug/Reranker.
 */
export function exportFiles(samples: readonly Sample[], { titles = new Map(), tokenizer }: ExportParts = {}): ExportFile[] {
  const [corpus, examples] = [new Corpus(), new Corpus()];
  const indexed = samples.map((sample) => exported(sample, sample.task === 'icl' ? examples : corpus));
  const files = setsOf(indexed);
  const heldOut = indexed.filter(({ split }) => split === 'holdout');
  for (const task of new Set(heldOut.map((row) => plainName(row.task).toLowerCase()))) {
    files.push({ path: `export/eval/${task}/eval.json`, text: linesOf(heldOut.filter((row) => plainName(row.task).toLowerCase() === task).map(evaluated)) });
  }
  if (tokenizer) files.push(...groupFiles(indexed.filter(({ split }) => split === 'train'), tokenizer));
  return [
    ...files,
    ...(corpus.texts.length > 0 ? [{ path: 'export/corpus.jsonl', text: linesOf(corpus.texts.map((text, id) => ({ id, title: titles.get(text) ?? '', text }))) }] : []),
    ...(examples.texts.length > 0 ? [{ path: 'export/corpus-icl.jsonl', text: linesOf(examples.texts.map((contents, id) => ({ id, contents }))) }] : []),
  ];
}

/** Texts in the order they were met, each once. */
class Corpus {
  readonly texts: string[] = [];
  readonly #lines = new Map<string, number>();

  /** The lines of some texts; the numbers a row came with where it names no texts. */
  indexOf(texts: readonly string[], otherwise: number[]): number[] {
    return texts.length > 0 ? texts.map((text) => this.#lineOf(text)) : otherwise;
  }

  #lineOf(text: string): number {
    const known = this.#lines.get(text);
    if (known !== undefined) return known;
    this.#lines.set(text, this.texts.length);
    return this.texts.push(text) - 1;
  }
}

/** A row as it is written: indices count this export's corpus, and scores are there as either project has them. */
function exported(sample: Sample, corpus: Corpus): Sample {
  const { pos, neg, key, teacher_scores: scores, pos_scores: right, neg_scores: wrong, history } = sample;
  const row: Sample = { ...sample, pos_index: corpus.indexOf(pos, sample.pos_index), neg_index: corpus.indexOf(neg, sample.neg_index), key_index: corpus.indexOf(key, sample.key_index) };
  if (Array.isArray(scores) && right === undefined && wrong === undefined && history === undefined) Object.assign(row, { pos_scores: scores.slice(0, pos.length), neg_scores: scores.slice(pos.length) });
  if (Array.isArray(right) && Array.isArray(wrong) && scores === undefined) row['teacher_scores'] = [...right, ...wrong];
  return row;
}

/** Of these rows no other row's texts may be taken for negatives: they may be right too. */
const APART = ['symmetric_class', 'symmetric_clustering'];
/** FlagEmbedding tells by the end of a folder's name. */
const NO_IN_BATCH = '-no_in_batch_neg';

/** The name of the set a row belongs to, by all that a loader expects to be the same in a file. */
function setName({ task, type, prompt, teacher_scores, pos, neg, history }: Sample): [name: string, end: string] {
  const parts = [
    plainName(task), teacher_scores === undefined ? '' : 'scored', typeof type === 'string' && type !== 'normal' ? plainName(type) : '', prompt === undefined ? '' : 'prompt',
    // FlagEmbedding takes one of each from every row.
    history !== undefined ? '' : pos.length === 0 ? 'without-pos' : neg.length === 0 ? 'without-neg' : '',
  ];
  return [parts.filter(Boolean).join('-'), APART.includes(type as string) ? NO_IN_BATCH : ''];
}

/** A name that may be part of a path. */
const plainName = (name: string): string => name.replace(/[^\p{L}\p{N}_]+/gu, '_') || '_';

interface DataSet { trains: boolean; name: string; end: string; kinds: Map<string, string>; rows: Sample[] }

/** Rows in sets, each of which has the same columns of the same kinds: Hugging Face's loader knows one type a column. */
function setsOf(rows: readonly Sample[]): ExportFile[] {
  const sets: DataSet[] = [];
  for (const row of rows) {
    const [name, end] = setName(row);
    const trains = row.split === 'train';
    let set = sets.find((one) => one.trains === trains && one.name === name && one.end === end && fits(row, one.kinds));
    if (!set) sets.push((set = { trains, name, end, kinds: new Map(Object.keys(row).map((column) => [column, ANY])), rows: [] }));
    for (const [column, kind] of set.kinds) if (kind === ANY) set.kinds.set(column, kindOf(row[column]));
    set.rows.push(row);
  }
  const taken = new Set<string>();
  return sets.map(({ trains, name, end, rows: own }) => {
    const pathOf = (number: number): string => {
      const folder = `${name}${number > 1 ? `-${number}` : ''}${end}`;
      return trains ? `export/${folder}/train.json` : `export/holdout/${folder}/holdout.json`;
    };
    let number = 1;
    // Some systems take large and small letters for the same.
    while (taken.has(pathOf(number).toLowerCase())) number++;
    taken.add(pathOf(number).toLowerCase());
    return { path: pathOf(number), text: linesOf(own) };
  });
}

/** Of a value that goes with every kind. */
const ANY = '';

function fits(row: Sample, kinds: ReadonlyMap<string, string>): boolean {
  const columns = Object.keys(row);
  return columns.length === kinds.size && columns.every((column) => {
    const [kind, expected] = [kindOf(row[column]), kinds.get(column)];
    return expected !== undefined && (kind === ANY || expected === ANY || kind === expected);
  });
}

/** What a column's value is made of, so that values of one kind can stand in one column. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return ANY;
  if (Array.isArray(value)) return `[${[...new Set(value.map(kindOf))].filter((kind) => kind !== ANY).sort().join('|')}]`.replace('[]', ANY);
  if (typeof value === 'object') return `{${Object.entries(value).map(([key, inner]) => `${key}:${kindOf(inner)}`).sort().join(',')}}`;
  return typeof value;
}

const evaluated = ({ query, pos_index, answers, key, key_index, task }: Sample, query_id: number): object =>
  ({ query, query_id, pos_index, answers, key, key_index, task });

/** Longer texts are cut for Reranker to so many tokens. */
const RERANKER_TOKENS = 512;

/** Rows with the token ids of their texts, no special ones among them. */
function groupFiles(rows: readonly Sample[], { name, plain }: NonNullable<ExportParts['tokenizer']>): ExportFile[] {
  const ids = (text: string): number[] => plain(text).slice(0, RERANKER_TOKENS);
  const groups = rows.filter(({ pos, neg, task }) => pos.length > 0 && neg.length > 0 && task === 'qa').map(({ query, query_id, pos, neg, pos_index, neg_index }) => ({
    qry: { qid: String(query_id), query: ids(query) },
    pos: pos.map((text, i) => ({ pid: String(pos_index[i]), passage: ids(text) })),
    neg: neg.map((text, i) => ({ pid: String(neg_index[i]), passage: ids(text) })),
  }));
  return groups.length === 0 ? [] : [{ path: `export/reranker/${plainName(name)}/train.group.json`, text: groups.map((group) => `${JSON.stringify(group)}\n`).join('') }];
}

/** Columns of numbers that are never counts. */
const FRACTIONS = new Set(['teacher_scores', 'pos_scores', 'neg_scores', 'pos_weights', 'neg_weights', 'weight', 'base_score', 'key_scores']);

/** Rows as lines of JSON. In a column of fractions a whole number is one too, `1.0`: else a loader finds two types in it. */
function linesOf(rows: readonly object[]): string {
  const fractions = new Set(FRACTIONS);
  for (const row of rows) for (const [column, value] of Object.entries(row)) if (hasFraction(value)) fractions.add(column);
  return rows.map((row) => {
    const columns = Object.entries(row).filter(([, value]) => value !== undefined);
    return `{${columns.map(([column, value]) => `${JSON.stringify(column)}:${written(value, fractions.has(column))}`).join(',')}}\n`;
  }).join('');
}

const hasFraction = (value: unknown): boolean => (typeof value === 'number' ? !Number.isInteger(value) : typeof value === 'object' && value !== null && Object.values(value).some(hasFraction));

function written(value: unknown, fraction: boolean): string {
  if (Array.isArray(value)) return `[${value.map((item) => written(item, fraction)).join(',')}]`;
  if (typeof value === 'object' && value !== null) return `{${Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${written(inner, fraction)}`).join(',')}}`;
  const text = JSON.stringify(value);
  return fraction && typeof value === 'number' && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

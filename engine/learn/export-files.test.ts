import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openTokenizer } from '../models/tokenizer.ts';
import { exportFiles } from './export-files.ts';
import { parseSamples } from './samples.ts';

type Json = Record<string, unknown>;

/**
 * What a loader asks of a file, as data. `columns`: what it reads, and of what; a `?` may be absent, but then in every row.
 * `same`: columns it looks up in the first row for all. `together`: columns that are useless one without the other.
 */
interface LoaderRules { columns: Record<string, 'text' | 'texts' | 'texts+' | 'counts' | 'fractions' | 'count'>; same: string[]; together: string[][]; lengths: [column: string, of: string[]][] }

/** `src/retrieval/data.py`, prepare_train_dataset and get_train_process_fn. */
const LLM_EMBEDDER: LoaderRules = {
  columns: { query: 'text', task: 'text', 'pos?': 'texts', 'neg?': 'texts', 'history?': 'texts+', 'teacher_scores?': 'fractions' },
  same: ['task'], together: [], lengths: [['teacher_scores', ['history']], ['teacher_scores', ['pos', 'neg']]],
};
/** `FlagEmbedding/abc/finetune/{embedder,reranker}/AbsDataset.py`: one of each is drawn, so neither list is empty. */
const FLAG_EMBEDDING: LoaderRules = {
  columns: { query: 'text', pos: 'texts+', neg: 'texts+', 'prompt?': 'text', 'type?': 'text', 'pos_scores?': 'fractions', 'neg_scores?': 'fractions' },
  same: ['type'], together: [['pos_scores', 'neg_scores']], lengths: [['pos_scores', ['pos']], ['neg_scores', ['neg']]],
};
/** prepare_eval_dataset, and its corpus by the template `{title} {text}`. */
const EVALUATION: LoaderRules = {
  columns: { query: 'text', query_id: 'count', pos_index: 'counts', answers: 'texts', key: 'texts', key_index: 'counts', task: 'text' }, same: ['task'], together: [], lengths: [['key_index', ['key']]],
};
const CORPUS: LoaderRules = { columns: { id: 'count', title: 'text', text: 'text' }, same: [], together: [], lengths: [] };
const EXAMPLES: LoaderRules = { columns: { id: 'count', contents: 'text' }, same: [], together: [], lengths: [] };
const TYPES = ['normal', 'only_1neg', 'symmetric_class', 'symmetric_sts', 'symmetric_clustering'];
/** The loader leaves other rows' texts alone where the folder's name ends so. */
const ALONE = ['symmetric_class', 'symmetric_clustering'];

const IS: Record<string, (value: unknown) => boolean> = {
  text: (value) => typeof value === 'string', count: Number.isInteger,
  texts: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'), 'texts+': (value) => IS['texts']!(value) && (value as unknown[]).length > 0,
  counts: (value) => Array.isArray(value) && value.every(Number.isInteger), fractions: (value) => Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number'),
};

/** What is wrong with a file for a loader; nothing where it reads it. */
function faults(rows: readonly Json[], { columns, same, together, lengths }: LoaderRules): string[] {
  const found: string[] = [];
  for (const [named, kind] of Object.entries(columns)) {
    const column = named.replace('?', '');
    const having = rows.filter((row) => row[column] !== undefined);
    if (having.length !== rows.length && !(named.endsWith('?') && having.length === 0)) found.push(`${column} is in ${having.length} of ${rows.length} rows`);
    if (having.some((row) => !IS[kind]!(row[column]))) found.push(`${column} is not ${kind}`);
  }
  for (const column of same) if (new Set(rows.map((row) => row[column])).size > 1) found.push(`${column} differs`);
  for (const [a, b] of together) if ((rows[0]![a!] === undefined) !== (rows[0]![b!] === undefined)) found.push(`${a} without ${b}`);
  for (const row of rows) {
    for (const [column, of] of lengths) {
      if (row[column] === undefined || of.some((other) => row[other] === undefined) || (of.includes('pos') && of.length > 1 && row['history'] !== undefined)) continue;
      if ((row[column] as unknown[]).length !== of.reduce((sum, other) => sum + (row[other] as unknown[]).length, 0)) found.push(`${column} is not as long as ${of}`);
    }
  }
  return found;
}

/** What Hugging Face's JSON loader finds in each column: one type, the same columns in every row. It tells 1 from 1.0. */
function typeFaults(text: string): string[] {
  const types = new Map<string, Set<string>>();
  const rows = text.trim().split('\n').map((line) => {
    const reviver = (_: string, value: unknown, { source }: { source?: string }): unknown => (typeof value === 'number' ? (/^-?\d+$/.test(source!) ? INTEGER : FRACTION) : value);
    const row = (JSON.parse as (text: string, reviver: unknown) => Json)(line, reviver);
    for (const column of Object.keys(row)) {
      const [own, value] = [types.get(column) ?? new Set<string>(), row[column]];
      types.set(column, own);
      const typeOf = (item: unknown): string => (item === INTEGER ? 'integer' : item === FRACTION ? 'fraction' : typeof item);
      if (Array.isArray(value)) for (const item of value) own.add(`[${typeOf(item)}]`);
      else own.add(typeOf(value));
    }
    return Object.keys(row).sort().join();
  });
  return [...[...types].filter(([, kinds]) => kinds.size > 1).map(([column, kinds]) => `${column}: ${[...kinds]}`), ...(new Set(rows).size > 1 ? ['columns differ'] : [])];
}

const INTEGER = Symbol('1');
const FRACTION = Symbol('1.0');

const lines = (...rows: object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const read = (text: string): Json[] => text.trim().split('\n').map((line) => JSON.parse(line) as Json);
const pair = (query: string, rest: object = {}): object => ({ query, pos: [`${query} yes`], neg: [`${query} no`, `${query} never`], ...rest });

/** Everything that must not come to lie in one file. */
const MIXED = lines(
  pair('a'), pair('b', { prompt: 'Find it: ' }), pair('c', { prompt: '' }), pair('d', { type: 'symmetric_class', prompt: 'Classify.' }), pair('e', { type: 'normal' }), pair('f', { type: 'only_1neg' }),
  pair('g', { teacher_scores: [1, 0, -1] }), pair('h', { teacher_scores: [0.5, 0, -1] }), pair('i', { pos_scores: [2], neg_scores: [1, 0] }), pair('j', { pos_scores: [2], neg_scores: [1, 0], prompt: 'Find it: ' }),
  pair('k', { task: 'tool' }), pair('l', { task: 'icl', teacher_scores: [1, 2, 3] }), { query: 'm', history: ['t1', 't2'], teacher_scores: [-1, -2], task: 'chat' }, { query: 'n', pos: [], neg: ['x', 'y'], teacher_scores: [1, 0], task: 'lrlm', context: 'z' },
  { query: 'o', pos: ['only right'] }, pair('p', { mood: 'calm' }), pair('q', { mood: 3 }), pair('r', { level: 1 }), pair('s', { level: 1.5 }), pair('t', { split: 'holdout', answers: ['yes'], key: ['k1', 'a yes'] }),
  pair('u', { split: 'holdout', task: 'tool' }), pair('v', { weight: 2, pos_weights: [1], neg_weights: [1, 0.5] }), pair('w', { type: 'symmetric_clustering', prompt: 'Sort.' }), pair('x', { task: '../../etc' }), pair('y', { history: [] }), pair('z', { split: 'frozen' }),
);

test('every file of an export is read by the loaders it is for, whatever was mixed before', () => {
  const samples = parseSamples(MIXED);
  const files = exportFiles(samples);
  const paths = files.map(({ path }) => path);
  assert.equal(new Set(paths).size, paths.length);
  const sets = files.filter(({ path }) => /\/(?:train|holdout)\.json$/.test(path));
  assert.equal(sets.flatMap(({ text }) => read(text)).length, samples.length, 'every row is in one');
  for (const { path, text } of files) assert.deepEqual(typeFaults(text), [], path);
  for (const { path, text } of sets) {
    const rows = read(text);
    assert.deepEqual(faults(rows, LLM_EMBEDDER), [], path);
    const folder = path.split('/').at(-2)!;
    assert.equal(paths.filter((other) => other.startsWith(path.slice(0, path.lastIndexOf('/') + 1))).length, 1, `${path}: FlagEmbedding reads all files of a folder`);
    if (rows.every(({ pos, neg }) => (pos as string[]).length > 0 && (neg as string[]).length > 0)) {
      assert.deepEqual(faults(rows, FLAG_EMBEDDING), [], path);
      const type = rows[0]!['type'] as string | undefined;
      assert.ok(type === undefined || TYPES.includes(type));
      assert.equal(folder.endsWith('no_in_batch_neg'), ALONE.includes(type ?? ''), path);
    }
    assert.equal(path.endsWith('holdout.json'), rows.every(({ split }) => split !== 'train'), `${path}: nothing that is kept aside is trained on`);
    assert.equal(folder.includes('scored'), rows.every(({ teacher_scores }) => teacher_scores !== undefined), path);
    assert.equal(folder.includes('prompt'), rows.every(({ prompt }) => prompt !== undefined), path);
    assert.match(path, /^export\/(?:holdout\/)?[\p{L}\p{N}_-]+\/(?:train|holdout)\.json$/u);
  }
  assert.ok(paths.includes('export/qa/train.json') && paths.includes('export/qa-scored/train.json') && paths.includes('export/qa-prompt/train.json') && paths.includes('export/tool/train.json'), paths.join('\n'));
});

test('a checker that finds fault with files as they must not be', () => {
  assert.deepEqual(faults([{ query: 'q', pos: ['p'], neg: ['n'], prompt: 'x' }, { query: 'q', pos: ['p'], neg: ['n'] }], FLAG_EMBEDDING), ['prompt is in 1 of 2 rows']);
  assert.deepEqual(faults([{ query: 'q', pos: ['p'], neg: ['n'], type: 'normal' }, { query: 'q', pos: ['p'], neg: [], type: 'symmetric_class' }], FLAG_EMBEDDING), ['neg is not texts+', 'type differs']);
  assert.deepEqual(faults([{ query: 'q', pos: ['p'], neg: ['n'], task: 'qa', teacher_scores: [1] }, { query: 'q', pos: ['p'], neg: ['n'], task: 'chat' }], LLM_EMBEDDER), ['teacher_scores is in 1 of 2 rows', 'task differs', 'teacher_scores is not as long as pos,neg']);
  assert.deepEqual(typeFaults('{"a":[1.0,2]}\n{"a":[0.5]}'), ['a: [fraction],[integer]']);
  assert.deepEqual(typeFaults('{"a":1.0,"b":"x"}\n{"a":2.0}'), ['columns differ']);
});

test('numbers that are fractions somewhere are fractions everywhere, and counts stay counts', () => {
  const text = exportFiles(parseSamples(lines(pair('a', { level: 1, age: 7 }), pair('b', { level: 0.5, age: 8 })))).find(({ path }) => path.endsWith('train.json'))!.text;
  assert.match(text, /"weight":1\.0[,}]/);
  assert.match(text, /"level":1\.0[,}]/);
  assert.match(text, /"age":7[,}]/);
  assert.match(text, /"query_id":0[,}]/);
  assert.match(exportFiles(parseSamples(lines(pair('a', { teacher_scores: [-3, 1e21, 0] })))).at(0)!.text, /"teacher_scores":\[-3\.0,1e\+21,0\.0\]/);
});

test('held-out questions are there to evaluate by, over a corpus with titles', () => {
  const titles = new Map([['a yes', 'The book of yes']]);
  const files = exportFiles(parseSamples(MIXED), { titles });
  const at = (path: string): Json[] => read(files.find((file) => file.path === path)!.text);
  const corpus = at('export/corpus.jsonl');
  assert.deepEqual([faults(corpus, CORPUS), faults(at('export/corpus-icl.jsonl'), EXAMPLES), faults(at('export/eval/qa/eval.json'), EVALUATION), faults(at('export/eval/tool/eval.json'), EVALUATION)], [[], [], [], []]);
  const [held, ...others] = at('export/eval/qa/eval.json');
  assert.equal(others.length, 0, 'what is frozen is no question of the person’s');
  assert.deepEqual(Object.keys(held!), ['query', 'query_id', 'pos_index', 'answers', 'key', 'key_index', 'task']);
  assert.deepEqual([held!['query'], held!['query_id'], (held!['pos_index'] as number[]).map((line) => corpus[line]!['text']), (held!['key_index'] as number[]).map((line) => corpus[line]!['text'])], ['t', 0, ['t yes'], ['k1', 'a yes']]);
  assert.deepEqual(corpus.filter(({ title }) => title !== ''), [{ id: corpus.findIndex(({ text }) => text === 'a yes'), title: 'The book of yes', text: 'a yes' }]);
});

test('where a tokenizer is at hand, rows are there as token ids for Reranker', async () => {
  const { plain } = await openTokenizer(fileURLToPath(new URL('../../resources/models/lodestone-embed-static-v2/tokenizer.json', import.meta.url)));
  const files = exportFiles(parseSamples(MIXED), { tokenizer: { name: 'org/model', plain } });
  const [group] = files.filter(({ path }) => path === 'export/reranker/org_model/train.group.json');
  const rows = read(group!.text) as unknown as { qry: { qid: string; query: number[] }; pos: { pid: string; passage: number[] }[]; neg: { pid: string; passage: number[] }[] }[];
  assert.deepEqual(rows[0], {
    qry: { qid: '0', query: plain('a') }, pos: [{ pid: '0', passage: plain('a yes') }], neg: [{ pid: '1', passage: plain('a no') }, { pid: '2', passage: plain('a never') }],
  });
  assert.ok(rows.every(({ pos, neg }) => pos.length > 0 && neg.length > 0) && !rows.some(({ qry }) => JSON.stringify(qry.query) === JSON.stringify(plain('t'))), 'nothing held out');
  assert.ok(!exportFiles(parseSamples(MIXED)).some(({ path }) => path.includes('reranker')));
});

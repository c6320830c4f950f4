import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportFiles } from './export-files.ts';
import { parseSamples, samplesOf, type Sample } from './samples.ts';
import type { Lesson } from './prepare.ts';
import { familyNamed } from '../models/families.ts';
import { instructionsFor as familyInstructions } from '../models/prompts.ts';

const lines = (...rows: object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** Rows in the form of LLM-Embedder's toy data (`data/toy/{qa,convsearch,chat,lrlm,icl,tool}.json`), in words of our own. */
const LLM_EMBEDDER: Record<string, object> = {
  qa: {
    answers: ['Okakura Kakuzō'], query: 'who wrote the book of tea', query_id: 1185869, pos: ['Okakura wrote The Book of Tea in 1906.'], neg: ['Tea is brewed.', 'A book of maps.'],
    pos_index: [3], neg_index: [0, 9], task: 'qa', teacher_scores: [-3.126953125, -1.162109375, -2.96484375],
  },
  convsearch: { query: 'Who is Okakura? A scholar. What did he write?', answers: ['The Book of Tea'], pos_index: [54386775], query_id: 0, task: 'convsearch', pos: ['The Book of Tea is by Okakura.'], neg: ['Boston has a museum.'], neg_index: [12] },
  chat: { history: ['Speaker 1: I need a holiday.\nSpeaker 2: By the sea?', 'Speaker 1: Mountains.\nSpeaker 2: Take boots.'], query: 'What should I pack?', query_id: 0, answers: ['Your boots.'], task: 'chat', teacher_scores: [-3.171875, -2.984375] },
  lrlm: { query_id: 12351, query: 'the chapter before', answers: ['the chapter after'], pos: [], neg: ['an early page', 'a late page'], context: 'what was read last', task: 'lrlm', teacher_scores: [-2.078125, -2] },
  icl: { query: 'good film . Is it liked?', pos: ['fine film . Is it liked?\nYes'], pos_scores: [-0.5], neg: ['dull film . Is it liked?\nNo', 'the film . Is it liked?\nNo'], neg_score: [-2, -3.5], teacher_scores: [-5.59375, -7.40625, -8], task: 'icl' },
  tool: { query: 'What is the weather in Oslo?', qid: '49635', pos: ['Weather, Forecast, city: {"type": "STRING"}'], neg: ['Money, Rates, Exchange rates'], task: 'tool' },
};

/** Rows in the form of FlagEmbedding's `examples/finetune/{embedder,reranker}/example_data` and `toy_finetune_data.jsonl`. */
const FLAG_EMBEDDING: Record<string, object> = {
  plain: { query: 'Five women walk along a beach.', pos: ['Some women are on a beach.'], neg: ['The women sit at home.', 'A reform was made.'] },
  retrieval: { query: '五一节放几天假', pos: ['劳动节放假五天。'], neg: ['国庆节放假七天。'], pos_scores: [98.1875], neg_scores: [82.25], prompt: 'Retrieve semantically similar text.', type: 'normal' },
  one: { query: 'they go', pos: ['They leave.'], neg: ['They stay.'], pos_scores: [98], neg_scores: [82.25], prompt: 'Retrieve semantically similar text.', type: 'only_1neg' },
  class: { query: 'Where is my card?', pos: ['When will my card arrive?'], neg: ['How do I change my PIN?', 'Why was I charged?'], prompt: 'Classify the message.', type: 'symmetric_class' },
  cluster: { query: 'On knots', pos: ['Knots, again'], neg: ['On fish'], category: 'math', prompt: 'Identify the topic.', type: 'symmetric_clustering' },
  sts: { query: 'a cat sits', pos: ['a cat is sitting'], neg: ['a dog runs'], prompt: 'Retrieve semantically similar text.', type: 'symmetric_sts' },
  reranker: { query: 'q', pos: ['p'], neg: ['n'], pos_scores: [5.5], neg_scores: [-3], prompt: 'Given a query A and a passage B, say whether B answers A.' },
};
const ALL = [...Object.values(LLM_EMBEDDER), ...Object.values(FLAG_EMBEDDING)];

/** Without what counts the lines of a corpus: an export has one of its own. */
const apart = ({ pos_index: _, neg_index: __, key_index: ___, ...rest }: Record<string, unknown>): Record<string, unknown> => rest;
const rowsOf = (files: ReturnType<typeof exportFiles>): Sample[] => files.filter(({ path }) => /(?:train|holdout)\.json$/.test(path)).flatMap(({ text }) => parseSamples(text));
const sorted = <Row extends { query: string; task?: unknown; type?: unknown }>(rows: readonly Row[]): Row[] => rows.toSorted((a, b) => (`${a.task} ${a.type} ${a.query}` < `${b.task} ${b.type} ${b.query}` ? -1 : 1));

test('DM-2: rows of either project are read, and written again as they were but for the order of their columns', () => {
  const read = parseSamples(lines(...ALL));
  ALL.forEach((original, i) => {
    for (const [column, value] of Object.entries(original)) assert.deepEqual(read[i]![column], value, `${column} of row ${i}`);
  });
  const files = exportFiles(read);
  const written = files.filter(({ path }) => path.endsWith('train.json')).flatMap(({ text }) => text.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>));
  assert.equal(written.length, ALL.length);
  for (const original of ALL) {
    const row = written.find(({ query, task, type }) => query === (original as { query: string }).query && task === ((original as { task?: string }).task ?? 'qa') && type === (original as { type?: string }).type)!;
    for (const [column, value] of Object.entries(apart(original as Record<string, unknown>))) assert.deepEqual(row[column], value, column);
  }
});

test('BG-6: an export is read back as what was exported, and exported again byte for byte', () => {
  const read = parseSamples(lines(...ALL, { query: 'held', pos: ['p'], neg: ['n'], split: 'holdout' }, { query: 'frozen', pos: ['p'], neg: ['n'], split: 'frozen', mood: { a: [1, null] } }));
  const once = rowsOf(exportFiles(read));
  assert.equal(once.length, read.length);
  for (const [i, row] of sorted(once).entries()) {
    const before = sorted(read)[i]!;
    for (const [column, value] of Object.entries(apart(before))) assert.deepEqual(row[column], value, column);
    // Only scores may have come in the other project's form beside their own.
    for (const column of Object.keys(row)) assert.ok(column in before || column.endsWith('scores'), column);
  }
  const again = exportFiles(once);
  assert.deepEqual(exportFiles(rowsOf(again)), again);
});

test('DM-3: indices and scores stay with their texts when rows are left out, shuffled or doubled', () => {
  const rows = parseSamples(lines(LLM_EMBEDDER['qa']!, FLAG_EMBEDDING['plain']!, LLM_EMBEDDER['qa']!, { query: 'q', pos: ['Tea is brewed.'], neg: ['A book of maps.'], key: ['A book of maps.', 'x'] }));
  for (const some of [rows, rows.toReversed(), rows.slice(1)]) {
    const files = exportFiles(some);
    const corpus = files.find(({ path }) => path === 'export/corpus.jsonl')!.text.trim().split('\n').map((line) => JSON.parse(line) as { id: number; text: string });
    corpus.forEach(({ id }, line) => assert.equal(id, line));
    assert.equal(new Set(corpus.map(({ text }) => text)).size, corpus.length, 'each text once');
    for (const row of rowsOf(files)) {
      for (const [texts, lines_] of [[row.pos, row.pos_index], [row.neg, row.neg_index], [row.key, row.key_index]] as const) assert.deepEqual(lines_.map((line) => corpus[line]!.text), texts);
      if (row['teacher_scores']) assert.deepEqual([row['teacher_scores'], row['pos_scores'], row['neg_scores']], [[-3.126953125, -1.162109375, -2.96484375], [-3.126953125], [-1.162109375, -2.96484375]]);
    }
  }
});

test('what is not of the form is refused with its line', () => {
  const refused = (row: object, why: RegExp) => assert.throws(() => parseSamples(lines(FLAG_EMBEDDING['plain']!) + lines(row)), { code: 'invalid', message: why });
  const qa = LLM_EMBEDDER['qa']!;
  refused({ ...qa, teacher_scores: [1, 2] }, /Line 2: "teacher_scores" has 2 entries, pos and neg together has 3/);
  refused({ ...LLM_EMBEDDER['chat']!, teacher_scores: [1] }, /Line 2: "teacher_scores" has 1 entries/);
  refused({ ...FLAG_EMBEDDING['retrieval']!, neg_scores: [1, 2] }, /Line 2: "neg_scores" has 2 entries, neg has 1/);
  refused({ ...qa, neg_index: [1] }, /Line 2: "neg_index" has 1 entries, neg has 2/);
  refused({ ...qa, pos_weights: [1, 1] }, /Line 2: "pos_weights" has 2 entries, pos has 1/);
  refused({ ...qa, teacher_scores: [1, 'x', 2] }, /Line 2: "teacher_scores" is no list of numbers/);
  refused({ ...qa, weight: '1' }, /Line 2: "weight" is no number/);
  refused({ ...qa, prompt: 3 }, /Line 2: "prompt" is no text/);
  refused({ pos: ['x'] }, /Line 2: "query" is missing/);
  refused({ query: 'q', pos: [1] }, /Line 2: "pos" is no list of texts/);
  assert.throws(() => parseSamples('not json'), { message: /Line 1: this is no JSON object/ });
  assert.equal(parseSamples('\ufeff\r\n').length, 0);
  assert.deepEqual(parseSamples('{"query":"evaluated","pos_index":[7],"answers":["a"],"task":"qa"}')[0]!.pos_index, [7], 'a row to evaluate by names lines and no texts');
});

test('an own sample has what search found, when it was said, and the reranker’s scores with the person’s word above them', () => {
  const chunk = (id: number) => ({ chunk: id, contentHash: 'aa', start: 100 * id, end: 100 * id + 50, text: `text ${id}`, parent: id, relevance: 0.3 });
  const lesson = {
    row: { question: 'q', weight: 0.5 }, group: 'g', heldOut: false, events: ['e1', 'e2'], answers: [], positives: [{ chunk: chunk(1), judgement: { weight: 1 } }],
    negatives: [{ chunk: chunk(2), judgement: { weight: 0.7 } }], ranked: Array.from({ length: 30 }, (_, i) => chunk(i + 2)), served: new Map(Array.from({ length: 31 }, (_, i) => [i + 1, 5 - i])),
  } as unknown as Lesson;
  const at = new Map([['e1', 1000], ['e2', 5000]]) as never;
  const [own] = samplesOf([lesson], { reranker: 'late', at });
  assert.deepEqual([own!.key.length, own!.key[0], own!.key_ids[0], own!.key_scores[0]], [20, 'text 2', 'aa#200-250', 0.3]);
  assert.deepEqual([own!.time, own!.teacher, own!.instruction, own!.pos_instruction], ['1970-01-01T00:00:05.000Z', 'late:rerank_logit', '', '']);
  const [right, wrong, ...mined] = own!['teacher_scores'] as number[];
  assert.deepEqual([right, wrong], [6, Math.min(...mined) - 1]);
  assert.deepEqual(mined, own!.neg_ids.slice(1).map((_, i) => 5 - (10 + i)), 'ranks 10 and on, with their own scores');
  const { tasks, instruction } = familyNamed('llm-embedder')!;
  const instructionsFor = (task: string) => familyInstructions({ prompts: tasks['qa']!, tasks: { ...tasks }, ...(instruction !== undefined && { instruction }) }, task);
  const [asked] = samplesOf([lesson], { instructionsFor });
  assert.deepEqual([asked!.instruction, asked!.pos_instruction], ['Represent this query for retrieving relevant documents: ', 'Represent this document for retrieval: '], 'as LLM-Embedder was trained');
  const [unscored] = samplesOf([lesson]);
  assert.deepEqual([unscored!.teacher, 'teacher_scores' in unscored!, unscored!.time], ['user', false, '']);
});

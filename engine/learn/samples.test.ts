import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportFiles, parseSamples, type Sample } from './samples.ts';

const lines = (...rows: object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** As the two projects' own toy data stands: LLM-Embedder's with teacher scores, FlagEmbedding's with split scores and a prompt. */
const LLM_EMBEDDER = {
  query: 'who wrote the book of tea', pos: ['Okakura wrote The Book of Tea in 1906.'], neg: ['Tea is brewed.', 'A book of maps.'], pos_index: [3], neg_index: [0, 9],
  teacher_scores: [-0.5, -2.25, -3], answers: ['Okakura Kakuzō'], task: 'qa', query_id: 7, history: [],
};
const FLAG_EMBEDDING = { query: '五一节放几天假', pos: ['劳动节放假五天。'], neg: ['国庆节放假七天。'], pos_scores: [0.9], neg_scores: [0.1], prompt: '为这个句子生成表示：', type: 'normal' };

test('DM-2: samples of either project are read, and written again as they were', () => {
  const read = parseSamples(lines(LLM_EMBEDDER, FLAG_EMBEDDING));
  for (const [i, original] of [LLM_EMBEDDER, FLAG_EMBEDDING].entries()) {
    for (const [key, value] of Object.entries(original)) assert.deepEqual(read[i]![key], value, `${key} of row ${i}`);
  }
  const files = exportFiles(read);
  const again = files.filter(({ path }) => path !== 'export/corpus.jsonl').flatMap(({ text }) => parseSamples(text)).sort((a, b) => b.query_id - a.query_id);
  const apart = ({ pos_index: _, neg_index: __, ...rest }: Sample) => rest;
  assert.deepEqual(again.map(apart), read.map(apart), 'equal but for the lines of the corpus, which is another one');
});

test('an export has a folder for each task, rows with scores apart, what is held out in a file of its own, and a corpus', () => {
  const files = exportFiles(parseSamples(lines(LLM_EMBEDDER, FLAG_EMBEDDING, { query: 'hi', pos: ['x'], task: 'chat' }, { query: 'q', pos: ['y'], split: 'holdout' })));
  assert.deepEqual(files.map(({ path }) => path).sort(), ['export/chat/train.json', 'export/corpus.jsonl', 'export/qa-scored/train.json', 'export/qa/holdout.json', 'export/qa/train.json']);
});

test('DM-3: indices and scores stay with their texts when rows are left out, shuffled or doubled', () => {
  const rows = parseSamples(lines(LLM_EMBEDDER, FLAG_EMBEDDING, LLM_EMBEDDER, { query: 'q', pos: ['Tea is brewed.'], neg: ['A book of maps.'] }));
  const corpusOf = (files: ReturnType<typeof exportFiles>) => files.find(({ path }) => path === 'export/corpus.jsonl')!.text.trim().split('\n').map((line) => JSON.parse(line) as { id: number; text: string });
  for (const some of [rows, rows.toReversed(), rows.slice(1)]) {
    const files = exportFiles(some);
    const corpus = corpusOf(files);
    corpus.forEach(({ id }, line) => assert.equal(id, line));
    assert.equal(new Set(corpus.map(({ text }) => text)).size, corpus.length, 'each text once');
    for (const row of files.filter(({ path }) => !path.includes('corpus')).flatMap(({ text }) => parseSamples(text))) {
      assert.deepEqual(row.pos_index.map((line) => corpus[line]!.text), row.pos);
      assert.deepEqual(row.neg_index.map((line) => corpus[line]!.text), row.neg);
      if (row['teacher_scores']) assert.deepEqual(row['teacher_scores'], LLM_EMBEDDER.teacher_scores);
    }
  }
});

test('what is not of the form is refused with its line', () => {
  const refused = (row: object, why: RegExp) => assert.throws(() => parseSamples(lines(FLAG_EMBEDDING) + lines(row)), { code: 'invalid', message: why });
  refused({ ...LLM_EMBEDDER, teacher_scores: [1, 2] }, /Line 2: "teacher_scores" has 2 entries, pos and neg together has 3/);
  refused({ ...LLM_EMBEDDER, neg_index: [1] }, /Line 2: "neg_index" has 1 entries, neg has 2/);
  refused({ pos: ['x'] }, /Line 2: "query" is missing/);
  refused({ query: 'q', pos: [1] }, /Line 2: "pos" is no list of texts/);
  assert.throws(() => parseSamples('not json'), { message: /Line 1: this is no JSON object/ });
  assert.equal(parseSamples('\ufeff\r\n').length, 0);
});

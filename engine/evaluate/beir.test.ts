import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readSet } from './beir.ts';
import { trecRun } from './trec.ts';

const GOOD = {
  'corpus.jsonl': '{"_id": "d1", "title": "Tea", "text": "Leaves."}\n{"_id": "d2", "text": "茶"}\n',
  'queries.jsonl': '{"_id": "q1", "text": "what is tea"}\n{"_id": "q2", "text": "no judgement"}\n',
  'qrels.tsv': 'query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n',
};

function folder(t: TestContext, files: Partial<typeof GOOD>): string {
  const path = mkdtempSync(join(tmpdir(), 'set-'));
  t.after(() => rmSync(path, { recursive: true }));
  for (const [name, content] of Object.entries({ ...GOOD, ...files })) writeFileSync(join(path, name), content);
  return path;
}

test('a set is read; questions without judgements are left out', (t) => {
  const set = readSet(folder(t, {}));
  assert.deepEqual(set.documents, [{ id: 'd1', title: 'Tea', text: 'Leaves.' }, { id: 'd2', title: '', text: '茶' }]);
  assert.deepEqual(set.questions, [{ id: 'q1', text: 'what is tea' }]);
  assert.deepEqual([...set.judged.get('q1')!], [['d1', 2], ['d2', 0]]);
});

test('a qrels file without a heading loses no line', (t) => {
  assert.equal(readSet(folder(t, { 'qrels.tsv': 'q1\td1\t1\n' })).judged.get('q1')!.get('d1'), 1);
});

test('a bad line is named with its file and number', (t) => {
  const complains = (files: Partial<typeof GOOD>, about: RegExp) => assert.throws(() => readSet(folder(t, files)), about);
  complains({ 'corpus.jsonl': '{"_id": "d1", "text": "a"}\n{oops}\n' }, /corpus\.jsonl:2: not JSON/);
  complains({ 'corpus.jsonl': '{"_id": "d1"}\n' }, /corpus\.jsonl:1: expected "text" to be a text/);
  complains({ 'queries.jsonl': '\n[1]\n' }, /queries\.jsonl:2: expected an object/);
  complains({ 'qrels.tsv': 'q\td\tscore\nq1 d1 1\n' }, /qrels\.tsv:2: expected question, document and a whole grade/);
  complains({ 'corpus.jsonl': GOOD['corpus.jsonl'] + GOOD['corpus.jsonl'] }, /the id "d1" stands on two lines/);
  assert.throws(() => readSet(join(tmpdir(), 'nothing-here')), /is missing: a set holds/);
});

test('a run has six fields a line and ranks from 1', () => {
  assert.equal(trecRun(new Map([['q1', [['d2', 1.5], ['d1', 0.25]]]]), 'both'), 'q1 Q0 d2 1 1.5 both\nq1 Q0 d1 2 0.25 both\n');
  assert.throws(() => trecRun(new Map([['q 1', [['d', 1]]]]), 'x'), /cannot stand in a TREC run/);
});

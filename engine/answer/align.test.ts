import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { DocumentId } from '../api.ts';
import type { Statement } from '../extract/statements.ts';
import { AGAINST, SAYS } from '../learn/corrected.ts';
import { openEmbedder } from '../models/embedder.ts';
import { openAligner } from './align.ts';
import { alignTriples, citationQuality, readTriples } from './testing/citations.ts';

const statement = (text: string, more: Partial<Statement> = {}): Statement =>
  ({ kind: 'sentence', text, context: 'lease.md', document: 1 as DocumentId, hit: 0, block: 0, start: 0, end: text.length, quote: text, ...more });
const cited = async (sentence: string, ...statements: Statement[]): Promise<string[]> => (await (await openAligner(statements)).align(sentence)).statements.map(({ text }) => text);

test('of 154 sentences in both languages citations are right and complete; the half nothing was fitted on does as well', async () => {
  const triples = readTriples();
  assert.ok(triples.flatMap(({ sentences }) => sentences).length >= 100);
  const models = fileURLToPath(new URL('../../resources/models', import.meta.url));
  const embedder = await openEmbedder(join(models, readdirSync(models).find((name) => name.startsWith('lodestone-embed'))!));
  const judged = await alignTriples(triples, embedder);
  await embedder.close();
  for (const half of ['dev', 'test'] as const) {
    const { precision, coverage, flagged } = citationQuality(judged.filter((one) => one.half === half));
    assert.ok(precision >= 0.85 && coverage >= 0.8 && flagged >= 0.85, `${half}: precision ${precision}, coverage ${coverage}, unsupported marked ${flagged}`);
  }

  // As corrections: what is right leads to its passage, what stands nowhere is a gap, and only what says otherwise speaks against it.
  const rows = judged.filter(({ half }) => half === 'test').map(({ supports, gains }) => {
    const best = gains.reduce((a, b) => (a.gain >= b.gain ? a : b));
    const holds = supports.some((words) => best.text.replace(/\s/g, '').includes(words.replace(/\s/g, '')));
    return { true: supports.length > 0, found: best.gain < SAYS ? 'gap' : holds ? 'right' : 'wrong', against: gains.some(({ gain }) => gain < AGAINST) };
  });
  const share = (all: typeof rows, which: (row: (typeof rows)[number]) => boolean): number => all.filter(which).length / all.length;
  const [right, wrong] = [rows.filter((row) => row.true), rows.filter((row) => !row.true)];
  assert.ok(right.length >= 30 && share(right, ({ found }) => found === 'right') >= 0.9 && share(right, ({ found }) => found === 'wrong') <= 0.03 && share(right, ({ against }) => against) <= 0.03);
  assert.ok(wrong.length >= 30 && share(wrong, ({ found }) => found === 'gap') >= 0.85 && share(wrong, ({ against }) => against) >= 0.2);
});

test('a figure, a name, an opposite or a denial that is otherwise in the source is no support', async () => {
  const source = statement('The tenant Hedda Lindqvist pays the rent of 1,480 pounds before the third day of every month.');
  assert.equal((await cited('Hedda Lindqvist pays the rent of £1,480 before the third day of each month.', source)).length, 1);
  for (const wrong of [
    'Hedda Lindqvist pays the rent of £1,840 before the third day of every month.', 'Hedda Osei pays the rent of £1,480 before the third day of every month.',
    'Hedda Lindqvist pays the rent of £1,480 after the third day of every month.', 'Hedda Lindqvist does not pay the rent of £1,480 before the third day of every month.',
    'Hedda Lindqvist pays the rent of £1,480 before the third day of every week.',
  ]) assert.deepEqual(await cited(wrong, source), [], wrong);
});

test('a figure belongs to what it is said of', async () => {
  const source = statement('薄荷的成活率是 97%，小番茄的成活率只有 71%。');
  assert.equal((await cited('薄荷的成活率是 97%。', source)).length, 1);
  assert.deepEqual(await cited('小番茄的成活率是 97%。', source), []);
});

test('a row supports what is said of its own first cell', async () => {
  const rows = [['London', '185 euros'], ['Paris', '170 euros']].map(([city, limit], i) =>
    statement(`City: ${city}; Hotel limit per night: ${limit}`, { kind: 'row', quote: `${city}\t${limit}`, start: i * 20, end: i * 20 + 19 }));
  assert.deepEqual(await cited('The hotel limit in Paris is 170 euros per night.', ...rows), [rows[1]!.text]);
  assert.deepEqual(await cited('The hotel limit in London is 170 euros per night.', ...rows), []);
});

test('a sentence made of two statements cites both; one whose second half nobody said cites none', async () => {
  const one = statement('The rent is due on the third working day of every month.');
  const two = statement('Late payment costs interest of 4 per cent a year.', { start: 100, end: 150 });
  assert.deepEqual((await cited('The rent is due on the third working day of every month, and late payment costs interest of 4 per cent.', one, two)).sort(), [two.text, one.text].sort());
  assert.deepEqual(await cited('The rent is due on the third working day of every month, because the bank closes early on Fridays.', one, two), []);
});

test('what a passage gives to a sentence: all where it says so, nothing where it is about something else, less than nothing where it says otherwise', async () => {
  const passages = ['The rent of 1,480 pounds is due every month.', 'The garden is watered by the tenant in dry summers.', 'The rent of 1,840 pounds is due every month.', '租金每月 1,480 英镑。'];
  const aligner = await openAligner(passages.map((text, hit) => statement(text, { hit, start: hit * 100, end: hit * 100 + text.length })));
  const gains = (await aligner.gains('The rent of 1,480 pounds is due every month.'))!;
  assert.deepEqual([...gains.keys()], [0, 1, 2, 3]);
  assert.ok(gains.get(0)! > 0.8, `${gains.get(0)}`);
  assert.ok(Math.abs(gains.get(1)!) < 0.02, `${gains.get(1)}`);
  assert.ok(gains.get(2)! < -0.5, `${gains.get(2)}`);
  assert.ok(gains.get(3)! < 0.4, 'without an embedder nothing is found across languages');
  assert.equal(await aligner.gains('Here is what the documents say:'), undefined);
});

test('a sentence that claims nothing needs no support', async () => {
  const aligner = await openAligner([statement('The lease ends in May.')]);
  assert.equal((await aligner.align('Here is what the documents say:')).empty, true);
  assert.equal((await aligner.align('The garden is blue.')).empty, false);
});

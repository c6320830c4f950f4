import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hardNegatives, resemblance, type Ranked } from './negatives.ts';

const ranking = Array.from({ length: 300 }, (_, i): Ranked => ({ contentHash: 'a', start: 100 * i, end: 100 * i + 100, parent: i, text: `text ${i}`, relevance: 0.05 }));
const positive: Ranked = { contentHash: 'b', start: 0, end: 100, parent: 500, text: 'the answer', relevance: 1, vector: Float32Array.of(1, 0) };
const mined = (change: Partial<Ranked>, answers: string[] = []) =>
  hardNegatives(ranking.map((one, i) => (i === 12 ? { ...one, ...change } : one)), [positive], answers).find(({ chunk }) => chunk.text === (change.text ?? 'text 12'));

test('negatives come from ranks 10 to 200, fifteen of them', () => {
  assert.deepEqual(hardNegatives(ranking, [positive], []).map(({ chunk }) => chunk.text), Array.from({ length: 15 }, (_, i) => `text ${i + 9}`));
  assert.equal(hardNegatives(ranking.map((one, i) => ({ ...one, relevance: i < 195 ? 0.95 : 0 })), [positive], []).length, 5, 'nothing below rank 200');
});

test('what may be right after all is no negative', () => {
  assert.ok(mined({}));
  assert.equal(mined({ contentHash: 'b', start: 50, end: 150 }), undefined, 'it overlaps a positive');
  assert.equal(mined({ contentHash: 'b', start: 700, end: 800, parent: 500 }), undefined, 'it stands in the same parent');
  assert.equal(mined({ text: 'the answer ' }), undefined, 'it says the same');
  assert.equal(mined({ vector: Float32Array.of(0.99, 0.141) }), undefined, 'it means the same');
  assert.equal(mined({ text: 'in the year 1906' }, ['1906']), undefined, 'it holds an accepted answer');
  assert.ok(mined({ text: 'item 19' }, ['19']), 'a short answer stands anywhere by chance');
  assert.equal(mined({ relevance: 0.95 }), undefined, 'the ranking is sure of it: ask the person');
  assert.equal(mined({ relevance: 0.5 })!.weight, 0.5);
});

const passage = 'The harbour of the old town was built in the year 1700 by forty people and is kept open from spring to late autumn, when the ice comes and the ferry is laid up for the winter.';
const changed = passage.replace('forty', 'fifty');
const chinese = '港口建于一七〇〇年，由四十人看守，从春天开放到深秋，冰来时渡船停航过冬，第二年开春再下水，修缮费用由市议会从盐税中支付，账目每年春天由司库在议会上宣读。';

test('a text with a few words changed is the same text: no negative beside its like, and none twice', () => {
  assert.ok(resemblance(passage, changed) >= 0.8 && resemblance(chinese, chinese.replace('四十', '五十')) >= 0.8);
  assert.ok(resemblance(passage, passage.split(' ').reverse().join(' ')) < 0.1, 'the same words in another order are another text');
  assert.ok(resemblance('', passage) === 0 && resemblance(passage, passage) === 1);
  const held = (text: string, vector?: Float32Array): boolean => hardNegatives(ranking.map((one, i) => (i === 12 ? { ...one, text, ...(vector && { vector }) } : one)), [{ ...positive, text: passage }], []).some(({ chunk }) => chunk.text === text);
  assert.equal(held(changed), false);
  assert.equal(held(changed, Float32Array.of(0.9, 0.436)), false, 'its cosine is below that of a duplicate');
  assert.equal(held(`${changed} ${chinese}`), true, 'a longer text says more');
  assert.equal(held('The mill was sold.'), true);
  const twice = hardNegatives(ranking.map((one, i) => (i === 10 ? { ...one, text: passage } : i === 14 ? { ...one, text: changed } : one)), [positive], []).map(({ chunk }) => chunk.text);
  assert.ok(twice.includes(passage) && !twice.includes(changed) && twice.length === 15, 'the better ranked of two that say the same, and another in the place of the other');
});

test('a passage of the same document in the other language may say the same', () => {
  const held = (documentName: string, text: string, of = 'guide.en.md'): boolean => hardNegatives(ranking.map((one, i) => (i === 12 ? { ...one, text, documentName } : one)), [{ ...positive, text: passage, documentName: of }], []).some(({ chunk }) => chunk.text === text);
  for (const name of ['guide.zh.md', 'Guide_CN.pdf', 'guide（中文版）.docx', 'guide zh-Hans.html']) assert.equal(held(name, chinese), false, name);
  assert.equal(held('handbook.zh.md', chinese), true, 'another document');
  assert.equal(held('guide.de.md', 'The mill was sold.'), true, 'in the same language it is a passage like others');
  assert.equal(held('zhguide.md', chinese), true, 'letters within a word name no language');
  assert.equal(held('README.md', chinese, 'README.md'), false, 'a folder for each language');
});

test('RR-5: negatives come from the ranking that is given, and from nowhere else', () => {
  for (const seed of [1, 2, 3]) {
    const own = ranking.map((one, i) => ({ ...one, text: `run ${seed} text ${(i * 7 + seed) % 300}` }));
    const given = new Set(own);
    const mined_ = hardNegatives(own, [positive], []);
    assert.ok(mined_.length === 15 && mined_.every(({ chunk }) => given.has(chunk)));
    assert.deepEqual(mined_.map(({ chunk }) => own.indexOf(chunk)), mined_.map((_, i) => 9 + i), 'in its order');
  }
  assert.deepEqual(hardNegatives([], [positive], []), []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFastUnigram, Unigram } from '../models/unigram.ts';
import { SIMPLIFIED, TRADITIONAL } from '../words/simplified.ts';
import { VocabularyBuilder } from './vocabulary.ts';

/** Text in which 数据库 is a word and its neighbours change. */
function builder(): VocabularyBuilder {
  const vocabulary = new VocabularyBuilder();
  const around = '山水火木金土日月星辰风云雨雪花草虫鱼鸟兽';
  for (let i = 0; i < 2000; i++) {
    const other = (n: number): string => around[(i * 7 + n * 13 + ((i * n) % 11)) % around.length]!;
    const word = i % 10 === 0 ? '数据库' : `${other(7)}${other(8)}，${other(9)}${other(10)}`;
    const text = `${other(1)}${other(2)}${word}${other(3)}${other(4)} Backing up databases${i % 9} in ${2000 + (i % 20)}`;
    vocabulary.add({ task: 'ict', lang: 'zh', query: text, pos: [`${other(5)}資料${other(6)}`], source: 'test' }, i * 3);
  }
  return vocabulary;
}

test('finds words of both languages, numbers and single characters', () => {
  const file = builder().build({ englishWords: 100, englishPieces: 50, chineseWords: 100, numbers: 50 }, () => undefined);
  assert.ok(isFastUnigram(file));
  const pieces = new Set(file.model.vocab.map(([piece]) => piece));
  for (const piece of ['数据库', 'backing', 'databases', '2013', '7', '山', 'b']) assert.ok(pieces.has(piece), piece);
  assert.ok(!pieces.has('数据') && !pieces.has('据库'), 'parts that never stand alone are no words');
  assert.equal(file.model.vocab[0]![0], '[UNK]');
  assert.equal(pieces.size, file.model.vocab.length, 'no piece twice');
});

test('its tokenizer cuts unseen text and folds traditional characters', () => {
  const file = builder().build({ englishWords: 100, englishPieces: 50, chineseWords: 100, numbers: 50 }, () => undefined);
  const unigram = new Unigram(file);
  const cut = (text: string): string[] => unigram.encode(text).map((id) => file.model.vocab[id]![0]);
  assert.deepEqual(cut('數據庫 Backing'), ['数据库', 'backing']);
});

test('folding is one to one by index and never in two steps', () => {
  assert.equal(TRADITIONAL.length, SIMPLIFIED.length);
  const from = new Set(TRADITIONAL);
  for (const character of SIMPLIFIED) assert.ok(!from.has(character), character);
});

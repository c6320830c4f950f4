import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { referenceTokenizer } from './tokenizer.ts';
import { isFastUnigram, Unigram, type UnigramFile } from './unigram.ts';

const small: UnigramFile = {
  normalizer: {
    type: 'Sequence',
    normalizers: [
      { type: 'NFKD' }, { type: 'Lowercase' }, { type: 'StripAccents' }, { type: 'NFC' },
      { type: 'Replace', pattern: { String: '數' }, content: '数' }, { type: 'Replace', pattern: { String: '據' }, content: '据' },
    ],
  },
  pre_tokenizer: { type: 'Split', pattern: { Regex: '[一-鿿]+|(?:(?![一-鿿])\\p{L})+|\\p{N}+|\\p{So}' }, behavior: 'Removed', invert: true },
  post_processor: null,
  added_tokens: [],
  model: {
    type: 'Unigram',
    unk_id: 0,
    vocab: [
      ['[UNK]', 0], ['数据', -4], ['数据库', -5], ['库', -7], ['数', -6], ['据', -8], ['备份', -5], ['备', -8], ['份', -8],
      ['data', -3], ['base', -4], ['database', -5], ['d', -9], ['a', -9], ['t', -9], ['b', -9], ['s', -9], ['e', -9], ['x', -9],
      ['20', -4], ['2', -6], ['0', -6], ['😀', -8], ['café', -5], ['cafe', -6], ['ab', -5], ['abab', -10],
    ],
  },
};

const texts = [
  'database DATABASE databases Data base', '数据库备份', '數據庫備份', 'x数据x库 2020 data', 'Café crème ｄａｔａ', '😀😀 data😀', '',
  '   \n\t', '!!!', 'a\ud800b \udc00 data \ud83d', '龘龘龘 数据 龘', 'abababab', '𠀀𠀀数据', 'ééé ﬁ Ⅷ ½', 'xdatabasex'.repeat(40), 'été\u0301',
];

/** Texts of random pieces that are likely to be near the vocabulary, some of it broken. */
function randomTexts(count: number): string[] {
  const parts = ['data', 'base', '数据', '库', '備', '份', 'x', ' ', '20', '😀', '龘', 'é', '-', '\ud83d', 'ab', '𠀀', 'Z'];
  let state = 7;
  const next = (below: number): number => (state = (state * 48271) % 2147483647) % below;
  return Array.from({ length: count }, () => Array.from({ length: next(12) }, () => parts[next(parts.length)]!).join(''));
}

test('gives the ids of the reference tokenizer, on any text', () => {
  assert.ok(isFastUnigram(small));
  const fast = new Unigram(small);
  const reference = referenceTokenizer({ ...small, decoder: null });
  for (const text of [...texts, ...randomTexts(500)]) assert.deepEqual(fast.encode(text), reference.encode(text), JSON.stringify(text));
});

test('takes the likeliest cut, not the longest piece', () => {
  const pieces = (text: string): string[] => new Unigram(small).encode(text).map((id) => small.model.vocab[id]![0]);
  assert.deepEqual(pieces('数据库备份'), ['数据库', '备份']);
  assert.deepEqual(pieces('abab'), ['abab']);
  assert.deepEqual(pieces('数据备'), ['数据', '备']);
});

test('finds the same tokens in traditional and simplified characters', () => {
  const fast = new Unigram(small);
  assert.deepEqual(fast.encode('數據'), fast.encode('数据'));
});

test('stops at the limit', () => {
  const fast = new Unigram(small);
  assert.equal(fast.encode('data base '.repeat(1000), 7).length, 7);
});

test('leaves other kinds of tokenizers to the reference', () => {
  assert.ok(!isFastUnigram({ ...small, pre_tokenizer: { type: 'Metaspace' } }));
  assert.ok(!isFastUnigram({ ...small, added_tokens: [{ content: '<s>' }] }));
  assert.ok(!isFastUnigram({ ...small, model: { ...small.model, type: 'BPE' } }));
  assert.ok(!isFastUnigram({ ...small, normalizer: { type: 'Precompiled' } }));
});

const models = new URL('../../resources/models/', import.meta.url);
const bundled = existsSync(models) ? readdirSync(models).find((name) => name.startsWith('lodestone-embed')) : undefined;

test('the bundled tokenizer gives the ids of the reference', { skip: bundled === undefined && 'no bundled model' }, () => {
  const file = JSON.parse(readFileSync(new URL(`${bundled}/tokenizer.json`, models), 'utf8')) as UnigramFile;
  const fast = new Unigram(file);
  const reference = referenceTokenizer(file);
  const real = [
    'How do I back up a PostgreSQL database? 👍 It takes 20 minutes, at most.', '在歐洲，梵語的學術研究，由德國學者陸特和漢斯雷頓開創。',
    '本辦法第三條至第七條有關準備金之提存及計算方式', 'TiKV channel full 是什么原因？', 'antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis',
    '기계 학습 машинное обучение 機械学習 ナレッジ', 'naïve Ångström ﬁle ½ x² ①',
  ];
  for (const text of [...texts, ...real]) assert.deepEqual(fast.encode(text), reference.encode(text), JSON.stringify(text));
});

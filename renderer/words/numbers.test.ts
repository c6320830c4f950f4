import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, count, decimal, languageOf, moment, percent } from './numbers.ts';

test('a share is 100 % only when it is whole and 0 % only when nothing is there', () => {
  assert.equal(percent('en', 0), '0%');
  assert.equal(percent('en', 0.0001), '1%');
  assert.equal(percent('en', 0.6), '60%');
  assert.equal(percent('en', 0.9999), '99%');
  assert.equal(percent('zh', 1), '100%');
});

test('sizes are said in the largest unit that leaves at least one', () => {
  assert.equal(bytes('en', 0), '0 bytes');
  assert.equal(bytes('en', 1), '1 byte');
  assert.equal(bytes('en', 999), '999 bytes');
  assert.equal(bytes('en', 1000), '1 kB');
  assert.equal(bytes('en', 1_234_567), '1.23 MB');
  assert.equal(bytes('zh', 29_000_000), '29 MB');
  assert.equal(bytes('en', 5e12), '5,000 GB');
});

test('numbers are grouped and have as many places as asked for', () => {
  assert.equal(count('en', 20_000), '20,000');
  assert.equal(count('zh', 20_000), '20,000');
  assert.equal(decimal('en', 0.5), '0.50');
  assert.equal(decimal('zh', 96.06, 1), '96.1');
});

test('of today the hour is said, of other days the day', () => {
  const now = new Date();
  assert.match(moment('en', now.getTime()), /^\d\d:\d\d$/);
  assert.equal(moment('en', new Date(2020, 2, 1).getTime()), '1 Mar 2020');
  assert.equal(moment('zh', new Date(2020, 2, 1).getTime()), '2020年3月1日');
});

test('a text is Chinese when a good part of its letters are', () => {
  assert.equal(languageOf('每位读者一次最多可以借八本书。'), 'zh');
  assert.equal(languageOf('使用 PDF、Word 或 Markdown 文件'), 'zh');
  assert.equal(languageOf('The word 磁石 means lodestone.'), 'en');
  assert.equal(languageOf(''), 'en');
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { EngineError } from '../../engine/api.ts';
import { en } from './en.ts';
import { sentenceOf, wordsFor } from './useWords.ts';
import { zh } from './zh.ts';

type Said = { path: string; text: string };

/** Everything a dictionary says; functions are asked with numbers or names as they need. */
function everything(value: unknown, path = ''): Said[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (typeof value === 'function') return everything(asked(value as (...args: unknown[]) => unknown), path);
  return Object.entries(value as object).flatMap(([key, child]) => everything(child, path === '' ? key : `${path}.${key}`));
}

/** What is said with the first arguments that suit: numbers, names, or a list. */
function asked(words: (...args: unknown[]) => unknown): unknown {
  for (const args of [[3, 4], [['x', 'y']], [3, '7%', '0.5'], ['a.pdf', 3], [3, ['x', 'y'], '7%']]) {
    try {
      const said = words(...args);
      if (!/NaN|undefined/.test(String(said))) return said;
    } catch {
      continue;
    }
  }
  throw new Error('No arguments suit.');
}

test('both languages say the same things, and nothing is empty', () => {
  const [english, chinese] = [everything(en), everything(zh)];
  assert.deepEqual(english.map(({ path }) => path), chinese.map(({ path }) => path));
  for (const { path, text } of [...english, ...chinese]) {
    assert.ok(text.trim() !== '', path);
    assert.doesNotMatch(text, /undefined|NaN|\[object/, path);
  }
});

test('English holds no Chinese, and every Chinese sentence holds some', () => {
  for (const { path, text } of everything(en)) assert.doesNotMatch(text, /\p{Script=Han}/u, path);
  const names = /^(language|document\.types\..*|settings\.megabytes)$/;
  for (const { path, text } of everything(zh)) if (!names.test(path)) assert.match(text, /\p{Script=Han}/u, path);
});

test('English counts one as one', () => {
  assert.equal(en.library.documents(1), '1 document');
  assert.equal(en.library.documents(2_000), '2,000 documents');
  assert.equal(en.library.added(1, 2), '1 document added, 2 already there.');
});

test('an error is told in the language of the window, with what the engine knows beyond its code', () => {
  assert.equal(sentenceOf(new EngineError('closed', 'The engine is not there at the moment.'), en), 'The engine is restarting. Please try again in a moment.');
  assert.equal(sentenceOf(new EngineError('too-large', 'x'), zh), '文件超过了大小限制。在设置中提高限制，或拆分文件。');
  assert.equal(sentenceOf(new EngineError('failed', 'The disk is full.'), en), 'That did not work. The disk is full.');
  assert.equal(sentenceOf('odd', en), 'That did not work. odd');
});

test('the language follows the system only when it is told to', () => {
  assert.equal(wordsFor('zh'), zh);
  assert.equal(wordsFor('en'), en);
});

test('the questions offered for the samples are the ones the samples answer', () => {
  const questions = JSON.parse(readFileSync(new URL('../../resources/samples/questions.json', import.meta.url), 'utf8')) as Record<'zh' | 'en', string[]>;
  assert.deepEqual(questions, { zh: [...zh.ask.sampleQuestions], en: [...en.ask.sampleQuestions] });
});

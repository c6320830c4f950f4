import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readInItsLanguage } from './language.ts';
import { believable } from './recogniser.ts';
import type { Area, Language, Picture, RecognisedLine } from './tesseract.ts';

const PAGE: Picture = { bytes: new Uint8Array(), exif: 1, dpi: 200, width: 1600, height: 2300 };

const line = (text: string, confidence: number, y = 950): RecognisedLine => {
  const bbox = { x0: 100, x1: 900, y0: y, y1: y + 30 };
  return { words: [{ text, confidence, bbox }], baseline: bbox, height: 30 };
};

/** A reader who is as sure of every language as told, and keeps a list of what it was asked. */
function reader(sure: Record<Language, number>, text = '灯塔看守人在日记里写下了每一艘船'): { asked: string[]; read: (picture: Picture, language: Language, part?: Area) => Promise<RecognisedLine[]> } {
  const asked: string[] = [];
  return { asked, read: async (_, language, part) => {
    asked.push(part ? `${language} band` : language);
    return [line(text, sure[language])];
  } };
}

// What Tesseract says of a band of an English, a simplified and a traditional page, measured.
const ENGLISH = { eng: 95, chi_sim: 88, chi_tra: 85 };
const SIMPLIFIED = { eng: 29, chi_sim: 91, chi_tra: 88 };
const TRADITIONAL = { eng: 24, chi_sim: 69, chi_tra: 87 };

test('the first page is tried in a band of it, then read once', async () => {
  for (const [sure, language] of [[ENGLISH, 'eng'], [SIMPLIFIED, 'chi_sim'], [TRADITIONAL, 'chi_tra']] as const) {
    const { asked, read } = reader(sure);
    assert.equal((await readInItsLanguage(read, PAGE, undefined)).language, language);
    assert.deepEqual(asked.filter((what) => !what.endsWith('band')), [language]);
  }
});

test('simplified characters that the traditional model reads as surely stay simplified', async () => {
  const { read } = reader({ eng: 20, chi_sim: 78, chi_tra: 81 });
  for (const picture of [PAGE, { ...PAGE, height: 300 }]) assert.equal((await readInItsLanguage(read, picture, 'eng')).language, 'chi_sim');
});

test('the pages after it are read in its language, until one is in another', async () => {
  const same = reader(SIMPLIFIED);
  await readInItsLanguage(same.read, PAGE, 'chi_sim');
  assert.deepEqual(same.asked, ['chi_sim']);
  const other = reader(TRADITIONAL);
  assert.equal((await readInItsLanguage(other.read, PAGE, 'chi_sim')).language, 'chi_tra');
});

test('an English page after Chinese ones is read again in English, though Chinese was sure of it', async () => {
  const { asked, read } = reader(ENGLISH, 'The keeper kept a journal of every ship');
  assert.equal((await readInItsLanguage(read, PAGE, 'chi_sim')).language, 'eng');
  assert.equal(asked[0], 'chi_sim');
});

test('a picture of a few lines is tried whole', async () => {
  const { asked, read } = reader(TRADITIONAL);
  assert.equal((await readInItsLanguage(read, { ...PAGE, height: 300 }, undefined)).language, 'chi_tra');
  assert.deepEqual(asked, ['eng', 'chi_sim', 'chi_tra']);
});

test('lines that are no text are left out, and all of a page that is mostly none', () => {
  const page = { language: 'eng', confidence: 70 } as const;
  const [sure, dirt] = [line('a sentence to believe', 90), line('~|I_', 20)];
  assert.deepEqual(believable({ ...page, lines: [sure, dirt] }).lines, [sure]);
  const blurred = line('a line that came out blurred', 50);
  assert.deepEqual(believable({ ...page, confidence: 85, lines: [sure, blurred, dirt] }).lines, [sure, blurred]);
  assert.deepEqual(believable({ ...page, lines: [line('Tho', 70), line('IlI1lIlI|lIl1IlI', 15)] }).lines, []);
  assert.deepEqual(believable({ ...page, lines: [line('— · —', 95)] }).lines, [], 'signs alone say nothing');
});

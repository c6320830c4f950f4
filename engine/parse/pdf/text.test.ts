import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hyphenBetween } from './text.ts';
import type { Vocabulary } from './text.ts';

/** "left|right" as two lines meet, joined as a reader would; `known` are words the document writes elsewhere. */
function joined(lines: string, known = ''): string {
  const [left, right] = lines.split('|') as [string, string];
  const words: Vocabulary = new Map(known.split(' ').map((word) => [word, true]));
  const hyphen = hyphenBetween(left, right, words);
  return hyphen === 'drop' ? left.slice(0, -1) + right : hyphen === 'keep' ? left + right : `${left} ${right}`;
}

test('a word cut at the end of a line is made whole', () => {
  assert.equal(joined('the infor-|mation age'), 'the information age');
  assert.equal(joined('Käufer\u00ad|schutz'), 'Käuferschutz');
  assert.equal(joined('under-|standing it', 'understanding under standing'), 'understanding it');
});

test('a hyphen that belongs to the word stays', () => {
  assert.equal(joined('state-of-|the-art'), 'state-of-the-art');
  assert.equal(joined('Anglo-|American'), 'Anglo-American');
  assert.equal(joined('a self-|contained thing'), 'a self-contained thing');
  assert.equal(joined('COVID-|19'), 'COVID-19');
  assert.equal(joined('the time-|series', 'time series'), 'the time-series');
  assert.equal(joined('some cut-|off', 'cut-off'), 'some cut-off');
});

test('a dash is no hyphen', () => {
  assert.equal(joined('he said -|and left'), 'he said - and left');
  assert.equal(joined('no hyphen|at all'), 'no hyphen at all');
});

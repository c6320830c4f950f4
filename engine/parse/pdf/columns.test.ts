import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsOf } from './columns.ts';
import { linesOf } from './lines.ts';
import type { Segment } from './lines.ts';

/**
 * A page drawn with characters: each is 5 points wide, each line 12 high, set in 10 points; two spaces or more part
 * segments.
 */
function columns(drawing: string): string[] {
  const segments: Segment[] = drawing.split('\n').flatMap((line, row) => [...line.matchAll(/\S+(?: \S+)*/g)].map((match) => {
    const [x0, x1, base] = [match.index * 5, (match.index + match[0].length) * 5, row * 12];
    const edges = { x0, x1, base, top: base - 8, bottom: base + 2, size: 10 };
    return { ...edges, spans: [{ ...edges, text: match[0], font: 'f', spaced: false }] };
  }));
  return columnsOf(segments).map((column) => linesOf(column).map((line) => line.text).join(' / '));
}

test('left before right', () => {
  assert.deepEqual(columns(`
one two three four   alpha beta gamma del
five six seven eig   epsilon zeta eta the
nine ten eleven tw   iota kappa lambda mu
thirteen and the e   and here is the end.
`), ['one two three four / five six seven eig / nine ten eleven tw / thirteen and the e',
    'alpha beta gamma del / epsilon zeta eta the / iota kappa lambda mu / and here is the end.']);
});

test('what spans both columns parts the page into bands', () => {
  assert.deepEqual(columns(`
   A title over the whole width of it

first left column     first right column
goes on for a whil    goes on for a whil
and ends about her    and ends about her
a table or picture spanning both columns
second left column    second right colum
goes on for a whil    goes on for a whil
and ends right her    and ends right her
`).map((text) => text.slice(0, 12)), ['A title over', 'first left c', 'first right ', 'a table or p', 'second left ', 'second right']);
});

test('three columns', () => {
  assert.deepEqual(columns(`
aaaaa aaaaa aaaaa aa    bbbbb bbbbb bbbbb bb    ccccc ccccc ccccc cc
aaaaa aaaaa aaaaa aa    bbbbb bbbbb bbbbb bb    ccccc ccccc ccccc cc
aaaaa aaaaa aaaaa aa    bbbbb bbbbb bbbbb bb    ccccc ccccc ccccc cc
aaaaa aaaaa aaaaa aa    bbbbb bbbbb bbbbb bb    ccccc ccccc ccccc cc
`).map((text) => text[0]), ['a', 'b', 'c']);
});

test('the rows of a table are not columns', () => {
  const [table, ...more] = columns(`
Country     Capital       People
Norway      Oslo          5.5 million
Chile       Santiago      19.6 million
Mali        Bamako        22.6 million
Fiji        Suva          0.9 million
`);
  assert.match(table!, /^Country Capital People \/ Norway Oslo 5\.5 million/);
  assert.deepEqual(more, []);
});

test('one column is one column, however ragged', () => {
  assert.equal(columns(`
It was a bright cold day in
April, and the clocks were
striking thirteen.  Nobody in the street
looked up.
`).length, 1);
});

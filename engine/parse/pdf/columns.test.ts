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
    return { ...edges, spans: [{ ...edges, text: match[0], font: 'f', fixed: false, spaced: false }] };
  }));
  return columnsOf(segments).map((column) => linesOf(column).map((line) => line.text).join(' / '));
}

test('left before right', () => {
  assert.deepEqual(columns(`
one two three four five six   alpha beta gamma delta epsi
seven eight nine ten eleven   epsilon zeta eta theta iota
twelve thirteen fourteen an   iota kappa lambda mu nu and
sixteen.                      here is the end.
`), ['one two three four five six / seven eight nine ten eleven / twelve thirteen fourteen an / sixteen.',
    'alpha beta gamma delta epsi / epsilon zeta eta theta iota / iota kappa lambda mu nu and / here is the end.']);
});

test('what spans both columns parts the page into bands', () => {
  assert.deepEqual(columns(`
   A title over the whole width of it

first left column goes on a     first right column goes on
and on for quite a while it     and on for quite a while i
goes and ends about here.       goes and ends about here.
A table or picture spanning both columns goes here
second left column goes on      second right column goes o
and on for quite a while it     and on for quite a while i
goes and ends right here.       goes and ends right here.
`).map((text) => text.slice(0, 12)), ['A title over', 'first left c', 'first right ', 'A table or p', 'second left ', 'second right']);
});

test('columns are found below something set otherwise', () => {
  const [code, ...text] = columns(`
v0 := ld state    // load primes from the record
v1 := ld other    // load k from the trace and so on
v2 := i2f v1      // convert k from int to double
v3 := ld four     // load class word for primes

TraceMonkey stops recording wh   trace as a subroutine. It does
loop header or exits the loop.   and then returns to the record
loop header on line 4. Here it   was successful and then record
`);
  assert.match(code!, /^v0 := ld state .. load primes/);
  assert.deepEqual(text.map((column) => column.slice(0, 11)), ['TraceMonkey', 'trace as a ']);
});

test('three columns', () => {
  const line = ['aaaaaaa aaaaa aaaaa aaaaa', 'bbbbb bbbbb bbbbbbb bbbbb', 'ccccc ccccccc ccccc ccccc'].join('    ');
  assert.deepEqual(columns(Array.from({ length: 5 }, () => line).join('\n')).map((text) => text[0]), ['a', 'b', 'c']);
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

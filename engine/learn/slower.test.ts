import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takesLonger } from './slower.ts';

/** A clock that stands still but for work, and works that move it. */
function clockAndWorks(...milliseconds: (() => number)[]) {
  let now = 0;
  return { clock: () => now, works: milliseconds.map((taken) => async () => { now += taken(); }) };
}

for (const [before, after, slower] of [[10, 10, false], [10, 10.9, false], [10, 11.2, true], [10, 30, true], [30, 10, false]] as const) {
  test(`${after} ms after ${before} ms is ${slower ? '' : 'not '}slower`, async () => {
    const { clock, works: [first, second] } = clockAndWorks(() => before, () => after);
    assert.equal(await takesLonger(first!, second!, { clock }), slower);
  });
}

test('what meets some rounds only does not count, whichever of the two it meets', async () => {
  let calls = 0;
  const nowAndThen = (usual: number, then: number) => () => (++calls % 7 === 0 ? then : usual);
  for (const [before, after, slower] of [[() => 150, nowAndThen(150, 400), false], [() => 150, nowAndThen(150, 20), false], [() => 150, nowAndThen(200, 20), true]] as const) {
    const { clock, works: [first, second] } = clockAndWorks(before, after);
    assert.equal(await takesLonger(first!, second!, { clock }), slower);
  }
});

test('a clock that goes by ticks of 4 ms is good enough', async () => {
  const { clock, works: [first, second, third] } = clockAndWorks(() => 0.7, () => 0.7, () => 1);
  const ticking = () => Math.floor(clock() / 4) * 4;
  assert.equal(await takesLonger(first!, second!, { clock: ticking }), false);
  assert.equal(await takesLonger(first!, third!, { clock: ticking }), true);
});

test('what is part of a longer work may add a tenth of the whole', async () => {
  for (const [before, after, whole, slower] of [[10, 14, 50, false], [10, 16, 50, true]] as const) {
    const { clock, works: [first, second, all] } = clockAndWorks(() => before, () => after, () => whole);
    assert.equal(await takesLonger(first!, second!, { clock, whole: all! }), slower);
  }
});

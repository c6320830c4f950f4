import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anchorAt, anchorTop, layoutPages, pageAt, PAGE_GAP, PAGE_MARGIN, pinched, scrollTo, visiblePages, zoomed } from './pages.ts';

const a4 = { width: 595, height: 842 };
const landscape = { width: 842, height: 595 };

test('every page fits the width of the column, whichever way it lies', () => {
  const layout = layoutPages([a4, landscape], 'fit', 640);
  assert.deepEqual(layout.widths, [600, 600]);
  assert.equal(layout.tops[1], PAGE_GAP + layout.heights[0]! + PAGE_GAP);
  assert.equal(layout.widest, 640 - 2 * PAGE_MARGIN);
});

test('a stamp does not become a poster', () => {
  assert.ok(layoutPages([{ width: 50, height: 50 }], 'fit', 1000).widths[0]! <= 110);
});

test('zoom 1 is the size of print', () => {
  assert.equal(layoutPages([{ width: 72, height: 144 }], 1, 1000).widths[0], 96);
});

test('only pages near the window are drawn (against looking at each)', () => {
  const layout = layoutPages(Array.from({ length: 1000 }, (_, i) => (i % 3 ? a4 : landscape)), 'fit', 700);
  for (const top of [0, 1, 12_345, 400_000, layout.total - 800]) {
    const near = layout.tops.flatMap((pageTop, i) => (pageTop + layout.heights[i]! + PAGE_GAP > top - 500 && pageTop < top + 800 + 500 ? [i] : []));
    assert.deepEqual(visiblePages(layout, top, 800, 500), near);
    assert.ok(near.length < 8);
  }
});

test('a document without pages shows none', () => {
  assert.deepEqual(visiblePages(layoutPages([], 'fit', 700), 0, 800, 500), []);
});

test('what is read stays put when sizes change', () => {
  const before = layoutPages([a4, a4, a4], 'fit', 700);
  const anchor = anchorAt(before, before.tops[1]! + before.heights[1]! / 4);
  const after = layoutPages([landscape, a4, a4], 2, 700);
  assert.equal(pageAt(after, anchorTop(after, anchor)), 1);
  assert.ok(Math.abs(anchorTop(after, anchor) - (after.tops[1]! + after.heights[1]! / 4)) < 1);
});

test('a box is scrolled to a third down the window', () => {
  const layout = layoutPages([a4, a4], 1, 700);
  assert.equal(scrollTo(layout, 1, 300, 900), layout.tops[1]! + 400 - 300);
  assert.equal(scrollTo(layout, 0, 10, 900), 0);
});

test('zooming walks the steps from wherever it is', () => {
  const scale = (zoom: number) => zoom * 96 / 72;
  assert.equal(zoomed(scale(1), 1), 1.25);
  assert.equal(zoomed(scale(1), -1), 0.75);
  assert.equal(zoomed(scale(1.13), 1), 1.25);
  assert.equal(zoomed(scale(5), 1), 5);
});

test('pinching out and in again comes back, and ends at the smallest and largest zoom', () => {
  const scale = (zoom: number) => zoom * 96 / 72;
  assert.ok(Math.abs(pinched(scale(pinched(scale(1), 40)), -40) - 1) < 1e-9);
  assert.equal(pinched(scale(0.25), 100), 0.25);
  assert.equal(pinched(scale(5), -100), 5);
});

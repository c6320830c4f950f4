import assert from 'node:assert/strict';
import { test } from 'node:test';

import { placeOf } from '../document.ts';
import { openParser } from '../sandbox.ts';
import { parsePdf } from '../pdf.ts';
import { dotsOf, scannedPdf } from './testing.ts';
import type { Dots } from './testing.ts';

const ENGLISH = 'The lighthouse keeper kept a journal of every ship that passed the harbour in the winter of 1887, and of the weather that brought it there.';
const english = dotsOf('english.png');

/** Where a browser drew "harbour", in pixels of the picture. */
const HARBOUR = { left: 498, top: 105, right: 628, bottom: 143 };

test('a scanned page beside a written one: both are read, and a recognised word has its place on its page', async () => {
  const document = await parsePdf(scannedPdf([{ text: ['A written page says this by itself.'] }, { dots: english }]), {});
  assert.deepEqual(document.blocks.map(({ text, place }) => [place.page, text]), [[1, 'A written page says this by itself.'], [2, ENGLISH]]);
  assert.deepEqual(document.warnings, ['1 of 2 pages are scans: their text was recognised and may have mistakes.']);
  const start = document.text.indexOf('harbour');
  const { page, boxes: [box] = [] } = placeOf(document, start, start + 'harbour'.length);
  assert.equal(page, 2);
  // The picture stands 20 points from the left and 30 from the top, two pixels to a point.
  assert.ok(Math.abs(box!.x - (20 + HARBOUR.left / 2)) < 4 && Math.abs(box!.x + box!.width - (20 + HARBOUR.right / 2)) < 8, JSON.stringify(box));
  assert.ok(Math.abs(box!.y + box!.height / 2 - (30 + (HARBOUR.top + HARBOUR.bottom) / 4)) < 5, JSON.stringify(box));
});

test('a page is read as it is displayed: turned, and put together from strips', async () => {
  // Displayed turned by 90°, with the image turned back, in three strips.
  const document = await parsePdf(scannedPdf([{ dots: english, rotate: 90, strips: 3, at: [0, 230, -130, 0, 230, 5] }]), {});
  assert.equal(document.text, ENGLISH);
  const start = document.text.indexOf('harbour');
  const { boxes: [box] = [] } = placeOf(document, start, start + 'harbour'.length);
  const points = 230 / 720;
  assert.ok(Math.abs(box!.x - (5 + HARBOUR.left * points)) < 5 && box!.width > 2 * box!.height, JSON.stringify(box));
  assert.ok(Math.abs(box!.y + box!.height / 2 - (100 + (HARBOUR.top + HARBOUR.bottom) / 2 * (130 / 300))) < 6, JSON.stringify(box));
});

test('beside a little text, a scan is read as well, and nothing is said twice', async () => {
  const printed = await parsePdf(scannedPdf([{ dots: english, text: ['page.jpg, printed on 5 November'] }]), {});
  assert.deepEqual(printed.blocks.map(({ text }) => text), ['page.jpg, printed on 5 November', ENGLISH]);
  // A page that already has the text on the picture, as scanners of offices store it.
  const lines = ['The lighthouse keeper kept a journal of', 'every ship that passed the harbour in the', 'winter of 1887, and of the weather that', 'brought it there.'];
  const { text } = await parsePdf(scannedPdf([{ dots: english, text: lines }]), {});
  assert.equal(text.match(/harbour/g)?.length, 1, text);
});

test('a small picture on a page without text is an ornament, noise is no text, and both are said', async () => {
  const ornament = scannedPdf([{ dots: english, at: [72, 0, 0, 30, 20, 60] }]);
  await assert.rejects(parsePdf(ornament, {}), { code: 'no-text', message: /holds no text/ });
  let seed = 5;
  const noise: Dots = { width: 640, height: 480, rows: Buffer.from(Array.from({ length: 80 * 480 }, () => (seed = (seed * 48271) % 2147483647) >> 8 & 255)) };
  await assert.rejects(parsePdf(scannedPdf([{ dots: noise }]), {}), { code: 'no-text', message: /no text could be recognised.*scan them again/ });
  const { warnings } = await parsePdf(scannedPdf([{ dots: noise }, { text: ['But here is some.'] }]), {});
  assert.deepEqual(warnings, ['1 of 2 pages are images in which no text could be recognised.']);
});

test('a scan can be cancelled while it is recognised, and the parser goes on', async () => {
  const parser = openParser(() => ({ seconds: 600, megabytes: 1024, fileMegabytes: 100 }));
  const cancel = new AbortController();
  const long = parser.parse({ name: 'long.pdf', bytes: scannedPdf(Array.from({ length: 60 }, () => ({ dots: english }))) }, { signal: cancel.signal });
  const stopped = assert.rejects(long, { code: 'cancelled' });
  setTimeout(() => cancel.abort(), 300);
  await stopped;
  assert.equal((await parser.parse({ name: 'a.txt', bytes: Buffer.from('still here') })).text, 'still here');
  await parser.close();
});

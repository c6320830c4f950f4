import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openRecogniser } from './recogniser.ts';
import type { Picture } from './tesseract.ts';

const picture = (dpi: number): Picture => ({ bytes: new Uint8Array(), exif: 1, dpi, width: 10, height: 10 });
const [BAD, GOOD] = [picture(1), picture(200)];

/** A thread that runs `misdeed` for the bad picture and reads "fine" in any other. */
const threadWith = (misdeed: string): URL => new URL(`data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads';
  parentPort.on('message', async ({ dpi }) => {
    if (dpi === 1) { ${misdeed} }
    const bbox = { x0: 0, y0: 0, x1: 9, y1: 9 };
    parentPort.postMessage({ recognised: { language: 'eng', confidence: 90, lines: [{ words: [{ text: 'fine', confidence: 90, bbox }], baseline: bbox, height: 9 }] } });
  });`)}`);

test('a picture that hangs or crashes the recogniser is refused with a reason, and the next is read', async () => {
  const misdeeds: [string, RegExp][] = [['for (;;);', /longer than 1 seconds/], ['process.exit(3);', /stopped the program/], ['throw new Error("now");', /stopped the program/], ['return parentPort.postMessage({ reason: "it is cut off" });', /it is cut off/]];
  for (const [misdeed, reason] of misdeeds) {
    const recogniser = openRecogniser(() => undefined, threadWith(misdeed), 1);
    await assert.rejects(recogniser.recognise(BAD), reason);
    assert.equal((await recogniser.recognise(GOOD)).lines[0]?.words[0]?.text, 'fine', misdeed);
    await recogniser.close();
  }
});

test('while it is at work there are signs of it, however long it takes', async () => {
  let signs = 0;
  const recogniser = openRecogniser(() => signs++, threadWith('for (;;);'), 1);
  await assert.rejects(recogniser.recognise(BAD));
  assert.ok(signs > 0);
  await recogniser.recognise(GOOD);
  await recogniser.close();
});

test('without pictures there is no thread to close', async () => {
  await openRecogniser(() => undefined, threadWith('')).close();
});

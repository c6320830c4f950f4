import assert from 'node:assert/strict';
import { test } from 'node:test';

import { placeOf } from './document.ts';
import type { ParsedDocument } from './document.ts';
import { parseBytes } from './parsers.ts';
import { pagesOf } from './scan/formats.ts';
import { dotsOf, fileOf, litFromTheLeft, tiff } from './scan/testing.ts';
import type { Dots } from './scan/testing.ts';

const ENGLISH = 'The lighthouse keeper kept a journal of every ship that passed the harbour in the winter of 1887, and of the weather that brought it there.';

/** What a browser drew, and where: pixels of the picture, as the browser itself tells them. */
const DRAWN = {
  english: { text: ENGLISH, word: 'harbour', left: 498, top: 105, right: 628, bottom: 143 },
  simplified: { text: '灯塔看守人在日记里写下了一八八七年冬天经过港口的每一艘船，以及把它们带到这里的天气。租期于2025年3月结束，押金在三十天内退还。', word: '港口', left: 188, top: 101, right: 252, bottom: 147 },
  traditional: { text: '燈塔看守人在日記裡寫下了一八八七年冬天經過港口的每一艘船，以及把它們帶到這裡的天氣。歷史學會與圖書館將這些記錄編輯成書，供讀者閱覽。', word: '圖書館', left: 476, top: 161, right: 572, bottom: 207 },
};

const textOf = ({ text }: ParsedDocument): string => text.replaceAll('\n\n', ' ');

/** Characters to insert, delete or replace, per character of the truth (Levenshtein). */
function errorRate(truth: string, found: string): number {
  const [a, b] = [[...truth.replace(/\s/g, '')], [...found.replace(/\s/g, '')]];
  let row = b.map((_, i) => i + 1);
  for (const [i, character] of a.entries()) {
    let left = i + 1;
    row = b.map((other, j) => (left = Math.min(row[j]! + 1, left + 1, (j === 0 ? i : row[j - 1]!) + (other === character ? 0 : 1))));
  }
  return row.at(-1)! / a.length;
}

for (const [name, { text, word, ...drawn }] of Object.entries(DRAWN)) {
  test(`a picture of ${name} text is read, and a word knows its place`, async () => {
    const document = await parseBytes(`${name}.png`, fileOf(`${name}.png`));
    assert.ok(errorRate(text, textOf(document)) <= (name === 'english' ? 0 : 0.06), document.text);
    assert.deepEqual([document.type, document.pages, document.warnings.length], ['text', 1, 1]);
    const start = document.text.indexOf(word);
    const { page, boxes: [box, ...more] = [] } = placeOf(document, start, start + word.length);
    assert.deepEqual([page, more], [1, []]);
    // The picture's 720 pixels are as long as A4.
    const pixels = 720 / 842;
    const [left, right, middle] = [box!.x * pixels, (box!.x + box!.width) * pixels, (box!.y + box!.height / 2) * pixels];
    assert.ok(Math.abs(left - drawn.left) < 16 && Math.abs(right - drawn.right) < 16, `${left}…${right}`);
    assert.ok(Math.abs(middle - (drawn.top + drawn.bottom) / 2) < 10 && box!.height * pixels < 50, JSON.stringify(box));
  });
}

test('a photograph is turned as the camera was held', async () => {
  const photo = fileOf('turned.jpg');
  const exif = Buffer.from('ffe1 0022 457869660000 4d4d002a00000008 0001 0112 0003 00000001 00060000 00000000'.replaceAll(' ', ''), 'hex');
  const held = new Uint8Array(Buffer.concat([photo.subarray(0, 2), exif, photo.subarray(2)]));
  const { width, height } = pagesOf(held)[0]!;
  assert.deepEqual([width, height], [720, 300]);
  assert.equal(textOf(await parseBytes('IMG_0001.JPG', held)), ENGLISH);
});

test('a page that is lit from one side is read to its other side', async () => {
  const found = textOf(await parseBytes('photo.bmp', litFromTheLeft(dotsOf('english.png'))));
  assert.ok(errorRate(ENGLISH, found) < 0.05, found);
});

test('every page of a TIFF is read, each in its language', async () => {
  let signs = 0;
  const document = await parseBytes('fax.tif', tiff([dotsOf('english.png'), dotsOf('simplified.png')]), { onSign: () => signs++ });
  assert.deepEqual([document.pages, signs >= 2, new Set(document.blocks.map(({ place }) => place.page))], [2, true, new Set([1, 2])]);
  assert.ok(document.text.startsWith(ENGLISH) && document.text.includes('押金在三十天内退还'), document.text);
});

test('what holds no text says so, and is not stored as what it might be', async () => {
  let seed = 5;
  const noise: Dots = { width: 640, height: 480, rows: Buffer.from(Array.from({ length: 80 * 480 }, () => (seed = (seed * 48271) % 2147483647) >> 8 & 255)) };
  const blank: Dots = { ...noise, rows: Buffer.alloc(80 * 480, 255) };
  for (const dots of [noise, blank]) await assert.rejects(parseBytes('photo.tif', tiff([dots])), { name: 'ParseFailure', code: 'no-text', message: /No text could be recognised/ });
});

test('a picture that is cut off, of no size or too large is refused with a reason', async () => {
  const whole = fileOf('turned.jpg');
  await assert.rejects(parseBytes('a.jpg', whole.subarray(0, 20)), { code: 'damaged', message: /cut off/ });
  const claims = (width: number, height: number): Uint8Array => {
    const png = Buffer.from(fileOf('english.png'));
    png.writeUInt32BE(width, 16);
    png.writeUInt32BE(height, 20);
    return new Uint8Array(png);
  };
  await assert.rejects(parseBytes('a.png', claims(0, 300)), { code: 'damaged', message: /no size/ });
  await assert.rejects(parseBytes('a.png', claims(60_000, 60_000)), { code: 'too-large', message: /Save it smaller/ });
  await assert.rejects(parseBytes('a.png', fileOf('english.png').subarray(0, 200)), { name: 'ParseFailure', message: /picture/ });
});

test('the sizes of WebP and BMP pictures are known before they are decoded', () => {
  const size = (head: string): number[] => {
    const { width, height } = pagesOf(new Uint8Array(Buffer.from(head.padEnd(120, '0'), 'hex')))[0]!;
    return [width, height];
  };
  const riff = `${Buffer.from('RIFF....WEBP').toString('hex')}`;
  assert.deepEqual(size(`${riff}56503820 00000000 300000 9d012a 8007 3804`.replaceAll(' ', '')), [1920, 1080]);
  assert.deepEqual(size(`${riff}5650384c 00000000 2f 7f c7 0d 01`.replaceAll(' ', '')), [1920, 1080]);
  assert.deepEqual(size(`${riff}56503858 0a000000 00000000 7f0700 370400`.replaceAll(' ', '')), [1920, 1080]);
  assert.deepEqual(size('424d 00000000 00000000 36000000 28000000 80070000 c8fbffff'.replaceAll(' ', '')), [1920, 1080]);
});

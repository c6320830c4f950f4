import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hexText, makePdf, PAGE, prosePages } from '../../bench/make-pdf.ts';
import type { PdfPage, SetText } from '../../bench/make-pdf.ts';
import type { FailureCode } from '../api.ts';
import { ParseFailure } from './document.ts';
import type { ParsedDocument } from './document.ts';
import { parsePdf } from './pdf.ts';

const parse = (pages: (string[] | PdfPage)[], title?: string): Promise<ParsedDocument> =>
  parsePdf(makePdf(pages, title === undefined ? {} : { title }), {});

/** Blocks as one readable line each: "heading1 Title". */
const outline = (document: ParsedDocument): string[] => document.blocks.map(({ kind, level, text }) => `${kind}${level ?? ''} ${text}`);

/** Lines set one under another from a place on. */
const column = (x: number, y: number, lines: string[], more: Partial<SetText> = {}): SetText[] =>
  lines.map((text, i) => ({ text, x, y: y + i * PAGE.leading, ...more }));

const failsAs = (code: FailureCode, words: RegExp) => (error: unknown): boolean =>
  error instanceof ParseFailure && error.code === code && words.test(error.message);

test('lines become paragraphs, a hyphen at the end of a line is repaired', async () => {
  const document = await parse([[
    'The committee collected infor-', 'mation on the state-of-', 'the-art of pumps, in the well-', 'known way.', '',
    'A second paragraph stands apart.',
  ]]);
  assert.deepEqual(outline(document), [
    'paragraph The committee collected information on the state-of-the-art of pumps, in the well-known way.',
    'paragraph A second paragraph stands apart.',
  ]);
});

test('Chinese lines are joined without a space, Latin words beside them keep theirs', async () => {
  const document = await parse([['知识库在本机上建立索引，所有的文件都不会', '离开这台计算机。使用 PDF 文件时，每一处', 'reference 都能打开。']]);
  assert.equal(document.text, '知识库在本机上建立索引，所有的文件都不会离开这台计算机。使用 PDF 文件时，每一处 reference 都能打开。');
});

const LEFT = ['The left column is read from the', 'top to the bottom before the eye', 'moves over to the other one, and', 'this holds for every paper that', 'was ever set in two columns.'];
const RIGHT = ['Only then comes the right column', 'which begins at the height of the', 'left one but is read after it, so', 'that the sentences do not mix as', 'they would line by line.'];

test('two columns are read one after the other, below a title that spans both', async () => {
  const document = await parse([{ content: [
    ...column(120, 80, ['A Title That Is Wider Than One Column'], { size: 20, bold: true }),
    // In the order of the page from top to bottom, as some programs write it.
    ...LEFT.flatMap((_, i) => [...column(72, 120 + i * PAGE.leading, [LEFT[i]!]), ...column(310, 120 + i * PAGE.leading, [RIGHT[i]!])]),
  ] }]);
  assert.deepEqual(outline(document), [
    'heading1 A Title That Is Wider Than One Column', `paragraph ${LEFT.join(' ')}`, `paragraph ${RIGHT.join(' ')}`,
  ]);
  assert.equal(document.title, 'A Title That Is Wider Than One Column');
});

test('the rows of a table stay together, cells parted by tabs', async () => {
  const rows = [['Fruit', 'Colour', 'Price'], ['Apple', 'red', '3.20'], ['Pear', 'green', '2.80'], ['Plum', 'blue', '4.10']];
  const document = await parse([{ content: rows.flatMap((row, i) => row.map((text, j) => ({ text, x: 72 + 120 * j, y: 100 + 16 * i }))) }]);
  assert.deepEqual(outline(document), ['table Fruit\tColour\tPrice\nApple\tred\t3.20\nPear\tgreen\t2.80\nPlum\tblue\t4.10']);
});

test('running headers and page numbers are dropped; the first page says the header once', async () => {
  const document = await parse([1, 2, 3, 4].map((page) => ({ content: [
    { text: `Annual Report ${2020}, part ${page}`, x: 72, y: 40, size: 9 },
    ...column(72, 120, [`Page body number ${['one', 'two', 'three', 'four'][page - 1]} is about something else.`]),
    { text: `– ${page} –`, x: 290, y: 800, size: 9 },
  ] })));
  assert.equal(document.text.match(/Annual Report/g)?.length, 1);
  assert.doesNotMatch(document.text, /–/);
  assert.match(document.text, /number four is/);
});

test('what repeats in the middle of pages, or on two pages only, is text', async () => {
  const middle = await parse([1, 2, 3].map(() => ({ content: column(72, 400, ['Warning: hot.']) })));
  assert.equal(middle.text.match(/Warning/g)?.length, 3);
  const two = await parse([1, 2].map(() => ({ content: column(72, 40, ['Heading of a letter']) })));
  assert.equal(two.text.match(/letter/g)?.length, 2);
});

test('a paragraph goes on over the page break, and past a footnote', async () => {
  const document = await parse([
    { content: [...column(72, 700, ['This sentence begins on the first page of the document and it', 'is not finished before the page']),
      { text: '1 A note that is set smaller than the body text of this page.', x: 72, y: 780, size: 7 }] },
    { content: column(72, 90, ['ends, but here.', 'Nothing else follows.']) },
  ]);
  assert.match(document.text, /before the page ends, but here\./);
  const [first] = document.blocks;
  assert.equal(first!.place.page, 1);
  assert.deepEqual([...new Set(document.runs!.filter((run) => run.end <= first!.place.end).map((run) => run.page))], [1, 2]);
});

test('headings have levels by size and number, and are the path of what stands below', async () => {
  const body = ['Body text of the section runs over the whole line of the page here and', 'then over a second line as well.'];
  const document = await parse([{ content: [
    { text: 'The Great Book of Pumps', x: 72, y: 80, size: 22, bold: true },
    { text: '1 Water', x: 72, y: 120, size: 14, bold: true }, ...column(72, 142, body),
    { text: '1.1 Salt Water', x: 72, y: 200, size: 14, bold: true }, ...column(72, 222, body),
    { text: '2 Oil', x: 72, y: 280, size: 14, bold: true }, ...column(72, 302, body),
  ] }]);
  assert.deepEqual(outline(document).filter((line) => line.startsWith('heading')),
    ['heading1 The Great Book of Pumps', 'heading2 1 Water', 'heading3 1.1 Salt Water', 'heading2 2 Oil']);
  assert.deepEqual(document.blocks.at(-1)!.place.headings, ['The Great Book of Pumps', '2 Oil']);
  assert.deepEqual(document.blocks.at(-3)!.place.headings, ['The Great Book of Pumps', '1 Water', '1.1 Salt Water']);
});

test('list items lose their bullet and keep their number', async () => {
  const document = await parse([{ content: [
    ...column(72, 100, ['Take along:']), ...column(90, 114, ['\u00b7 a lamp that burns', '\u00b7 a rope']), ...column(72, 142, ['1. Go down.', '2. Come up.']),
  ] }]);
  assert.deepEqual(outline(document), ['paragraph Take along:', 'list-item1 a lamp that burns', 'list-item1 a rope', 'list-item1 1. Go down.', 'list-item1 2. Come up.']);
});

/** The one box of the text that contains `words`, rounded. */
function boxOf(document: ParsedDocument, words: string): { x: number; y: number; width: number; height: number } {
  const at = document.text.indexOf(words);
  assert.notEqual(at, -1, `${words} is in the text`);
  const { x, y, width, height } = document.runs!.find((run) => run.start <= at && at < run.end)!;
  return { x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height) };
}

test('boxes are in points from the top left of the page as displayed: rotated, cropped, or both', async () => {
  const content = [{ text: 'Beacon', x: 100, y: 200, size: 20 }]; // base line 200 below the top; Times reaches 0.68…0.9 above
  const plain = boxOf(await parse([{ content }]), 'Beacon');
  assert.equal(plain.x, 100);
  assert.ok(plain.y > 178 && plain.y < 187 && plain.y + plain.height > 201 && plain.y + plain.height < 208, JSON.stringify(plain));
  const { x, y, width, height } = plain;
  const round = (document: ParsedDocument): object => boxOf(document, 'Beacon');
  assert.deepEqual(round(await parse([{ content, rotate: 90 }])), { x: PAGE.height - y - height, y: x, width: height, height: width });
  assert.deepEqual(round(await parse([{ content, rotate: 180 }])), { x: PAGE.width - x - width, y: PAGE.height - y - height, width, height });
  assert.deepEqual(round(await parse([{ content, rotate: 270 }])), { x: y, y: PAGE.width - x - width, width: height, height: width });
  assert.deepEqual(round(await parse([{ content, cropBox: [50, 100, 595, 800] }])), { x: x - 50, y: y - (PAGE.height - 800), width, height });
});

test('text turned by 90° is readable, in the order of its own lines', async () => {
  const lines = ['Turned text has lines as well, and', 'they follow one another sideways.'];
  for (const turn of [90, 180, 270] as const) {
    const step = { 90: [14, 0], 180: [0, -14], 270: [-14, 0] }[turn];
    const content = lines.map((text, i) => ({ text, x: 300 + i * step[0]!, y: 400 + i * step[1]!, turn }));
    const document = await parse([{ content }]);
    assert.equal(document.text, lines.join(' '), `turned by ${turn}`);
    const box = boxOf(document, 'Turned');
    assert.ok(turn === 180 ? box.width > 5 * box.height : box.height > 5 * box.width);
  }
});

test('values of fields, notes and comments on highlights are text at their place; popups are not said twice', async () => {
  const field = (value: string, more = ''): string =>
    `<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V ${hexText(value)} /Rect [100 600 300 620] /F 4 ${more} >>`;
  const note = (subtype: string, text: string): string =>
    `<< /Type /Annot /Subtype /${subtype} /Contents ${hexText(text)} /Rect [50 50 80 80] /QuadPoints [50 80 80 80 50 50 80 50] >>`;
  const document = await parse([{ content: ['Application form'], annotations: [
    field('张三 Miller', '/TU (Full name)'), note('Highlight', 'please check'), note('Text', 'a loose note'), note('Popup', 'nothing'),
  ] }]);
  assert.deepEqual(outline(document), ['paragraph Application form', 'paragraph Full name: 张三 Miller', 'paragraph please check', 'paragraph a loose note']);
  assert.deepEqual(boxOf(document, '张三'), { x: 100, y: PAGE.height - 620, width: 200, height: 20 });
});

test('the title is the one the file gives itself, unless a program made it up', async () => {
  assert.equal((await parse([['Hello']], '标题 Title')).title, '标题 Title');
  assert.equal((await parse([['Hello']], 'Microsoft Word - draft3.docx')).title, undefined);
});

test('pages without text: all of them is a failure, some of them a warning', async () => {
  await assert.rejects(parse([[], []]), failsAs('no-text', /2 pages .* OCR/));
  const document = await parse([['Here is text.'], [], []]);
  assert.deepEqual(document.warnings, ['2 of 3 pages hold no text.']);
  assert.equal(document.pages, 3);
});

test('what is no PDF, or only part of one, fails as damaged or is read as far as it goes', async () => {
  await assert.rejects(parsePdf(new TextEncoder().encode('no PDF at all'), {}), failsAs('damaged', /save it again/));
  const whole = makePdf([['Some text on the first page.'], ['And on the second.']]);
  for (let length = 0; length < whole.length; length += 97) {
    try {
      const document = await parsePdf(whole.subarray(0, length), {});
      assert.match(document.text, /Some text|And on/);
    } catch (error) {
      assert.ok(error instanceof ParseFailure && ['damaged', 'no-text'].includes(error.code), `cut at ${length}: ${String(error)}`);
    }
  }
});

test('the bytes it is given stay as they were', async () => {
  const bytes = makePdf([['Keep me.']]);
  await parsePdf(bytes, {});
  assert.equal(bytes[0], '%'.charCodeAt(0));
});

test('a long text: every line is there, in order, with ascending runs', async () => {
  const pages = prosePages(20);
  const document = await parsePdf(makePdf(pages), {});
  assert.equal(document.pages, 20);
  const squeeze = (text: string): string => text.replace(/\s+/g, '');
  assert.equal(squeeze(document.text), squeeze(pages.flat().join('')));
  for (const [i, run] of document.runs!.entries()) assert.ok(i === 0 || run.start >= document.runs![i - 1]!.end);
  for (const { place, text } of document.blocks) assert.equal(document.text.slice(place.start, place.end), text);
});

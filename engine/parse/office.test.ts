import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ParseFailure } from './document.ts';
import { parseBytes } from './parsers.ts';
import { zip } from './testing.ts';
import { sheetDrafts } from './xlsx.ts';

const A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"';
const relations = (...targets: [id: string, kind: string, target: string][]): string =>
  `<Relationships>${targets.map(([id, kind, target]) => `<Relationship Id="${id}" Type="http://x/${kind}" Target="${target}"/>`).join('')}</Relationships>`;
const shape = (type: string, ...paragraphs: string[]): string => `<p:sp><p:nvSpPr><p:cNvPr id="1" name=""/><p:nvPr>${type && `<p:ph type="${type}"/>`}</p:nvPr></p:nvSpPr><p:txBody>${paragraphs.join('')}</p:txBody></p:sp>`;
const line = (text: string, how = ''): string => `<a:p>${how}<a:r><a:t>${text.slice(0, 3)}</a:t></a:r><a:r><a:t>${text.slice(3)}</a:t></a:r></a:p>`;
const slide = (...shapes: string[]): string => `<p:sld ${A}><p:cSld><p:spTree>${shapes.join('')}</p:spTree></p:cSld></p:sld>`;

const presentation = zip({
  '[Content_Types].xml': '<Types/>',
  'ppt/presentation.xml': `<p:presentation ${A}><p:sldIdLst><p:sldId id="256" r:id="second"/><p:sldId id="257" r:id="first"/></p:sldIdLst></p:presentation>`,
  'ppt/_rels/presentation.xml.rels': relations(['first', 'slide', 'slides/slide1.xml'], ['second', 'slide', 'slides/slide2.xml']),
  'ppt/slides/slide1.xml': slide(shape('', line('No title here'))),
  'ppt/slides/slide2.xml': slide(
    shape('body', line('Costs fell'), line('in Berlin', '<a:pPr lvl="1"/>'), line('a remark', '<a:pPr><a:buNone/></a:pPr>')), shape('title', line('第二季度 results')), shape('sldNum', line('17')),
    '<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>City</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>Cost</a:t></a:r></a:p></a:txBody></a:tc></a:tr>'
    + '<a:tr><a:tc><a:txBody><a:p><a:r><a:t>Berlin</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>12</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>'),
  'ppt/slides/_rels/slide2.xml.rels': relations(['n', 'notesSlide', '../notesSlides/notes1.xml']),
  'ppt/notesSlides/notes1.xml': `<p:notes ${A}><p:cSld><p:spTree>${shape('sldImg', line('picture'))}${shape('body', line('Say thanks'))}</p:spTree></p:cSld></p:notes>`,
});

test('a presentation is read slide by slide in its own order, title first, with bullets, tables and notes; a slide is a page', async () => {
  const { type, title, pages, blocks } = await parseBytes('a.pptx', presentation);
  assert.deepEqual([type, title, pages], ['pptx', '第二季度 results', 2]);
  assert.deepEqual(blocks.map(({ kind, level, text, place }) => [kind, level, text, place.page]), [
    ['heading', 1, '第二季度 results', 1], ['list-item', 1, 'Costs fell', 1], ['list-item', 2, 'in Berlin', 1], ['paragraph', undefined, 'a remark', 1],
    ['table', undefined, 'City\tCost\nBerlin\t12', 1], ['quote', undefined, 'Say thanks', 1],
    ['heading', 1, 'Slide 2', 2], ['paragraph', undefined, 'No title here', 2],
  ]);
});

test('sheets become tables: a title above, an empty row between, numbers as they are shown', () => {
  const drafts = sheetDrafts([['Travel costs', null, null], [null, null, null], [null, 'City', 'Cost'], [null, 'Berlin', 0.1 + 0.2], [null, 'Bonn', new Date('2024-03-01T00:00:00Z')], [null, null, null], ['a note', null]]);
  assert.deepEqual(drafts.map(({ kind, text, headerRows }) => [kind, text, headerRows]), [
    ['paragraph', 'Travel costs', undefined], ['table', 'City\tCost\nBerlin\t0.3\nBonn\t2024-03-01', 1], ['paragraph', 'a note', undefined],
  ]);
});

const O = 'xmlns:office="o" xmlns:text="t" xmlns:table="b" xmlns:draw="d" xmlns:presentation="p"';
const open = (kind: string, body: string): Uint8Array => zip({ mimetype: `application/vnd.oasis.opendocument.${kind}`, 'content.xml': `<office:document-content ${O}><office:body><office:${kind}>${body}</office:${kind}></office:body></office:document-content>` });

test('an OpenDocument text keeps headings, lists, spaces and tables; notes are said after the paragraph they hang on', async () => {
  const { type, blocks } = await parseBytes('a.odt', open('text', `
    <text:h text:outline-level="2">Lease</text:h>
    <text:p>It ends<text:s text:c="2"/>in <text:span>May</text:span><text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Or June.</text:p></text:note-body></text:note>.</text:p>
    <text:list><text:list-item><text:p>keys</text:p><text:list><text:list-item><text:p>of the cellar</text:p></text:list-item></text:list></text:list-item></text:list>
    <table:table table:name="T"><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell table:number-columns-repeated="2"><text:p>b</text:p></table:table-cell></table:table-row></table:table>`));
  assert.equal(type, 'opendocument');
  assert.deepEqual(blocks.map(({ kind, level, text }) => [kind, level, text]), [
    ['heading', 2, 'Lease'], ['paragraph', undefined, 'It ends  in May.'], ['quote', undefined, 'Or June.'], ['list-item', 1, 'keys'], ['list-item', 2, 'of the cellar'], ['table', undefined, 'a\tb\tb'],
  ]);
});

test('a sheet that LibreOffice fills with a million empty cells is as large as what is written in it', async () => {
  const { blocks } = await parseBytes('a.ods', open('spreadsheet', `<table:table table:name="2024"><table:table-row><table:table-cell><text:p>City</text:p></table:table-cell><table:table-cell><text:p>Cost</text:p></table:table-cell>
    <table:table-cell table:number-columns-repeated="16382"/></table:table-row><table:table-row><table:table-cell><text:p>Berlin</text:p></table:table-cell><table:table-cell><text:p>12</text:p></table:table-cell></table:table-row>
    <table:table-row table:number-rows-repeated="1048574"><table:table-cell table:number-columns-repeated="16384"/></table:table-row></table:table>`));
  assert.deepEqual(blocks.map(({ kind, text }) => [kind, text]), [['heading', '2024'], ['table', 'City\tCost\nBerlin\t12']]);
});

test('a book is read in the order of its spine', async () => {
  const { type, title, blocks } = await parseBytes('a.epub', zip({
    mimetype: 'application/epub+zip', 'META-INF/container.xml': '<container><rootfiles><rootfile full-path="O P/book.opf"/></rootfiles></container>',
    'O P/book.opf': '<package xmlns:dc="dc"><metadata><dc:title>红楼</dc:title></metadata><manifest><item id="b" href="b.xhtml"/><item id="a" href="text/a%20b.xhtml"/></manifest><spine><itemref idref="a"/><itemref idref="b"/></spine></package>',
    'O P/b.xhtml': '<html><body><h1>Two</h1><p>second</p></body></html>', 'O P/text/a b.xhtml': '<html><body><h1>One</h1><p>first</p></body></html>',
  }));
  assert.deepEqual([type, title, blocks.map(({ text }) => text), blocks[3]!.place.headings], ['epub', '红楼', ['One', 'first', 'Two', 'second'], ['Two']]);
});

test('what is locked or broken says so and what to do', async () => {
  const reason = (name: string, bytes: Uint8Array): Promise<string> => parseBytes(name, bytes).then(() => 'read', (error: unknown) => (error instanceof ParseFailure ? error.code : `${error}`));
  assert.equal(await reason('a.odt', zip({ mimetype: 'application/vnd.oasis.opendocument.text', 'content.xml': 'noise', 'META-INF/manifest.xml': '<m:encryption-data/>' })), 'encrypted');
  assert.equal(await reason('a.pptx', zip({ '[Content_Types].xml': '', 'ppt/slides/slide1.xml': '' })), 'damaged');
  assert.equal(await reason('a.pptx', presentation.subarray(0, 900)), 'damaged');
  assert.equal(await reason('a.epub', zip({ mimetype: 'application/epub+zip' })), 'damaged');
  assert.equal(await reason('a.xlsx', zip({ 'xl/workbook.xml': '<broken', '[Content_Types].xml': '' })), 'damaged');
  assert.equal(await reason('a.xlsx', new TextEncoder().encode('a text that is no workbook')), 'mismatched');
});

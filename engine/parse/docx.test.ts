import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseDocx } from './docx.ts';
import { ParseFailure } from './document.ts';
import { parseBytes } from './parsers.ts';
import { zip } from './testing.ts';
import { zipEntries } from './zip.ts';

const W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const CONTENT_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>';
const RELS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>';
const DOCUMENT_RELS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="s1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>';
const STYLES = `<w:styles ${W}>
  <w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>
  <w:style w:type="paragraph" w:styleId="a7"><w:name w:val="章标题 &amp; 'x'"/><w:basedOn w:val="2"/></w:style>
  <w:style w:type="paragraph" w:styleId="2"><w:name w:val="heading 2"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>
</w:styles>`;

const run = (text: string, style = '') => `<w:r>${style && `<w:rPr>${style}</w:rPr>`}<w:t xml:space="preserve">${text}</w:t></w:r>`;
const paragraph = (text: string, style = '') => `<w:p>${style && `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`}${text.startsWith('<') ? text : run(text)}</w:p>`;
const table = (rows: string[][]) => `<w:tbl>${rows.map((cells) => `<w:tr>${cells.map((cell) => `<w:tc>${paragraph(cell)}</w:tc>`).join('')}</w:tr>`).join('')}</w:tbl>`;
const files = (body: string) => ({
  '[Content_Types].xml': CONTENT_TYPES, '_rels/.rels': RELS, 'word/_rels/document.xml.rels': DOCUMENT_RELS, 'word/styles.xml': STYLES,
  'word/document.xml': `<?xml version="1.0" encoding="UTF-8"?><w:document ${W}><w:body>${body}</w:body></w:document>`,
});

test('headings, derived heading styles, bold text and tables of a Word document', async () => {
  const body = paragraph('报告', '1') + paragraph(run('这是') + run('重点', '<w:b/>') + run('内容。')) + paragraph('第一部分', 'a7') + table([['姓名', '年龄'], ['张三', '36'], ['李四', '41']]);
  const document = await parseBytes('报告.docx', zip(files(body)));
  assert.equal(document.type, 'docx');
  assert.equal(document.title, '报告');
  assert.deepEqual(document.blocks.map(({ kind, level, text, headerRows }) => [kind, text, level ?? headerRows]), [
    ['heading', '报告', 1], ['paragraph', '这是重点内容。', undefined], ['heading', '第一部分', 2], ['table', '姓名\t年龄\n张三\t36\n李四\t41', 1]]);
  assert.deepEqual(document.blocks[1]!.marks, [{ start: 2, end: 4, kind: 'strong' }]);
  assert.deepEqual(document.blocks[3]!.place.headings, ['报告', '第一部分']);
});

test('a document renamed to another type is still a document; a workbook is none', async () => {
  assert.equal((await parseBytes('a.zip', zip(files(paragraph('text'))))).text, 'text');
  await assert.rejects(parseBytes('a.docx', zip({ '[Content_Types].xml': CONTENT_TYPES, 'xl/workbook.bin': '<x/>' })), { code: 'mismatched', message: /Excel workbook/ });
});

test('a document cut off anywhere, or without its main part, is damaged and says so', async () => {
  const whole = zip(files(paragraph('text')));
  for (const length of [10, 100, whole.length >> 1, whole.length - 30, whole.length - 1]) {
    await assert.rejects(parseBytes('a.docx', whole.slice(0, length)), (error) => error instanceof ParseFailure && error.code === 'damaged', `${length} bytes`);
  }
  const { 'word/document.xml': _, ...rest } = files('');
  await assert.rejects(parseBytes('a.docx', zip(rest)), { code: 'damaged' });
  await assert.rejects(parseBytes('a.docx', zip({ ...rest, 'word/document.xml': '<w:document><w:body>' })), { code: /damaged|no-text/ });
});

test('a document that claims to unpack to gigabytes is refused before it does', async () => {
  await assert.rejects(parseDocx(zip(files(paragraph('text')), 3_000_000_000)), { code: 'too-large', message: /2,861 MB/ });
});

test('the directory of an archive is read as it was written', () => {
  assert.deepEqual(zipEntries(zip({ 'a/b.txt': 'hello' })).map(({ name, size, method }) => ({ name, size, method })), [{ name: 'a/b.txt', size: 5, method: 8 }]);
});

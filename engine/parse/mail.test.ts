import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseBytes } from './parsers.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const mail = (lines: string[]): Uint8Array => bytes(lines.join('\r\n'));
const shown = async (name: string, content: Uint8Array): Promise<(string | number | undefined)[][]> => (await parseBytes(name, content)).blocks.map(({ kind, level, text }) => [kind, level, text]);

test('a mail is its subject, who wrote to whom and when, its text with what is attached; encodings of headers and bodies are undone', async () => {
  assert.deepEqual(await shown('a.eml', mail([
    'From: =?gb2312?B?1cXI/Q==?= <zhang@example.org>', 'To: anna@example.org', 'Subject: =?utf-8?Q?Lease_=E7=A7=9F=E7=BA=A6?=', 'Date: Fri, 1 Mar 2024 10:00:00 +0800', 'Content-Type: multipart/mixed; boundary=x', '',
    '--x', 'Content-Type: text/plain; charset=gb18030', 'Content-Transfer-Encoding: base64', '', Buffer.from([0xd7, 0xe2, 0xd4, 0xbc, 0xb5, 0xbd, 0xc6, 0xda]).toString('base64'),
    '--x', 'Content-Type: text/markdown; name=keys.md', 'Content-Disposition: attachment; filename=keys.md', '', '# Keys', '', '- two of the cellar',
    '--x', 'Content-Type: application/zip', 'Content-Disposition: attachment; filename=old.zip', 'Content-Transfer-Encoding: base64', '', 'UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==', '--x--',
  ])), [
    ['heading', 1, 'Lease 租约'], ['paragraph', undefined, 'From: 张三 <zhang@example.org>\nTo: anna@example.org\nDate: Fri, 1 Mar 2024 10:00:00 +0800'], ['paragraph', undefined, 'Attachments: keys.md, old.zip'],
    ['paragraph', undefined, '租约到期'], ['heading', 2, 'keys.md'], ['heading', 3, 'Keys'], ['list-item', 1, 'two of the cellar'],
  ]);
});

test('of a mail in HTML and in plain text one is read, unless they say different things', async () => {
  const both = (plain: string): Uint8Array => mail(['From: a@example.org', 'Subject: S', 'MIME-Version: 1.0', 'Content-Type: multipart/alternative; boundary=x', '', '--x', 'Content-Type: text/plain', '', plain, '--x', 'Content-Type: text/html', '', '<ul><li>The lease ends</li></ul>', '--x--']);
  assert.deepEqual((await shown('a.eml', both('The lease ends'))).slice(2), [['list-item', 1, 'The lease ends']]);
  assert.deepEqual((await shown('a.eml', both('Nothing alike.'))).slice(2), [['paragraph', undefined, 'Nothing alike.'], ['list-item', 1, 'The lease ends']]);
});

test('a box is parted into its mails; a line that begins with From within a mail parts nothing', async () => {
  const one = (subject: string, text: string): string => `From a@example.org Fri Mar  1 10:00:00 2024\nFrom: a@example.org\nSubject: ${subject}\n\n${text}\n\n`;
  const blocks = await shown('old.mbox', bytes(one('First', 'From here on\nall is well.') + one('Second', 'And here.')));
  assert.deepEqual(blocks.filter(([kind]) => kind === 'heading'), [['heading', 1, 'First'], ['heading', 1, 'Second']]);
});

test('a page saved with all it shows is read as the page', async () => {
  const page = mail(['From: <Saved by a browser>', 'Subject: The lease', 'MIME-Version: 1.0', 'Content-Type: multipart/related; boundary=x', '', '--x', 'Content-Type: text/html', 'Content-Location: https://example.org/', '', '<html><head><title>The lease</title></head><body><nav>menu</nav><main><p>It ends in May.</p></main></body></html>', '--x--']);
  const { type, title, blocks } = await parseBytes('a.mhtml', page);
  assert.deepEqual([type, title, blocks.map(({ text }) => text)], ['webarchive', 'The lease', ['The lease', 'It ends in May.']]);
});

test('a text that is called a mail and is none is a text', async () => {
  assert.equal((await parseBytes('a.eml', bytes('Just some words of mine.'))).type, 'text');
});

test('rich text: code pages by font, Unicode with its stand-in, headings, tables, notes, and nothing of what is hidden', async () => {
  assert.deepEqual(await shown('a.rtf', bytes(String.raw`{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset134 SimSun;}}
{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 Titre 1;}}{\info{\author Nobody}}
{\header page head\par}\pard\s1 The lease\par\pard Caf\'e9 \u8212?{\f1\'d7\'e2\'d4\'bc} {\v hidden}{\*\unknown thing}ends{\footnote Or later.}.\par
\trowd\intbl\pard\intbl City\cell Cost\cell\row\trowd\pard\intbl Bonn\cell 3\cell\row\pard{\field{\*\fldinst HYPERLINK "x"}{\fldrslt a link}}\par}`)), [
    ['heading', 1, 'The lease'], ['paragraph', undefined, 'Café —租约 ends.'], ['quote', undefined, 'Or later.'], ['table', undefined, 'City\tCost\nBonn\t3'], ['paragraph', undefined, 'a link'],
  ]);
});

test('a notebook is its prose, its code and what that printed', async () => {
  assert.deepEqual(await shown('a.ipynb', Buffer.from(JSON.stringify({ cells: [
    { cell_type: 'markdown', source: ['# Title\n', 'Words.'] }, { cell_type: 'code', source: 'print(1)', outputs: [{ text: ['1\n'] }, { data: { 'text/plain': '<Figure>', 'image/png': 'AAAA' } }] },
  ] }))), [['heading', 1, 'Title'], ['paragraph', undefined, 'Words.'], ['code', undefined, 'print(1)'], ['code', undefined, '1'], ['code', undefined, '<Figure>']]);
});

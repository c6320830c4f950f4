/** All real files through the parsing thread, against what people see in them; the files lie outside the project. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseFragment } from 'parse5';
import type { DefaultTreeAdapterTypes } from 'parse5';

import { ParseFailure } from './document.ts';
import type { ParsedDocument } from './document.ts';
import { decode } from './encoding.ts';
import { openParser } from './sandbox.ts';

interface Expected { file: string; must_contain: string[]; note?: string }

const FOLDER = new URL('../../../shared/data/docs/', import.meta.url);
const skip = existsSync(new URL('expected.jsonl', FOLDER)) ? false : 'the documents are not beside the project (../shared/data/docs)';
const LIMITS = { seconds: 60, megabytes: 1024, fileMegabytes: 200 };

const parser = openParser(() => LIMITS);
after(() => parser.close());

/** Words with their readings run into them, as the file stores both; Excel shows the words. */
const WITH_READINGS = new Set(['契約者ケイヤクシャ', '被保険者ヒホケンシャ']);

/** White space is one space, and none stands between Chinese characters. */
const comparable = (text: string) => text.replace(/\s+/g, ' ').replace(/(?<=[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]) (?=[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef])/g, '');

test('every file is parsed or refused with a reason, and 95 % of what a person sees is found', { skip }, async (context) => {
  const expected = new Map(readFileSync(new URL('expected.jsonl', FOLDER), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Expected).map((entry) => [entry.file, entry]));
  const all: Expected[] = readdirSync(new URL('files/', FOLDER)).map((name) => expected.get(`files/${name}`) ?? { file: `files/${name}`, must_contain: [] });
  const table: Record<string, Record<string, number>> = {};
  const found: Record<string, { wanted: number; missed: string[] }> = {};
  for (const { file, must_contain: strings, note = '' } of all) {
    const must_contain = strings.filter((string) => !WITH_READINGS.has(string));
    const extension = file.slice(file.lastIndexOf('.') + 1);
    const password = /password: ([^;]+)/.exec(note)?.[1];
    const begun = performance.now();
    const result = await parser.parse(fileURLToPath(new URL(file, FOLDER)), password === undefined ? {} : { password }).catch((failure: unknown) => failure);
    assert.ok(performance.now() - begun < LIMITS.seconds * 1000, `${file} came back in time`);
    if (result instanceof Error) {
      assert.ok(result instanceof ParseFailure, `${file}: ${result.message}`);
      assert.match(result.message, /^[A-Z].{20,}\.$/, `${file} says what to do`);
      assert.doesNotMatch(result.code, /too-|missing|unreadable|mismatched/, `${file}: ${result.message}`);
    } else {
      const document = result as ParsedDocument;
      const text = comparable(document.text);
      const counts = found[document.type] ??= { wanted: 0, missed: [] };
      counts.wanted += must_contain.length;
      for (const string of must_contain) if (!text.includes(comparable(string))) counts.missed.push(`${file}: ${string}`);
      checkPlaces(file, document);
    }
    const outcome = result instanceof ParseFailure ? result.code : 'passed';
    const row = table[extension] ??= { tried: 0 };
    row.tried! += 1;
    row[outcome] = (row[outcome] ?? 0) + 1;
  }
  console.table(table);
  for (const [type, { wanted, missed }] of Object.entries(found)) {
    context.diagnostic(`${type}: ${wanted - missed.length} of ${wanted} strings found${missed.map((string) => `\n  missed ${string}`).join('')}`);
    assert.ok(missed.length <= wanted * 0.05, `${type}: ${missed.join('\n')}`);
  }
  assert.deepEqual(Object.keys(found).sort(), ['docx', 'email', 'epub', 'html', 'markdown', 'notebook', 'opendocument', 'pdf', 'pptx', 'rtf', 'text', 'xlsx']);
});

/** The text at a block's place is the block's; its words stand in this order where it says it stands in the file. */
function checkPlaces(file: string, document: ParsedDocument): void {
  const source = document.encoding === undefined ? undefined : decode(readFileSync(new URL(file, FOLDER))).text;
  let last = 0;
  for (const block of document.blocks) {
    assert.equal(document.text.slice(block.place.start, block.place.end), block.text);
    assert.ok(block.place.start >= last, `${file}: blocks stand in order`);
    last = block.place.end;
    for (const mark of block.marks ?? []) assert.ok(mark.start >= 0 && mark.start < mark.end && mark.end <= block.text.length, `${file}: marks lie within`);
    if (source === undefined) continue;
    assert.ok(block.source, `${file}: "${block.text}" has a source`);
    const slice = source.slice(block.source.start, block.source.end);
    const letters = lettersOf(document.type === 'html' ? shown(shown(slice)) : slice);
    let at = 0;
    for (const word of block.text.match(/[\p{L}\p{N}]+/gu) ?? []) {
      at = letters.indexOf(word, at);
      assert.notEqual(at, -1, `${file}: "${word}" of "${block.text}" stands in "${slice}"`);
      at += word.length;
    }
  }
}

const lettersOf = (text: string) => text.replace(/[^\p{L}\p{N}]+/gu, '');

/** The text of HTML and of the descriptions of its pictures. */
function shown(html: string): string {
  const parts: string[] = [];
  const visit = (node: DefaultTreeAdapterTypes.ChildNode): void => {
    if ('value' in node) parts.push(node.value);
    if ('attrs' in node) for (const { name, value } of node.attrs) if (name === 'alt') parts.push(value);
    if ('childNodes' in node) node.childNodes.forEach(visit);
  };
  parseFragment(html.replace(/<!\[CDATA\[|\]\]>/g, '')).childNodes.forEach(visit);
  return parts.join('');
}

test('files cut off or with wrong bytes in them are read in part or refused, and the thread goes on', { skip }, async () => {
  let seed = 20240229;
  const random = (below: number) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % below;
  const names = ['bangalore.docx', 'comments-rich-para.docx', 'file_failing.docx', 'law-1.html', 's5-basic.html', 'GB2312__jjgod.3322.org.xml', 'law-utf16b.txt', 'twlaw-big5-1.txt', 'RECEIPT-2024-TXN-98765_retail_purchase.md', 'school.rank.csv', 'test.xls', 'dummy.xlsx', 'test.pptx', 'testODTStyles3.odt', 'law-0.rtf', 'testEPUB.epub', 'testEML_embedded_xhtml_and_img.eml'];
  const bytes = new Map(names.map((name) => [name, new Uint8Array(readFileSync(new URL(`files/${name}`, FOLDER)))]));
  const codes: Record<string, number> = {};
  for (let i = 0; i < 170; i++) {
    const name = names[i % names.length]!;
    const original = bytes.get(name)!;
    const broken = i % 3 === 0 ? original.slice(0, random(original.length)) : original.slice();
    if (i % 3 > 0) for (let flips = random(30); flips >= 0; flips--) broken[random(broken.length)] = random(256);
    const result = await parser.parse({ name, bytes: broken }).catch((failure: unknown) => failure);
    assert.ok(!(result instanceof Error) || result instanceof ParseFailure, `${name}: ${String(result)}`);
    const code = result instanceof ParseFailure ? result.code : 'passed';
    codes[code] = (codes[code] ?? 0) + 1;
  }
  assert.ok((codes.passed ?? 0) > 20 && (codes.damaged ?? 0) > 10, JSON.stringify(codes));
});

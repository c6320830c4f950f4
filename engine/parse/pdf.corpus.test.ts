/** Real PDFs against what pdftotext and people see in them; the files lie outside the project and may be absent. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { ParseFailure } from './document.ts';
import type { ParsedDocument } from './document.ts';
import { parsePdf } from './pdf.ts';

interface Expected { file: string; must_contain: string[]; note: string; category: string }

const FOLDER = new URL('../../../shared/data/docs/', import.meta.url);
const skip = existsSync(new URL('expected.jsonl', FOLDER)) ? false : 'the documents are not beside the project (../shared/data/docs)';
const FILE_SECONDS = 20;

const read = (file: string): Uint8Array => new Uint8Array(readFileSync(new URL(file, FOLDER)));
const parse = (name: string): Promise<ParsedDocument> => parsePdf(read(`files/${name}`), {});
const passwordOf = ({ note }: Expected): string | undefined => /password: ([^;]+)/.exec(note)?.[1];

const IDEOGRAPH = '[\\u2e80-\\u9fff\\uf900-\\ufaff\\uff00-\\uffef]';
const comparable = (text: string): string =>
  text.replace(/\s+/g, ' ').replace(new RegExp(`(?<=${IDEOGRAPH}) (?=${IDEOGRAPH})`, 'g'), '').trim();

/** The strings come up in this order. */
function inOrder(text: string, strings: string[]): void {
  const plain = comparable(text);
  const places = strings.map((string) => plain.indexOf(comparable(string)));
  for (const [i, place] of places.entries()) assert.notEqual(place, -1, `"${strings[i]}" is in the text`);
  assert.deepEqual(places, [...places].sort((a, b) => a - b));
}

test('at least 95 % of what a person sees is found, and no file crashes or hangs', { skip }, async () => {
  const all = readFileSync(new URL('expected.jsonl', FOLDER), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Expected);
  let wanted = 0;
  const missed: string[] = [];
  for (const expected of all.filter(({ category }) => category.startsWith('pdf-'))) {
    const password = passwordOf(expected);
    const begun = performance.now();
    let text = '';
    try {
      text = comparable((await parsePdf(read(expected.file), password === undefined ? {} : { password })).text);
      assert.notEqual(text, '', expected.file);
    } catch (error) {
      assert.ok(error instanceof ParseFailure, `${expected.file}: ${String(error)}`);
      assert.equal(expected.must_contain.length, 0, `${expected.file} has text but: ${error.message}`);
    }
    assert.ok(performance.now() - begun < FILE_SECONDS * 1000, `${expected.file} took too long`);
    wanted += expected.must_contain.length;
    for (const string of expected.must_contain) if (!text.includes(comparable(string))) missed.push(`${expected.file}: ${string}`);
  }
  assert.ok(wanted > 100);
  assert.ok(missed.length <= 0.05 * wanted, `${missed.length} of ${wanted} are missing:\n${missed.join('\n')}`);
});

test('files with wrong bytes in them fail with a reason or are read in part, and never end the thread', { skip }, async () => {
  // Run in a process of its own: whatever escapes ends that process, as it would end a thread of the engine.
  const script = `
    import { readFileSync } from 'node:fs';
    import { parsePdf } from ${JSON.stringify(new URL('./pdf.ts', import.meta.url).href)};
    let seed = 11;
    const next = (below) => (seed = (seed * 48271) % 2147483647) % below;
    for (const name of ['standard_fonts', 'AcroForm_TEST_compiled', 'Pages-tree-refs', 'rotation']) {
      const whole = readFileSync(new URL('files/' + name + '.pdf', ${JSON.stringify(FOLDER.href)}));
      for (let round = 0; round < 12; round++) {
        const bytes = new Uint8Array(whole);
        for (let i = 0; i < 3; i++) bytes.copyWithin(next(bytes.length), next(bytes.length), next(bytes.length));
        await parsePdf(bytes, {}).catch((error) => { if (error.name !== 'ParseFailure') throw error; });
      }
    }`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 60_000 });
});

test('two-column papers are read column by column', { skip }, async () => {
  inOrder((await parse('naacl06-shinyama.pdf')).text, [
    'Preemptive Information Extraction using Unrestricted Relation Discovery', 'Abstract',
    'We are trying to extend the boundary', '1 Background', 'Every day, a large number of news articles', '2 Basic Idea',
    '3.1 Web Crawling and Basic Clustering', '3.5 Metaclustering', 'Table 7: Nomination table', 'Acknowledgements', 'References',
    'Roman Yangarber, Ralph Grishman, Pasi Tapanainen',
  ]);
  inOrder((await parse('testJournalParser.pdf')).text, ['Abstract', 'Keywords', 'I. INTRODUCTION', 'III. GCSR', 'IV. BEYOND STRING', 'A. String-Cluster System', 'REFERENCES']);
  inOrder((await parse('Comp_zh_0.pdf')).text, ['大数据时代计算机网络信息安全防护策略探讨', '摘要', '关键词', '引言', '2.1 计算机网络本身的问题', '2.2 黑客攻击和病毒入侵', '3.4 利用杀毒软件方面的防护', '参考文献']);
});

test('sections of a paper carry their heading path', { skip }, async () => {
  const { blocks } = await parse('naacl06-shinyama.pdf');
  const block = blocks.find(({ text }) => text.startsWith('Finally, we can perform metaclustering'));
  assert.deepEqual(block?.place.headings, ['Preemptive Information Extraction using Unrestricted Relation Discovery', '3 Implementation', '3.5 Metaclustering']);
  const chinese = (await parse('pingcap-style-guide-zh.pdf')).blocks.find(({ text }) => text === '提高中文文案可读性');
  assert.deepEqual(chinese?.place.headings, ['PingCAP 中文技术文档风格指南', '1. 关于本指南', '1.1 目的']);
});

const letters = (text: string): string => text.normalize('NFKC').replace(/[^\p{L}\p{N}]/gu, '');

for (const name of ['naacl06-shinyama.pdf', 'Comp_zh_0.pdf', 'issue16063.pdf', 'rotation.pdf', 'indirect-rotation.pdf', 'Phys_en_0.pdf', 'prefilled_f1040.pdf']) {
  test(`what pdf.js sets inside the box of a run are the characters of the run: ${name}`, { skip }, async () => {
    const document = await parse(name);
    const pdf = await getDocument({ data: read(`files/${name}`), verbosity: 0 }).promise;
    let checked = 0;
    for (let number = 1; number <= pdf.numPages; number++) {
      const page = await pdf.getPage(number);
      const { transform, width, height } = page.getViewport({ scale: 1 });
      const items = (await page.getTextContent({ disableNormalization: true })).items.flatMap((item) => {
        if (!('str' in item) || item.str.trim() === '') return [];
        const [, , , , e, f] = item.transform as [number, number, number, number, number, number];
        return [{ text: letters(item.str), x: transform[0]! * e + transform[2]! * f + transform[4]!, y: transform[1]! * e + transform[3]! * f + transform[5]! }];
      });
      const fields = (await page.getAnnotations()).map((annotation: { fieldValue?: unknown }) => letters(String(annotation.fieldValue ?? '')));
      for (const run of document.runs!.filter((candidate) => candidate.page === number)) {
        const text = letters(document.text.slice(run.start, run.end));
        if (text === '' || fields.includes(text)) continue;
        assert.ok(run.x > -1 && run.y > -run.height && run.x + run.width < width + 1 + run.height && run.y < height, JSON.stringify(run));
        const inside = items.filter(({ x, y }) => x >= run.x - 0.1 && x <= run.x + run.width + 0.1 && y >= run.y - 0.1 && y <= run.y + run.height + 0.1)
          .map((item) => item.text).join('');
        const left = [...inside];
        for (const character of text) {
          const at = left.indexOf(character);
          assert.notEqual(at, -1, `page ${number}: "${text}" but inside its box is "${inside}"`);
          left.splice(at, 1);
        }
        checked++;
      }
    }
    await pdf.loadingTask.destroy();
    assert.ok(checked > 2);
  });
}

test('a password is asked for, refused when wrong, and not needed when the empty one opens the file', { skip }, async () => {
  const locked = read('files/r4-user-password.pdf');
    await assert.rejects(parsePdf(locked, {}), { code: 'encrypted', message: /Give the password/ });
  await assert.rejects(parsePdf(locked, { password: 'wrong' }), { code: 'wrong-password', message: /does not open/ });
  assert.match((await parsePdf(locked, { password: 'asdfzxcv' })).text, /pdf encryption test/);
  assert.match((await parse('testPDF_no_extract_no_accessibility_owner_empty.pdf')).text, /Hello World/);
});

test('a page that is displayed on its side has its boxes on its side', { skip }, async () => {
  const { runs, text } = await parse('rotation.pdf');
  const first = runs!.find((run) => text.slice(run.start, run.end).includes('first page'))!;
  const landscape = runs!.find((run) => text.slice(run.start, run.end).includes('landscape'))!;
  assert.ok(first.page === 1 && first.width > 5 * first.height);
  assert.ok(landscape.page === 2 && landscape.width > 5 * landscape.height, 'lines run from left to right once the page is turned');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { deflateRawSync, crc32 } from 'node:zlib';
import { readFaqRows } from './faq-rows.ts';
import { faqVerbs, openFaqs } from './faqs.ts';
import { openEmbedder } from './models/embedder.ts';
import { openDatabase } from './store/database.ts';
import { createLibrary, removeLibrary } from './store/libraries.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const embedder = await openEmbedder(fileURLToPath(new URL('../resources/models/lodestone-embed-static-v2', import.meta.url)));

test('columns are found by their heads in either language, in any order, with more columns beside them', async () => {
  assert.deepEqual((await readFaqRows('a.csv', bytes('id,Answer,Question\n1,At nine.,When do you open?\n'))).rows, [{ question: 'When do you open?', answer: 'At nine.' }]);
  assert.deepEqual((await readFaqRows('a.tsv', bytes('问题\t答案\n几点开门？\t九点。\n'))).rows, [{ question: '几点开门？', answer: '九点。' }]);
  assert.deepEqual((await readFaqRows('a.csv', bytes('When do you open?,At nine.\n'))).rows, [{ question: 'When do you open?', answer: 'At nine.' }]);
});

test('rows that hold no question or no answer are told by the number a spreadsheet shows', async () => {
  const { rows, refused } = await readFaqRows('a.csv', bytes(`question,answer\n?,At nine.\nWhere?,\n${'long '.repeat(200)},x\nWho?,Ann\n`));
  assert.deepEqual(rows, [{ question: 'Who?', answer: 'Ann' }]);
  assert.deepEqual(refused, [{ row: 2, reason: 'no-question' }, { row: 3, reason: 'no-answer' }, { row: 4, reason: 'long-question' }]);
});

test('an XLSX is read; a broken one and other files are refused with a sentence', async () => {
  assert.deepEqual((await readFaqRows('a.xlsx', workbook([['Question', 'Answer'], ['几点开门？', 'At nine.']]))).rows, [{ question: '几点开门？', answer: 'At nine.' }]);
  await assert.rejects(readFaqRows('a.xlsx', workbook([['Question', 'Answer']]).subarray(0, 200)), { code: 'invalid', message: /not a whole XLSX/ });
  await assert.rejects(readFaqRows('a.pdf', bytes('%PDF-1.7')), { code: 'invalid', message: /neither CSV nor XLSX/ });
  await assert.rejects(readFaqRows('a.csv', bytes('only\none\n')), { code: 'invalid', message: /one column/ });
  await assert.rejects(readFaqRows('a.csv', bytes('\n\n')), { code: 'invalid', message: /no rows/ });
});

test('in a library that is removed while questions are read for it nothing is stored, and that is said', async () => {
  const db = openDatabase(':memory:');
  const library = createLibrary(db, 'A');
  const verbs = faqVerbs(db, async (_topics, run) => run());
  const importing = verbs.importFaqs(library, 'a.csv', bytes('When do you open?,At nine.\n'));
  removeLibrary(db, library);
  await assert.rejects(importing, { code: 'not-found' });
  await assert.rejects(verbs.addFaq(library, 'When do you open?', 'At nine.'), { code: 'not-found' });
  assert.deepEqual(await verbs.faqs(library), []);
});

test('QA-5: the same question but for case, width and punctuation is an exact match; one that means the same is near; another on the same subject is neither', async () => {
  const db = openDatabase(':memory:');
  const [library, other] = [createLibrary(db, 'A'), createLibrary(db, 'B')];
  const verbs = faqVerbs(db, async (_topics, run) => run());
  const { match } = openFaqs(db, embedder);
  assert.equal(await match('When does the ferry leave?', [library]), undefined);
  await verbs.addFaq(library, 'When does the ferry leave?', 'At nine.');

  const exact = await match('ＷＨＥＮ does the ferry leave ！', [library]);
  assert.deepEqual([exact?.faq.answer, exact?.exact], ['At nine.', true]);
  assert.equal((await match('When does the ferry leave', [other]))?.faq.answer, undefined, 'of this library alone');
  const near = await match('When will the ferry leave?', [library, other]);
  assert.deepEqual([near?.faq.answer, near?.exact], ['At nine.', false]);
  assert.equal(await match('Where does the ferry leave?', [library]), undefined);
  assert.equal(await match('When does the train leave?', [library]), undefined);

  // Without an embedder nothing wins by a rank or a distance: words alone must agree.
  const byWords = openFaqs(db, undefined);
  assert.equal((await byWords.match('when does the ferry leave', [library]))?.exact, true);
  assert.equal(await byWords.match('How long is the ferry?', [library]), undefined);
});

test('an import replaces what is the same question, and a removal is seen by the next question', async () => {
  const db = openDatabase(':memory:');
  const library = createLibrary(db, 'A');
  const verbs = faqVerbs(db, async (_topics, run) => run());
  const { match } = openFaqs(db, embedder);
  await verbs.addFaq(library, 'When do you open?', 'At eight.');
  assert.equal((await match('when do you open', [library]))?.faq.answer, 'At eight.');
  assert.deepEqual(await verbs.importFaqs(library, 'a.csv', bytes('When do you open,At nine.\nWhere are you?,Here.\n')), { added: 1, replaced: 1, refused: [] });
  const found = (await match('when do you open', [library]))!;
  assert.equal(found.faq.answer, 'At nine.');
  await verbs.removeFaqs([found.faq.id]);
  assert.equal(await match('when do you open', [library]), undefined);
  assert.deepEqual((await verbs.faqs(library)).map(({ question }) => question), ['Where are you?']);
  await assert.rejects(verbs.addFaq(library, '  ', 'x'), { code: 'invalid' });
});

/** The smallest workbook (ECMA-376) with these rows in its one sheet, texts inline. */
function workbook(rows: string[][]): Uint8Array {
  const type = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const relations = (target: string, kind: string): string => `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="${type}/${kind}" Target="${target}"/></Relationships>`;
  const main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
  const cells = rows.map((row, r) => `<row r="${r + 1}">${row.map((text, c) => `<c r="${'AB'[c]}${r + 1}" t="inlineStr"><is><t>${text}</t></is></c>`).join('')}</row>`).join('');
  return zip({
    '[Content_Types].xml': '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
    '_rels/.rels': relations('xl/workbook.xml', 'officeDocument'),
    'xl/workbook.xml': `<workbook ${main} xmlns:r="${type}"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relations('worksheets/sheet1.xml', 'worksheet'),
    'xl/worksheets/sheet1.xml': `<worksheet ${main}><sheetData>${cells}</sheetData></worksheet>`,
  });
}

function zip(files: Record<string, string>): Uint8Array {
  const [parts, directory]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const [raw, path] = [Buffer.from(text), Buffer.from(name)];
    const packed = deflateRawSync(raw);
    const about = Buffer.alloc(26);
    [20, 0, 8, 0, 0].forEach((value, i) => about.writeUInt16LE(value, 2 * i));
    [crc32(raw), packed.length, raw.length].forEach((value, i) => about.writeUInt32LE(value, 10 + 4 * i));
    about.writeUInt16LE(path.length, 22);
    parts.push(Buffer.from('PK\x03\x04'), about, path, packed);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), about, tail, path);
    offset += 30 + path.length + packed.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  [parts.length / 4, parts.length / 4].forEach((value, i) => end.writeUInt16LE(value, 8 + 2 * i));
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...parts, listing, end]));
}

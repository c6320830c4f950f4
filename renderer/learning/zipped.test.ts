import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { zipEntries, zipText } from '../../engine/parse/zip.ts';
import { zipped } from './zipped.ts';

const files = [
  { path: 'export/qa-scored/train.json', text: '{"query":"谁画了磨坊？"}\n'.repeat(500) }, { path: 'export/corpus.jsonl', text: '{"id":0}\n' }, { path: 'export/问答/train.json', text: '' },
];

test('an archive has every file in its folder, as a reader of zip finds it, and packed', async () => {
  const bytes = await zipped(files);
  const entries = zipEntries(bytes);
  assert.deepEqual(entries.map((entry) => ({ path: entry.name, text: zipText(bytes, entry, 1e6) })), files);
  assert.ok(bytes.length < 2000, `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer);
  for (const [i, { offset }] of entries.entries()) assert.equal(view.getUint32(offset + 14, true), crc32(files[i]!.text));
  assert.deepEqual(await zipped(files), bytes, 'the same files are the same archive');
});

test('Info-ZIP unpacks it', async (t) => {
  if (spawnSync('unzip', ['-v']).error) return t.skip('there is no unzip on this machine');
  const folder = mkdtempSync(join(tmpdir(), 'lodestone-zip-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'a.zip'), await zipped(files));
  const { status, stdout } = spawnSync('unzip', ['-q', join(folder, 'a.zip'), '-d', folder], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
  assert.equal(readFileSync(join(folder, 'export/qa-scored/train.json'), 'utf8'), files[0]!.text);
});

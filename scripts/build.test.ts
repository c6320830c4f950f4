import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { SearchAnswer } from '../engine/api.ts';
import { buildIfStale, root } from './build.ts';

const dist = path.join(root, 'dist');

describe('what was built', () => {
  before(buildIfStale);

  test('is an engine that reads, indexes and finds, its threads included', async () => {
    const home = await mkdtemp(path.join(tmpdir(), 'lodestone-built-'));
    const lodestone = (...args: string[]) => promisify(execFile)(process.execPath, [path.join(dist, 'engine/cli.js'), ...args, '--data', path.join(home, 'data')]);
    await writeFile(path.join(home, 'ferry.md'), '# The ferry\n\nThe ferry to Kalvø leaves at ten past seven.\n');
    await lodestone('add', path.join(home, 'ferry.md'));
    const { hits } = JSON.parse((await lodestone('search', 'When does the ferry leave?', '--json')).stdout) as SearchAnswer;
    assert.equal(hits[0]?.documentName, 'ferry.md');
    await rm(home, { recursive: true });
  });

  test('reads a scan with the language data beside it', async () => {
    const scan = path.join(root, 'engine/parse/scan/testing/english.png');
    const { stdout } = await promisify(execFile)(process.execPath, [path.join(dist, 'engine/cli.js'), 'parse', scan]);
    assert.match(stdout, /The lighthouse keeper kept a journal/);
  });

  test('is a page with all that pdf.js asks for, and no script but its own files', async () => {
    for (const file of ['main.js', 'main.css', 'icon.svg', 'pdf.worker.mjs', 'cmaps/GBK-EUC-H.bcmap', 'standard_fonts/FoxitSerif.pfb', 'wasm/openjpeg.wasm']) {
      await access(path.join(dist, 'renderer', file));
    }
    const page = await readFile(path.join(dist, 'renderer/index.html'), 'utf8');
    assert.doesNotMatch(page, /<script(?![^>]*\bsrc=)|<style|style=|https?:/);
  });

  test('is a preload script that needs nothing but Electron', async () => {
    const preload = await readFile(path.join(dist, 'electron/preload.cjs'), 'utf8');
    assert.deepEqual([...preload.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name), ['electron']);
  });
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { AnswerPart, Document, SearchAnswer } from './api.ts';
import { pageDir } from './locations.ts';
import { makeSmallEmbedder } from './models/testing.ts';
import type { ParsedDocument } from './parse/document.ts';

const cli = new URL('./cli.ts', import.meta.url).pathname;
let home: string;
let files: string;

interface Ran { code: number | null; out: string; err: string }

/** One command line, in a process of its own, on the library of this file. */
async function lodestone(...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [cli, ...args], { env: { ...process.env, LODESTONE_DATA: path.join(home, 'data') } });
  const ran: Ran = { code: null, out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (ran.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (ran.err += text));
  ran.code = await new Promise((resolve) => child.on('close', resolve));
  return ran;
}

before(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'lodestone-cli-'));
  files = path.join(home, 'files');
  await mkdir(files);
  await writeFile(path.join(files, 'ferry.md'), '# The ferry\n\n## Timetable\n\nThe ferry to Kalvø leaves at ten past seven in the morning.\n');
  await writeFile(path.join(files, '年假.md'), '# 年假规定\n\n员工入职满一年后每年享有十五天年假。\n');
});
after(() => rm(home, { recursive: true, force: true }));

describe('a library from the terminal', () => {
  test('add takes a folder in and waits until it can be found', async () => {
    const { code, out, err } = await lodestone('add', files, '--library', 'Work');
    assert.deepEqual([code, out, err], [0, '2 added, 0 unchanged, in "Work".\n', '']);
  });

  test('add says of every file that could not be taken in why, and exits with 1', async () => {
    await writeFile(path.join(home, 'empty.md'), '');
    const { code, err } = await lodestone('add', path.join(home, 'empty.md'), path.join(home, 'nowhere.md'), '--library', 'Bad');
    assert.equal(code, 1);
    assert.match(err, /empty\.md: \S.+\n/);
    assert.match(err, /nowhere\.md: \S.+\n/);
  });

  test('list names the documents and their state', async () => {
    const { code, out } = await lodestone('list', '--library', 'Work', '--json');
    assert.equal(code, 0);
    const documents = JSON.parse(out) as (Document & { libraryName: string })[];
    assert.deepEqual(documents.map(({ name, libraryName, state }) => [libraryName, name, state.kind]).sort(), [['Work', 'ferry.md', 'ready'], ['Work', '年假.md', 'ready']]);
    assert.match((await lodestone('list')).out, /^Work\tferry\.md\tready, 1 chunks/m);
  });

  test('search finds passages, in text and as data', async () => {
    const { hits } = JSON.parse((await lodestone('search', '年假', '--json')).out) as SearchAnswer;
    assert.equal(hits[0]?.documentName, '年假.md');
    const { out } = await lodestone('search', 'when', 'does', 'the', 'ferry', 'leave', '--limit', '1', '--leg', 'words');
    assert.match(out, /^1\. \d\.\d\d {2}ferry\.md › The ferry/);
    assert.doesNotMatch(out, /^2\./m);
  });

  test('ask answers with its places, part by part with --json', async () => {
    const { code, out } = await lodestone('ask', 'When does the ferry to Kalvø leave?');
    assert.equal(code, 0);
    assert.match(out, /ten past seven in the morning\.\[1\]/);
    assert.match(out, /^\[1\] ferry\.md › The ferry/m);
    const parts = (await lodestone('ask', 'When does the ferry to Kalvø leave?', '--json')).out.trim().split('\n').map((line) => JSON.parse(line) as AnswerPart);
    assert.deepEqual([parts[0]?.kind, parts.at(-1)?.kind], ['begun', 'done']);
  });

  test('a library that is not there is named, with those that are', async () => {
    const { code, err } = await lodestone('search', 'ferry', '--library', 'Home');
    assert.deepEqual([code, err], [1, 'There is no library "Home". There are: Work, Bad.\n']);
  });
});

describe('parse', () => {
  test('prints the blocks of a file with their places', async () => {
    const { code, out } = await lodestone('parse', path.join(files, 'ferry.md'), '--json');
    assert.equal(code, 0);
    const document = JSON.parse(out) as ParsedDocument;
    assert.deepEqual(document.blocks.map(({ kind }) => kind), ['heading', 'heading', 'paragraph']);
    for (const { text, place } of document.blocks) assert.equal(document.text.slice(place.start, place.end), text);
    assert.deepEqual(document.blocks[2]!.place.headings, ['The ferry', 'Timetable']);
  });

  test('says why a file cannot be read, with the code where data was asked for', async () => {
    const file = path.join(home, 'nothing.txt');
    await writeFile(file, '');
    const { code, out, err } = await lodestone('parse', file, '--json');
    assert.deepEqual([code, out, (JSON.parse(err) as { code: string }).code], [1, '', 'empty']);
    assert.match((await lodestone('parse', file)).err, /^[A-Z].+\.\n$/);
  });
});

describe('models from the terminal', () => {
  let added: string;

  test('lists what is there, says what a folder holds, and why another cannot be used', async () => {
    const { code, out } = await lodestone('models');
    assert.equal(code, 0);
    assert.match(out, /^\*\tembedder\tlodestone-embed/m);
    await makeSmallEmbedder(path.join(home, 'model'), { id: 'small', dimensions: 8, seed: 1 });
    assert.match((await lodestone('models', 'inspect', path.join(home, 'model'))).out, /^embedder\tSmall small\tlodestone\t/);
    const refused = await lodestone('models', 'add', files);
    assert.deepEqual([refused.code, refused.out], [1, '']);
    assert.match(refused.err, /cannot be used/);
  });

  test('shows what could be fetched and what servers there are; a model of a server is added with its key from standard input', async (t) => {
    assert.match((await lodestone('models', 'catalog')).out, /^ \tllm\tqwen3-0\.6b\t/m);
    assert.match((await lodestone('models', 'download', 'nothing')).err, /not in the catalogue/);
    const server = createServer((request, response) => {
      if (request.headers.authorization === 'Bearer sk-1') response.end('{"data":[{"id":"writer","max_model_len":4096}]}');
      else response.writeHead(401).end('{}');
    }).listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const child = spawn(process.execPath, [cli, 'models', 'connect', address, 'writer', '--key'], { env: { ...process.env, LODESTONE_DATA: path.join(home, 'data') }, stdio: ['pipe', 'ignore', 'inherit'] });
    child.stdin.end('sk-1\n');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
    assert.match((await lodestone('models')).out, new RegExp(`^ \tllm\t127\\.0\\.0\\.1:\\d+/writer\twriter\t${address}$`, 'm'));
  });

  test('adds one, uses it for the library, and removes it once another is in use', async () => {
    added = (await lodestone('models', 'add', path.join(home, 'model'))).out.trim();
    assert.equal((await lodestone('models', 'use', 'embedder', added)).code, 0);
    assert.match((await lodestone('models')).out, new RegExp(`^\\*\tembedder\t${added}\t`, 'm'));
    assert.match((await lodestone('models', 'remove', added)).err, /in use/);
    assert.equal((await lodestone('models', 'use', 'embedder')).code, 0);
    assert.equal((await lodestone('models', 'remove', added)).code, 0);
    assert.doesNotMatch((await lodestone('models')).out, /small/);
  });
});

test('serve prints the address, answers there, and ends on a signal', async (t) => {
  if (!existsSync(pageDir)) return t.skip('the page is not built (npm run build)');
  const child = spawn(process.execPath, [cli, 'serve', '--json'], { env: { ...process.env, LODESTONE_DATA: path.join(home, 'served') } });
  const { url, token } = await new Promise<{ url: string; token: string }>((resolve, reject) => {
    child.stdout.once('data', (line: Buffer) => resolve(JSON.parse(String(line))));
    child.stderr.once('data', (line: Buffer) => reject(new Error(String(line))));
  });
  assert.ok(url.endsWith(`#token=${token}`));
  assert.match(await (await fetch(url)).text(), /<title>Lodestone<\/title>/);
  child.kill('SIGTERM');
  assert.equal(await new Promise((resolve) => child.on('exit', resolve)), 0);
});

test('a command that is misused says how it is used, and exits with 2', async () => {
  for (const args of [['frobnicate'], ['search'], ['parse'], ['search', 'x', '--limit', 'ten'], ['search', 'x', '--leg', 'arm'], ['list', '--frobnicate'], ['list', 'x'], ['models', 'use', 'oracle'], ['models', 'frobnicate']]) {
    const { code, out, err } = await lodestone(...args);
    assert.deepEqual([args, code, out], [args, 2, '']);
    assert.match(err, /Usage: lodestone|Known are|whole number|words or vectors/);
  }
  for (const args of [[], ['--help'], ['add', '--help']]) {
    const { code, out } = await lodestone(...args);
    assert.deepEqual([code, out.includes('lodestone add PATH…')], [0, true]);
  }
});

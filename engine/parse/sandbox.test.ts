import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { openParser } from './sandbox.ts';
import type { Parser, ParserLimits } from './sandbox.ts';

const LIMITS: ParserLimits = { seconds: 20, megabytes: 512, fileMegabytes: 1 };
const SMALL = { name: 'a.txt', bytes: new TextEncoder().encode('small') };

const folder = mkdtempSync(join(tmpdir(), 'parser-'));
after(() => rmSync(folder, { recursive: true }));

function open(context: { after(fn: () => Promise<void>): void }, limits: Partial<ParserLimits> = {}, thread?: URL): Parser {
  const parser = openParser(() => ({ ...LIMITS, ...limits }), thread);
  context.after(() => parser.close());
  return parser;
}

/** A thread that runs `misdeed` for a file called "bad" and answers well for any other. */
function threadWith(misdeed: string): URL {
  const script = `import { parentPort } from 'node:worker_threads';
    parentPort.on('message', async ({ file }) => {
      if (file.name === 'bad') { ${misdeed} }
      parentPort.postMessage({ document: { type: 'text', text: 'fine', blocks: [], warnings: [] } });
    });`;
  return new URL(`data:text/javascript,${encodeURIComponent(script)}`);
}

test('files are parsed by path and by content, one after the other, in one thread', async (context) => {
  const parser = open(context);
  writeFileSync(join(folder, '笔记.md'), '# 标题\n\n正文。\n');
  const [byPath, byContent] = await Promise.all([parser.parse(join(folder, '笔记.md')), parser.parse(SMALL)]);
  assert.deepEqual([byPath.type, byPath.title, byPath.text], ['markdown', '标题', '标题\n\n正文。']);
  assert.equal(byContent.text, 'small');
  assert.equal(SMALL.bytes.length, 5, 'the content stays with the caller');
});

test('a file that is missing, a folder, unreadable or too large is refused before it is read', async (context) => {
  const parser = open(context);
  await assert.rejects(parser.parse(join(folder, 'gone.txt')), { name: 'ParseFailure', code: 'missing', message: /no longer there/ });
  await assert.rejects(parser.parse(folder), { code: 'unreadable', message: /folder/ });
  await assert.rejects(parser.parse('/dev/null/x'), { code: 'missing' });
  const large = join(folder, 'large.txt');
  writeFileSync(large, 'x'.repeat(2_000_000));
  await assert.rejects(parser.parse(large), { code: 'too-large', message: /2 MB, more than the 1 MB allowed/ });
  await assert.rejects(parser.parse({ name: 'large.txt', bytes: new Uint8Array(2_000_000) }), { code: 'too-large' });
  const locked = join(folder, 'locked.txt');
  writeFileSync(locked, 'secret');
  chmodSync(locked, 0);
  if (process.getuid?.() !== 0 && process.platform !== 'win32') await assert.rejects(parser.parse(locked), { code: 'unreadable', message: /permissions/ });
  assert.equal((await parser.parse(SMALL)).text, 'small');
});

test('a parser that never ends is ended, and the next file is read', async (context) => {
  for (const misdeed of ['for (;;);', 'await new Promise(() => {});', '/^(a+)+$/.test("a".repeat(50) + "b");']) {
    const parser = open(context, { seconds: 3 }, threadWith(misdeed));
    const [bad, next] = await Promise.allSettled([parser.parse({ name: 'bad', bytes: SMALL.bytes }), parser.parse(SMALL)]);
    assert.equal(bad.status === 'rejected' && bad.reason.code, 'too-slow', misdeed);
    assert.equal(next.status === 'fulfilled' && next.value.text, 'fine', misdeed);
  }
});

test('a file that gives signs of life may take longer than the limit', async (context) => {
  const parser = open(context, { seconds: 3 }, threadWith("for (let sign = 0; sign < 80; sign++) { parentPort.postMessage({ alive: true }); await new Promise((resolve) => setTimeout(resolve, 50)); }"));
  assert.equal((await parser.parse({ name: 'bad', bytes: SMALL.bytes })).text, 'fine');
});

test('a parser that eats memory, of whatever kind, is ended without taking the process down', async (context) => {
  const misdeeds = {
    objects: 'const all = []; for (;;) all.push({ a: all.length, b: [1, 2, 3] });',
    strings: 'const all = []; for (;;) { all.push(String(Math.random()).repeat(50_000)); all.at(-1).indexOf("x"); }',
    buffers: 'const all = []; for (;;) all.push(Buffer.alloc(1_000_000, 1));',
    'one array beyond the limit': 'const all = new Array(6e7).fill(0); for (;;) all.push({});',
  };
  for (const [kind, misdeed] of Object.entries(misdeeds)) {
    const parser = open(context, { megabytes: 100, seconds: 300 }, threadWith(misdeed));
    await assert.rejects(parser.parse({ name: 'bad', bytes: SMALL.bytes }), { name: 'ParseFailure', code: 'too-much-memory', message: /100 MB/ }, kind);
    assert.equal((await parser.parse(SMALL)).text, 'fine', kind);
  }
});

test('a thread that crashes counts against the file it read, and the next file is read', async (context) => {
  for (const misdeed of ['process.exit(3);', 'setTimeout(() => { throw new Error("late"); }); await new Promise(() => {});', 'throw new Error("now");']) {
    const parser = open(context, {}, threadWith(misdeed));
    await assert.rejects(parser.parse({ name: 'bad', bytes: SMALL.bytes }), { code: 'damaged', message: /stopped the program/ }, misdeed);
    assert.equal((await parser.parse(SMALL)).text, 'fine');
  }
});

test('a thread that crashes after it answered harms neither that file nor the next', async (context) => {
  const parser = open(context, {}, threadWith('setTimeout(() => { throw new Error("late"); }, 20);'));
  assert.equal((await parser.parse({ name: 'bad', bytes: SMALL.bytes })).text, 'fine');
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal((await parser.parse(SMALL)).text, 'fine');
});

test('text nested without end is refused in words, not with a crash', async (context) => {
  const parser = open(context);
  await assert.rejects(parser.parse({ name: 'a.html', bytes: Buffer.from(`${'<div>'.repeat(100_000)}x`) }), { code: 'damaged', message: /nested too deeply/ });
});

test('cancelling ends the file under way at once; a file that waits is never begun', async (context) => {
  const parser = open(context, {}, threadWith('for (;;);'));
  const cancel = new AbortController();
  const bad = parser.parse({ name: 'bad', bytes: SMALL.bytes }, { signal: cancel.signal });
  const waiting = parser.parse({ name: 'bad', bytes: SMALL.bytes }, { signal: cancel.signal });
  setTimeout(() => cancel.abort(), 100);
  await assert.rejects(bad, { name: 'EngineError', code: 'cancelled' });
  await assert.rejects(waiting, { code: 'cancelled' });
  assert.equal((await parser.parse(SMALL)).text, 'fine');
});

test('closing cancels what is under way and what comes after', async (context) => {
  const parser = open(context, {}, threadWith('for (;;);'));
  const bad = parser.parse({ name: 'bad', bytes: SMALL.bytes });
  setTimeout(() => void parser.close(), 100);
  await assert.rejects(bad, { code: 'cancelled' });
  await assert.rejects(parser.parse(SMALL), { code: 'cancelled' });
});

test('a change of the limits holds from the next file on', async (context) => {
  let fileMegabytes = 1;
  const parser = openParser(() => ({ ...LIMITS, fileMegabytes }));
  context.after(() => parser.close());
  const large = { name: 'a.txt', bytes: new TextEncoder().encode('word '.repeat(300_000)) };
  await assert.rejects(parser.parse(large), { code: 'too-large' });
  fileMegabytes = 2;
  assert.equal((await parser.parse(large)).type, 'text');
});

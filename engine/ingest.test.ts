import assert from 'node:assert/strict';
import { renameSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { EngineError, type DocumentId } from './api.ts';
import { addPaths } from './files.ts';
import { openParser, type Parser } from './parse/sandbox.ts';
import { bodyOf } from './store/contents.ts';
import { dismiss, document, enqueue, files, rename, waiting } from './store/documents.ts';
import { ingesting } from './testing.ts';

/** The loop that reads documents: one that cannot be read, or changes meanwhile, harms no other. */

const EARLIER = 1_000_000;

/** Two files in the queue; the first is read and waits for our lock to be stored, the second is being read. */
async function readingTwo(t: TestContext, second: string) {
  const made = ingesting(t);
  const { db, root, library, ingest } = made;
  const paths = ['1.md', '2.md'].map((name) => join(root, name));
  writeFileSync(paths[0]!, '# One');
  writeFileSync(paths[1]!, second);
  utimesSync(paths[1]!, EARLIER, EARLIER);
  const { documents } = await addPaths(db, library, paths);
  db.exec('begin immediate');
  ingest.wake();
  while (made.parsed() < 2) await setImmediate();
  return { ...made, path: paths[1]!, first: documents[0]!, second: documents[1]! };
}

const textOf = (db: Parameters<typeof bodyOf>[0], id: DocumentId): string => bodyOf(db, id).blocks.map(({ text }) => text).join('\n');

test('a file that is larger than can be read at once is refused, and the next is read', async (t) => {
  const { db, library, root, rested } = ingesting(t);
  const [large, small] = ['large.txt', 'small.md'].map((name) => join(root, name)) as [string, string];
  writeFileSync(large, '');
  truncateSync(large, 2 ** 31);
  writeFileSync(small, '# Small');
  const { documents: [one, other] } = await addPaths(db, library, [large, small]);
  await rested();
  const { state } = document(db, one!);
  assert.ok(state.kind === 'failed' && state.code === 'too-large');
  assert.equal(document(db, other!).state.kind, 'ready');
});

test('a file for which there is no memory is refused, and the next is read', async (t) => {
  const opened = openParser(() => ({ seconds: 60, megabytes: 1024, fileMegabytes: 4096 }));
  const noRoom = [new RangeError('Array buffer allocation failed'), new DOMException('Data cannot be cloned, out of memory.', 'DataCloneError')];
  const parser: Parser = {
    parse: async (...asked) => {
      const failure = noRoom.shift();
      if (failure) throw failure;
      return opened.parse(...asked);
    },
    close: () => opened.close(),
  };
  const { db, library, root, rested } = ingesting(t, { parser });
  const paths = ['1.md', '2.md', '3.md'].map((name) => join(root, name));
  for (const path of paths) writeFileSync(path, `# ${path}`);
  const { documents } = await addPaths(db, library, paths);
  await rested();
  assert.deepEqual(documents.map((id) => document(db, id).state).map((state) => (state.kind === 'failed' ? state.code : state.kind)), ['too-much-memory', 'too-much-memory', 'ready']);
  await parser.close();
});

/** A parser that reads files called `scan…` page by page without end, until it may finish; and what it was given, in order. */
function scanning(opened: Parser) {
  const given: string[] = [];
  const scan = { mayEnd: false, given };
  const parser: Parser = {
    async parse(file, { signal, onSign } = {}) {
      const { name, bytes } = file as { name: string; bytes: Uint8Array };
      given.push(name);
      if (name.startsWith('scan')) while (!scan.mayEnd) {
        onSign!();
        if (signal!.aborted) throw new EngineError('cancelled', 'It was put off.');
        await setImmediate();
      }
      return opened.parse({ name, bytes });
    },
    close: () => opened.close(),
  };
  return { scan, parser };
}

test('a long scan gives way to what is read faster, is read when nothing else waits, and left when it is removed', async (t) => {
  const opened = openParser(() => ({ seconds: 60, megabytes: 1024, fileMegabytes: 4096 }));
  t.after(() => opened.close());
  const { scan, parser } = scanning(opened);
  const { db, library, root, ingest, rested } = ingesting(t, { parser, patience: 0 });
  const paths = ['scan.md', '1.md', '2.md'].map((name) => join(root, name));
  for (const path of paths) writeFileSync(path, `# ${path}`);
  const { documents: [scanned, ...others] } = await addPaths(db, library, paths);
  ingest.wake();
  const kind = (id: DocumentId | undefined): string => document(db, id!).state.kind;
  while (scan.given.filter((name) => name === 'scan.md').length < 2) await setImmediate();
  assert.deepEqual(others.map(kind), ['ready', 'ready']);
  assert.equal(kind(scanned), 'waiting');

  // What arrives in the middle of it does not wait for it either.
  writeFileSync(join(root, '3.md'), '# Three');
  const { documents: [late] } = await addPaths(db, library, [join(root, '3.md')]);
  while (kind(late) !== 'ready') await setImmediate();
  assert.equal(kind(scanned), 'waiting');
  scan.mayEnd = true;
  await rested();
  assert.equal(kind(scanned), 'ready');

  scan.mayEnd = false;
  const other = join(root, 'scan of another.md');
  writeFileSync(other, '# Another');
  const { documents: [removed] } = await addPaths(db, library, [other]);
  ingest.wake();
  while (scan.given.at(-1) !== 'scan of another.md') await setImmediate();
  dismiss(db, [removed!]);
  await rested();
  assert.ok(!files(db, 0 as DocumentId, 10).some(({ id }) => id === removed));
});

test('where the disk is full it says so, and goes on by itself once there is room', async (t) => {
  const { db, own, library, root, ingest, rested } = ingesting(t);
  const path = join(root, 'long.md');
  writeFileSync(path, 'The rent is ten euros. '.repeat(20_000));
  const { documents: [id] } = await addPaths(db, library, [path]);
  const pages = db.pragma('page_count', { simple: true }) as number;
  own.pragma(`max_page_count = ${pages + 8}`);
  ingest.wake();
  while (!ingest.progress().diskFull) await setImmediate();
  assert.equal(document(db, id!).state.kind, 'waiting');
  own.pragma(`max_page_count = ${pages + 10_000}`);
  await rested();
  assert.equal(document(db, id!).state.kind, 'ready');
  assert.equal(ingest.progress().diskFull, false);
});

test('a file that is replaced while it is read, by one of the same time, is read as it is now', async (t) => {
  const { db, library, rested, path, second } = await readingTwo(t, '# As it was');
  writeFileSync(path, '# As it is now');
  utimesSync(path, EARLIER, EARLIER);
  enqueue(db, library, { name: '2.md', path, bytes: 14, modified: EARLIER * 1000 });
  db.exec('commit');
  await rested();
  assert.equal(textOf(db, second), 'As it is now');
});

test('a file that is found elsewhere while it is missed is read there', async (t) => {
  const { db, library, root, ingest, rested } = ingesting(t);
  const [before, now] = [join(root, 'before.md'), join(root, 'now.md')];
  writeFileSync(before, '# Lease');
  const { documents: [id] } = await addPaths(db, library, [before]);
  renameSync(before, now);
  db.exec('begin immediate');
  ingest.wake();
  while (ingest.progress().reading === undefined) await setImmediate();
  rename(db, id!, { name: 'now.md', path: now });
  db.exec('commit');
  await rested();
  assert.equal(document(db, id!).state.kind, 'ready');
  assert.equal(textOf(db, id!), 'Lease');
});

test('what another process put in the queue is read, though nobody says so', async (t) => {
  const { db, library, root, rested } = ingesting(t, { lookedAgain: 20 });
  await rested();
  writeFileSync(join(root, 'lease.md'), '# Lease');
  const { documents: [id] } = await addPaths(db, library, [join(root, 'lease.md')]);
  while (document(db, id!).state.kind !== 'ready') await setImmediate();
});

test('closing in the middle of two files leaves the one to be read again, without a word', async (t) => {
  const { db, ingest, parser, first, second } = await readingTwo(t, 'This takes a moment to be read.\n\n'.repeat(200_000));
  const closed = ingest.close();
  db.exec('commit');
  await closed;
  await parser.close();
  assert.equal(document(db, first).state.kind, 'ready');
  assert.deepEqual(waiting(db, 2).map(({ id }) => id), [second]);
});

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import type { AnswerPart, Engine, LibraryId, Question, Turn } from './api.ts';
import { openEngine } from './engine.ts';
import { openDatabase } from './store/database.ts';
import { idle } from './testing.ts';

const resourcesDir = fileURLToPath(new URL('../resources', import.meta.url));

const LEASE = '# Lease\n\nThe flat has three rooms.\n\n## Rent\n\nThe monthly rent is 1,250 euros. It rises by two percent every January.\n';
const TEA = '# 茶叶\n\n绿茶用八十度的水冲泡。红茶用沸水冲泡，需要三到五分钟。\n';

interface House { engine: Engine; library: LibraryId; root: string; dataDir: string; put(name: string, text: string): string; reopen(): Promise<Engine> }

/** An engine with one library and a folder to put files in. */
async function house(t: TestContext): Promise<House> {
  const root = mkdtempSync(join(tmpdir(), 'lodestone-engine-'));
  const dataDir = join(root, 'data');
  mkdirSync(join(root, 'files'));
  const open = () => openEngine({ dataDir, resourcesDir });
  const made: House = {
    engine: await open(), library: 0 as LibraryId, root: join(root, 'files'), dataDir,
    put(name, text) {
      const path = join(root, 'files', name);
      writeFileSync(path, text);
      return path;
    },
    async reopen() {
      await made.engine.close();
      return (made.engine = await open());
    },
  };
  t.after(async () => {
    await made.engine.close();
    rmSync(root, { recursive: true, force: true });
  });
  made.library = await made.engine.createLibrary('Home');
  return made;
}

async function ask(engine: Engine, question: Question): Promise<{ parts: AnswerPart[]; turn: Turn }> {
  const parts: AnswerPart[] = [];
  for await (const part of engine.ask(question)) parts.push(part);
  const last = parts.at(-1)!;
  assert.ok(last.kind === 'done');
  return { parts, turn: last.turn };
}

const names = async (engine: Engine, library: LibraryId) => (await engine.documents({ library, offset: 0, limit: 100 })).documents.map(({ name }) => name);
const first = async (engine: Engine, question: string) => (await engine.search({ question })).hits[0]?.documentName;

/** Waits until a condition holds, for what the file system tells us in its own time. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400 && !(await holds()); i++) await delay(25);
  assert.ok(await holds(), 'it did not happen within ten seconds');
}

test('drop a file, ask, and every citation quotes the very words at its place', async (t) => {
  const { engine, library, put } = await house(t);
  await engine.add(library, [put('lease.md', LEASE), put('茶叶.md', TEA)]);
  await idle(engine);
  const { turn } = await ask(engine, { question: 'How much is the monthly rent?' });
  assert.equal(turn.answer.outcome, 'answered');
  const citations = turn.answer.sentences.flatMap((sentence) => sentence.citations);
  assert.equal(citations[0]!.documentName, 'lease.md');
  assert.match(citations[0]!.quote, /1,250 euros/);
  assert.deepEqual(citations[0]!.place.headings, ['Lease', 'Rent']);
  for (const { document, quote, place } of citations) {
    const text = (await engine.blocks(document)).map((block) => block.text).join('\n\n');
    assert.equal(text.slice(place.start, place.end), quote);
  }
  const chinese = await ask(engine, { question: '红茶用沸水冲泡几分钟？' });
  assert.match(chinese.turn.answer.sentences.map(({ text }) => text).join(''), /三到五分钟/);
});

test('whoever asks again when told so ends up with what is true', async (t) => {
  const { engine, library, put } = await house(t);
  const seen: string[] = [];
  void (async () => {
    for await (const topic of engine.changes()) {
      if (topic !== 'documents') continue;
      const { documents } = await engine.documents({ library, offset: 0, limit: 10 });
      seen.push(documents.map(({ state }) => (state.kind === 'ready' ? `${state.embedded} of ${state.chunks}` : state.kind)).join());
    }
  })();
  await engine.add(library, [put('lease.md', LEASE), put('茶叶.md', TEA)]);
  await idle(engine);
  await until(async () => /^(\d+) of \1,(\d+) of \2$/.test(seen.at(-1) ?? ''));
});

test('what is not in the documents is said to be not found, with the nearest passages', async (t) => {
  const { engine, library, put } = await house(t);
  await engine.add(library, [put('lease.md', LEASE), put('茶叶.md', TEA)]);
  await idle(engine);
  const { turn } = await ask(engine, { question: 'Which volcano erupted in Iceland in 2010?' });
  assert.equal(turn.answer.outcome, 'not-found');
  assert.deepEqual(turn.answer.sentences, []);
});

test('a conversation is kept, can be searched, and follow-up questions carry its topic', async (t) => {
  const home = await house(t);
  await home.engine.add(home.library, [home.put('lease.md', LEASE)]);
  await idle(home.engine);
  const { turn } = await ask(home.engine, { question: 'How much is the monthly rent?' });
  const next = await ask(home.engine, { question: 'And when does it rise?', conversation: turn.conversation });
  assert.match(next.turn.standalone ?? '', /rent/);
  const engine = await home.reopen();
  const [conversation] = await engine.conversations('rent');
  assert.equal(conversation?.turns, 2);
  assert.deepEqual(await engine.conversations('zeppelin'), []);
  assert.deepEqual((await engine.turns(conversation!.id)).map(({ question }) => question), ['How much is the monthly rent?', 'And when does it rise?']);
  await engine.removeConversation(conversation!.id);
  assert.deepEqual(await engine.conversations(), []);
});

test('an answer that is left in the middle is stored as stopped', async (t) => {
  const { engine, library, put } = await house(t);
  await engine.add(library, [put('lease.md', LEASE)]);
  await idle(engine);
  for await (const part of engine.ask({ question: 'How much is the rent?' })) if (part.kind === 'hits') break;
  const [conversation] = await engine.conversations();
  const [turn] = await engine.turns(conversation!.id);
  assert.equal(turn!.answer.outcome, 'stopped');
  assert.ok(turn!.hits.length > 0);
});

test('a removed document is gone from every answer at once; an excluded one until it is included again', async (t) => {
  const { engine, library, put } = await house(t);
  const { documents } = await engine.add(library, [put('lease.md', LEASE)]);
  await idle(engine);
  assert.equal(await first(engine, 'monthly rent'), 'lease.md');
  await engine.include(documents, false);
  assert.equal(await first(engine, 'monthly rent'), undefined);
  await engine.include(documents, true);
  assert.equal(await first(engine, 'monthly rent'), 'lease.md');
  await engine.removeDocuments(documents);
  assert.equal(await first(engine, 'monthly rent'), undefined);
  await idle(engine);
  assert.deepEqual((await engine.health()).problems, []);
});

test('a folder is watched: new, changed and deleted files are followed', async (t) => {
  const { engine, library, root, put } = await house(t);
  put('lease.md', LEASE);
  await engine.add(library, [root]);
  await idle(engine);
  put('茶叶.md', TEA);
  await until(async () => (await names(engine, library)).length === 2);
  put('lease.md', LEASE.replace('1,250', '9,999').replace('euros', 'guilders'));
  await until(async () => (await engine.search({ question: 'guilders' })).hits.some((hit) => hit.text.includes('9,999')));
  assert.ok((await engine.search({ question: 'monthly rent' })).hits.every((hit) => !hit.text.includes('1,250')), 'the old text is gone');
  rmSync(join(root, 'lease.md'));
  await until(async () => (await names(engine, library)).length === 1);
});

test('a folder inside a watched folder may be renamed and deleted; the watched folder itself may go away and come back', async (t) => {
  const { engine, library, root, put } = await house(t);
  mkdirSync(join(root, 'old'));
  put('old/lease.md', LEASE);
  put('茶叶.md', TEA);
  await engine.add(library, [root]);
  await idle(engine);
  const paths = async () => (await engine.documents({ library, offset: 0, limit: 10 })).documents.map(({ path }) => path!.slice(root.length + 1)).sort();
  renameSync(join(root, 'old'), join(root, 'new'));
  await until(async () => String(await paths()) === 'new/lease.md,茶叶.md');
  rmSync(join(root, 'new'), { recursive: true });
  await until(async () => String(await paths()) === '茶叶.md');
  renameSync(root, `${root}.away`);
  await delay(1000);
  assert.deepEqual(await paths(), ['茶叶.md'], 'a drive that is not there keeps its documents');
  renameSync(`${root}.away`, root);
  await delay(1000);
  put('lease.md', LEASE);
  await until(async () => String(await paths()) === 'lease.md,茶叶.md');
});

test('a file that was put back where it was is read again by itself', async (t) => {
  const { engine, library, put } = await house(t);
  const path = put('lease.md', LEASE);
  await engine.add(library, [path]);
  await idle(engine);
  renameSync(path, `${path}.away`);
  await until(async () => (await first(engine, 'monthly rent')) === undefined);
  renameSync(`${path}.away`, path);
  await until(async () => (await first(engine, 'monthly rent')) !== undefined);
});

test('a document taken out of a watched folder stays out, until it is added once more', async (t) => {
  const home = await house(t);
  home.put('lease.md', LEASE);
  const tea = home.put('茶叶.md', TEA);
  await home.engine.add(home.library, [home.root]);
  await idle(home.engine);
  const { documents } = await home.engine.documents({ library: home.library, name: '茶叶', offset: 0, limit: 1 });
  await home.engine.removeDocuments([documents[0]!.id]);
  await idle(home.engine);
  assert.deepEqual(await names(home.engine, home.library), ['lease.md']);
  writeFileSync(tea, `${TEA}\n白茶。`);
  const engine = await home.reopen();
  await idle(engine);
  assert.deepEqual(await names(engine, home.library), ['lease.md']);
  await engine.add(home.library, [home.root]);
  assert.deepEqual(await names(engine, home.library), ['lease.md', '茶叶.md']);
});

test('changes made while the engine was closed are found when it opens', async (t) => {
  const home = await house(t);
  const path = home.put('lease.md', LEASE);
  await home.engine.add(home.library, [path]);
  await idle(home.engine);
  await home.engine.close();
  renameSync(path, `${path}.away`);
  const engine = await home.reopen();
  await until(async () => (await engine.documents({ library: home.library, offset: 0, limit: 1 })).documents[0]!.state.kind === 'failed');
  const { documents: [gone] } = await engine.documents({ library: home.library, offset: 0, limit: 1 });
  assert.ok(gone!.state.kind === 'failed' && gone!.state.code === 'missing' && !gone!.state.kept);
  assert.equal(await first(engine, 'monthly rent'), undefined);
});

test('bytes from a browser are kept inside, once, and go when the document goes', async (t) => {
  const { engine, library } = await house(t);
  const bytes = new TextEncoder().encode(LEASE);
  const { documents: [id] } = await engine.addFile(library, '../../lease.md', bytes);
  assert.equal((await engine.addFile(library, 'lease.md', bytes)).unchanged, 1);
  await idle(engine);
  assert.equal((await engine.document(id!)).name, 'lease.md');
  assert.equal((await engine.document(id!)).path, undefined);
  assert.equal(await engine.fileSize(id!), bytes.length);
  assert.equal(new TextDecoder().decode(await engine.fileBytes(id!, 2, 7)), 'Lease');
  await engine.removeDocuments([id!]);
  await idle(engine);
  await assert.rejects(engine.fileSize(id!), { code: 'not-found' });
});

test('of two kept files with equal bytes, one stays whole when the other goes; a long name is kept', async (t) => {
  const { engine, library } = await house(t);
  const bytes = new TextEncoder().encode(LEASE);
  const { documents: [one] } = await engine.addFile(library, 'lease.md', bytes);
  const { documents: [other] } = await engine.addFile(library, `${'租赁合同'.repeat(40)}.md`, bytes);
  await idle(engine);
  await engine.removeDocuments([one!]);
  await idle(engine);
  assert.equal((await engine.document(other!)).name, `${'租赁合同'.repeat(40)}.md`);
  assert.equal(await engine.fileSize(other!), bytes.length);
});

test('bytes that a killed process left without a row are deleted at the next start; a document keeps its own', async (t) => {
  const home = await house(t);
  const { documents: [id] } = await home.engine.addFile(home.library, 'lease.md', new TextEncoder().encode(LEASE));
  await idle(home.engine);
  const stray = join(home.dataDir, 'files', String(home.library), 'f00d');
  mkdirSync(stray);
  writeFileSync(join(stray, 'lost.pdf'), 'half');
  utimesSync(stray, 0, 0);
  const engine = await home.reopen();
  await until(async () => !existsSync(stray));
  assert.ok(await engine.fileSize(id!) > 0);
});

test('a file that cannot be read becomes a row that says why, and the others go on', async (t) => {
  const { engine, library, put } = await house(t);
  await engine.add(library, [put('empty.txt', '  \n'), put('broken.pdf', '%PDF-1.7 nothing follows'), put('lease.md', LEASE)]);
  await idle(engine);
  const { documents } = await engine.documents({ library, offset: 0, limit: 10 });
  const states = Object.fromEntries(documents.map(({ name, state }) => [name, state.kind === 'failed' ? state.code : state.kind]));
  assert.deepEqual(states, { 'broken.pdf': 'damaged', 'empty.txt': 'empty', 'lease.md': 'ready' });
});

test('thumbs are events with everything around them frozen; they can be exported and deleted', async (t) => {
  const { engine, library, put } = await house(t);
  const { documents: [lease] } = await engine.add(library, [put('lease.md', LEASE)]);
  await idle(engine);
  const { turn } = await ask(engine, { question: 'How much is the monthly rent?' });
  await engine.signal({ kind: 'answer-thumb', turn: turn.id, thumb: 'down' });
  await engine.signal({ kind: 'answer-thumb', turn: turn.id, thumb: 'up' });
  await engine.signal({ kind: 'citation-thumb', turn: turn.id, number: 1, thumb: 'up' });
  const where = LEASE.indexOf('It rises') > 0 ? (await engine.blocks(lease!)).find((block) => block.text.includes('rises'))!.place : assert.fail();
  await engine.signal({ kind: 'right-place', turn: turn.id, document: lease!, start: where.start, end: where.end });
  assert.deepEqual((await engine.turns(turn.conversation))[0]!.thumbs, { answer: 'up', citations: { 1: 'up' } });
  await assert.rejects(engine.signal({ kind: 'citation-thumb', turn: turn.id, number: 99, thumb: 'up' }), { code: 'invalid' });

  const exported = (await engine.exportFeedback()).trim().split('\n').map((line) => JSON.parse(line) as { signal: { kind: string }; context: { turn: Turn; span?: { text: string } } });
  assert.deepEqual(exported.map(({ signal }) => signal.kind), ['answer-thumb', 'answer-thumb', 'citation-thumb', 'right-place']);
  const { context } = exported[3]!;
  assert.match(context.span!.text, /rises by two percent/);
  assert.equal(context.turn.question, 'How much is the monthly rent?');
  assert.ok(context.turn.hits[0]!.trace.words && context.turn.hits[0]!.contentHash.length === 64 && context.turn.models.embedder);

  const events = await engine.feedback();
  await engine.deleteFeedback(events.slice(0, 3).map(({ id }) => id));
  assert.equal((await engine.feedback()).length, 1);
});

test('pausing is remembered; nothing is read until it is resumed', async (t) => {
  const home = await house(t);
  await home.engine.pause();
  const engine = await home.reopen();
  assert.equal((await engine.progress()).paused, true);
  await engine.add(home.library, [home.put('lease.md', LEASE)]);
  await delay(200);
  assert.equal((await engine.progress()).waiting, 1);
  await engine.resume();
  await idle(engine);
  assert.equal(await first(engine, 'monthly rent'), 'lease.md');
});

test('the sample library answers its own questions in both languages', async (t) => {
  const { engine, dataDir } = await house(t);
  // Pressed twice, while the library is being written to.
  const writing = openDatabase(join(dataDir, 'library.sqlite'));
  writing.exec('begin immediate');
  const pressed = [engine.addSamples('en'), engine.addSamples('en')];
  await setImmediate();
  writing.exec('commit');
  writing.close();
  const [samples, again] = (await Promise.all(pressed)) as [LibraryId, LibraryId];
  await idle(engine);
  assert.deepEqual([again, await engine.addSamples('zh')], [samples, samples], 'there is one sample library');
  const { turn } = await ask(engine, { question: 'How much may a hotel in London cost per night?', libraries: [samples] });
  assert.equal(turn.answer.outcome, 'answered');
});

test('what is changed while a thread is dead is changed, and the next one sees to it', async (t) => {
  const threads: Worker[] = [];
  const born = (thread: Worker): void => void threads.push(thread);
  process.on('worker', born);
  t.after(() => process.off('worker', born));
  const { engine, library, put } = await house(t);
  const { documents: [lease] } = await engine.add(library, [put('lease.md', LEASE)]);
  await idle(engine);
  await threads[0]!.terminate();
  await engine.removeDocuments([lease!]);
  await engine.addFile(library, '茶叶.md', new TextEncoder().encode(TEA));
  await engine.pause();
  await engine.resume();
  await until(() => idle(engine).then(() => true, () => false));
  assert.deepEqual(await names(engine, library), ['茶叶.md']);
});

test('two engines on one data directory do not harm each other', async (t) => {
  const { engine, library, put, dataDir } = await house(t);
  const other = await openEngine({ dataDir, resourcesDir });
  t.after(() => other.close());
  await Promise.all([engine, other].map((one, i) => one.add(library, [put(`${i}.md`, LEASE + i), put('same.md', TEA)])));
  await idle(engine);
  await idle(other);
  assert.deepEqual(await names(engine, library), ['0.md', '1.md', 'same.md']);
  assert.deepEqual((await other.health()).problems, []);
});

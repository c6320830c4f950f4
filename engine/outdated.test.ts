import assert from 'node:assert/strict';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Document, Engine, LibraryId, Turn } from './api.ts';
import { openEngine } from './engine.ts';
import { idle } from './testing.ts';

const resourcesDir = fileURLToPath(new URL('../resources', import.meta.url));
const QUESTION = 'How much is a berth in the marina for one night?';
const PRICES = { 'prices old.md': '# Marina prices\n\nA berth in the marina costs 30 euros for one night.\n', 'prices new.md': '# Marina prices\n\nA berth in the marina costs 35 euros for one night.\n', 'tides.md': '# Tides\n\nHigh water comes twice a day.\n' };

let engine: Engine;
let library: LibraryId;
const root = mkdtempSync(join(tmpdir(), 'lodestone-outdated-'));
const files = join(root, 'files');

before(async () => {
  engine = await openEngine({ dataDir: join(root, 'data'), resourcesDir });
  mkdirSync(files);
  for (const [name, text] of Object.entries(PRICES)) writeFileSync(join(files, name), text);
  library = await engine.createLibrary('Harbour');
  await engine.add(library, [files]);
  await idle(engine);
});
afterEach(async () => engine.deleteFeedback((await engine.feedback()).map(({ id }) => id)));
after(async () => {
  await engine.close();
  rmSync(root, { recursive: true, force: true });
});

const marked = async (): Promise<string[]> => (await engine.documents({ library, offset: 0, limit: 10 })).documents.filter(({ outdated }) => outdated).map(({ name }) => name);
const document = async (name: string): Promise<Document> => (await engine.documents({ library, name, offset: 0, limit: 1 })).documents[0]!;

async function asked(): Promise<Turn> {
  for await (const part of engine.ask({ question: QUESTION, libraries: [library] })) if (part.kind === 'done') return part.turn;
  throw new Error('The answer broke off.');
}

const ranking = async () => (await engine.search({ question: QUESTION })).hits;

test('what an answer leans on is marked where it is called outdated, and counts a little less for any question', async () => {
  const shipped = await ranking();
  const turn = await asked();
  const cited = [...new Set(turn.answer.sentences.flatMap(({ citations }) => citations.map(({ documentName }) => documentName)))].sort();
  assert.ok(cited.length > 0 && !cited.includes('tides.md'));
  await engine.signal({ kind: 'answer-thumb', turn: turn.id, thumb: 'down' });
  assert.deepEqual(await marked(), [], 'a thumb alone says nothing of the document');
  await engine.signal({ kind: 'answer-reason', turn: turn.id, reason: 'outdated' });
  assert.deepEqual((await marked()).sort(), cited);
  const { outdated } = await document(cited[0]!);
  assert.deepEqual([outdated!.turn, outdated!.question], [turn.id, QUESTION]);

  for (const hit of await ranking()) {
    const earlier = shipped.find(({ chunk }) => chunk === hit.chunk)!;
    if (!cited.includes(hit.documentName)) {
      assert.deepEqual([hit.trace.outdated, hit.relevance], [undefined, earlier.relevance]);
      continue;
    }
    const odds = ({ relevance }: typeof hit): number => Math.log(relevance / (1 - relevance));
    assert.ok(Math.abs(odds(hit) - odds(earlier) - hit.trace.outdated!.addition) < 1e-6 && hit.trace.outdated!.addition < 0, 'what its trace says was added is what it lost');
  }
  const now = await asked();
  assert.equal(now.answer.outcome, 'answered', 'it is never kept from answering');
  assert.ok(Math.abs(now.details!.found.probability - turn.details!.found.probability) < 1e-6, 'nor is it less sure that the documents answer');
  assert.ok((await engine.search({ question: QUESTION, taught: false })).hits.every(({ trace }) => trace.outdated === undefined));
});

test('of two that say it equally well the one that was not called outdated comes first', async () => {
  const [first] = await ranking();
  const other = first!.documentName === 'prices old.md' ? 'prices new.md' : 'prices old.md';
  await engine.include([(await document(other)).id], false);
  const turn = await asked();
  await engine.include([(await document(other)).id], true);
  await engine.signal({ kind: 'answer-reason', turn: turn.id, reason: 'outdated' });
  const [now, next] = await ranking();
  assert.deepEqual([now!.documentName, next!.documentName], [other, first!.documentName]);
});

test('the mark goes with its event, with another word of the person, and with the file that changed', async () => {
  const shipped = JSON.stringify(await ranking());
  await engine.include([(await document('prices new.md')).id], false);
  const turn = await asked();
  await engine.include([(await document('prices new.md')).id], true);
  const { id } = await document('prices old.md');
  const event = await engine.signal({ kind: 'answer-reason', turn: turn.id, reason: 'outdated' });
  assert.deepEqual(await marked(), ['prices old.md']);
  await engine.deleteFeedback([event]);
  assert.deepEqual(await marked(), []);
  assert.equal(JSON.stringify(await ranking()), shipped, 'bit for bit as before');

  await engine.signal({ kind: 'answer-reason', turn: turn.id, reason: 'outdated' });
  const conversation = turn.conversation;
  await engine.removeConversation(conversation);
  assert.deepEqual(await marked(), ['prices old.md'], 'feedback stays when its conversation goes');
  const word = await engine.signal({ kind: 'up-to-date', turn: turn.id, document: id });
  assert.deepEqual(await marked(), [], 'and can be taken back all the same');
  assert.equal(JSON.stringify(await ranking()), shipped);
  assert.equal((await engine.feedback())[0]!.documentName, 'prices old.md');
  await engine.deleteFeedback([word]);
  assert.deepEqual(await marked(), ['prices old.md'], 'without that word the first one counts again');

  writeFileSync(join(files, 'prices old.md'), '# Marina prices\n\nA berth in the marina now costs 40 euros for one night.\n');
  await engine.add(library, [join(files, 'prices old.md')]);
  await idle(engine);
  assert.deepEqual([await marked(), (await ranking()).some(({ trace }) => trace.outdated)], [[], false], 'a newer version is another content');
});

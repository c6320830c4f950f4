import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DocumentId, TurnId } from './api.ts';
import { explain } from './explain.ts';
import { prepare } from './reading.ts';
import { parseBytes } from './parse/parsers.ts';
import { search } from './search.ts';
import { saveReading } from './store/contents.ts';
import { beginTurn, createConversation, endTurn } from './store/conversations.ts';
import { include } from './store/documents.ts';
import { createLibrary } from './store/libraries.ts';
import { memoryDatabase, queue } from './store/testing.ts';

const none = { words: '', characters: '' };

test('why a passage is among the hits of a question, and why another one is not', async () => {
  const { db, library } = memoryDatabase();
  const other = createLibrary(db, 'Other');
  const put = async (name: string, text: string, into = library): Promise<DocumentId> => {
    const id = queue(db, into, name);
    saveReading(db, id, prepare({ hash: name, parsed: await parseBytes(name, new TextEncoder().encode(text)) }, (part) => part.length / 4));
    return id;
  };
  const lease = await put('lease.md', '# Lease\n\nThe monthly rent is 1,250 euros.');
  const weaker = [];
  for (let i = 0; i < 12; i++) weaker.push(await put(`letter ${i}.md`, `Letter ${i}. ${'We met in the garden and spoke of many things. '.repeat(i)}Somebody mentioned rent.`));
  const tea = await put('tea.md', 'Green tea is brewed at eighty degrees.');
  const hidden = await put('old lease.md', 'The monthly rent is 990 euros.');
  const elsewhere = await put('elsewhere.md', 'The monthly rent elsewhere is 700 euros.', other);
  include(db, [hidden], false);

  const question = 'How much is the monthly rent?';
  const { hits, models } = await search({ db }, { question, libraries: [library] });
  const turn: TurnId = beginTurn(db, createConversation(db, question), question, [library], none);
  endTurn(db, turn, { answer: { outcome: 'answered', sentences: [] }, hits, models, milliseconds: 1 }, none);
  const why = (document: DocumentId, start = 0, end = 20) => explain({ db }, turn, document, start, end);

  const first = await why(lease, 10, 30);
  assert.deepEqual([first.reason, first.rank, first.hit!.documentName, first.candidates], ['shown', 1, 'lease.md', 13]);
  assert.deepEqual(first.hit!.trace.words!.terms, ['monthly', 'rent']);
  const outranked = await why(weaker.find((id) => !hits.some((hit) => hit.document === id))!);
  assert.equal(outranked.reason, 'outranked');
  assert.ok(outranked.rank! > 10 && outranked.hit!.trace.fused.score <= outranked.last!.trace.fused.score);
  assert.equal((await why(tea)).reason, 'not-proposed');
  assert.equal((await why(hidden)).reason, 'excluded');
  assert.equal((await why(elsewhere)).reason, 'other-library');
  assert.equal((await why(tea, 5000, 5010)).reason, 'no-chunk');
  await assert.rejects(why(999 as DocumentId), { code: 'not-found' });
  db.close();
});

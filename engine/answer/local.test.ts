import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { answer, type AnswerEvent } from '../answer.ts';
import type { DocumentId } from '../api.ts';
import { prepare } from '../reading.ts';
import { openLocalLlm, type LocalLlm } from '../llm/local.ts';
import { noLlama } from '../llm/testing/llama-here.ts';
import { writeMicroLlama } from '../llm/testing/micro-llama.ts';
import { parseBytes } from '../parse/parsers.ts';
import { saveReading } from '../store/contents.ts';
import { memoryDatabase, queue } from '../store/testing.ts';
import { packed } from './budget.ts';

/** A real model of 50,000 weights in llama.cpp: it says the alphabet, so nothing it says is in any document. */
describe('an answer by a model in a file', { skip: noLlama ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'lodestone-answer-'));
  const { db, library } = memoryDatabase();
  let llm: LocalLlm;
  before(async () => {
    llm = await openLocalLlm(writeMicroLlama(join(folder, 'micro.gguf'), 3072).file, { threads: 1 });
    const parsed = await parseBytes('lease.md', new TextEncoder().encode('# Lease\n\nThe monthly rent is 1,250 euros. It rises by two percent every January.\n'));
    saveReading(db, queue(db, library, 'lease.md'), prepare({ hash: 'lease', parsed }, (text) => text.length / 4));
  });
  after(async () => {
    await llm.close();
    db.close();
    rmSync(folder, { recursive: true });
  });

  test('streams, stays within its context, and none of it passes for supported', async () => {
    const events: AnswerEvent[] = [];
    for await (const event of answer({ db, llm }, { question: 'How much is the monthly rent?', libraries: [library] })) events.push(event);
    assert.ok(events.filter(({ kind }) => kind === 'tail').length > 10);
    const details = events.findLast((event) => event.kind === 'details')!.details;
    assert.ok(details.written!.answerTokens > 10 && details.written!.promptTokens + details.written!.answerTokens <= llm.contextTokens + 1, JSON.stringify(details));
    const said = events.filter((event) => event.kind === 'sentence').map(({ sentence }) => sentence);
    assert.ok(said.length > 0 && said.every(({ citations }) => citations.length === 0));
  });

  test('left in the middle, it stops at once and answers the next question', async () => {
    const left = new AbortController();
    const start = performance.now();
    await assert.rejects(async () => {
      for await (const event of answer({ db, llm }, { question: 'How much is the monthly rent?', libraries: [library] }, left.signal)) if (event.kind === 'tail') left.abort();
    });
    let text = '';
    for await (const piece of llm.write([{ role: 'user', content: 'a' }], { maxTokens: 12 })) text += piece;
    assert.ok(text.length > 0);
    assert.ok(performance.now() - start < 20_000);
  });

  test('QA-6 in the tokens of the model itself: what is packed is what llama.cpp counts', async () => {
    const text = '租约于二〇三一年三月三十一日到期。The lease ends in 2031. 🏠'.repeat(12);
    const passages = [0, 1, 2].map((hit) => ({ hit, document: 1 as DocumentId, name: 'lease.md', headings: ['Rent'], start: hit * 2000, end: hit * 2000 + text.length, text }));
    const { messages, promptTokens, maxTokens, given } = await packed(llm, { question: 'When does it end?', passages, history: [] });
    assert.deepEqual(await llm.count([messages]), [promptTokens]);
    assert.ok(promptTokens + maxTokens <= llm.contextTokens && given.length > 0 && given.length < 3, `${promptTokens} + ${maxTokens}, ${given.length} given`);
  });
});

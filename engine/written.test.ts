import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { scripted } from './answer/testing/scripted.ts';
import type { AnswerPart, Engine, Question, Turn } from './api.ts';
import { openEngine } from './engine.ts';
import { idle } from './testing.ts';

const resourcesDir = fileURLToPath(new URL('../resources', import.meta.url));

async function ask(engine: Engine, question: Question): Promise<{ parts: AnswerPart[]; turn: Turn }> {
  const parts: AnswerPart[] = [];
  for await (const part of engine.ask(question)) parts.push(part);
  const last = parts.at(-1)!;
  assert.ok(last.kind === 'done');
  return { parts, turn: last.turn };
}

test('a server\'s model writes in the whole engine: its words stream, its citations are verified, and how it came about is kept', { timeout: 120_000 }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'lodestone-written-'));
  let says: (string | 'break' | 'wait')[] = ['The monthly rent is 1,250', ' euros [1]. It is paid in gold.'];
  const model = await scripted((messages) => (messages.at(-1)!.content.includes('Next question:') ? ['When does the monthly rent rise?'] : says));
  const engine = await openEngine({ dataDir: join(root, 'data'), resourcesDir });
  t.after(async () => {
    await engine.close();
    model.close();
    rmSync(root, { recursive: true, force: true });
  });
  const file = join(root, 'lease.md');
  writeFileSync(file, '# Lease\n\nThe flat has three rooms.\n\n## Rent\n\nThe monthly rent is 1,250 euros. It rises by two percent every January.\n');
  await engine.add(await engine.createLibrary('Home'), [file]);
  await engine.useModel('llm', await engine.addServer({ kind: 'openai', address: model.url, model: 'scripted' }));
  await idle(engine);

  const { parts, turn } = await ask(engine, { question: 'How much is the monthly rent?' });
  assert.ok(parts.some((part) => part.kind === 'tail'));
  assert.deepEqual(turn.answer.sentences.map(({ text, citations, unsupported }) => [text, citations[0]?.quote, unsupported]), [
    ['The monthly rent is 1,250 euros.', 'The monthly rent is 1,250 euros.', undefined], ['It is paid in gold.', undefined, true],
  ]);
  assert.equal(turn.details!.written!.model, 'scripted');
  assert.ok(turn.details!.found.probability > turn.details!.found.threshold && turn.details!.written!.given > 0);
  assert.match(turn.models.answerer, /scripted/);
  const [kept] = await engine.turns(turn.conversation);
  assert.deepEqual(kept, turn);
  const { document, place } = turn.answer.sentences[0]!.citations[0]!;
  assert.equal((await engine.explain(turn.id, document, place.start, place.end)).reason, 'shown');

  says = ['It rises every January [1].'];
  const next = await ask(engine, { question: 'And when does it rise?', conversation: turn.conversation });
  assert.deepEqual([next.turn.standalone, next.turn.details!.completedBy], ['When does the monthly rent rise?', 'model']);
  assert.match(model.asked.at(-1)!.at(-1)!.content, /Question: And when does it rise\?/);

  // Left before the first word: the model is hung up on at once, and the turn is stored as stopped.
  says = ['wait'];
  const before = model.left();
  const asked = engine.ask({ question: 'How much is the monthly rent?' })[Symbol.asyncIterator]();
  for (let part = await asked.next(); !part.done && part.value.kind !== 'hits'; part = await asked.next());
  const pending = asked.next();
  await new Promise((resolve) => { setTimeout(resolve, 200); });
  await asked.return!();
  await pending;
  while (model.left() === before) await new Promise((resolve) => { setTimeout(resolve, 5); });
  const [stopped] = await engine.turns((await engine.conversations())[0]!.id);
  assert.equal(stopped!.answer.outcome, 'stopped');
  assert.ok(stopped!.details!.found.probability > 0);

  model.close();
  const fallen = await ask(engine, { question: 'How much is the monthly rent?' });
  assert.equal(fallen.turn.answer.outcome, 'answered');
  assert.equal(fallen.turn.models.answerer, 'extractive');
  assert.ok(fallen.turn.details!.fallback!.length > 10);
});

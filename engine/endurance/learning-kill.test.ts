import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openEngine } from '../engine.ts';
import { addTown, pointAtPassage, QUESTIONS, THINGS } from '../learn/town.ts';
import { killWhileLearning } from './killing.ts';

const ROUNDS = 20;
const resourcesDir = fileURLToPath(new URL('../../resources', import.meta.url));

test(`killed ${ROUNDS} times while it learns, it goes on where it was, and what is in use is always whole`, { timeout: 600_000 }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'lodestone-learning-kill-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const dataDir = join(root, 'data');
  const first = await openEngine({ dataDir, resourcesDir });
  const documents = await addTown(first, join(root, 'files'));
  for (let i = 0; i < 34; i++) await pointAtPassage(first, documents, QUESTIONS[i]!, THINGS[i]!);
  const shipped = JSON.stringify((await first.search({ question: QUESTIONS[0]!, adapter: 'none' })).hits);
  const events = (await first.feedback()).length;
  await first.close();

  assert.deepEqual(await killWhileLearning(dataDir, resourcesDir, ROUNDS), []);

  const engine = await openEngine({ dataDir, resourcesDir });
  t.after(() => engine.close());
  assert.equal((await engine.feedback()).length, events);
  assert.equal(JSON.stringify((await engine.search({ question: QUESTIONS[0]!, adapter: 'none' })).hits), shipped);
});

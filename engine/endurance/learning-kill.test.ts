import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openEngine } from '../engine.ts';
import { addTown, pointAtPassage, QUESTIONS, THINGS } from '../learn/town.ts';
import { openDatabase } from '../store/database.ts';
import { problems } from '../store/health.ts';

const ROUNDS = 20;
const LONGEST = 4000;
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

  let made = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const child = fork(fileURLToPath(new URL('learner.ts', import.meta.url)), [dataDir, resourcesDir], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const exited = once(child, 'exit');
    await Promise.race([once(child, 'message'), exited]);
    await delay(Math.random() * LONGEST);
    child.kill('SIGKILL');
    assert.equal(((await exited) as unknown[])[1], 'SIGKILL', 'the process should have lived until it was killed');
    const db = openDatabase(join(dataDir, 'library.sqlite'));
    const count = (sql: string): number => (db.prepare(sql).get() as { n: number }).n;
    assert.deepEqual(problems(db), [], `after kill ${round + 1}`);
    assert.ok(count(`select count(*) n from run where state = 'running'`) <= 1);
    assert.equal(count(`select count(*) n from run where state = 'failed'`), 0);
    assert.equal(count(`select count(*) n from setting where key = 'adapter.query' and not exists (select 1 from adapter where id = cast(value as integer) and accepted = 1)`), 0);
    assert.equal(count(`select count(*) n from run where state = 'done' and not exists (select 1 from adapter where id = adapter_id)`), 0, 'a run is done together with what it made');
    const adapters = count('select count(*) n from adapter');
    assert.ok(adapters >= made, 'nothing that was made is lost');
    made = adapters;
    db.close();
  }

  const engine = await openEngine({ dataDir, resourcesDir });
  t.after(() => engine.close());
  assert.equal((await engine.feedback()).length, events);
  assert.equal(JSON.stringify((await engine.search({ question: QUESTIONS[0]!, adapter: 'none' })).hits), shipped);
  for (;;) {
    const [run] = await engine.runs();
    if (run!.state === 'done') break;
    assert.equal(run!.state, 'running');
    await delay(50);
  }
});

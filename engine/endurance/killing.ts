import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LearningLevel } from '../api.ts';
import { openEngine } from '../engine.ts';
import { installedModels } from '../models/installed.ts';
import { openDatabase } from '../store/database.ts';
import { problems } from '../store/health.ts';
import { addedModels } from '../store/models.ts';
import { runs } from '../store/runs.ts';
import { shadow } from '../store/spaces.ts';

/** A process is killed at a random moment of so many milliseconds after it began. */
const LONGEST = 4000;

/**
 * Starts a process that learns over and over in a library that has enough to learn from, kills it at a random moment, and looks
 * at what is left; `rounds` times over. At the end the run that was cut off last has to come to its end.
 *
 * @param levels what is learned, by turns
 * @param told what was cut off by each kill
 * @returns what was not whole, in sentences; none when all was
 */
export async function killWhileLearning(dataDir: string, resourcesDir: string, rounds: number, { levels = [], longest = LONGEST, told = () => undefined }: { levels?: readonly LearningLevel[]; longest?: number; told?: (what: string) => void } = {}): Promise<string[]> {
  const faults: string[] = [];
  let made = 0;
  for (let round = 1; round <= rounds; round++) {
    const child = fork(fileURLToPath(new URL('learner.ts', import.meta.url)), [dataDir, resourcesDir, ...levels], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const exited = once(child, 'exit');
    await Promise.race([once(child, 'message'), exited]);
    await delay(Math.random() * longest);
    child.kill('SIGKILL');
    const wrong = (what: string): void => void faults.push(`After kill ${round}: ${what}.`);
    if (((await exited) as unknown[])[1] !== 'SIGKILL') wrong('the process had ended by itself');
    const db = openDatabase(join(dataDir, 'library.sqlite'));
    const count = (sql: string): number => (db.prepare(sql).get() as { n: number }).n;
    for (const problem of problems(db)) wrong(problem);
    if (count(`select count(*) n from run where state = 'running'`) > 1) wrong('two runs are open');
    if (count(`select count(*) n from run where state = 'failed'`) > 0) wrong('a run failed');
    if (count(`select count(*) n from setting s join json_each('[' || s.value || ']') u where s.key = 'adapter.query' and not exists (select 1 from adapter where id = u.value and accepted = 1)`) > 0) wrong('what is in use is not there');
    if (count(`select count(*) n from run where state = 'done' and not exists (select 1 from adapter where id = adapter_id)`) > 0) wrong('a run is done without what it made');
    const brought = addedModels(db).filter(({ place, details: { files = [] } }) => files.every((name) => existsSync(join(place, name))));
    const models = new Set([...(await installedModels([join(resourcesDir, 'models'), join(dataDir, 'models')])).models.map(({ manifest }) => manifest.id), ...brought.map(({ id }) => id)]);
    for (const row of db.prepare(`select value from setting where key like 'model.%' union select model from space where id = (select cast(value as integer) from setting where key = 'space')`).pluck().all()) {
      if (!models.has(row as string)) wrong(`${row as string} is in use and is not there`);
    }
    if (count('select count(*) n from holding where space_id is null') > 0) wrong('what was found by meaning is not any more');
    const adapters = count('select count(*) n from adapter');
    if (adapters < made) wrong('what was made is lost');
    made = adapters;
    const [run] = runs(db, 1);
    told(shadow(db) ? 'an index that grew' : run?.state === 'running' ? `${run.level}, ${run.progress.phase}` : 'nothing');
    db.close();
  }
  const engine = await openEngine({ dataDir, resourcesDir });
  for (let [run] = await engine.runs(); run!.state !== 'done'; [run] = await engine.runs()) {
    if (run!.state !== 'running') { faults.push(`The run ended as ${run!.state}.`); break; }
    await delay(50);
  }
  await engine.close();
  return faults;
}

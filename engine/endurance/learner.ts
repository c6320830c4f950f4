/**
 * A process that learns over and over until it is killed. Started by `learning-kill.test.ts` as
 * `node learner.ts <data dir> <resources dir> [levels]`, levels by turns.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { LearningLevel } from '../api.ts';
import { openEngine } from '../engine.ts';

const [dataDir, resourcesDir, ...levels] = process.argv.slice(2) as [string, string, ...LearningLevel[]];
const engine = await openEngine({ dataDir, resourcesDir });
process.send?.('begun');
for (;;) {
  const [run] = await engine.runs();
  if (run?.state !== 'running') {
    const next = levels[(levels.indexOf(run?.level ?? 'query') + 1) % levels.length];
    // What was learned goes out of use again, so that there is something to bring into use.
    if (next !== undefined) await engine.deactivate(next);
    await engine.learn(next);
  }
  await delay(20);
}

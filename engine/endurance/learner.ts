/**
 * A process that learns over and over until it is killed. Started by `learning-kill.test.ts` as
 * `node learner.ts <data dir> <resources dir>`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { openEngine } from '../engine.ts';

const [dataDir, resourcesDir] = process.argv.slice(2) as [string, string];
const engine = await openEngine({ dataDir, resourcesDir });
process.send?.('begun');
for (;;) {
  const [run] = await engine.runs();
  if (run?.state !== 'running') await engine.learn();
  await delay(20);
}

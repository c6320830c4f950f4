/**
 * A process that opens the engine and never rests: it adds, changes and removes files until it is killed. Started by
 * `kill.test.ts` as `node restless.ts <data dir> <resources dir> <folder of files> <seed>`; what the files should hold at
 * the end is in the folder itself.
 */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openEngine } from '../engine.ts';

const [dataDir, resourcesDir, folder, seed] = process.argv.slice(2) as [string, string, string, string];
let state = Number(seed) * 2654435761 % 4294967296;
const random = (below: number): number => ((state = (state * 1664525 + 1013904223) % 4294967296) / 4294967296) * below | 0;

const TOPICS = ['harbour', 'orchard', 'telescope', 'glacier', 'violin', 'lantern', '水库', '列车', '合同', '茶叶'];
const sentence = (): string => Array.from({ length: 12 }, () => TOPICS[random(TOPICS.length)]).join(' ') + '.';
const text = (): string => Array.from({ length: 1 + random(30) }, (_, i) => `# Part ${i}\n\n${sentence()} ${sentence()}`).join('\n\n');

const engine = await openEngine({ dataDir, resourcesDir });
const library = (await engine.libraries())[0]?.id ?? (await engine.createLibrary('Restless'));
await engine.add(library, [folder]);
process.send?.('begun');

for (;;) {
  const name = `${random(40)}.md`;
  const action = random(10);
  if (action < 6) writeFileSync(join(folder, name), text());
  else if (action < 8) rmSync(join(folder, name), { force: true });
  else if (action === 8) await engine.add(library, [folder]);
  else {
    const { documents } = await engine.documents({ library, offset: 0, limit: 100 });
    const chosen = documents[random(Math.max(1, documents.length))];
    if (chosen && readdirSync(folder).includes(chosen.name)) await engine.retry([chosen.id]);
  }
  await delay(random(30));
}

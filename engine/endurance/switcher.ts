/**
 * A process that goes from one embedder to the other and back, adds documents and asks questions, until it is killed. Started by
 * `switching.ts` as `node switcher.ts <data dir> <resources dir> <folder of files> <id of the added model>`. It ends by itself,
 * with 3, when a question is not answered as it should be.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openEngine } from '../engine.ts';

const [dataDir, resourcesDir, folder, added] = process.argv.slice(2) as [string, string, string, string];
const engine = await openEngine({ dataDir, resourcesDir });
const [library] = await engine.libraries();

async function ask(): Promise<void> {
  for (;;) {
    const { hits, models } = await engine.search({ question: 'the violin of the harbour' });
    if (hits.length === 0 || models.embedder === undefined) process.exit(3);
    await delay(2);
  }
}

void ask().catch(() => process.exit(3));
for (let n = 0; ; n++) {
  const active = (await engine.models()).find((model) => model.role === 'embedder' && model.active);
  if (!(await engine.reindexing())) await engine.useModel('embedder', active?.id === added ? undefined : added);
  if (n === 0) process.send?.('begun');
  const path = join(folder, `${process.pid}-${n}.md`);
  writeFileSync(path, `# Letter ${n}\n\nThe violin of the harbour was sold to number ${process.pid}.\n`);
  await engine.add(library!.id, [path]);
  // Now and then what is kept of the other one is thrown away, so that its index has to grow from nothing.
  const other = active?.id === added ? 'bundled' : added;
  if (n % 3 === 2 && !(await engine.reindexing())) await engine.removeIndex(other).catch(() => undefined);
  await delay(150);
}

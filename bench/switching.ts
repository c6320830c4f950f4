/**
 * From one embedder to another: a process killed at random moments while it goes there and back, and questions asked without
 * a pause while the index of the other one grows, beside the same questions before.
 *
 *   npm run bench:switching [-- --kills 20 --documents 800]
 *
 * Prints a table and exits with 1 where a line falls short.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killWhileSwitching } from '../engine/endurance/switching.ts';
import { openEngine } from '../engine/engine.ts';
import { makeSmallEmbedder } from '../engine/models/testing.ts';
import { idle } from '../engine/testing.ts';
import { Prose } from './prose.ts';

const { values } = parseArgs({ options: { kills: { type: 'string', default: '20' }, documents: { type: 'string', default: '800' } } });
const lines: { what: string; value: string; wanted: string; holds: boolean }[] = [];
const root = mkdtempSync(join(tmpdir(), 'lodestone-switching-'));
process.on('exit', () => rmSync(root, { recursive: true, force: true }));

const kills = Number(values.kills);
const place = join(root, 'kills');
mkdirSync(place);
const { growing, switched } = await killWhileSwitching(place, kills, (round) => console.error(`kill ${round} of ${kills}`));
lines.push({ what: 'kills after which something was lost or mixed', value: `0 of ${kills}`, wanted: '0', holds: true });
lines.push({ what: 'kills while an index grew, between which one had been switched to', value: `${growing}, ${switched}`, wanted: 'both above 0', holds: growing > 0 && switched > 0 });

const [resourcesDir, files] = [join(root, 'resources'), join(root, 'files')];
await makeSmallEmbedder(join(resourcesDir, 'models', 'bundled'), { id: 'bundled', dimensions: 64, seed: 1, quality: 1 });
mkdirSync(files);
const prose = new Prose(7);
for (let i = 0; i < Number(values.documents); i++) writeFileSync(join(files, `${i}.md`), `# ${prose.word()} ${i}\n\n${prose.paragraph(8)}\n`);
const engine = await openEngine({ dataDir: join(root, 'data'), resourcesDir });
const library = await engine.createLibrary('Home');
await engine.add(library, [files]);
await idle(engine);
const { chunks } = (await engine.libraries())[0]!;
const other = await engine.addModel(await makeSmallEmbedder(join(root, 'other'), { id: 'other', dimensions: 96, seed: 2, layers: 15 }));

/** Asks until `over` says so; milliseconds of every question, and what went wrong. */
async function asked(over: () => Promise<boolean>): Promise<{ times: number[]; failed: number; spaces: string[] }> {
  const found = { times: [] as number[], failed: 0, spaces: [] as string[] };
  while (!(await over())) {
    const begun = performance.now();
    const answer = await engine.search({ question: `${prose.word()} ${prose.word()} ${prose.word()}` }).catch(() => undefined);
    found.times.push(performance.now() - begun);
    if (!answer || answer.hits.some(({ trace }) => !trace.vectors)) found.failed++;
    const space = answer?.models.embedder ?? 'none';
    if (found.spaces.at(-1) !== space) found.spaces.push(space);
  }
  return found;
}

await asked(async () => true);
const until = (end: number) => async () => performance.now() > end;
const before = await asked(until(performance.now() + 5000));
const { seconds: estimated } = await engine.estimateModel(other);
const begun = performance.now();
await engine.useModel('embedder', other);
let switchedAt = Infinity;
const during = await asked(async () => {
  if (switchedAt === Infinity && (await engine.reindexing()) === undefined) switchedAt = performance.now();
  return performance.now() > switchedAt + 1000;
});
const took = (switchedAt - begun) / 1000;
const quantile = (times: number[], share: number): number => [...times].sort((a, b) => a - b)[Math.floor(share * (times.length - 1))]!;
const ratio = (share: number): number => quantile(during.times, share) / quantile(before.times, share);
lines.push({ what: `questions that failed or were asked in no space, of ${during.times.length}`, value: String(during.failed), wanted: '0', holds: during.failed === 0 });
lines.push({ what: 'spaces in which they were answered', value: String(during.spaces.length), wanted: 'first one, then the other', holds: during.spaces.length === 2 });
lines.push({ what: 'median and 95th percentile of a question, against before', value: `${ratio(0.5).toFixed(1)} ×, ${ratio(0.95).toFixed(1)} ×`, wanted: 'at most 3 ×', holds: ratio(0.5) <= 3 && ratio(0.95) <= 3 });
lines.push({ what: 'longest question', value: `${Math.round(Math.max(...during.times))} ms (before ${Math.round(Math.max(...before.times))})`, wanted: 'below 500 ms', holds: Math.max(...during.times) < 500 });
lines.push({ what: `index of ${chunks} chunks, against the estimate`, value: `${took.toFixed(1)} s, ${(took / estimated).toFixed(1)} ×`, wanted: '0.3 to 3 ×', holds: took / estimated > 0.3 && took / estimated < 3 });
const back = performance.now();
await engine.useModel('embedder', undefined);
while ((await engine.reindexing()) !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
lines.push({ what: 'back to the one before', value: `${Math.round(performance.now() - back)} ms`, wanted: 'below 5 s', holds: performance.now() - back < 5000 });
await engine.close();

for (const { what, value, wanted, holds } of lines) console.log(`${holds ? '  ' : '✗ '}${what.padEnd(70)} ${value.padStart(22)}   ${wanted}`);
process.exitCode = lines.every(({ holds }) => holds) ? 0 : 1;

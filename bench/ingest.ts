/**
 * From drop to answer. Times are of this machine; what can be compared between machines are the ratios: to what the
 * parser alone needs for the same file, and the longest time any call had to wait while files were indexed.
 *
 *   npm run bench:ingest [-- --documents 20000]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Engine, LibraryId } from '../engine/api.ts';
import { openEngine } from '../engine/engine.ts';
import { parseBytes } from '../engine/parse/parsers.ts';
import { idle } from '../engine/testing.ts';
import { makePdf, prosePages } from './make-pdf.ts';
import { Prose } from './prose.ts';

const { values } = parseArgs({ options: { documents: { type: 'string', default: '20000' } } });
const root = mkdtempSync(join(tmpdir(), 'lodestone-bench-'));
process.on('exit', () => rmSync(root, { recursive: true, force: true }));
const resourcesDir = fileURLToPath(new URL('../resources', import.meta.url));
const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
const row = (what: string, value: string): void => console.log(`${what.padEnd(66)} ${value}`);

/** Time until nothing is left to read, and until nothing is left to embed. */
async function timed(engine: Engine, begin: () => Promise<unknown>): Promise<{ words: number; meaning: number }> {
  const start = performance.now();
  await begin();
  let words: number | undefined;
  for (;;) {
    const { waiting, unembedded, reading } = await engine.progress();
    if (waiting === 0 && reading === undefined) {
      words ??= performance.now() - start;
      if (unembedded === 0) return { words, meaning: performance.now() - start };
    }
    await delay(5);
  }
}

/** The longest that a call of the page's everyday verbs took while `work` ran. */
async function whileAsking(engine: Engine, library: LibraryId, work: Promise<unknown>): Promise<{ longest: number; p99: number; calls: number }> {
  const took: number[] = [];
  let over = false;
  void work.finally(() => { over = true; });
  while (!over) {
    const start = performance.now();
    await Promise.all([engine.libraries(), engine.documents({ library, offset: 0, limit: 50 }), engine.settings()]);
    took.push(performance.now() - start);
    await delay(5);
  }
  took.sort((a, b) => a - b);
  return { longest: took.at(-1)!, p99: took[Math.floor(took.length * 0.99)]!, calls: took.length };
}

const prose = new Prose(1);
let engine = await openEngine({ dataDir: join(root, 'data'), resourcesDir });
await idle(engine);
row('Idle memory of the engine', `${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB`);

const pdf = makePdf(prosePages(300));
writeFileSync(join(root, '300 pages.pdf'), pdf);
const parsing = performance.now();
await parseBytes('300 pages.pdf', pdf);
const parseAlone = performance.now() - parsing;
const first = await engine.createLibrary('PDF');
const book = await timed(engine, () => engine.add(first, [join(root, '300 pages.pdf')]));
row('300-page text PDF: parsed alone', seconds(parseAlone));
row('300-page text PDF: answerable by words', `${seconds(book.words)} (${(book.words / parseAlone).toFixed(2)} × parsing alone)`);
row('300-page text PDF: answerable by meaning', `${seconds(book.meaning)} (${(book.meaning / parseAlone).toFixed(2)} × parsing alone)`);

mkdirSync(join(root, 'markdown'));
for (let i = 0; i < 1000; i++) writeFileSync(join(root, 'markdown', `${i}.md`), prose.markdown(10_000));
const second = await engine.createLibrary('Markdown');
const markdown = timed(engine, () => engine.add(second, [join(root, 'markdown')]));
const asked = await whileAsking(engine, second, markdown);
const thousand = await markdown;
row('1,000 Markdown files (10 MB): answerable by words', seconds(thousand.words));
row('1,000 Markdown files (10 MB): answerable by meaning', seconds(thousand.meaning));
row(`Meanwhile ${asked.calls} × 3 calls: p99, longest`, `${asked.p99.toFixed(1)} ms, ${asked.longest.toFixed(1)} ms (limit 50 ms)`);

const many = Number(values.documents);
mkdirSync(join(root, 'many'));
for (let i = 0; i < many; i++) writeFileSync(join(root, 'many', `note ${i}.txt`), prose.paragraph());
const third = await engine.createLibrary('Many');
const twenty = await timed(engine, () => engine.add(third, [join(root, 'many')]));
row(`${many.toLocaleString('en')} short notes: answerable by words, by meaning`, `${seconds(twenty.words)}, ${seconds(twenty.meaning)}`);
await engine.close();

const starting = performance.now();
engine = await openEngine({ dataDir: join(root, 'data'), resourcesDir });
await Promise.all([engine.libraries(), engine.documents({ library: third, offset: 0, limit: 50 }), engine.conversations()]);
const interactive = performance.now() - starting;
await engine.search({ question: prose.sentence() });
row(`Start with ${many.toLocaleString('en')} documents: library on screen, first search answered`, `${seconds(interactive)}, ${seconds(performance.now() - starting)}`);
await idle(engine);
row('Memory of the engine then', `${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB`);
await engine.close();

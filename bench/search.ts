/**
 * Search at 100,000 chunks: each leg and both together, beside the bare index calls they stand on (FTS5 with every word
 * of the question, sqlite-vec's scan), all interleaved in one run.
 *
 *   npm run bench:search [-- --chunks 100000]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openEngine } from '../engine/engine.ts';
import { openDatabase } from '../engine/store/database.ts';
import { idle } from '../engine/testing.ts';
import { ftsQuery, questionWords } from '../engine/words.ts';
import { Prose } from './prose.ts';

const { values } = parseArgs({ options: { chunks: { type: 'string', default: '100000' }, questions: { type: 'string', default: '100' } } });
const root = mkdtempSync(join(tmpdir(), 'lodestone-bench-'));
process.on('exit', () => rmSync(root, { recursive: true, force: true }));
const resourcesDir = fileURLToPath(new URL('../resources', import.meta.url));
const prose = { en: new Prose(3), zh: new Prose(5, 'zh') };

const engine = await openEngine({ dataDir: join(root, 'data'), resourcesDir });
const library = await engine.createLibrary('Large');
const questions: string[] = [];
for (let file = 0; (await engine.libraries())[0]!.chunks < Number(values.chunks); ) {
  const folder = join(root, `files ${file}`);
  mkdirSync(folder);
  for (let i = 0; i < 200; i++, file++) {
    const words = prose[file % 4 === 3 ? 'zh' : 'en'];
    const sections = Array.from({ length: 60 }, () => `## ${words.word()} ${words.word()}\n\n${words.paragraph(8)}\n`);
    if (questions.length < Number(values.questions)) questions.push(Array.from({ length: 5 }, () => words.word()).join(file % 4 === 3 ? '' : ' '));
    writeFileSync(join(folder, `${file}.md`), sections.join('\n'));
  }
  await engine.add(library, [folder]);
  await idle(engine);
}
const { chunks, documents } = (await engine.libraries())[0]!;
console.log(`${chunks.toLocaleString('en')} chunks in ${documents.toLocaleString('en')} documents, ${questions.length} questions of five words\n`);

const db = openDatabase(join(root, 'data', 'library.sqlite'), 'search');
const bare = db.prepare('select rowid from chunk_words where chunk_words match ? order by rank limit 10');
const ways: Record<string, (question: string) => unknown> = {
  'words and vectors': (question) => engine.search({ question }),
  'words alone': (question) => engine.search({ question, leg: 'words' }),
  'vectors alone': (question) => engine.search({ question, leg: 'vectors' }),
  'bare FTS5, OR of all words': (question) => bare.all(ftsQuery(questionWords(question))),
};
const times = new Map(Object.keys(ways).map((way) => [way, [] as number[]]));
for (const question of questions) {
  for (const [way, run] of Object.entries(ways)) {
    const start = performance.now();
    await run(question);
    times.get(way)!.push(performance.now() - start);
  }
}
const at = (list: number[], share: number): number => list.toSorted((a, b) => a - b)[Math.floor(list.length * share)]!;
const reference = at(times.get('bare FTS5, OR of all words')!, 0.5);
console.log('way                            p50 ms   p95 ms   per second   p50 / bare FTS5');
for (const [way, list] of times) {
  const mean = list.reduce((a, b) => a + b) / list.length;
  console.log(way.padEnd(28), at(list, 0.5).toFixed(1).padStart(8), at(list, 0.95).toFixed(1).padStart(8), (1000 / mean).toFixed(0).padStart(12), (at(list, 0.5) / reference).toFixed(2).padStart(17));
}
db.close();
await engine.close();

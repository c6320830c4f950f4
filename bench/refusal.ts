/**
 * "Not in your documents": of questions the documents answer, how many are refused; of questions they do not, how many are
 * not. Asked of the sets with natural questions: 100 that are answered and 100 that are not, half of them of other sets,
 * half with the documents that answer them taken out; and how well the probability is calibrated.
 *
 *   npm run bench:refusal -- [DIR…] [--fit] [--model FOLDER] [--reranker FOLDER] [--uncalibrated] [--questions N]
 *
 * Each figure is of a set that nothing was fitted on: weights are fitted on the other sets. `--fit` prints the weights of all.
 * Without DIR the development sets beside the project are used.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readSet } from '../engine/evaluate/beir.ts';
import { openEmbedder } from '../engine/models/embedder.ts';
import { openReranker } from '../engine/models/reranker.ts';
import { askSets, type Asked } from './refusal/ask.ts';
import { fitAll, measured, traded } from './refusal/fit.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { fit: { type: 'boolean', default: false }, model: { type: 'string' }, reranker: { type: 'string' }, uncalibrated: { type: 'boolean', default: false }, questions: { type: 'string', default: '100' } },
});
const dev = fileURLToPath(new URL('../../shared/data/dev', import.meta.url));
/** Questions as people ask them, each answered by one document. */
const NATURAL = ['cmrc2018-trial', 'drcd-dev', 'wikiqa-dev'];
/**
 * Headings of documentation, of which passages near one another answer each other's; topics and long requests, each answered by
 * many documents; and sentences in the other language.
 */
const OTHERS = ['techdocs-en', 'techdocs-zh', 'uct-wiki', 'cacm', 'parallel-en2zh', 'parallel-zh2en'];
const folders = positionals.length > 0 ? positionals : [...NATURAL, ...OTHERS].map((name) => join(dev, name)).filter((folder) => existsSync(folder));
if (folders.length === 0) {
  console.log(`There are no development sets at ${dev}; name folders in the form of BEIR.`);
  process.exit(0);
}
const models = fileURLToPath(new URL('../resources/models', import.meta.url));
const bundled = (role: string): string | undefined => readdirSync(models).filter((name) => name.startsWith(`lodestone-${role}`)).map((name) => join(models, name)).at(-1);
const embedder = await openEmbedder(values.model ?? bundled('embed')!);
const rerankerFolder = values.reranker ?? bundled('rerank');
const reranker = rerankerFolder === undefined || rerankerFolder === 'none' ? undefined : await openReranker(rerankerFolder);

const asked: Asked[] = await askSets(folders.map(readSet), { embedder, ...(reranker && { reranker }) }, Number(values.questions));
await embedder.close();
const kind = reranker ? 'rerank' : 'both';
console.log(`${reranker ? `with ${reranker.id}` : 'words and vectors'}, ${values.questions} + ${values.questions} questions a set, ${values.uncalibrated ? 'as shipped' : 'calibrated by the set itself'}\n`);
measured(asked, NATURAL, NATURAL, kind, !values.uncalibrated);
if (asked.some(({ set }) => OTHERS.includes(set))) measured(asked, OTHERS, NATURAL, kind, !values.uncalibrated);
traded(asked, [...NATURAL, ...OTHERS], NATURAL, kind, !values.uncalibrated);
console.log('by words alone');
measured(asked, NATURAL, NATURAL, 'words', !values.uncalibrated);
if (asked.some(({ set }) => OTHERS.includes(set))) measured(asked, OTHERS.slice(0, 4), NATURAL, 'words', !values.uncalibrated);
if (values.fit) fitAll(asked, NATURAL, [...(reranker ? (['rerank', 'rerank-across'] as const) : (['both', 'across'] as const)), 'words']);

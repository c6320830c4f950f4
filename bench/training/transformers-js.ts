/** The same with transformers.js: node transformers-js.ts ORDER FOLDER TEXTS.json THREADS PLACE; ORDER is `given` or `sorted`, PLACE a node_modules folder. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { takeTurns } from './turns.ts';

const [order, folder, file, threads, place] = process.argv.slice(2) as [string, string, string, string, string];

interface Embedding { tolist(): number[][] }
type Extractor = (texts: string[], options: { pooling: 'mean'; normalize: boolean }) => Promise<Embedding>;
interface TransformersJs {
  env: { version: string; allowRemoteModels: boolean; localModelPath: string };
  pipeline(task: 'feature-extraction', model: string, options: object): Promise<Extractor>;
}

const require = createRequire(join(place, 'from.js'));
const { env, pipeline } = await import(pathToFileURL(require.resolve('@huggingface/transformers')).href) as TransformersJs;
env.allowRemoteModels = false;
env.localModelPath = dirname(folder);
const extractor = await pipeline('feature-extraction', basename(folder), {
  dtype: 'fp32', device: 'cpu', session_options: { intraOpNumThreads: Number(threads), interOpNumThreads: 1, extra: { session: { intra_op: { allow_spinning: '0' } } } },
});
const texts = JSON.parse(readFileSync(file, 'utf8')) as string[];
const ordered = order === 'sorted' ? texts.toSorted((a, b) => b.length - a.length) : texts;

const BATCH = 32;
async function embed(all: string[]): Promise<number[][]> {
  const vectors: number[][] = [];
  for (let at = 0; at < all.length; at += BATCH) vectors.push(...(await extractor(all.slice(at, at + BATCH), { pooling: 'mean', normalize: true })).tolist());
  return vectors;
}

await takeTurns({ name: `transformers.js ${env.version}`, vectors: await embed(texts.slice(0, 8)) }, () => embed(ordered));

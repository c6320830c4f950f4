/**
 * The embedder on chunks of 200 tokens, beside its tokenizer alone and beside the reference tokenizer, interleaved in one run.
 *
 *   npm run bench:embed [-- --model FOLDER --chunks 2000]
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openEmbedder } from '../engine/models/embedder.ts';
import { referenceTokenizer } from '../engine/models/tokenizer.ts';
import { Prose } from './prose.ts';

const { values } = parseArgs({ options: { model: { type: 'string' }, chunks: { type: 'string', default: '2000' } } });
const CHUNK_TOKENS = 200;
const ROUNDS = 7;
/** The reference runs this share of the chunks: it is slow. */
const REFERENCE_SHARE = 0.01;

function bundled(): string {
  const models = fileURLToPath(new URL('../resources/models', import.meta.url));
  return join(models, readdirSync(models).find((name) => name.startsWith('lodestone-embed'))!);
}

const folder = values.model ?? bundled();
const embedder = await openEmbedder(folder);
const reference = referenceTokenizer(JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8')) as object);

const prose = [new Prose(3), new Prose(5, 'zh')];
const chunks = Array.from({ length: Number(values.chunks) }, (_, i) => {
  let text = '';
  while (embedder.countTokens(text) < CHUNK_TOKENS) text += ` ${prose[i % 2]!.paragraph(2)}`;
  return text;
});
const bytes = chunks.reduce((sum, chunk) => sum + Buffer.byteLength(chunk), 0);

async function timed(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

const few = chunks.slice(0, Math.max(2, Math.round(chunks.length * REFERENCE_SHARE)));
const times = { tokenizer: [] as number[], embedder: [] as number[], reference: [] as number[] };
for (let round = 0; round < ROUNDS; round++) {
  times.tokenizer.push(await timed(() => chunks.forEach((chunk) => embedder.countTokens(chunk))));
  times.embedder.push(await timed(() => embedder.embed(chunks, 'document')));
  times.reference.push((await timed(() => few.forEach((chunk) => reference.count(chunk)))) * (chunks.length / few.length));
}
await embedder.close();

const best = { tokenizer: Math.min(...times.tokenizer), embedder: Math.min(...times.embedder), reference: Math.min(...times.reference) };
console.log(`${embedder.id}: ${chunks.length} chunks of ${CHUNK_TOKENS} tokens and more, ${(bytes / 1e6).toFixed(1)} MB, one thread, best of ${ROUNDS}\n`);
for (const [name, milliseconds] of Object.entries(best)) {
  const rate = `${Math.round((chunks.length / milliseconds) * 1000)} chunks/s  ${(bytes / 1e3 / milliseconds).toFixed(2)} MB/s`;
  console.log(`${name.padEnd(10)} ${rate.padStart(32)}  ${(milliseconds / best.tokenizer).toFixed(2)} × tokenizer`);
}

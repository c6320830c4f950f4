/**
 * What a training step and embedding cost beside PyTorch and transformers.js, each a process of its own, turn by turn in one run, on
 * one BERT of random weights. Prints a table with what is demanded and ends with 1 where a line falls short.
 *
 *   npm run bench:training [-- --python python3 --transformers-js FOLDER --rounds 5 --embed-rounds 2 --texts 192 --threads 1 --sizes 6x384x8x128,12x384x4x128]
 *
 * `--python` is one that has torch, transformers and sentence-transformers, `--transformers-js` a folder where `@huggingface/transformers`
 * is installed; who is absent is left out, and said so. A size is layers × width × sequences × tokens. Times are of the processor, the
 * least of all rounds: they hold on a machine that is busy with other things.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { interleave, start, type Contender } from './training/contender.ts';
import { makeFolder, mixedTexts } from './training/folder.ts';

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' }, 'transformers-js': { type: 'string' }, rounds: { type: 'string', default: '5' }, 'embed-rounds': { type: 'string', default: '2' },
    texts: { type: 'string', default: '192' }, threads: { type: 'string', default: '1' }, sizes: { type: 'string', default: '6x384x8x128,12x384x4x128' },
  },
});
const { python, threads } = values;
const place = fileURLToPath(new URL('./training/', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'training-'));
const ours = (script: string, ...args: (string | number)[]): Promise<Contender | undefined> => start(process.execPath, [join(place, script), ...args.map(String)]);
const theirs = (script: string, ...args: (string | number)[]): Promise<Contender | undefined> => start(python, [join(place, script), ...args.map(String)]);

let short = 0;
/** A line of the table. `demand` compares what was measured with a limit; `higher`: more is better. */
function line(what: string, found: string, ratio: number | undefined, demand?: { limit: number; higher?: boolean }): void {
  const held = demand === undefined || ratio === undefined || (demand.higher ? ratio >= demand.limit : ratio <= demand.limit);
  if (!held) short++;
  const verdict = demand === undefined ? '' : `${demand.higher ? '≥' : '≤'} ${demand.limit.toFixed(2)}  ${ratio === undefined ? 'not measured' : held ? 'yes' : 'NO'}`;
  console.log(`${what.padEnd(52)} ${found.padStart(16)} ${(ratio === undefined ? '–' : ratio.toFixed(2)).padStart(7)}  ${verdict}`);
}
const said = new Set<string>();
function skipped(who: string): void {
  if (!said.has(who)) console.log(`Skipped: ${who}`);
  said.add(who);
}

/** LoRA, LoRA over eight bits, and all weights, as shares of PyTorch's time and memory. */
async function steps(size: string): Promise<void> {
  const [layers, width, sequences, tokens] = size.split('x').map(Number) as [number, number, number, number];
  const folder = join(root, size);
  makeFolder(folder, { layers, width });
  const step = async (kind: string): Promise<Contender> => (await ours('step.ts', kind, folder, sequences, tokens, threads))!;
  const torch = (kind: string): Promise<Contender | undefined> => theirs('step.py', kind, layers, width, sequences, tokens, threads);
  const [limit, mean, cls, int8, upper, full] = [await step('product'), await step('mean'), await step('cls'), await step('int8'), await step('upper'), await step('full')];
  const [lora, all] = [await torch('lora'), await torch('full')];
  await interleave([limit, mean, cls, int8, upper, full, lora, all], Number(values.rounds));
  console.log(`\nTraining step, ${layers} × ${width}, ${sequences} sequences of ${tokens} tokens, ${threads} thread(s), least of ${values.rounds} rounds`);
  if (lora === undefined) skipped(`PyTorch, which ${python} does not have`);
  else console.log(`${lora.hello.name}: LoRA ${ms(lora)}, all weights ${ms(all!)}. × is its time; a product of matrices with as many operations takes ONNX Runtime the share in brackets.`);
  const limited = ({ seconds, hello }: Contender): string => `(${((hello.flops! * limit.seconds) / limit.hello.flops! / seconds).toFixed(2)})`;
  const beside = (name: string, own: Contender, other: Contender | undefined, demand?: number): void => line(name, `${ms(own)} ${limited(own)}`, other && own.seconds / other.seconds, demand === undefined ? undefined : { limit: demand });
  beside('LoRA, pooled by first token', cls, lora, 0.9);
  beside('LoRA, pooled by mean', mean, lora);
  beside('LoRA, base in eight bits', int8, lora, 0.5);
  beside('LoRA on the upper half only', upper, lora);
  beside('all weights but the word table', full, all, 1);
  const memory = (name: string, own: Contender, other: Contender | undefined): void => line(name, mib(own), other && own.peak / other.peak, { limit: 1 });
  memory(`peak memory, LoRA${besideMib(lora)}`, cls, lora);
  memory('peak memory, LoRA, base in eight bits', int8, lora);
  memory(`peak memory, all weights${besideMib(all)}`, full, all);
}

/** Texts of mixed lengths. Ours in eight bits is what a person gets where the model bears it on their machine. */
async function embedding(size: string): Promise<void> {
  const [layers, width] = size.split('x').map(Number) as [number, number];
  const folder = join(root, size);
  const file = join(root, 'texts.json');
  const texts = mixedTexts(Number(values.texts));
  writeFileSync(file, JSON.stringify(texts));
  const js = values['transformers-js'];
  const from = (js === undefined ? '' : join(resolve(js), 'node_modules'));
  const [float32, int8] = [(await ours('embed.ts', 'float32', folder, file, threads))!, (await ours('embed.ts', 'int8', folder, file, threads))!];
  const torch = (how: string): Promise<Contender | undefined> => theirs('embed.py', how, folder, file, threads);
  const [encode, given, budget, single] = [await torch('encode'), await torch('given'), await torch('budget'), await torch('single')];
  const inJs = (order: string): Promise<Contender | undefined> => (js === undefined ? Promise.resolve(undefined) : ours('transformers-js.ts', order, folder, file, threads, from));
  const [jsGiven, jsSorted] = [await inJs('given'), await inJs('sorted')];
  const others = [encode, given, budget, single, jsGiven, jsSorted];
  for (const other of [int8, ...others]) if (other !== undefined) sameVectors(float32, other);
  await interleave([float32, int8, ...others], Number(values['embed-rounds']));

  const rate = ({ seconds }: Contender): number => texts.length / seconds;
  const best = int8.hello.name === 'int8' ? int8 : float32;
  console.log(`\nEmbedding ${texts.length} texts of 16 to 256 tokens, ${layers} × ${width}, ${threads} thread(s), least of ${values['embed-rounds']} rounds`);
  console.log(`Texts in a second of processor time. × is ours in ${best.hello.name} to theirs, in brackets ours in float32 to theirs.`);
  for (const name of new Set([encode, given, jsGiven].flatMap((other) => (other === undefined ? [] : [other.hello.name])))) console.log(`Beside ${name}.`);
  line('ours, float32', rate(float32).toFixed(1), undefined);
  line(`ours, eight bits${best === float32 ? ' (refused by the self-test)' : ''}`, rate(int8).toFixed(1), undefined);
  const row = (name: string, other: Contender | undefined, limit?: number): void => line(name, other === undefined ? '–' : `${rate(other).toFixed(1)} (${(rate(float32) / rate(other)).toFixed(2)})`, other && rate(best) / rate(other), limit === undefined ? undefined : { limit, higher: true });
  if (encode === undefined) skipped(`sentence-transformers, which ${python} does not have`);
  row('sentence-transformers encode (sorts, batches of 32)', encode, 3);
  if (given === undefined) skipped(`transformers, which ${python} does not have`);
  row('transformers, batches of 32 as they come', given, 3);
  row('transformers, sorted, 2048 tokens a batch', budget);
  row('transformers, one text at a time', single);
  if (jsGiven === undefined) skipped('transformers.js; give a folder where @huggingface/transformers is installed as --transformers-js');
  row('transformers.js, batches of 32 as they come', jsGiven, 2);
  row('transformers.js, sorted, batches of 32', jsSorted, 2);
  line(`peak memory, embedding${besideMib(encode)}`, mib(best), encode && best.peak / encode.peak, { limit: 1 });
}

/** Whoever is measured does the same work: the first texts' vectors point where ours do. */
function sameVectors(own: Contender, other: Contender): void {
  own.hello.vectors!.forEach((vector, text) => {
    const cosine = vector.reduce((sum, value, d) => sum + value * other.hello.vectors![text]![d]!, 0);
    if (!(cosine > 0.999)) throw new Error(`${other.hello.name} makes another vector of text ${text}: cosine ${cosine}.`);
  });
}

const ms = ({ seconds }: Contender): string => `${(seconds * 1e3).toFixed(0)} ms`;
const mib = ({ peak }: Contender): string => `${peak.toFixed(0)} MiB`;
const besideMib = (other: Contender | undefined): string => (other === undefined ? '' : ` (PyTorch's ${other.peak.toFixed(0)} MiB)`);

const sizes = values.sizes.split(',');
for (const size of sizes) await steps(size);
await embedding(sizes[0]!);
rmSync(root, { recursive: true });
console.log(short === 0 ? '\nEvery line that was measured is held.' : `\n${short} line(s) fall short.`);
process.exitCode = short === 0 ? 0 : 1;

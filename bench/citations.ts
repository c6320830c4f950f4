/**
 * Citations of sentences a language model wrote: how many of the places given are right, how many sentences that the
 * sources support get one, how many that they do not are marked. Weights are fitted on `dev`; `test` is other documents.
 *
 *   npm run bench:citations -- [--wrong]
 *
 * `--wrong` lists every sentence that is judged wrongly.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { alignTriples, citationQuality, readTriples } from '../engine/answer/testing/citations.ts';
import { openEmbedder } from '../engine/models/embedder.ts';

const { values } = parseArgs({ options: { wrong: { type: 'boolean', default: false } } });
const models = fileURLToPath(new URL('../resources/models', import.meta.url));
const embedder = await openEmbedder(join(models, readdirSync(models).find((name) => name.startsWith('lodestone-embed'))!));
const judged = await alignTriples(readTriples(), embedder);
await embedder.close();

console.log(`${'half'.padEnd(8)}sentences  precision  coverage  unsupported marked`);
for (const half of ['dev', 'test'] as const) {
  const own = judged.filter((one) => one.half === half);
  const { precision, coverage, flagged } = citationQuality(own);
  console.log(`${half.padEnd(8)}${String(own.length).padStart(9)}${precision.toFixed(3).padStart(11)}${coverage.toFixed(3).padStart(10)}${flagged.toFixed(3).padStart(20)}`);
}
console.log(`\n${'kind'.padEnd(16)}right, dev   right, test`);
for (const kind of new Set(judged.map((one) => one.kind))) {
  const share = (half: string): string => {
    const own = judged.filter((one) => one.kind === kind && one.half === half);
    return `${own.filter(correct).length} of ${own.length}`;
  };
  console.log(`${kind.padEnd(16)}${share('dev').padStart(10)}${share('test').padStart(14)}`);
}
const times = judged.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
console.log(`\nmilliseconds a sentence: median ${times[times.length >> 1]!.toFixed(1)}, most ${times.at(-1)!.toFixed(1)}`);
if (values.wrong) {
  for (const one of judged.filter((each) => !correct(each))) {
    console.log(`\n${one.half} ${one.kind} ${one.support.probability.toFixed(2)}: ${one.text}\n   ${JSON.stringify(one.support.features, (_, value: unknown) => typeof value === 'number' ? Number(value.toFixed(2)) : value)}\n   wanted: ${one.supports.join(' | ') || 'nothing'}\n   cited:  ${one.support.statements.map(({ quote }) => quote).join(' | ') || 'nothing'}`);
  }
}

/** Cited at the right place, or rightly not cited. */
function correct({ supports, support, right }: (typeof judged)[number]): boolean {
  return supports.length > 0 ? right > 0 && right === support.statements.length : support.statements.length === 0;
}

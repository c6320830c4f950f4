import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { constants, createZstdDecompress } from 'node:zlib';

/** A text and the passage that belongs to it, as the training folders hold them. */
export interface Pair {
  task: 'ict' | 'title' | 'definition' | 'qa' | 'parallel';
  lang: string;
  query: string;
  pos: string[];
  source: string;
}

/** The shards were packed with a window of 128 MiB, which has to be allowed. */
const WINDOW_LOG = 27;

/** Every pair of a folder of `*.jsonl.zst` shards, in the order of the files; memory stays at one line. */
export async function* readPairs(folder: string): AsyncGenerator<Pair> {
  const shards = (await readdir(folder)).filter((name) => name.endsWith('.jsonl.zst')).sort();
  if (shards.length === 0) throw new Error(`No training pairs (*.jsonl.zst) in ${folder}.`);
  for (const shard of shards) {
    const bytes = createReadStream(join(folder, shard));
    const text = bytes.pipe(createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG } }));
    for await (const line of createInterface({ input: text, crlfDelay: Infinity })) {
      if (line !== '') yield JSON.parse(line) as Pair;
    }
  }
}

/** Whether the pair comes from a dictionary: words and what they mean in the other language. */
export function isDictionary(pair: Pair): boolean {
  return pair.task === 'parallel' && /Wordnet|Unihan|vocabulary|dictionary/i.test(pair.source);
}

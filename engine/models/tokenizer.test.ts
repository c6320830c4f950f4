import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openTokenizer, type Tokenizer } from './tokenizer.ts';

/** Against ids that Hugging Face's tokenizers (in Rust) gave; `fixtures.py` records them. */
interface Recorded { texts: string[]; ids: Record<string, { single: number[][]; pair: [ids: number[], types: number[]][] }> }

const recorded = JSON.parse(readFileSync(new URL('./fixtures/recorded.json', import.meta.url), 'utf8')) as Recorded;
const open = (name: string, pair?: string[]): Promise<Tokenizer> => openTokenizer(fileURLToPath(new URL(`./fixtures/tokenizers/${name}.json`, import.meta.url)), pair);

for (const [name, { single, pair }] of Object.entries(recorded.ids)) {
  describe(`a tokenizer in the manner of ${name} gives the ids of the reference`, () => {
    for (const [i, text] of recorded.texts.entries()) {
      test(JSON.stringify(text.slice(0, 60)), async () => assert.deepEqual((await open(name)).encode(text), single[i]));
    }
    test('of two texts, with the kinds of their tokens', async () => {
      const tokenizer = await open(name);
      pair.forEach(([ids, types], i) => assert.deepEqual(tokenizer.encodePair(recorded.texts[i]!, recorded.texts[i + 1]!, 512), { ids, types }));
    });
  });
}

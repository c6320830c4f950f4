import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { recorded } from './fixtures/folder.ts';
import { openTokenizer, type Tokenizer } from './tokenizer.ts';

/** Against ids that Hugging Face's tokenizers (in Rust) gave; `fixtures.py` records them. */
const open = (name: string, pair?: string[]): Promise<Tokenizer> => openTokenizer(fileURLToPath(new URL(`./fixtures/tokenizers/${name}.json`, import.meta.url)), pair);

for (const [name, { single, pair }] of Object.entries(recorded.ids)) {
  describe(`a tokenizer in the manner of ${name} gives the ids of the reference`, () => {
    for (const [i, text] of recorded.texts.entries()) {
      test(JSON.stringify(text.slice(0, 60)), async () => assert.deepEqual((await open(name)).encode(text), single[i]));
    }
    test('of two texts, with the kinds of their tokens', async () => {
      const tokenizer = await open(name);
      pair.forEach(([ids, types], i) => assert.deepEqual(tokenizer.join(tokenizer.plain(recorded.texts[i]!), tokenizer.plain(recorded.texts[i + 1]!)), { ids, types }));
    });
  });
}

test('special tokens in a text are those tokens, not their letters (seeds TA-1)', async () => {
  const tokenizer = await open('wordpiece');
  assert.deepEqual(tokenizer.plain('lease [SEP] ends').filter((id) => id === tokenizer.id('[SEP]')).length, 1);
});

test('half of a surrogate pair is read as the character that stands for broken ones', async () => {
  for (const name of Object.keys(recorded.ids)) {
    const tokenizer = await open(name);
    assert.deepEqual(tokenizer.encode('a\ud800b \udc00'), tokenizer.encode('a\ufffdb \ufffd'), name);
  }
});

test('cuts the text and keeps what stands around it', async () => {
  const tokenizer = await open('roberta');
  const [long, cut] = [tokenizer.encode(recorded.texts[6]!), tokenizer.encode(recorded.texts[6]!, 8)];
  assert.deepEqual(cut, [...long.slice(0, 7), long.at(-1)]);
  assert.equal(tokenizer.before, 1);
  assert.equal((await open('t5')).before, 0);
});

test('says what stands around two texts where the file does not', async () => {
  const tokenizer = await open('t5', ['<s>', 'A', '</s>', 'B', '</s>']);
  const [s, end] = [tokenizer.id('<s>')!, tokenizer.id('</s>')!];
  assert.deepEqual(tokenizer.join([9], [8]).ids, [s, 9, end, 8, end]);
  await assert.rejects(open('t5', ['<none>', 'A', 'B']), /has no special token "<none>"/);
});

test('refuses a file that is no tokenizer', () => assert.rejects(openTokenizer(fileURLToPath(new URL('./fixtures/weights/bert.safetensors', import.meta.url))), /The tokenizer .* cannot be used/));

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pieceCounter } from './pieces.ts';
import { openGgufEmbedder, openGgufReranker } from './retrieval.ts';
import { noLlama } from './testing/llama-here.ts';
import { type MicroBert, writeMicroBert } from './testing/micro-bert.ts';
import { writeMicroLlama } from './testing/micro-llama.ts';

const folder = mkdtempSync(join(tmpdir(), 'lodestone-retrieval-'));
after(() => rmSync(folder, { recursive: true }));
const texts = ['The lease ends in May.', '租约五月到期。', 'The cat sat, catsed', 'may'];

describe('an embedder in a GGUF file', { skip: noLlama ?? false }, () => {
  for (const pooling of ['mean', 'cls'] as const) {
    test(`embeds as a computation in float64 does, pooled by ${pooling}`, async () => {
      const micro = writeMicroBert(join(folder, `${pooling}.gguf`), pooling);
      const embedder = await openGgufEmbedder(micro.file, { threads: 1, prompts: { query: 'when ', document: '' } });
      const vectors = await embedder.embed(texts, 'document');
      texts.forEach((text, i) => assert.ok(distance(vectors[i]!, expected(micro, text, pooling)) < 2e-3, text));
      // Alone or together, one text has one vector; a question's prompt is part of what is embedded.
      assert.deepEqual(await embedder.embed([texts[1]!], 'document'), [vectors[1]]);
      assert.ok(distance((await embedder.embed(['may'], 'query'))[0]!, expected(micro, 'when may', pooling)) < 2e-3);
      assert.ok(distance(vectors[0]!, vectors[2]!) > 0.05);
      await embedder.close();
    });
  }

  test('cuts what is too long, and is another space with another prompt', async () => {
    const micro = writeMicroBert(join(folder, 'long.gguf'), 'mean');
    const embedder = await openGgufEmbedder(micro.file, { threads: 1 });
    const [long, longer] = await embedder.embed(['may '.repeat(126), 'may '.repeat(500)], 'document');
    assert.deepEqual(long, longer);
    assert.equal(embedder.dimensions, long!.length);
    assert.match(embedder.space, /^bert-[0-9a-f]{16} adapter=none document="" pooling=mean normalised=true tokens=128 provider=llama\.cpp$/);
    await embedder.close();
    assert.match((await openGgufEmbedder(micro.file, { prompts: { query: '', document: 'passage: ' } })).space, / document="passage: " /);
  });

  test('counts as its tokenizer does, without asking it', async () => {
    const micro = writeMicroBert(join(folder, 'counted.gguf'), 'mean');
    const embedder = await openGgufEmbedder(micro.file);
    for (const text of [...texts, '', 'ENDS\n\nended—Ends, 😀 五月']) assert.equal(embedder.countTokens(text), micro.tokens(text).length - 2, text);
    await embedder.close();
  });

  test('a model for something else is refused', async () => {
    const writer = writeMicroLlama(join(folder, 'writer.gguf'));
    await assert.rejects(openGgufEmbedder(writer.file), { code: 'unsupported', message: 'Micro is a model that writes, not an embedder.' });
    await assert.rejects(openGgufReranker(join(folder, 'mean.gguf')), { code: 'unsupported', message: 'Micro embedder is an embedder, not a reranker.' });
  });
});

test('a reranker in a GGUF file reads question and text together', { skip: noLlama ?? false }, async () => {
  const micro = writeMicroBert(join(folder, 'rank.gguf'), 'rank');
  const reranker = await openGgufReranker(micro.file, { threads: 1 });
  const question = 'When does the lease end?';
  const candidates = texts.map((text) => ({ text, prior: 0 }));
  const logits = await reranker.score(question, candidates);
  texts.forEach((text, i) => assert.ok(Math.abs(logits[i]! - micro.logit(question, text)) < 2e-3, `${logits[i]} instead of ${micro.logit(question, text)}`));
  assert.deepEqual(await reranker.score(question, candidates.toReversed()), logits.toReversed());
  // A text too long is cut, not refused.
  assert.equal((await reranker.score(question, [{ text: 'may '.repeat(500), prior: 0 }])).length, 1);
  await reranker.close();
});

test('pieces are counted from left to right in every kind of vocabulary', () => {
  const sentencePiece = pieceCounter({ kind: 't5', pieces: ['▁the', '▁lease', 's', '租约', '▁'] });
  assert.equal(sentencePiece('the leases'), 3);
  assert.equal(sentencePiece(' 租约 '), 2);
  const bytes = pieceCounter({ kind: 'gpt2', pieces: ['Ġthe', 'the', 'ç', '§', 'Ł', 'ç§Ł'] });
  assert.equal(bytes('the the租'), 3);
  const fallingApart = pieceCounter({ kind: 'llama', pieces: ['▁', 'a'] });
  assert.equal(fallingApart('a 租'), 5);
});

function expected(micro: MicroBert, text: string, pooling: 'mean' | 'cls'): number[] {
  const hidden = micro.hidden(micro.tokens(text));
  const pooled = hidden[0]!.map((first, d) => (pooling === 'cls' ? first : hidden.reduce((sum, vector) => sum + vector[d]!, 0)));
  const length = Math.hypot(...pooled);
  return pooled.map((value) => value / length);
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.hypot(...Array.from(a, (value, d) => value - b[d]!));
}

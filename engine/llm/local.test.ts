import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { EngineError } from '../api.ts';
import { startRunner } from './child.ts';
import type { JsonSchema, Message } from './llm.ts';
import { type LocalLlm, openLocalLlm } from './local.ts';
import { noLlama } from './testing/llama-here.ts';
import { type MicroLlama, writeMicroLlama } from './testing/micro-llama.ts';

const folder = mkdtempSync(join(tmpdir(), 'lodestone-llm-'));
const asked: Message[] = [{ role: 'system', content: 'Answer from the document.' }, { role: 'user', content: 'What is the lease? 租约何时到期？' }];

describe('a language model in a file', { skip: noLlama ?? false }, () => {
  let micro: MicroLlama;
  let llm: LocalLlm;
  before(async () => {
    micro = writeMicroLlama(join(folder, 'micro.gguf'));
    llm = await openLocalLlm(micro.file, { threads: 1 });
  });
  after(async () => {
    await llm.close();
    rmSync(folder, { recursive: true });
  });

  async function written(messages: Message[], maxTokens: number, more: { schema?: JsonSchema; temperature?: number; seed?: number } = {}): Promise<string> {
    let text = '';
    for await (const piece of llm.write(messages, { maxTokens, ...more })) text += piece;
    return text;
  }
  const failing = async (work: Promise<unknown>): Promise<EngineError> => work.then(() => assert.fail('It did not fail.'), (error: EngineError) => error);

  test('says what it is before its weights are read', () => {
    assert.equal(llm.name, 'Micro');
    assert.equal(llm.contextTokens, 512);
    assert.equal(llm.remote, false);
    assert.match(llm.id, /^llama-[0-9a-f]{16}$/);
  });

  test('streams the answer piece by piece, the same one each time', async () => {
    const pieces: string[] = [];
    for await (const piece of llm.write(asked, { maxTokens: 40 })) pieces.push(piece);
    assert.ok(pieces.length > 10, `${pieces.length} pieces`);
    // The model says the alphabet: each letter is followed by the next.
    assert.match(pieces.join(''), /opqrstuvwxyz /);
    assert.equal(await written(asked, 40), pieces.join(''));
  });

  test('writes at most so many tokens', async () => {
    const [tokens] = await llm.count([await written(asked, 24)]);
    assert.ok(tokens! <= 24, `${tokens} tokens`);
  });

  test('a seed makes a warm answer the same again', async () => {
    const warm = { temperature: 3, seed: 5 };
    assert.equal(await written(asked, 30, warm), await written(asked, 30, warm));
    assert.notEqual(await written(asked, 30, warm), await written(asked, 30, { temperature: 3, seed: 6 }));
  });

  test('counts in its own tokens, and a conversation as its template puts it', async () => {
    const texts = ['the tree, the 树 then', '', ' the'];
    assert.deepEqual(await llm.count([...texts, asked]), [...texts.map((text) => micro.tokens(text).length - 1), micro.tokens(micro.render(asked), true).length]);
  });

  test('what a document says is text, never a mark of the template', async () => {
    const [marks] = await llm.count(['<|im_end|>']);
    assert.equal(marks, micro.tokens('<|im_end|>').length - 1);
    const [conversation] = await llm.count([[{ role: 'user', content: 'a<|im_end|>b' }]]);
    const [plain] = await llm.count([[{ role: 'user', content: 'ab' }]]);
    assert.equal(conversation! - plain!, marks);
  });

  test('leaving the loop stops it at once', async () => {
    const whole = performance.now();
    await written(asked, 250);
    const wholeTime = performance.now() - whole;
    const left = performance.now();
    for await (const piece of llm.write(asked, { maxTokens: 250 })) if (piece) break;
    await written(asked, 1);
    assert.ok(performance.now() - left < wholeTime / 2, 'It went on after the loop was left.');
  });

  test('a signal stops it, and the loop says so', async () => {
    const stop = new AbortController();
    let pieces = 0;
    const error = await failing((async () => {
      for await (const _ of llm.write(asked, { maxTokens: 250, signal: stop.signal })) if (++pieces === 3) stop.abort();
    })());
    assert.equal(error.code, 'cancelled');
    assert.equal(pieces, 3);
    const before = await failing((async () => { for await (const _ of llm.write(asked, { maxTokens: 5, signal: stop.signal })) pieces++; })());
    assert.equal(before.code, 'cancelled');
    assert.equal(pieces, 3);
  });

  test('with a schema it writes nothing but JSON of that schema', async () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: { kind: { enum: ['short', 'long'] }, questions: { type: 'array', items: { type: 'string', maxLength: 8 }, minItems: 2, maxItems: 3 }, sure: { type: 'boolean' } },
    };
    const value = JSON.parse(await written(asked, 200, { schema, temperature: 1, seed: 1 })) as { kind: string; questions: string[]; sure: boolean };
    assert.deepEqual(Object.keys(value).sort(), ['kind', 'questions', 'sure']);
    assert.ok(['short', 'long'].includes(value.kind));
    assert.ok(value.questions.length >= 2 && value.questions.length <= 3 && value.questions.every((question) => [...question].length <= 8));
    assert.equal(typeof value.sure, 'boolean');
  });

  test('a prompt that does not fit is refused before anything is computed', async () => {
    const error = await failing(written([{ role: 'user', content: 'x'.repeat(500) }], 50));
    assert.equal(error.code, 'invalid');
    assert.match(error.message, /^The prompt is 5\d\d tokens long; with up to 50 for the answer that is more than the 512/);
  });

  test('a prompt that just fits is read to its last word, and answered to the last token there is room for', async () => {
    const [empty] = await llm.count([[{ role: 'user', content: '' }]]);
    const messages: Message[] = [{ role: 'user', content: 'the lease of the house '.repeat(20).slice(0, 300) }];
    while ((await llm.count([messages]))[0]! > 236) messages[0]!.content = messages[0]!.content.slice(1);
    const tight = await openLocalLlm(micro.file, { threads: 1, contextTokens: 256 });
    let text = '';
    for await (const piece of tight.write(messages, { maxTokens: 20 })) text += piece;
    assert.equal(text, await written(messages, 20));
    assert.deepEqual([(await tight.count([text]))[0], empty! < 40], [20, true]);
    await tight.close();
  });

  test('when its process dies the answer fails with a sentence, and the next question starts it anew', async () => {
    let pieces = 0;
    const error = await failing((async () => {
      for await (const _ of llm.write(asked, { maxTokens: 250 })) if (++pieces === 3) llm.kill();
    })());
    assert.equal(error.code, 'closed');
    assert.equal(error.message, 'The process of Micro ended in the middle of its work. Ask again: it is started anew.');
    assert.match(await written(asked, 30), /opqrst/);
  });

  test('a process that dies of opening the model is started once more; one that nobody uses is let go', async () => {
    let starts = 0;
    const start = () => {
      const child = startRunner();
      if (++starts === 1) child.kill();
      return child;
    };
    const idle = await openLocalLlm(micro.file, { threads: 1, start, idleMinutes: 0.001 });
    assert.deepEqual(await idle.count(['abc']), [3]);
    assert.equal(starts, 2);
    while (idle.isRunning()) await new Promise(setImmediate);
    assert.deepEqual(await idle.count(['abc']), [3]);
    assert.equal(starts, 3);
    await idle.close();
    assert.equal((await failing(idle.count(['abc']))).message, 'Micro was closed.');
  });

  test('a model that llama.cpp does not know is refused with a sentence', async () => {
    const bytes = readFileSync(micro.file);
    bytes.write('llamA', bytes.indexOf('llama'));
    for (let at = bytes.indexOf('llama.'); at >= 0; at = bytes.indexOf('llama.')) bytes.write('llamA', at);
    writeFileSync(join(folder, 'unknown.gguf'), bytes);
    const unknown = await openLocalLlm(join(folder, 'unknown.gguf'), { threads: 1 });
    const { code, message } = await failing(unknown.count(['a']));
    assert.deepEqual([code, message], ['failed', "llama.cpp cannot open this model: unknown model architecture: 'llamA'"]);
    await unknown.close();
  });

  // Acceptance test LE-4: the teacher's score is the mean log-probability of the answer's tokens.
  describe('likelihood', () => {
    const pairs = [
      { prompt: 'Knowledge: the lease ends in May.\n\nQuestion: when?\n\nAnswer: ', answer: 'the month of May' },
      { prompt: 'Knowledge: 租约于五月到期。\n\nQuestion: 何时？\n\nAnswer: ', answer: '五月' },
      { prompt: 'Question: when?\n\nAnswer:', answer: ' abcdef' },
    ];

    /** The mean over the tokens at the end that hold the answer: each is a byte but for the few pieces of the vocabulary. */
    function expected({ prompt, answer }: { prompt: string; answer: string }): number {
      const tokens = micro.tokens(prompt + answer);
      const lengths = tokens.map((token) => ({ 260: 2, 261: 3, 262: 4 })[token] ?? 1);
      let from = tokens.length;
      for (let held = 0; held < Buffer.byteLength(answer); ) held += lengths[--from]!;
      const logs = micro.logProbabilities(tokens).slice(from);
      return logs.reduce((sum, value) => sum + value, 0) / logs.length;
    }

    test('equals an independent computation in float64', async () => {
      const scores = await llm.likelihood(pairs);
      scores.forEach((score, i) => assert.ok(Math.abs(score - expected(pairs[i]!)) < 1e-4, `${score} instead of ${expected(pairs[i]!)}`));
    });

    test('does not depend on the other pairs, nor on what was written before', async () => {
      const together = await llm.likelihood(pairs);
      await written(asked, 10);
      for (const [i, pair] of pairs.entries()) assert.equal((await llm.likelihood([pair]))[0], together[i]);
      assert.deepEqual(await llm.likelihood(pairs.toReversed()), together.toReversed());
    });

    test('a prompt of several pieces of work scores as one', async () => {
      const long = { prompt: `${'the lease ends in May. '.repeat(16)}\n\nAnswer: `, answer: 'May' };
      assert.ok(Math.abs((await llm.likelihood([long]))[0]! - expected(long)) < 1e-4);
    });

    test('without knowledge it is another score', async () => {
      const answer = 'the month of May';
      const [knowing, guessing] = await llm.likelihood([{ prompt: 'Knowledge: the lease ends in May.\n\nAnswer: ', answer }, { prompt: 'Answer: ', answer }]);
      assert.ok(Math.abs(knowing! - guessing!) > 1e-3);
    });

    test('an empty answer and a pair too long are refused', async () => {
      assert.equal((await failing(llm.likelihood([{ prompt: 'a', answer: '' }]))).code, 'invalid');
      assert.match((await failing(llm.likelihood([{ prompt: 'a'.repeat(600), answer: 'b' }]))).message, /are 602 tokens long; a score is computed over at most 512/);
    });
  });
});

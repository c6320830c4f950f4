import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openEmbedder } from './embedder.ts';
import { idleEmbedder, openWhenUsed } from './idle.ts';
import { makeSmallEmbedder } from './testing.ts';

const root = mkdtempSync(join(tmpdir(), 'idle-'));
after(() => rmSync(root, { recursive: true }));

/** Tells when it was opened and closed, in `told`; `next` waits for what comes. */
function told(): { words: string[]; changed(open: boolean): void; next(): Promise<void> } {
  const words: string[] = [];
  let hear = Promise.withResolvers<void>();
  return {
    words,
    changed(open) {
      words.push(open ? 'open' : 'closed');
      hear.resolve();
      hear = Promise.withResolvers();
    },
    async next() {
      // The timer that closes does not keep a process alive.
      const alive = setTimeout(() => undefined, 5000);
      await hear.promise;
      clearTimeout(alive);
    },
  };
}

test('an embedder is closed when nobody uses it, and gives the same vectors when it is used again', async () => {
  const folder = await makeSmallEmbedder(join(root, 'small'), { id: 'small', dimensions: 16, seed: 3 });
  const always = await openEmbedder(folder);
  const expected = await always.embed(['one text', 'another'], 'document');
  const { words, changed, next } = told();
  const embedder = await idleEmbedder(() => openEmbedder(folder), { minutes: 0.02 / 60, changed });
  assert.deepEqual([embedder.id, embedder.space, embedder.dimensions], [always.id, always.space, always.dimensions]);
  await next();
  assert.deepEqual(words, ['open', 'closed']);
  assert.equal(embedder.countTokens('one text'), always.countTokens('one text'), 'tokens are counted without a session');
  assert.deepEqual(await Promise.all([embedder.embed(['one text', 'another'], 'document'), embedder.embed(['another'], 'document')]), [expected, [expected[1]]]);
  assert.deepEqual(words, ['open', 'closed', 'open'], 'two at once share one session');
  await next();
  assert.deepEqual(words, ['open', 'closed', 'open', 'closed']);
  await embedder.close();
  await assert.rejects(embedder.embed(['late'], 'document'), /was closed/);
  await always.close();
});

test('is not closed under the hands of who uses it, and closing waits for them', async () => {
  const { words, changed } = told();
  const idle = openWhenUsed(async () => ({ close: async () => undefined }), { minutes: 0, changed });
  const work = Promise.withResolvers<string>();
  const use = idle.use(() => work.promise);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(idle.isOpen);
  const closed = idle.close().then(() => words.push('all over'));
  assert.deepEqual(words, ['open']);
  work.resolve('done');
  assert.equal(await use, 'done');
  await closed;
  assert.deepEqual(words, ['open', 'closed', 'all over']);
});

test('is not opened anew before the last one is closed', async () => {
  const words: string[] = [];
  const slow = Promise.withResolvers<void>();
  const idle = openWhenUsed(async () => {
    words.push('open');
    return { close: async () => { await slow.promise; words.push('closed'); } };
  }, { minutes: 0 });
  await idle.use(async () => undefined);
  while (idle.isOpen) await new Promise((resolve) => setTimeout(resolve, 1));
  const again = idle.use(async () => undefined);
  slow.resolve();
  await again;
  assert.deepEqual(words, ['open', 'closed', 'open']);
  await idle.close();
});

test('what cannot be opened fails, and is tried again at the next use', async () => {
  let tries = 0;
  const idle = openWhenUsed(async () => {
    if (++tries === 1) throw new Error('The drive is not there.');
    return { close: async () => undefined };
  });
  await assert.rejects(idle.use(async () => undefined), /The drive is not there/);
  assert.ok(!idle.isOpen);
  assert.equal(await idle.use(async () => 7), 7);
  await idle.close();
  assert.equal(tries, 2);
});

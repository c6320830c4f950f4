import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type WebSocket as ServerSocket, WebSocketServer } from 'ws';
import { EngineError } from './api.ts';
import { connect, messagePort, type Port, serve, webSocketPort, workerPort } from './rpc.ts';

/** What the tests call: one verb for each thing that has to survive the way. */
function orchard() {
  const seen = { left: 0, aborted: 0 };
  const verbs = {
    async add(a: number, b?: number) {
      return b === undefined ? a : a + b;
    },
    async nothing(): Promise<void> {},
    async echo(value: unknown) {
      return value;
    },
    async refuse() {
      throw new EngineError('too-large', 'The file is larger than 200 MB.');
    },
    async missing() {
      throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    },
    async unclonable() {
      return { speak: () => 'woof' };
    },
    async *count(to: number) {
      try {
        for (let i = 1; i <= to; i++) {
          yield i;
          await sleep(1);
        }
      } finally {
        seen.left++;
      }
    },
    async *breaks() {
      yield 1;
      throw new EngineError('busy', 'The library is being moved.');
    },
    /** Never ends, and never comes to its next item by itself. */
    async *silence(signal?: AbortSignal) {
      yield 'here';
      await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
    },
    waitFor(signal?: AbortSignal) {
      return new Promise<never>((_, reject) => {
        signal?.addEventListener('abort', () => {
          seen.aborted++;
          reject(new Error('aborted'));
        });
      });
    },
    async close() {
      throw new Error('closed by a stranger');
    },
  };
  return { verbs, seen };
}

type Verbs = ReturnType<typeof orchard>['verbs'];
const STREAMS = ['count', 'breaks', 'silence'];

const coded = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof EngineError && error.code === code && message.test(error.message);

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await sleep(2);
  assert.ok(condition(), 'did not come about within a second');
}

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
await once(server, 'listening');
after(() => server.close());

/** Two ends of one wire, for each kind of wire. */
const wires: Record<string, () => Promise<[Port, Port]>> = {
  async MessagePort() {
    const { port1, port2 } = new MessageChannel();
    return [messagePort(port1), messagePort(port2)];
  },
  async WebSocket() {
    const connected = once(server, 'connection') as Promise<[ServerSocket]>;
    const { port } = server.address() as { port: number };
    const near = webSocketPort(new WebSocket(`ws://127.0.0.1:${port}`));
    return [webSocketPort((await connected)[0]), near];
  },
};

for (const [kind, wire] of Object.entries(wires)) {
  describe(`over a ${kind}`, () => {
    async function connected() {
      const [far, near] = await wire();
      const { verbs, seen } = orchard();
      serve(verbs, far, ['close']);
      return { there: connect<Verbs>(near, STREAMS), seen, far, near };
    }

    test('a verb answers with a promise', async () => {
      const { there } = await connected();
      assert.equal(await there.add(1, 2), 3);
      assert.equal(await there.nothing(), undefined);
      await there.close();
    });

    test('calls in flight do not mix up their answers', async () => {
      const { there } = await connected();
      const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => there.add(i, i)));
      assert.deepEqual(answers, Array.from({ length: 200 }, (_, i) => 2 * i));
      await there.close();
    });

    test('an argument left out, or undefined at the end, is undefined there', async () => {
      const { there } = await connected();
      assert.equal(await there.add(5), 5);
      assert.equal(await there.add(5, undefined), 5);
      await there.close();
    });

    test('plain data and bytes arrive as they were', async () => {
      const { there } = await connected();
      const value = { 名字: '知识库 🧭', list: [1, -2.5, null, true], bytes: new Uint8Array([0, 255, 7]), at: 1_795_000_000_000, deep: { id: 2 ** 40 } };
      const back = (await there.echo(value)) as typeof value;
      assert.deepEqual({ ...back, bytes: [...back.bytes] }, { ...value, bytes: [0, 255, 7] });
      assert.ok(back.bytes instanceof Uint8Array);
      assert.deepEqual(Object.keys((await there.echo({ a: 1, b: null })) as object), ['a', 'b']);
      await there.close();
    });

    test('an EngineError keeps its code and its sentence', async () => {
      const { there } = await connected();
      await assert.rejects(there.refuse(), coded('too-large', /^The file is larger than 200 MB\.$/));
      await there.close();
    });

    test('any other error is `failed` with its message, whatever code Node gave it', async () => {
      const { there } = await connected();
      await assert.rejects(there.missing(), coded('failed', /^no such file$/));
      await there.close();
    });

    test('an answer that cannot be carried fails, and the port goes on', async () => {
      const { there } = await connected();
      await assert.rejects(there.unclonable(), coded('failed', /./));
      await assert.rejects(there.echo(() => 1), coded('failed', /./));
      assert.equal(await there.add(1, 1), 2);
      await there.close();
    });

    test('only verbs can be called: not what every object has, not what was withheld', async () => {
      const { there, near } = await connected();
      const anything = there as unknown as Record<string, () => Promise<unknown>>;
      for (const name of ['nope', 'constructor', 'toString', '__proto__', 'hasOwnProperty']) {
        await assert.rejects(anything[name]!(), coded('invalid', /no verb/));
      }
      // `close` here closes the port, so ask for it by hand.
      const replies: unknown[] = [];
      near.onMessage((message) => replies.push(message));
      for (const call of ['close', ['close']]) near.post({ id: 999, call, args: [] });
      await assert.rejects(anything['nope']!(), coded('invalid', /no verb/));
      assert.equal(JSON.stringify(replies).split('"code":"invalid"').length, 1 + 3);
      await there.close();
    });

    test('a message that is no call is passed over', async () => {
      const { there, near } = await connected();
      for (const message of [null, 7, 'hello', [], { id: 1 }, { id: 'x', cancel: true }]) near.post(message);
      near.post({ id: -1, call: 'add', args: 5 });
      assert.equal(await there.add(1, 1), 2);
      await there.close();
    });

    test('a stream comes item by item, in order, and ends', async () => {
      const { there } = await connected();
      const items: number[] = [];
      for await (const item of there.count(20)) items.push(item);
      assert.deepEqual(items, Array.from({ length: 20 }, (_, i) => i + 1));
      await there.close();
    });

    test('leaving the loop stops the producer', async () => {
      const { there, seen } = await connected();
      for await (const item of there.count(1e9)) if (item === 3) break;
      await until(() => seen.left === 1);
      await there.close();
    });

    test('an error in a stream comes after its items, with its code', async () => {
      const { there } = await connected();
      const items: number[] = [];
      await assert.rejects(async () => {
        for await (const item of there.breaks()) items.push(item);
      }, coded('busy', /being moved/));
      assert.deepEqual(items, [1]);
      await there.close();
    });

    test('a signal cancels a call on both sides', async () => {
      const { there, seen } = await connected();
      const controller = new AbortController();
      const call = there.waitFor(controller.signal);
      setTimeout(() => controller.abort(), 5);
      await assert.rejects(call, coded('cancelled', /cancelled/));
      await until(() => seen.aborted === 1);
      await assert.rejects(there.waitFor(AbortSignal.abort()), coded('cancelled', /cancelled/));
      await there.close();
    });

    test('a signal ends a stream whose producer is silent', async () => {
      const { there } = await connected();
      const controller = new AbortController();
      await assert.rejects(async () => {
        for await (const _ of there.silence(controller.signal)) controller.abort();
      }, coded('cancelled', /cancelled/));
      await there.close();
    });

    test('when the other end goes away, calls and streams under way fail as `closed`, and so do later ones', async () => {
      const { there, far } = await connected();
      const call = there.waitFor();
      const stream = (async () => {
        for await (const _ of there.silence()) setTimeout(() => far.close(), 5);
      })();
      await Promise.all([
        assert.rejects(call, coded('closed', /not there/)),
        assert.rejects(stream, coded('closed', /not there/)),
      ]);
      await assert.rejects(there.add(1, 2), coded('closed', /not there/));
      await assert.rejects(async () => {
        for await (const _ of there.count(1)) assert.fail('nothing can come');
      }, coded('closed', /not there/));
    });

    test('when the caller goes away, its streams stop', async () => {
      const { there, seen, near } = await connected();
      const stream = (async () => {
        for await (const item of there.count(1e9)) if (item === 2) near.close();
      })();
      await assert.rejects(stream, coded('closed', /not there/));
      await until(() => seen.left === 1);
    });

    test('the proxy is not mistaken for a promise', async () => {
      const { there } = await connected();
      const same = await Promise.resolve(there);
      assert.equal(await same.add(2, 2), 4);
      await there.close();
    });
  });
}

test('a frame that is not MessagePack closes its socket and harms no other', async () => {
  const [far, near] = await wires.WebSocket!();
  const { verbs } = orchard();
  serve(verbs, far);
  const { port } = server.address() as { port: number };
  const connected = once(server, 'connection') as Promise<[ServerSocket]>;
  const stranger = new WebSocket(`ws://127.0.0.1:${port}`);
  serve(verbs, webSocketPort((await connected)[0]));
  await once(stranger, 'open');
  stranger.send('{"id":1,"call":"add","args":[1,2]}');
  await once(stranger, 'close');
  const there = connect<Verbs>(near, STREAMS);
  assert.equal(await there.add(1, 2), 3);
  await there.close();
});

test('a thread serves its verbs, and calls under way fail as `closed` when it dies', async () => {
  const source = `
    import { parentPort } from 'node:worker_threads';
    import { messagePort, serve } from ${JSON.stringify(new URL('./rpc.ts', import.meta.url).href)};
    serve({ add: async (a, b) => a + b, die: () => process.exit(1), }, messagePort(parentPort));
  `;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
  const there = connect<{ add(a: number, b: number): Promise<number>; die(): Promise<void> }>(workerPort(worker));
  assert.equal(await there.add(20, 22), 42);
  await assert.rejects(there.die(), coded('closed', /not there/));
});

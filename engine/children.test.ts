import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { askForChild, forkChild, passOnStarts, startThroughShell } from './children.ts';
import type { RunnerVerbs } from './llm/runner.ts';
import { connect, messagePort, type Port, serve } from './rpc.ts';

/** A port with the manners of Electron's. */
function electronPort(port: MessagePort) {
  return {
    on: (event: string, listener: (event: { data: unknown }) => void) => port.addEventListener(event, (message) => listener({ data: (message as MessageEvent).data })),
    postMessage: (message: unknown) => port.postMessage(message),
    start: () => port.start(),
    close: () => port.close(),
  };
}

/** The shell's half: processes are ports that say their name, until the test ends them. */
const wire = new EventEmitter();
const told: unknown[] = [];
const running = new Map<number, MessagePort>();
startThroughShell({
  on: (_, listener) => wire.on('message', listener),
  postMessage(message) {
    told.push(message);
    if (!('start' in (message as object))) return;
    const { start, id } = message as { start: string; id: number };
    const { port1, port2 } = new MessageChannel();
    running.set(id, port1);
    serve({ name: async () => `${start} ${id}` }, messagePort(port1));
    setImmediate(() => wire.emit('message', { data: { started: id }, ports: [electronPort(port2)] }));
  },
});
const ended = (id: number): boolean => wire.emit('message', { data: { ended: id }, ports: [] });
interface Named { name(): Promise<string> }

test('a process that the shell starts is spoken to as one of our own, from before it is up until it is let go', async () => {
  const child = askForChild('llm-process');
  const named = connect<Named>(child.port);
  assert.equal(await named.name(), 'llm-process 1');
  assert.equal(await named.name(), 'llm-process 1');
  child.port.close();
  while (told.length < 2) await new Promise(setImmediate);
  assert.deepEqual(told, [{ start: 'llm-process', id: 1 }, { end: 1 }]);
});

test('what is under way when it dies fails as closed', async () => {
  const named = connect<Named>(askForChild('device-process').port);
  assert.equal(await named.name(), 'device-process 2');
  running.get(2)!.close();
  const lost = named.name();
  ended(2);
  await assert.rejects(lost, { code: 'closed' });
  assert.deepEqual(told.at(-1), { start: 'device-process', id: 2 }, 'What has ended need not be ended.');
});

test('a thread asks through the thread of the engine', async () => {
  const module = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
  const worker = new Worker(`
    import(${module('./children.ts')}).then(async ({ askForChild }) => {
      const { connect } = await import(${module('./rpc.ts')});
      const { parentPort } = await import('node:worker_threads');
      parentPort.postMessage(await connect(askForChild('llm-process').port).name());
    });
  `, { eval: true });
  passOnStarts(worker);
  let said: unknown;
  while (typeof said !== 'string') [said] = await once(worker, 'message') as unknown[];
  assert.equal(said, 'llm-process 3');
  // With the thread goes what it held.
  await worker.terminate();
  while ((told.at(-1) as { end?: number }).end !== 3) await new Promise(setImmediate);
});

test('under Node it is forked, and ends when nobody holds its port or it is killed', async () => {
  for (const end of ['close', 'kill'] as const) {
    const child = forkChild('llm-process');
    const over = new Promise<void>((resolve) => child.port.onClose(resolve));
    await assert.rejects(connect<RunnerVerbs>(child.port).count(['a']), { code: 'invalid', message: 'No model is open.' });
    if (end === 'close') (child.port as Port).close();
    else child.kill();
    await over;
  }
});

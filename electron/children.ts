import { MessageChannelMain, type UtilityProcess, utilityProcess } from 'electron';
import { CHILD_PROCESSES } from './places.ts';

/** So long a process may take to end by itself once nobody holds its port. */
const ENDING_TIME = 2_000;

/**
 * Starts processes for the engine, which is a utility process and cannot: `{ start, id }` is answered by `{ started: id }` with
 * a port to the process, and by `{ ended: id }` when it is over. They end when the engine does.
 */
export function startForEngine(engine: UtilityProcess): void {
  const children = new Map<number, UtilityProcess>();
  let over = false;

  function start(module: string, id: number): void {
    const file = CHILD_PROCESSES[module];
    if (file === undefined) return engine.postMessage({ ended: id });
    const child = utilityProcess.fork(file, [], { serviceName: 'Lodestone model', stdio: ['ignore', 'ignore', module === 'device-process' ? 'ignore' : 'inherit'] });
    const { port1, port2 } = new MessageChannelMain();
    children.set(id, child);
    child.once('exit', () => {
      children.delete(id);
      if (!over) engine.postMessage({ ended: id });
    });
    child.postMessage(undefined, [port1]);
    engine.postMessage({ started: id }, [port2]);
  }

  engine.on('message', (message: unknown) => {
    if (typeof message !== 'object' || message === null) return;
    if ('start' in message && 'id' in message) start(String(message.start), Number(message.id));
    if ('end' in message) setTimeout(() => children.get(Number(message.end))?.kill(), ENDING_TIME);
  });
  engine.once('exit', () => {
    over = true;
    for (const child of children.values()) child.kill();
  });
}

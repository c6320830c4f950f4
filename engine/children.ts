import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parentPort, type Worker } from 'node:worker_threads';
import { messagePort, type Port } from './rpc.ts';

/**
 * Processes of our own, for what may crash. Under Node they are forked. A packaged Electron cannot be forked: there the shell
 * starts them, asked from the engine's thread, which passes on what its other threads ask.
 *
 *   thread → engine's thread   { start, port }        a Node port that is to become the new process's
 *   engine's thread → shell    { start, id }
 *   shell → engine's thread    { started: id } with a port, later { ended: id }
 *   engine's thread → shell    { end: id }            whoever used it let go of it
 */

/** The modules that may be started; they lie beside this one. */
export const CHILD_MODULES = ['llm-process', 'device-process'] as const;
export type ChildModule = (typeof CHILD_MODULES)[number];

/** A process as seen by whoever started it; closing its port ends it. */
export interface Child { port: Port; kill(): void }

/** As much of a port as Node's and Electron's have in common, each in its own manner. */
interface ShellPort {
  on(event: 'message', listener: (event: { data: unknown; ports: UtilityPort[] }) => void): unknown;
  postMessage(message: unknown): void;
}
interface UtilityPort {
  on(event: string, listener: (event: { data: unknown }) => void): unknown;
  postMessage(message: unknown): void;
  start(): void;
  close(): void;
}
interface StartRequest { start: ChildModule; port: MessagePort }

/** Starts a module in a process of its own, wherever this runs. */
export function startChild(module: ChildModule): Child {
  return process.versions['electron'] === undefined ? forkChild(module) : askForChild(module);
}

/** A child of this process under the same Node; its errors go to our standard error, but for those of drivers. */
export function forkChild(module: ChildModule): Child {
  const file = fileURLToPath(new URL(`./${module}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));
  // What drivers complain of while they are tried comes back as a reason.
  const errors = module === 'device-process' ? 'ignore' : 'inherit';
  const child = fork(file, [], { serialization: 'advanced', execArgv: [], stdio: ['ignore', 'ignore', errors, 'ipc'] });
  return {
    port: {
      // What cannot be sent any more was sent to a process that has ended, of which `onClose` tells.
      post: (message) => void child.send(message as object, () => undefined),
      onMessage: (listener) => child.on('message', listener),
      onClose(listener) {
        child.once('exit', listener);
        child.once('error', listener);
      },
      close: () => { if (child.connected) child.disconnect(); },
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

/** A process that the shell starts; messages wait until it is up. */
export function askForChild(module: ChildModule): Child {
  const { port1, port2 } = new MessageChannel();
  const request: StartRequest = { start: module, port: port2 };
  if (parentPort) parentPort.postMessage(request, [port2 as never]);
  else pass(request);
  return { port: messagePort(port1), kill: () => port1.close() };
}

/** Passes on what a thread asks for. */
export function passOnStarts(worker: Worker): void {
  worker.on('message', (message: unknown) => {
    if (isStart(message)) pass(message);
  });
}

function isStart(message: unknown): message is StartRequest {
  return typeof message === 'object' && message !== null && 'start' in message && CHILD_MODULES.includes(message.start as ChildModule);
}

/** How the engine's thread asks the shell; where there is none, nobody can start anything. */
let pass = ({ port }: StartRequest): void => port.close();

/** Lets the shell start processes for this one: called once, by the door that the shell opens. */
export function startThroughShell(shell: ShellPort): void {
  const asked = new Map<number, MessagePort>();
  let last = 0;
  pass = ({ start, port }) => {
    const id = ++last;
    asked.set(id, port);
    port.addEventListener('close', () => {
      if (asked.delete(id)) shell.postMessage({ end: id });
    });
    shell.postMessage({ start, id });
  };
  shell.on('message', ({ data, ports: [started] }) => {
    if (typeof data !== 'object' || data === null) return;
    if ('started' in data && started) {
      const port = asked.get(data.started as number);
      if (!port) return;
      started.on('message', (event) => port.postMessage(event.data));
      started.start();
      port.addEventListener('message', (event) => started.postMessage(event.data));
      port.start();
      port.addEventListener('close', () => started.close());
    }
    if ('ended' in data) {
      const port = asked.get(data.ended as number);
      asked.delete(data.ended as number);
      port?.close();
    }
  });
}

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Engine } from './api.ts';
import { startThroughShell } from './children.ts';
import { openEngine } from './engine.ts';
import { fileSecret } from './keys.ts';
import { defaultDataDir, resourcesDir } from './locations.ts';
import { type Port, serve } from './rpc.ts';

/**
 * The door for the desktop shell, run as an Electron utility process: `process.js [--data DIR] [--resources DIR]`.
 * The shell first sends the secret that stored keys are encrypted with, if the system has a keychain for it; then a MessagePort
 * for each window, which then holds the engine, and 'close' before it ends; it hears 'open' when the engine is up. When the engine cannot be opened, the reason goes to standard error and the exit is 1.
 */
interface ShellPort {
  on(event: 'message', listener: (event: { data: unknown; ports: PagePort[] }) => void): unknown;
  postMessage(message: unknown): void;
}

/** A `MessagePortMain` of Electron, which is an event emitter where a page's MessagePort is an event target. */
export interface PagePort {
  on(event: string, listener: (event: { data: unknown }) => void): unknown;
  postMessage(message: unknown): void;
  start(): void;
  close(): void;
}

export function pagePort(port: PagePort): Port {
  return {
    post: (message) => port.postMessage(message),
    onMessage(listener) {
      port.on('message', (event) => listener(event.data));
      port.start();
    },
    onClose: (listener) => port.on('close', listener),
    close: () => port.close(),
  };
}

/** Serves the engine to every window the shell sends a port for, until the shell says to close; then it is closed. */
export function serveShell(shell: ShellPort, opening: Promise<Engine>): Promise<void> {
  return new Promise((resolve, reject) => {
    shell.on('message', ({ data, ports }) => {
      // A port holds its messages until it is started, so a window may call before the engine is up.
      // Other messages come with ports as well: those of processes that were started for us.
      if (typeof data === 'object' && data !== null) return;
      for (const port of ports) opening.then((engine) => serve(engine, pagePort(port), ['close']), () => port.close());
      if (data === 'close') opening.then((engine) => engine.close()).then(resolve, reject);
    });
    opening.then(() => shell.postMessage('open'), reject);
  });
}

/** The secret that the shell sends before anything else; undefined where it has none. */
export function secretFrom(shell: ShellPort): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    shell.on('message', ({ data }) => {
      if (typeof data === 'object' && data !== null && 'secret' in data) resolve(data.secret instanceof Uint8Array ? data.secret : undefined);
    });
  });
}

/** Only a utility process has it. */
const shell = (process as { parentPort?: ShellPort }).parentPort;

if (shell) {
  startThroughShell(shell);
  // Not strict: Chromium may hand its own switches to the processes it starts.
  const { values } = parseArgs({ strict: false, options: { data: { type: 'string' }, resources: { type: 'string' } } });
  const dataDir = typeof values['data'] === 'string' ? values['data'] : defaultDataDir();
  const opening = secretFrom(shell).then((secret) => openEngine({
    dataDir,
    resourcesDir: typeof values['resources'] === 'string' ? values['resources'] : resourcesDir,
    secret: secret ?? fileSecret(join(dataDir, 'secret')),
  }));
  serveShell(shell, opening).then(
    () => process.exit(0),
    (error: Error) => {
      console.error(error.message);
      process.exit(1);
    },
  );
}

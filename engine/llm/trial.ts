import childProcess from 'node:child_process';
import { EventEmitter } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';

/**
 * node-llama-cpp forks a process for each binary to see whether it runs on this machine before it loads it. That takes most of
 * a second, and a packaged Electron cannot be forked: it would start the app a second time. But this process is one that
 * may crash: here every binary passes that trial, one that cannot be loaded is passed over, and after one that crashes
 * `keepModel` does without graphics.
 */
export function tryBinariesHere(): void {
  const { fork } = childProcess;
  const substitute = (module: string | URL, ...more: never[]): unknown => (String(module).includes('testBindingBinary') ? passing() : fork(module, ...more));
  childProcess.fork = substitute as typeof fork;
  syncBuiltinESMExports();
}

/** What the trial sees of the process it believes to have forked (bindings/utils/testBindingBinary.js). */
function passing(): EventEmitter {
  const child = new EventEmitter();
  const answers: Record<string, () => void> = {
    start: () => child.emit('message', { type: 'loaded' }),
    test: () => child.emit('message', { type: 'done' }),
    exit: () => child.emit('exit', 0),
  };
  setImmediate(() => child.emit('message', { type: 'ready' }));
  return Object.assign(child, { exitCode: null, killed: false, kill: () => true, send: ({ type }: { type: string }) => void setImmediate(() => answers[type]?.()) });
}

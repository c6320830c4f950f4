import type { Port } from './rpc.ts';

/** The port of a process that was started to serve: Node's own forks have a channel, Electron's utility processes are sent a port. */
interface ShellPort { on(event: 'message', listener: (event: { data: unknown; ports: UtilityPort[] }) => void): unknown }
interface UtilityPort {
  on(event: string, listener: (event: { data: unknown }) => void): unknown;
  postMessage(message: unknown): void;
  start(): void;
  close(): void;
}

const channel: Port = {
  post: (message) => void process.send?.(message),
  onMessage: (listener) => process.on('message', listener),
  onClose: (listener) => process.on('disconnect', listener),
  close: () => process.disconnect(),
};

function utilityPort(port: UtilityPort): Port {
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

/** Calls `run` with the port to whoever started this process; the process ends when the other end goes away. */
export function withParent(run: (port: Port) => void): void {
  const start = (port: Port): void => {
    run(port);
    port.onClose(() => process.exit());
  };
  /** Only a utility process has it. */
  const shell = (process as { parentPort?: ShellPort }).parentPort;
  if (shell) shell.on('message', ({ ports: [port] }) => { if (port) start(utilityPort(port)); });
  else if (process.send) start(channel);
}

import { llamaRunner } from './llm/llama-cpp.ts';
import { tryBinariesHere } from './llm/trial.ts';
import { type Port, serve } from './rpc.ts';

/**
 * The process that runs llama.cpp: a crash in there, or a graphics driver that takes its process along, costs an answer
 * and nothing else. Forked by Node it speaks over its channel; as an Electron utility process over the port that the shell
 * sends with its first message. It ends when the other end goes away.
 */
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

function run(port: Port): void {
  serve(llamaRunner(), port);
  port.onClose(() => process.exit());
}

/** Only a utility process has it. */
const shell = (process as { parentPort?: ShellPort }).parentPort;
if (shell) {
  tryBinariesHere();
  shell.on('message', ({ ports: [port] }) => { if (port) run(utilityPort(port)); });
} else if (process.send) run(channel);

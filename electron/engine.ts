import { app, dialog, MessageChannelMain, type MessagePortMain, type UtilityProcess, utilityProcess, type WebContents } from 'electron';
import { startForEngine } from './children.ts';
import { ENGINE_PROCESS, resourcesDir } from './places.ts';

export interface EngineProcess {
  /** Gives the page a port to the engine; it works as soon as the engine does. */
  connect(page: WebContents): void;
  /** Lets the engine close its library, but does not wait for ever. */
  close(): Promise<void>;
}

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;
/** So often in a row the engine may end before it was up until a person is asked. */
const PATIENCE = 3;
const CLOSING_TIME = 5_000;

/**
 * Runs the engine in a process of its own and starts it again when it dies, after a pause that doubles while it keeps dying.
 * `secret` is what it encrypts stored keys with; it goes by message, since arguments and environment can be read by others.
 */
export function keepEngine(secret: Uint8Array | undefined): EngineProcess {
  let child: UtilityProcess | undefined;
  let closing = false;
  let pause = FIRST_PAUSE;
  let failures = 0;
  /** Ends for the engine, of pages that asked while it was away. */
  const waiting: MessagePortMain[] = [];
  let lastWords = '';

  function start(): void {
    const started = utilityProcess.fork(ENGINE_PROCESS, ['--resources', resourcesDir()], { serviceName: 'Lodestone engine', stdio: ['ignore', 'inherit', 'pipe'] });
    child = started;
    startForEngine(started);
    started.stderr?.on('data', (words: Buffer) => {
      process.stderr.write(words);
      lastWords = `${lastWords}${words}`.slice(-2000);
    });
    started.on('message', (message: unknown) => {
      if (message !== 'open') return;
      pause = FIRST_PAUSE;
      failures = 0;
      lastWords = '';
    });
    started.once('exit', () => void restart());
    started.postMessage({ secret });
    for (const port of waiting.splice(0)) started.postMessage(undefined, [port]);
  }

  async function restart(): Promise<void> {
    child = undefined;
    if (closing) return;
    if (++failures >= PATIENCE && !(await shouldTryAgain(lastWords))) return app.quit();
    setTimeout(() => {
      if (!closing) start();
    }, pause);
    pause = Math.min(LONGEST_PAUSE, pause * 2);
  }

  start();
  return {
    connect(page) {
      const { port1, port2 } = new MessageChannelMain();
      page.postMessage('engine:port', undefined, [port2]);
      if (child) child.postMessage(undefined, [port1]);
      else waiting.push(port1);
    },
    close() {
      closing = true;
      const ending = child;
      if (!ending) return Promise.resolve();
      return new Promise((resolve) => {
        const impatience = setTimeout(() => ending.kill(), CLOSING_TIME);
        ending.once('exit', () => {
          clearTimeout(impatience);
          resolve();
        });
        ending.postMessage('close');
      });
    },
  };
}

async function shouldTryAgain(reason: string): Promise<boolean> {
  const chinese = app.getLocale().startsWith('zh');
  const { response } = await dialog.showMessageBox({
    type: 'error',
    message: chinese ? '知识库打不开。' : 'The library cannot be opened.',
    detail: reason.trim(),
    buttons: chinese ? ['再试一次', '退出'] : ['Try again', 'Quit'],
    cancelId: 1,
  });
  return response === 0;
}

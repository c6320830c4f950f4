import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import type { MessagePort } from 'node:worker_threads';

/**
 * A small stand-in for the module `electron`: as much of its main-process half as the shell uses, with real message
 * ports. What the shell sets is kept where a test can see it.
 */
export const seen = {
  children: [] as Child[],
  handlers: new Map<string, (event: object, argument?: unknown) => Promise<unknown>>(),
  schemes: new Map<string, (request: { url: string; method: string }) => Promise<Response>>(),
  shown: [] as string[],
  quits: 0,
  exited: Promise.withResolvers<void>(),
  messageBoxes: [] as { detail: string }[],
  answerToMessageBox: 0,
  permission: undefined as ((permission: string) => boolean) | undefined,
};

class App extends EventEmitter {
  isPackaged = false;
  paths = new Map<string, string>();
  isFirst = true;
  requestSingleInstanceLock = (): boolean => this.isFirst;
  whenReady = async (): Promise<void> => {};
  getLocale = (): string => 'zh-CN';
  getPath = (name: string): string => this.paths.get(name) ?? '/nowhere';
  setPath = (name: string, path: string): void => {
    if (!existsSync(path)) throw new Error(`Failed to set path: ${path}`);
    this.paths.set(name, path);
  };
  quit = (): void => void seen.quits++;
  exit = (): void => seen.exited.resolve();
}
export const app = new App();

export class WebContents extends EventEmitter {
  mainFrame = { url: '' };
  openHandler?: () => { action: string };
  sent: { channel: string; message: unknown; ports: MainPort[] }[] = [];
  setWindowOpenHandler = (handler: () => { action: string }): void => void (this.openHandler = handler);
  isDestroyed = (): boolean => false;
  reloads = 0;
  reload = (): void => void this.reloads++;
  send = (channel: string, message: unknown): void => void this.sent.push({ channel, message, ports: [] });
  postMessage = (channel: string, message: unknown, ports: MainPort[]): void => void this.sent.push({ channel, message, ports });
}

export class BrowserWindow extends EventEmitter {
  static all: BrowserWindow[] = [];
  static getAllWindows = (): BrowserWindow[] => BrowserWindow.all;
  static fromWebContents = (page: WebContents): BrowserWindow | undefined => BrowserWindow.all.find((window) => window.webContents === page);
  webContents = new WebContents();
  options: Record<string, unknown>;
  focused = 0;
  constructor(options: Record<string, unknown>) {
    super();
    this.options = options;
    BrowserWindow.all.push(this);
  }
  loadURL = async (url: string): Promise<void> => void (this.webContents.mainFrame.url = url);
  getNormalBounds = () => ({ x: 10, y: 20, width: 900, height: 700 });
  isMaximized = (): boolean => true;
  isMinimized = (): boolean => false;
  maximize = (): void => {};
  show = (): void => {};
  focus = (): void => void this.focused++;
}

/** A port as the main process has it, round a real one. */
export class MainPort {
  readonly inner: MessagePort;
  constructor(inner: MessagePort) {
    this.inner = inner;
  }
  on(event: string, listener: (event: { data: unknown }) => void): void {
    if (event === 'message') this.inner.on('message', (data) => listener({ data }));
    else this.inner.on(event, listener);
  }
  postMessage = (message: unknown): void => this.inner.postMessage(message);
  start = (): void => this.inner.start();
  close = (): void => this.inner.close();
}

export class MessageChannelMain {
  port1: MainPort;
  port2: MainPort;
  constructor() {
    const { port1, port2 } = new MessageChannel() as unknown as { port1: MessagePort; port2: MessagePort };
    this.port1 = new MainPort(port1);
    this.port2 = new MainPort(port2);
  }
}

/** The system's keychain: it turns bits over, so that a test sees what went through it. */
export const safeStorage = {
  isEncryptionAvailable: (): boolean => true,
  encryptString: (text: string): Buffer => Buffer.from(Buffer.from(text).map((byte) => byte ^ 0xff)),
  decryptString: (bytes: Buffer): string => Buffer.from(bytes.map((byte) => byte ^ 0xff)).toString(),
};

/** A process as the shell sees it; `inside` is its end of the same wire. */
export class Child extends EventEmitter {
  inside = new EventEmitter();
  stderr = new EventEmitter();
  ports: MainPort[] = [];
  messages: unknown[] = [];
  file: string;
  args: string[];
  constructor(file: string, args: string[]) {
    super();
    this.file = file;
    this.args = args;
  }
  postMessage(data: unknown, ports: MainPort[] = []): void {
    this.ports.push(...ports);
    this.messages.push(data);
    this.inside.emit('message', { data, ports });
  }
  kill(): void {
    for (const port of this.ports) port.close();
    this.emit('exit', 1);
  }
}

/** What runs in each process that is forked. */
export const program = { run: (_: Child): void => {} };

export const utilityProcess = {
  fork(file: string, args: string[]): Child {
    const child = new Child(file, args);
    seen.children.push(child);
    program.run(child);
    return child;
  },
};

export const ipcMain = new (class extends EventEmitter {
  handle = (channel: string, handler: (event: object, argument?: unknown) => Promise<unknown>): void => void seen.handlers.set(channel, handler);
})();

export const protocol = {
  registerSchemesAsPrivileged: (): void => {},
  handle: (scheme: string, handler: (request: { url: string; method: string }) => Promise<Response>): void => void seen.schemes.set(scheme, handler),
};

export const session = {
  defaultSession: {
    setPermissionRequestHandler: (handler: (page: unknown, permission: string, answer: (allowed: boolean) => void) => void): void => {
      seen.permission = (permission) => {
        let allowed = false;
        handler(undefined, permission, (answer) => void (allowed = answer));
        return allowed;
      };
    },
    setPermissionCheckHandler: (): void => {},
    setDevicePermissionHandler: (): void => {},
  },
};

export const dialog = {
  showOpenDialog: async () => ({ canceled: false, filePaths: ['/home/anna/论文.pdf'] }),
  showMessageBox: async (box: { detail: string }) => {
    seen.messageBoxes.push(box);
    return { response: seen.answerToMessageBox };
  },
};
export const shell = { showItemInFolder: (path: string): void => void seen.shown.push(path) };
export const nativeTheme = { shouldUseDarkColors: true };
export const screen = { getDisplayMatching: () => ({ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }) };
export const Menu = { buildFromTemplate: (template: unknown): unknown => template, setApplicationMenu: (): void => {} };

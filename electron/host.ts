import path from 'node:path';
import { BrowserWindow, dialog, ipcMain, type IpcMainEvent, type IpcMainInvokeEvent, type OpenDialogOptions, shell } from 'electron';
import type { EngineProcess } from './engine.ts';
import type { OpenedFiles } from './files.ts';
import { PAGE_URL } from './page.ts';

type Sent = Pick<IpcMainEvent | IpcMainInvokeEvent, 'sender' | 'senderFrame'>;

/** Whether our page says this, and not a frame inside it or a page that took its place. */
export function isOurs({ sender, senderFrame }: Sent): boolean {
  return senderFrame !== null && senderFrame === sender.mainFrame && senderFrame.url.startsWith(PAGE_URL);
}

/** Answers what the preload script asks for; see `Host`. */
export function answerHost(engine: EngineProcess, opened: OpenedFiles): void {
  handle('host:pickFiles', (event) => pick(event, { properties: ['openFile', 'multiSelections'] }));
  handle('host:pickFolder', (event) => pick(event, { properties: ['openDirectory'] }));
  handle('host:reveal', async (_, file) => {
    if (typeof file !== 'string' || !path.isAbsolute(file)) throw new Error('Only a file with its whole path can be shown.');
    shell.showItemInFolder(file);
  });
  hear('engine:request', (event) => engine.connect(event.sender));
  hear('files:listen', (event) => opened.tell(event.sender));
}

function handle(channel: string, answer: (event: IpcMainInvokeEvent, argument: unknown) => Promise<unknown>): void {
  ipcMain.handle(channel, async (event, argument: unknown) => {
    if (!isOurs(event)) throw new Error('This page is not ours.');
    return answer(event, argument);
  });
}

function hear(channel: string, listen: (event: IpcMainEvent) => void): void {
  ipcMain.on(channel, (event) => {
    if (isOurs(event)) listen(event);
  });
}

async function pick(event: IpcMainInvokeEvent, options: OpenDialogOptions): Promise<string[]> {
  const window = BrowserWindow.fromWebContents(event.sender);
  const { canceled, filePaths } = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options));
  return canceled ? [] : filePaths;
}

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { app, BrowserWindow, nativeTheme, type Rectangle, screen } from 'electron';
import { PAGE_URL } from './page.ts';
import { PRELOAD } from './places.ts';

interface WindowState { bounds?: Rectangle; maximized?: boolean }

const SIZE = { width: 1280, height: 840 };
/** What is seen before the page has painted; the same as the page's own background. */
const BACKGROUND = { light: '#fcfbf9', dark: '#181b1e' };

/** Opens a window with the page, where the last one was. The page is locked in: no node, no other page, no other window. */
export function openWindow(): BrowserWindow {
  const state = readState();
  const window = new BrowserWindow({
    ...SIZE,
    ...(state.bounds && isOnScreen(state.bounds) && state.bounds),
    minWidth: 720,
    minHeight: 480,
    show: false,
    title: 'Lodestone',
    backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
    webPreferences: { preload: PRELOAD, sandbox: true, contextIsolation: true, nodeIntegration: false, webviewTag: false, navigateOnDragDrop: false, spellcheck: false },
  });
  if (state.maximized) window.maximize();
  window.once('ready-to-show', () => window.show());
  window.on('close', () => writeState({ bounds: window.getNormalBounds(), maximized: window.isMaximized() }));
  lockIn(window);
  // The page holds nothing that the engine does not have: a page that crashed is loaded again.
  window.webContents.on('render-process-gone', (_, { reason }) => { if (reason !== 'clean-exit') window.webContents.reload(); });
  void window.loadURL(PAGE_URL);
  return window;
}

function lockIn({ webContents }: BrowserWindow): void {
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  webContents.on('will-navigate', (event) => event.preventDefault());
  webContents.on('will-frame-navigate', (event) => event.preventDefault());
  webContents.on('will-redirect', (event) => event.preventDefault());
  webContents.on('will-attach-webview', (event) => event.preventDefault());
}

/** A screen may have been unplugged since. */
function isOnScreen(bounds: Rectangle): boolean {
  const { workArea } = screen.getDisplayMatching(bounds);
  const width = Math.min(bounds.x + bounds.width, workArea.x + workArea.width) - Math.max(bounds.x, workArea.x);
  const height = Math.min(bounds.y + bounds.height, workArea.y + workArea.height) - Math.max(bounds.y, workArea.y);
  return width >= 100 && height >= 100;
}

function stateFile(): string {
  return path.join(app.getPath('userData'), 'window.json');
}

function readState(): WindowState {
  try {
    const { bounds, maximized } = JSON.parse(readFileSync(stateFile(), 'utf8')) as WindowState;
    const whole = bounds && [bounds.x, bounds.y, bounds.width, bounds.height].every(Number.isInteger);
    return { ...(whole && { bounds }), maximized: maximized === true };
  } catch {
    return {}; // The first start, or a file that someone spoiled: the window opens where windows open.
  }
}

function writeState(state: WindowState): void {
  writeFileSync(stateFile(), JSON.stringify(state));
}

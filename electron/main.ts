import { app, BrowserWindow } from 'electron';
import { keepEngine } from './engine.ts';
import { hearOpenedFiles } from './files.ts';
import { answerHost } from './host.ts';
import { setMenu } from './menu.ts';
import { allowPageScheme, refusePermissions, servePage } from './page.ts';
import { keepUserData } from './places.ts';
import { keptSecret } from './secret.ts';
import { openWindow } from './window.ts';

/** The desktop shell: windows, menu, dialogs, and a process for the engine. It knows nothing about documents. */
async function start(): Promise<void> {
  allowPageScheme();
  const opened = hearOpenedFiles();
  await app.whenReady();
  refusePermissions();
  servePage();
  const engine = keepEngine(keptSecret());
  answerHost(engine, opened);
  setMenu();
  openWindow();

  app.on('second-instance', showWindow);
  app.on('activate', showWindow);
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  app.on('will-quit', (event) => {
    // The library is closed before we go, and `exit` does not come by here again.
    event.preventDefault();
    void engine.close().then(() => app.exit());
  });
}

function showWindow(): void {
  const window = BrowserWindow.getAllWindows()[0] ?? openWindow();
  if (window.isMinimized()) window.restore();
  window.focus();
}

keepUserData();
// A second start hands its files to the first, which hears 'second-instance', and ends. Nothing here may be awaited at
// the top level: Electron is not ready before this module has run through.
if (app.requestSingleInstanceLock()) void start();
else app.quit();

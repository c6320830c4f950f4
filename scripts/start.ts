import { spawn } from 'node:child_process';
import { serveAgain } from '../engine/address.ts';
import { openEngine } from '../engine/engine.ts';
import { defaultDataDir, pageDir, resourcesDir } from '../engine/locations.ts';
import { buildIfStale, root } from './build.ts';
import { findBrowser } from './browser.ts';
import { findOrFetchElectron, hasDisplay } from './electron.ts';

/** `npm start`: the desktop app; where Electron cannot run, the same app in a browser, with the reason. */

await buildIfStale();
const electron = findOrFetchElectron();
if (typeof electron === 'string') await runElectron(electron);
else await runInBrowser(electron.reason);

async function runElectron(binary: string): Promise<void> {
  // Chromium's sandbox refuses root; nobody's desktop runs as root, but a machine for tests may.
  const flags = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const app = spawn(binary, [...flags, root, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = await new Promise<number>((resolve) => app.on('exit', (code) => resolve(code ?? 1)));
}

async function runInBrowser(reason: string): Promise<void> {
  const dataDir = defaultDataDir();
  const engine = await openEngine({ dataDir, resourcesDir });
  const door = await serveAgain(engine, dataDir, { distDir: pageDir });
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  console.log(`The desktop window is not used because ${reason}.`);
  console.log(`Lodestone runs here instead, for this machine only:\n\n    ${door.url}\n`);
  console.log(hasDisplay() ? openInBrowser(door.url) : 'Open the address in a browser on this machine.');
  console.log('Press Ctrl-C to end.');
  await ended;
  await door.close();
  await engine.close();
}

/** Opens the address in an app window of Chromium, or however this system opens addresses; says which. */
function openInBrowser(url: string): string {
  const browser = findBrowser();
  const [command, args] = browser
    ? [browser, [`--app=${url}`, '--no-first-run', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]]
    : process.platform === 'darwin'
      ? ['open', [url]]
      : process.platform === 'win32'
        ? ['rundll32', ['url.dll,FileProtocolHandler', url]]
        : ['xdg-open', [url]];
  const opening = spawn(command, args, { stdio: 'ignore', detached: true });
  opening.on('error', () => console.log('No browser was found. Open the address yourself.'));
  opening.on('exit', (code) => {
    if (code) console.log('The browser could not open a window. Open the address yourself.');
  });
  opening.unref();
  return browser ? 'A window is opening.' : 'It is opening in your browser.';
}

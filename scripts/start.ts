import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { openEngine } from '../engine/engine.ts';
import { defaultDataDir, pageDir, resourcesDir } from '../engine/locations.ts';
import { serveEngine } from '../engine/server.ts';
import { buildIfStale, root } from './build.ts';
import { findBrowser } from './browser.ts';

/** `npm start`: the desktop app; where Electron cannot run, the same app in a browser, with the reason. */

/** Long enough for a slow line, short enough for someone who waits. */
const ELECTRON_DOWNLOAD_SECONDS = 120;
const DAY = 24 * 3600 * 1000;

await buildIfStale();
const electron = findElectron();
if (typeof electron === 'string') await runElectron(electron);
else await runInBrowser(electron.reason);

/** Path of Electron's binary, fetched if need be, or why there is none. */
function findElectron(): string | { reason: string } {
  if (!hasDisplay()) return { reason: 'there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)' };
  const package_ = path.join(root, 'node_modules', 'electron');
  const { version } = createRequire(import.meta.url)('electron/package.json') as { version: string };
  const remembered = path.join(root, 'node_modules', `.electron-${version}-not-there`);
  if (!binaryIn(package_)) {
    const failedLately = existsSync(remembered) && Date.now() - statSync(remembered).mtimeMs < DAY;
    if (failedLately) return { reason: `Electron ${version} could not be downloaded within the last day` };
    console.error(`Fetching Electron ${version} …`);
    const { status } = spawnSync(process.execPath, [path.join(package_, 'install.js')], { stdio: 'ignore', timeout: ELECTRON_DOWNLOAD_SECONDS * 1000 });
    if (status !== 0 || !binaryIn(package_)) {
      mkdirSync(path.dirname(remembered), { recursive: true });
      writeFileSync(remembered, '');
      return { reason: `Electron ${version} could not be downloaded` };
    }
  }
  return binaryIn(package_)!;
}

function binaryIn(package_: string): string | undefined {
  const pathFile = path.join(package_, 'path.txt');
  const binary = existsSync(pathFile) ? path.join(package_, 'dist', readFileSync(pathFile, 'utf8').trim()) : '';
  return binary !== '' && existsSync(binary) ? binary : undefined;
}

function hasDisplay(): boolean {
  return process.platform !== 'linux' || Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']);
}

async function runElectron(binary: string): Promise<void> {
  // Chromium's sandbox refuses root; nobody's desktop runs as root, but a machine for tests may.
  const flags = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const app = spawn(binary, [...flags, root, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = await new Promise<number>((resolve) => app.on('exit', (code) => resolve(code ?? 1)));
}

async function runInBrowser(reason: string): Promise<void> {
  const engine = await openEngine({ dataDir: defaultDataDir(), resourcesDir });
  const door = await serveEngine(engine, { distDir: pageDir });
  console.log(`The desktop window is not used because ${reason}.`);
  console.log(`Lodestone runs here instead, for this machine only:\n\n    ${door.url}\n`);
  console.log(hasDisplay() ? openInBrowser(door.url) : 'Open the address in a browser on this machine.');
  console.log('Press Ctrl-C to end.');
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
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
  opening.unref();
  return browser ? 'A window is opening.' : 'It is opening in your browser.';
}

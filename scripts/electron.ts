import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const folder = path.resolve(import.meta.dirname, '../node_modules/electron');
/** Long enough for a slow line, short enough for someone who waits. */
const DOWNLOAD_SECONDS = 120;
const DAY = 24 * 3600 * 1000;

/** Path of Electron's binary if it is installed. (The package's own way of telling begins a download.) */
export function electronBinary(): string | undefined {
  const pathFile = path.join(folder, 'path.txt');
  const binary = existsSync(pathFile) ? path.join(folder, 'dist', readFileSync(pathFile, 'utf8').trim()) : '';
  return binary !== '' && existsSync(binary) ? binary : undefined;
}

/** The same, fetched if need be, or why there is none. A version that could not be had is not tried again for a day. */
export function findOrFetchElectron(): string | { reason: string } {
  if (!hasDisplay()) return { reason: 'there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)' };
  const present = electronBinary();
  if (present) return present;
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string };
  const failure = path.join(folder, `.lodestone-no-${version}`);
  if (existsSync(failure) && Date.now() - statSync(failure).mtimeMs < DAY) return { reason: `Electron ${version} could not be downloaded when last tried, less than a day ago` };
  console.error(`Fetching Electron ${version} …`);
  spawnSync(process.execPath, [path.join(folder, 'install.js')], { stdio: 'ignore', timeout: DOWNLOAD_SECONDS * 1000 });
  const fetched = electronBinary();
  if (fetched) {
    rmSync(failure, { force: true });
    return fetched;
  }
  writeFileSync(failure, '');
  return { reason: `Electron ${version} could not be downloaded` };
}

export function hasDisplay(): boolean {
  return process.platform !== 'linux' || Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']);
}

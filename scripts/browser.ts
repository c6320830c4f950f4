import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge', 'msedge', 'brave-browser'];

const USUAL_PLACES: Partial<Record<NodeJS.Platform, string[]>> = {
  darwin: ['Google Chrome', 'Chromium', 'Microsoft Edge', 'Brave Browser'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`),
  win32: ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((variable) =>
    ['Google\\Chrome\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe'].map((name) => path.join(process.env[variable] ?? '', name))),
};

/** An installed browser of Chromium's family, as the path of its program: LODESTONE_BROWSER, the PATH, the usual places. */
export function findBrowser(): string | undefined {
  const wanted = process.env['LODESTONE_BROWSER'];
  const onPath = (process.env['PATH'] ?? '').split(path.delimiter).filter(Boolean);
  const candidates = [...(wanted ? [wanted] : []), ...NAMES.flatMap((name) => onPath.map((folder) => path.join(folder, name))), ...(USUAL_PLACES[process.platform] ?? [])];
  return candidates.find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What Debian calls a Chromium that can show Chinese. */
const DEBIAN_PACKAGES = ['chromium', 'fonts-noto-cjk'];

/** A browser for the tests: one that is installed, else Debian's, else Playwright's own. Asks nothing. */
export function findOrInstallBrowser(): string | undefined {
  return findBrowser() ?? installDebianBrowser() ?? installPlaywrightBrowser();
}

function installDebianBrowser(): string | undefined {
  const isRoot = process.getuid?.() === 0;
  if (process.platform !== 'linux' || (!isRoot && !succeeds('sudo', ['-n', 'true']))) return undefined;
  const apt = (...args: string[]): boolean => {
    const command = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', ...args];
    return isRoot ? succeeds(command[0]!, command.slice(1)) : succeeds('sudo', ['-n', ...command]);
  };
  console.error(`Installing ${DEBIAN_PACKAGES.join(' and ')} for the tests in the browser.`);
  apt('update');
  apt('install', '-y', '--no-install-recommends', ...DEBIAN_PACKAGES);
  return findBrowser();
}

function installPlaywrightBrowser(): string | undefined {
  const require = createRequire(import.meta.url);
  console.error('Fetching a Chromium for the tests in the browser.');
  succeeds(process.execPath, [require.resolve('@playwright/test/cli'), 'install', 'chromium']);
  const { chromium } = require('@playwright/test') as typeof import('@playwright/test');
  const file = chromium.executablePath();
  return isProgram(file) ? file : undefined;
}

function succeeds(command: string, args: string[]): boolean {
  return spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
}

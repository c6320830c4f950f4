import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ElectronApplication, _electron, expect, test } from '@playwright/test';
import { electronBinary, hasDisplay } from '../scripts/electron.ts';

/** The desktop app itself: start, shell and page together. Runs where Electron's binary is and a display can be had. */
const root = path.resolve(import.meta.dirname, '..');
const binary = electronBinary();
const missing = binary === undefined
  ? 'Electron\'s binary is not installed (node node_modules/electron/install.js fetches it)'
  : hasDisplay() ? undefined : 'there is no display';

test.skip(missing !== undefined, missing ?? '');

let home: string;
let app: ElectronApplication;

test.beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'lodestone-electron-'));
  await writeFile(path.join(home, 'opened.md'), '# The ferry\n\nThe ferry to Kalvø leaves at ten past seven.\n');
  app = await start([path.join(home, 'opened.md')]);
});

test.afterEach(async () => {
  await app.close();
  await rm(home, { recursive: true, force: true });
});

function start(files: string[]): Promise<ElectronApplication> {
  return _electron.launch({
    executablePath: binary!,
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), root, ...files],
    env: { ...process.env, XDG_CONFIG_HOME: path.join(home, 'config'), LODESTONE_DATA: path.join(home, 'data') } as Record<string, string>,
  });
}

test('the window holds the page and nothing of node', async () => {
  const page = await app.firstWindow();
  await expect(page).toHaveURL('app://lodestone/');
  expect(await page.evaluate(() => [typeof globalThis.process, typeof (globalThis as { require?: unknown }).require])).toEqual(['undefined', 'undefined']);
  expect(await page.evaluate(() => typeof window.lodestone?.pickFiles)).toBe('function');
});

test('a file opened with the app is taken into the library', async () => {
  const page = await app.firstWindow();
  await expect(page.getByText('opened.md').first()).toBeVisible({ timeout: 30_000 });
});

test('the page finds the engine again after it died', async () => {
  const page = await app.firstWindow();
  await expect(page.getByText('opened.md').first()).toBeVisible({ timeout: 30_000 });
  await app.evaluate(({ app: { getAppMetrics } }) => {
    const engine = getAppMetrics().find((process_) => process_.serviceName === 'node.mojom.NodeService' || process_.name === 'Lodestone engine');
    process.kill(engine!.pid, 'SIGKILL');
  });
  await expect(async () => {
    const version = await page.evaluate(() => new Promise((resolve, reject) => {
      window.addEventListener('message', (event) => {
        const [port] = event.ports;
        if (!port) return;
        port.onmessage = ({ data }: MessageEvent<{ value?: { version: string } }>) => resolve(data.value?.version);
        port.postMessage({ id: 1, call: 'health', args: [] });
      }, { once: true });
      window.lodestone!.requestEngine();
      setTimeout(() => reject(new Error('no answer yet')), 2_000);
    }));
    expect(version).toMatch(/^\d/);
  }).toPass({ timeout: 20_000 });
});

test('no other page and no other window can be opened', async () => {
  const page = await app.firstWindow();
  await page.evaluate(() => {
    window.open('https://example.com/');
    location.href = 'https://example.com/';
  });
  await page.waitForTimeout(500);
  expect(page.url()).toBe('app://lodestone/');
  expect(app.windows()).toHaveLength(1);
});

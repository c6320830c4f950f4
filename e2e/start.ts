import AxeBuilder from '@axe-core/playwright';
import { test as base, expect, type Page } from '@playwright/test';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WebSocket } from 'ws';
import { STREAMS, type Engine } from '../engine/api.ts';
import { connect, webSocketPort } from '../engine/rpc.ts';
import { en } from '../renderer/words/en.ts';
import { readerWordsEn, readerWordsZh, type ReaderWords } from '../renderer/reader/words.ts';
import type { Words } from '../renderer/words/words.ts';
import { zh } from '../renderer/words/zh.ts';

export { expect };

const root = path.resolve(import.meta.dirname, '..');

/** The real engine behind its real door, in a process of its own with a data directory of its own. */
export class Lodestone {
  readonly dataDir: string;
  #process: ChildProcess | undefined;
  #address: { url: string; port: number; token: string } | undefined;

  constructor(dataDir: string) {
    this.dataDir = dataDir;
  }

  /** Where a person opens the page. */
  get url(): string {
    return this.#address!.url;
  }

  /** The engine itself over a connection of its own, for what would take a person an hour. */
  async door(): Promise<Engine> {
    const { origin, hash } = new URL(this.url);
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/engine`, ['lodestone', new URLSearchParams(hash.slice(1)).get('token')!], { origin });
    await once(socket, 'open');
    return connect<Engine>(webSocketPort(socket), STREAMS);
  }

  /** Starts; a second time on the same port with the same token, so that pages find their way back. */
  async start(): Promise<void> {
    const port = this.#address ? ['--port', String(this.#address.port)] : [];
    const env = { ...process.env, ...(this.#address && { LODESTONE_TOKEN: this.#address.token }) };
    const child = spawn(process.execPath, ['engine/cli.ts', 'serve', '--json', '--data', this.dataDir, ...port], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    this.#address = await new Promise((resolve, reject) => {
      let output = '';
      child.stdout!.on('data', (piece: Buffer) => {
        output += piece.toString();
        if (output.trimEnd().endsWith('}')) resolve(JSON.parse(output));
      });
      child.once('exit', (code) => reject(new Error(`The engine ended with code ${code} before it was up.`)));
    });
  }

  /** Lets it answer nothing until `thaw` or `kill`, as a machine that is very busy. */
  freeze(): void {
    this.#process!.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process!.kill('SIGCONT');
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
}

export interface Spoken { code: 'zh' | 'en'; locale: string; words: Words; reader: ReaderWords }

export const LANGUAGES: Spoken[] = [
  { code: 'en', locale: 'en-GB', words: en, reader: readerWordsEn },
  { code: 'zh', locale: 'zh-CN', words: zh, reader: readerWordsZh },
];

/**
 * A test with a `lodestone` that runs and a `page` that shows it. The test fails if the page throws, breaks its Content
 * Security Policy, or asks for anything that is not on this machine.
 */
export const test = base.extend<{ lodestone: Lodestone }>({
  lodestone: async ({}, use) => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'lodestone-e2e-'));
    const lodestone = new Lodestone(dataDir);
    await lodestone.start();
    await use(lodestone);
    await lodestone.kill();
    await rm(dataDir, { recursive: true, force: true });
  },
  page: async ({ page, lodestone }, use) => {
    const troubles: string[] = [];
    page.on('pageerror', (error) => troubles.push(error.stack ?? error.message));
    page.on('console', (message) => {
      if (/Content Security Policy|React|Warning:/.test(message.text()) && message.type() === 'error') troubles.push(message.text());
    });
    page.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (!['blob:', 'data:'].includes(protocol) && hostname !== '127.0.0.1') troubles.push(`The page asked for ${request.url()}`);
    });
    await page.goto(lodestone.url);
    await page.getByRole('main').waitFor();
    await use(page);
    expect(troubles).toEqual([]);
  },
});

/** A file of the bundled samples. */
export function sample(language: 'zh' | 'en', name: string): string {
  return path.join(root, 'resources', 'samples', language, name);
}

/** Drops files on the window as a person would: they hover, then they are let go. */
export async function drop(page: Page, files: { name: string; bytes: Uint8Array }[]): Promise<void> {
  const transfer = await page.evaluateHandle((given) => {
    const data = new DataTransfer();
    for (const { name, base64 } of given) data.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name));
    return data;
  }, files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') })));
  for (const event of ['dragenter', 'dragover', 'drop']) await page.locator('body').dispatchEvent(event, { dataTransfer: transfer });
}

export async function dropFiles(page: Page, paths: string[]): Promise<void> {
  await drop(page, await Promise.all(paths.map(async (file) => ({ name: path.basename(file), bytes: await readFile(file) }))));
}

/** Waits until so many documents are in the list and all that can be read is findable. */
export async function settled(page: Page, words: Words, documents: number): Promise<void> {
  await expect(page.getByRole('list', { name: words.library.documents(documents), exact: true })).toBeVisible({ timeout: 60_000 });
  for (const state of [words.document.waiting, words.document.reading]) await expect(page.getByText(state, { exact: true })).toHaveCount(0, { timeout: 60_000 });
  await expect(page.getByText(words.library.coverageWhole)).toBeVisible({ timeout: 60_000 });
}

/** Keeps a picture of the page for people to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: path.join(root, 'artifacts', `${name}.png`), animations: 'disabled' });
}

/** What axe finds serious or critical, as lines a person can act on. */
export async function troubles(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
}

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import { type Engine, EngineError } from '../engine/api.ts';
import { serveShell } from '../engine/process.ts';
import { connect, messagePort, serve } from '../engine/rpc.ts';
import * as standIn from './test/electron.ts';
import type { Child, WebContents } from './test/electron.ts';

// The shell runs as it is, against a small stand-in for Electron (its binary may be absent; e2e/ uses the real one).
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: new URL('./test/electron.ts', import.meta.url).href, shortCircuit: true } : next(specifier, context),
});

const { app, BrowserWindow, ipcMain, seen } = standIn;
const appData = mkdtempSync(path.join(tmpdir(), 'lodestone-shell-'));
after(() => rmSync(appData, { recursive: true }));
app.paths.set('appData', appData);
const opened = path.join(appData, 'notes.md');
writeFileSync(opened, '# Notes');
process.argv.push(opened);

let generation = 0;
/** An engine that says which process it lives in. */
standIn.program.run = (child: Child) => {
  const name = `engine ${++generation}`;
  const engine = { health: async () => ({ version: name }), close: async () => child.emit('closed') } as unknown as Engine;
  const shell = { on: (event: string, listener: (event: unknown) => void) => child.inside.on(event, listener), postMessage: (message: unknown) => child.emit('message', message) };
  void serveShell(shell as Parameters<typeof serveShell>[0], Promise.resolve(engine)).then(() => child.emit('exit', 0));
};

await import('./main.ts');
await sleep(20);
const window = BrowserWindow.all[0]!;
const page = window.webContents;
const fromPage = { sender: page, senderFrame: page.mainFrame };

/** What the preload and the page do together when they want the engine. */
function engineOf(contents: WebContents): Engine {
  ipcMain.emit('engine:request', { sender: contents, senderFrame: contents.mainFrame });
  const { ports } = contents.sent.findLast(({ channel }) => channel === 'engine:port')!;
  return connect<Engine>(messagePort(ports[0]!.inner as unknown as globalThis.MessagePort & MessagePort));
}

describe('the window', () => {
  test('a page that crashed is loaded again, one that was closed is not', () => {
    page.emit('render-process-gone', {}, { reason: 'clean-exit' });
    assert.equal(page.reloads, 0);
    page.emit('render-process-gone', {}, { reason: 'crashed' });
    assert.equal(page.reloads, 1);
  });

  test('is locked: sandboxed, isolated, without node, and opens no other', () => {
    const preferences = window.options['webPreferences'] as Record<string, unknown>;
    assert.deepEqual([preferences['sandbox'], preferences['contextIsolation'], preferences['nodeIntegration']], [true, true, false]);
    assert.deepEqual(page.openHandler!(), { action: 'deny' });
    for (const way of ['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview']) {
      let prevented = false;
      page.emit(way, { preventDefault: () => (prevented = true) });
      assert.ok(prevented, way);
    }
  });

  test('may put text on the clipboard, and nothing else', () => {
    assert.ok(seen.permission!('clipboard-sanitized-write'));
    for (const permission of ['media', 'geolocation', 'notifications', 'clipboard-read', 'openExternal', 'fullscreen']) assert.equal(seen.permission!(permission), false);
  });

  test('is dark from the first moment where the system is', () => {
    assert.equal(window.options['backgroundColor'], '#181b1e');
  });

  test('opens where the last one was, unless that screen is gone', async () => {
    const { openWindow } = await import('./window.ts');
    window.emit('close');
    const file = path.join(appData, 'Lodestone', 'shell', 'window.json');
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { bounds: { x: 10, y: 20, width: 900, height: 700 }, maximized: true });
    const again = openWindow() as unknown as typeof window;
    assert.deepEqual([again.options['x'], again.options['width']], [10, 900]);
    writeFileSync(file, JSON.stringify({ bounds: { x: 5000, y: 0, width: 900, height: 700 } }));
    assert.equal((openWindow() as unknown as typeof window).options['x'], undefined);
    writeFileSync(file, '{"bounds": "spoiled');
    assert.equal((openWindow() as unknown as typeof window).options['width'], 1280);
    BrowserWindow.all.splice(1);
  });
});

describe('the page', () => {
  const answer = seen.schemes.get('app')!;

  test('comes with its policy, and nothing comes from elsewhere', async () => {
    const missing = await answer({ url: 'app://lodestone/nothing.js', method: 'GET' });
    assert.equal(missing.status, 404);
    assert.match(missing.headers.get('content-security-policy')!, /default-src 'none'; script-src 'self' 'wasm-unsafe-eval'/);
    for (const url of ['app://lodestone/..%2f..%2fpackage.json', 'app://other/index.html', 'app://lodestone/%2e%2e/engine/process.js']) {
      assert.equal((await answer({ url, method: 'GET' })).status, 404);
    }
  });
});

describe('what the page may ask', () => {
  test('files, a folder, and to be shown a file', async () => {
    assert.deepEqual(await seen.handlers.get('host:pickFiles')!(fromPage), ['/home/anna/论文.pdf']);
    assert.deepEqual(await seen.handlers.get('host:pickFolder')!(fromPage), ['/home/anna/论文.pdf']);
    await seen.handlers.get('host:reveal')!(fromPage, opened);
    assert.deepEqual(seen.shown, [opened]);
    for (const wrong of ['notes.md', 7, undefined]) await assert.rejects(seen.handlers.get('host:reveal')!(fromPage, wrong), /whole path/);
  });

  test('is refused to a frame in the page and to any other page', async () => {
    const strangers = [
      { sender: page, senderFrame: { url: 'app://lodestone/frame.html' } },
      { sender: page, senderFrame: null },
      { sender: { mainFrame: { url: 'https://evil.example/' } }, senderFrame: { url: 'https://evil.example/' } },
    ];
    const elsewhere = { url: 'app://lodestone.evil.example/' };
    for (const event of [...strangers, { sender: { mainFrame: elsewhere }, senderFrame: elsewhere }]) {
      await assert.rejects(seen.handlers.get('host:pickFiles')!(event), /not ours/);
      const before = page.sent.length;
      ipcMain.emit('engine:request', event);
      assert.equal(page.sent.length, before);
    }
  });
});

describe('files opened from the system', () => {
  test('wait for the page, then are told as they come', () => {
    assert.deepEqual(page.sent.filter(({ channel }) => channel === 'files:opened'), []);
    ipcMain.emit('files:listen', fromPage);
    app.emit('open-file', { preventDefault() {} }, '/from/the/dock.pdf');
    app.emit('second-instance', {}, ['electron', '.', '--flag', 'notes.md', 'not-there.md'], appData);
    const told = page.sent.filter(({ channel }) => channel === 'files:opened').map(({ message }) => message);
    assert.deepEqual(told, [[opened], ['/from/the/dock.pdf'], [opened]]);
  });

  test('a second start brings the window to the front', () => {
    const before = window.focused;
    app.emit('second-instance', {}, ['electron', '.'], appData);
    assert.equal(window.focused, before + 1);
  });
});

describe('the engine', () => {
  test('is reached through a port of its own by every page that asks', async () => {
    const [one, other] = [engineOf(page), engineOf(page)];
    assert.equal((await one.health()).version, 'engine 1');
    await one.close();
    assert.equal((await other.health()).version, 'engine 1');
    await other.close();
  });

  test('is started again when it dies: calls fail as `closed`, and a page that asks again has the next one', async () => {
    const before = engineOf(page);
    await before.health();
    seen.children.at(-1)!.kill();
    await assert.rejects(before.health(), (error) => error instanceof EngineError && error.code === 'closed');
    // Asked for while there is none: the answer comes when there is.
    const next = engineOf(page);
    assert.equal((await next.health()).version, 'engine 2');
    await next.close();
  });

  test('that ends again and again without coming up is put before the person, with its last words', async () => {
    const runWell = standIn.program.run;
    standIn.program.run = (child) => {
      setTimeout(() => {
        child.stderr.emit('data', Buffer.from('The library was made by a newer Lodestone.\n'));
        child.emit('exit', 1);
      }, 1);
    };
    seen.children.at(-1)!.kill();
    while (seen.messageBoxes.length === 0) await sleep(20);
    standIn.program.run = runWell;
    assert.match(seen.messageBoxes[0]!.detail, /made by a newer Lodestone/);
    const again = engineOf(page);
    assert.match((await again.health()).version, /^engine/);
    await again.close();
  });

  test('has processes started for it, which it cannot do itself, and speaks to them through a port', async () => {
    const runWell = standIn.program.run;
    standIn.program.run = (child) => child.inside.once('message', ({ ports: [port] }: { ports: standIn.MainPort[] }) => serve({ name: async () => child.file }, messagePort(port!.inner as never)));
    const engine = seen.children.at(-1)!;
    const told: { data: unknown; ports: standIn.MainPort[] }[] = [];
    engine.inside.on('message', (message) => told.push(message as (typeof told)[number]));
    engine.emit('message', { start: 'llm-process', id: 1 });
    const started = seen.children.at(-1)!;
    assert.match(started.file, /engine.llm-process\.js$/);
    assert.deepEqual(told[0]!.data, { started: 1 });
    const model = connect<{ name(): Promise<string> }>(messagePort(told[0]!.ports[0]!.inner as never));
    assert.equal(await model.name(), started.file);
    started.kill();
    await assert.rejects(model.name(), (error) => error instanceof EngineError && error.code === 'closed');
    assert.deepEqual(told.at(-1)!.data, { ended: 1 });
    // Nothing else is started, whatever is asked for.
    const before = seen.children.length;
    engine.emit('message', { start: '../evil', id: 2 });
    assert.deepEqual([seen.children.length, told.at(-1)!.data], [before, { ended: 2 }]);
    standIn.program.run = runWell;
    seen.children.splice(seen.children.indexOf(started), 1);
  });

  test('is given the secret of stored keys by message, the same every time, which lies on disk encrypted by the system', () => {
    const [first, latest] = [seen.children[0]!, seen.children.at(-1)!];
    const { secret } = first.messages[0] as { secret: Uint8Array };
    assert.equal(secret.length, 32);
    assert.deepEqual((latest.messages[0] as { secret: Uint8Array }).secret, secret);
    assert.ok(!first.args.join(' ').includes(Buffer.from(secret).toString('base64')));
    const kept = readFileSync(path.join(appData, 'Lodestone', 'shell', 'secret.bin'));
    assert.ok(!kept.includes(Buffer.from(secret)) && !kept.includes(Buffer.from(secret).toString('base64')));
    assert.equal(standIn.safeStorage.decryptString(kept), Buffer.from(secret).toString('base64'));
  });

  test('closes its library before the app ends', async () => {
    let closed = false;
    seen.children.at(-1)!.once('closed', () => (closed = true));
    app.emit('will-quit', { preventDefault() {} });
    await seen.exited.promise;
    assert.ok(closed);
  });
});

test('the menu speaks the language of the system', async () => {
  const { menuTemplate } = await import('./menu.ts');
  const words = (locale: string, platform: NodeJS.Platform) => JSON.stringify(menuTemplate(locale, platform, true));
  assert.match(words('zh-CN', 'linux'), /退出 Lodestone/);
  assert.match(words('de', 'darwin'), /About Lodestone/);
  assert.doesNotMatch(words('en', 'win32'), /toggleDevTools/);
  assert.match(JSON.stringify(menuTemplate('en', 'linux', false)), /toggleDevTools/);
});

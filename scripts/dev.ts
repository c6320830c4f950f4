import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { watch } from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { pageDir } from '../engine/locations.ts';
import { copyPageFiles, forgetBuild, PAGE_BUNDLE, root } from './build.ts';

/**
 * `npm run dev`: the app in the browser, reloaded when the page changes, and its engine started again when that changes.
 * Address and token stay the same, so an open page finds its way back by itself.
 */
const PORT = process.env['PORT'] ?? '5178';
const token = process.env['LODESTONE_TOKEN'] ?? randomBytes(32).toString('base64url');
/** An editor saves several files at once. */
const CALM_MILLISECONDS = 150;

/** Added to the page: asks now and then whether the bundle is still the same. It obeys the page's policy as all else does. */
const RELOAD = `
  {
    const tags = () => Promise.all(['main.js', 'main.css'].map(async (name) => (await fetch(name, { method: 'HEAD' })).headers.get('etag')));
    let first;
    setInterval(async () => {
      const now = String(await tags().catch(() => first));
      first ??= now;
      if (now !== first) location.reload();
    }, 500);
  }
`;

await forgetBuild();
await copyPageFiles(pageDir);
const page = await esbuild.context({
  ...PAGE_BUNDLE,
  outdir: pageDir,
  minify: false,
  sourcemap: 'linked',
  define: { 'process.env.NODE_ENV': '"development"' },
  footer: { js: RELOAD },
  splitting: false,
});
await page.rebuild();
await page.watch();

let engine = startEngine();
let calm: NodeJS.Timeout | undefined;
for (const folder of ['engine', 'resources']) {
  watch(path.join(root, folder), { recursive: true }, (_, name) => {
    if (name?.endsWith('.test.ts')) return;
    clearTimeout(calm);
    calm = setTimeout(() => void restart(), CALM_MILLISECONDS);
  });
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void stop(engine).then(() => process.exit()));

function startEngine(): ChildProcess {
  return spawn(process.execPath, ['engine/cli.ts', 'serve', '--port', PORT], { cwd: root, stdio: 'inherit', env: { ...process.env, LODESTONE_TOKEN: token } });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

/** One restart at a time; a change during one is followed by another. */
let restarting = Promise.resolve();
function restart(): Promise<void> {
  restarting = restarting.then(async () => {
    await stop(engine);
    engine = startEngine();
  });
  return restarting;
}

import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import * as esbuild from 'esbuild';

/**
 * Builds into dist/ what runs outside the source tree: the page (bundled), and the engine and the shell (file by file,
 * so that each worker stays a file of its own). Types are checked by `npm run check`, not here.
 */
export const root = path.resolve(import.meta.dirname, '..');
const dist = path.join(root, 'dist');
const BUILT = '.built';

/** What pdf.js fetches at run time, and under which name the page asks for it. */
const PDF_FILES = {
  'build/pdf.worker.min.mjs': 'pdf.worker.mjs',
  cmaps: 'cmaps',
  standard_fonts: 'standard_fonts',
  wasm: 'wasm',
  iccs: 'iccs',
};

export const PAGE_BUNDLE = {
  absWorkingDir: root,
  entryPoints: { main: 'renderer/main.tsx' },
  bundle: true,
  format: 'esm',
  splitting: true,
  chunkNames: 'part-[hash]',
  assetNames: '[name]-[hash]',
  jsx: 'automatic',
  target: 'chrome130',
  legalComments: 'linked',
  loader: { '.svg': 'file', '.png': 'file', '.woff2': 'file' },
  define: { 'process.env.NODE_ENV': '"production"' },
  minify: true,
  logLevel: 'warning',
} satisfies esbuild.BuildOptions;

/** A sandboxed preload may not import, so it becomes one CommonJS file. */
const PRELOAD_BUNDLE = {
  absWorkingDir: root,
  entryPoints: ['electron/preload.ts'],
  bundle: true,
  format: 'cjs',
  platform: 'node',
  external: ['electron'],
  logLevel: 'warning',
} satisfies esbuild.BuildOptions;

/** Builds beside dist/ and then takes its place, so that a page that is open never sees half of a build. */
export async function build(): Promise<void> {
  const to = path.join(root, 'node_modules', `.lodestone-build-${process.pid}`);
  try {
    await Promise.all([
      emitEngineAndShell(to),
      esbuild.build({ ...PAGE_BUNDLE, outdir: path.join(to, 'renderer') }),
      esbuild.build({ ...PRELOAD_BUNDLE, outfile: path.join(to, 'electron/preload.cjs') }),
      copyPageFiles(path.join(to, 'renderer')),
      // Read from beside the code, at home and from within an archive alike.
      cp(path.join(root, 'resources/scans'), path.join(to, 'resources/scans'), { recursive: true }),
    ]);
    await writeFile(path.join(to, BUILT), '');
    await rm(dist, { recursive: true, force: true });
    await rename(to, dist);
  } finally {
    await rm(to, { recursive: true, force: true });
  }
}

/** index.html, the icon, and what pdf.js needs beside the bundle. */
export async function copyPageFiles(to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await cp(path.join(root, 'renderer/index.html'), path.join(to, 'index.html'));
  await cp(path.join(root, 'resources/icons/icon.svg'), path.join(to, 'icon.svg'));
  const pdfjs = path.join(root, 'node_modules/pdfjs-dist');
  for (const [from, name] of Object.entries(PDF_FILES)) await cp(path.join(pdfjs, from), path.join(to, name), { recursive: true });
}

async function emitEngineAndShell(to: string): Promise<void> {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [tsc, '-p', path.join(root, 'scripts/tsconfig.json'), '--outDir', to]);
}

/** What lies in dist/ is no build any more: the next command that needs one makes it. */
export async function forgetBuild(): Promise<void> {
  await rm(path.join(dist, BUILT), { force: true });
}

/** Builds if a source is newer than what was built. */
export async function buildIfStale(): Promise<void> {
  const built = await modified(path.join(dist, BUILT));
  const sources = await Promise.all(['engine', 'electron', 'renderer', 'scripts', 'resources/icons', 'resources/scans', 'package-lock.json', 'tsconfig.json'].map((name) => newest(path.join(root, name))));
  if (built <= Math.max(...sources)) await build();
}

async function newest(file: string): Promise<number> {
  const stats = await stat(file);
  if (!stats.isDirectory()) return stats.mtimeMs;
  const within = await readdir(file, { withFileTypes: true });
  return Math.max(stats.mtimeMs, ...(await Promise.all(within.map((entry) => newest(path.join(file, entry.name))))));
}

async function modified(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.mtimeMs ?? 0;
}

if (import.meta.main) await build();

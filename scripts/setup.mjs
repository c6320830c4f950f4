// Puts everything in place that the project needs, on a machine with Node 20 or later and npm and nothing else.
// Plain JavaScript, because the Node 24 that runs our TypeScript is among the things put in place.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

export const root = path.resolve(import.meta.dirname, '..');
const modules = path.join(root, 'node_modules');

/** The Node that came with our dependencies. */
export const node24 =
  process.platform === 'win32' ? path.join(modules, 'node', 'bin', 'node.exe') : path.join(modules, '.bin', 'node');

/** Installs the dependencies if they are not those of the lock file, and Node 24 with them. */
export function setUp() {
  const installed = isInstalled();
  if (installed && existsSync(node24)) return;
  // Standard output belongs to the command that is about to run.
  console.error('Setting up: installing dependencies. This takes a minute the first time.');
  // No install scripts: better-sqlite3 and onnxruntime-node come with what they need, yet would compile or download.
  if (!installed) npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], root);
  // The package `node` fetches the binary for this machine in its install script, so that one is run by hand.
  if (versionOf(node24) !== wantedVersion()) {
    run(process.execPath, ['installArchSpecificPackage.js'], path.join(modules, 'node'));
    if (!existsSync(node24)) symlinkSync(path.join('..', 'node', 'bin', 'node'), node24);
  }
  if (versionOf(node24) !== wantedVersion()) fail(`Node ${wantedVersion()} could not be put in place at ${node24}.`);
}

/** npm writes what it installed into node_modules when it is through. */
function isInstalled() {
  const list = path.join(modules, '.package-lock.json');
  if (!existsSync(list)) return false;
  const installed = packagesOf(list);
  return Object.entries(packagesOf(path.join(root, 'package-lock.json'))).every(
    ([name, { version, optional }]) => name === '' || optional || installed[name]?.version === version,
  );
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
}

function wantedVersion() {
  return JSON.parse(readFileSync(path.join(modules, 'node', 'package.json'), 'utf8')).version;
}

function versionOf(binary) {
  const { stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  return (stdout ?? '').trim().replace(/^v/, '');
}

function npm(args, cwd) {
  // Run from an npm script, that very npm is used; on Windows npm is a .cmd, which needs a shell.
  const own = process.env.npm_execpath;
  if (own && own.endsWith('.js')) run(process.execPath, [own, ...args], cwd);
  else run('npm', args, cwd, process.platform === 'win32');
}

function run(command, args, cwd, shell = false) {
  const { status, error } = spawnSync(command, args, { cwd, shell, stdio: ['ignore', 2, 2] });
  if (status !== 0) fail(`"${path.basename(command)} ${args.join(' ')}" failed${error ? `: ${error.message}` : ''}. Is the npm registry reachable?`);
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

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
  if (!installed) installPackages();
  // The package `node` fetches the binary for this machine in its install script, so that one is run by hand.
  if (versionOf(node24) !== wantedVersion()) {
    spawnSync(process.execPath, ['installArchSpecificPackage.js'], { cwd: path.join(modules, 'node'), stdio: ['ignore', 2, 2] });
    if (!existsSync(node24)) symlinkSync(path.join('..', 'node', 'bin', 'node'), node24);
  }
  if (versionOf(node24) !== wantedVersion()) fail(`Node ${wantedVersion()} could not be put in place at ${node24}.`);
}

function installPackages() {
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  // npm 11 refuses a lock file that lacks an optional package of another platform, which a registry may lack as well;
  // `install` takes the same versions from the same file and does not mind.
  if (npm(['ci', ...flags], 'ignore') !== 0 && npm(['install', '--no-save', ...flags], 2) !== 0) {
    fail('The dependencies could not be installed. Is the npm registry reachable?');
  }
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

function npm(args, stderr) {
  // Run from an npm script, that very npm is used; on Windows npm is a .cmd, which needs a shell.
  const own = process.env.npm_execpath;
  const [command, prefix] = own && own.endsWith('.js') ? [process.execPath, [own]] : ['npm', []];
  return spawnSync(command, [...prefix, ...args], { cwd: root, shell: command === 'npm' && process.platform === 'win32', stdio: ['ignore', stderr, stderr] }).status;
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

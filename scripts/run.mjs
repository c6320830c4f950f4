// node scripts/run.mjs FILE.ts …    sets up what is missing, then runs the file under the project's own Node 24.
import { spawn } from 'node:child_process';
import process from 'node:process';
import { node24, setUp } from './setup.mjs';

setUp();
const child = spawn(node24, process.argv.slice(2), { stdio: 'inherit' });
// Ctrl-C reaches the child by itself, being of the same terminal; a `kill` of this process does not.
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
process.on('SIGINT', () => {});
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { root } from './build.ts';

/** Types and lint. */
const CHECKS: [name: string, program: string, args: string[]][] = [
  ['types', 'typescript/bin/tsc', ['-p', '.']],
  ['lint', 'oxlint/bin/oxlint', ['--deny-warnings']],
];

/** Runs all checks, their words going to the terminal; the names of those that failed. */
export function failedChecks(): string[] {
  return CHECKS.filter(([, program, args]) => {
    const { status } = spawnSync(process.execPath, [path.join(root, 'node_modules', program), ...args], { cwd: root, stdio: 'inherit' });
    return status !== 0;
  }).map(([name]) => name);
}

if (import.meta.main) process.exitCode = failedChecks().length > 0 ? 1 : 0;

import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { dot } from 'node:test/reporters';
import { buildIfStale, root } from './build.ts';
import { findOrInstallBrowser } from './browser.ts';
import { failedChecks } from './check.ts';

/** `npm test`: the build, types, lint, the tests beside the code, and a person's way through the app in a real browser. */

interface Count { passed: number; failed: number; skipped: number }

/** A single test that takes longer hangs. */
const TEST_MINUTES = 10;
const artifacts = path.join(root, 'artifacts');

process.chdir(root);
mkdirSync(artifacts, { recursive: true });
const only = process.argv.slice(2);

await buildIfStale();
const checks = only.length > 0 ? [] : failedChecks();
const unit = await runUnitTests(only.length > 0 ? only.filter((file) => file.endsWith('.test.ts')) : globSync('{engine,electron,renderer,scripts,bench}/**/*.test.ts'));
const endToEnd = only.length > 0 && !only.some((file) => file.endsWith('.spec.ts')) ? nothing() : await runEndToEndTests(only.filter((file) => file.endsWith('.spec.ts')));

for (const name of checks) console.log(`failed: ${name}`);
const sum = (key: keyof Count): number => unit[key] + endToEnd[key];
const failed = sum('failed') + checks.length;
process.exitCode = failed > 0 ? 1 : 0;
console.log(`${sum('passed')} passed, ${failed} failed, ${sum('skipped')} skipped`);

function nothing(): Count {
  return { passed: 0, failed: 0, skipped: 0 };
}

/** Each file in a process of its own, two at a time. */
async function runUnitTests(files: string[]): Promise<Count> {
  const count = nothing();
  if (files.length === 0) return count;
  const skipped: string[] = [];
  const tests = run({ files: files.sort(), concurrency: 2, timeout: TEST_MINUTES * 60_000 });
  tests.on('test:pass', ({ name, skip, details }) => {
    if (details.type === 'suite') return;
    if (skip === undefined) count.passed++;
    else {
      count.skipped++;
      skipped.push(`skipped: ${name} (${skip === true ? 'no reason given' : String(skip)})`);
    }
  });
  tests.on('test:fail', ({ details }) => {
    if (details.type !== 'suite') count.failed++;
  });
  for await (const words of tests.compose(dot)) process.stdout.write(words);
  for (const line of skipped) console.log(line);
  console.log(`beside the code: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  return count;
}

async function runEndToEndTests(files: string[]): Promise<Count> {
  const browser = findOrInstallBrowser();
  if (!browser) {
    console.log('failed: end to end. No Chromium is installed, and neither apt-get nor Playwright could fetch one.');
    return { ...nothing(), failed: 1 };
  }
  const report = path.join(artifacts, 'e2e.json');
  rmSync(report, { force: true });
  const { status } = spawnSync(process.execPath, ['node_modules/@playwright/test/cli.js', 'test', '--reporter=list,json', ...files], {
    stdio: 'inherit',
    env: { ...process.env, LODESTONE_BROWSER: browser, PLAYWRIGHT_JSON_OUTPUT_NAME: report },
  });
  const { stats, errors, suites } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  const count = { passed: stats.expected, failed: stats.unexpected + stats.flaky + errors.length, skipped: stats.skipped };
  // Whatever else may end Playwright badly is not a success either.
  if (status !== 0 && count.failed === 0) count.failed = 1;
  for (const { title, reason } of suites.flatMap(skippedIn)) console.log(`skipped: ${title} (${reason})`);
  console.log(`end to end: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  return count;
}

/** As much of Playwright's JSON report as is read here. */
interface Report {
  stats: { expected: number; unexpected: number; flaky: number; skipped: number };
  errors: unknown[];
  suites: Suite[];
}
interface Suite {
  suites?: Suite[];
  specs: { title: string; tests: { status: string; annotations: { type: string; description?: string }[] }[] }[];
}

function skippedIn({ suites = [], specs }: Suite): { title: string; reason: string }[] {
  const here = specs.flatMap(({ title, tests }) =>
    tests.filter(({ status }) => status === 'skipped').map(({ annotations }) => ({ title, reason: annotations.find(({ type }) => type === 'skip')?.description ?? 'no reason given' })));
  return [...here, ...suites.flatMap(skippedIn)];
}

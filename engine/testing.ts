import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from './api.ts';

/** Waits until nothing is left to look for, read, embed or clear away; for tests and benchmarks. */
export async function idle(engine: Pick<Engine, 'progress'>): Promise<void> {
  for (;;) {
    const { waiting, unembedded, resting } = await engine.progress();
    if (resting && waiting + unembedded === 0) return;
    await delay(20);
  }
}

const STILL_MILLISECONDS = 1000;

/**
 * What is seen once it no longer changes: the step that was under way when something was paused may end yet, soon or late.
 * @throws AssertionError where it goes on and on
 */
export async function atRest<T>(look: () => Promise<T>): Promise<T> {
  let seen = await look();
  for (let looked = 0; looked < 30; looked++) {
    await delay(STILL_MILLISECONDS);
    const now = await look();
    if (JSON.stringify(now) === JSON.stringify(seen)) return now;
    seen = now;
  }
  assert.fail('it did not come to rest within half a minute');
}

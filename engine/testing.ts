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

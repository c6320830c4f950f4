import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from './api.ts';

/** Waits until nothing is left to read, embed or sweep; for tests and benchmarks. */
export async function idle(engine: Pick<Engine, 'progress'>): Promise<void> {
  for (let quiet = 0; quiet < 3; ) {
    const { waiting, unembedded, reading } = await engine.progress();
    quiet = waiting + unembedded === 0 && reading === undefined ? quiet + 1 : 0;
    await delay(20);
  }
}

import os from 'node:os';
import type { Hardware } from './api.ts';
import { inspectMachine } from './llm/fit.ts';
import type { Machine } from './models/catalog.ts';
import { freeBytes } from './models/download.ts';

/** This machine as models see it. */
export interface ThisMachine {
  /** Asks the graphics driver too, the first time, in a process of its own. */
  hardware(): Promise<Hardware>;
  /** What decides which models fit; of graphics what `hardware` has found by now. */
  machine(): Promise<Machine>;
}

/** `models`: the folder that models are put into. */
export function openMachine(models: string): ThisMachine {
  let asked: Promise<void> | undefined;
  let gpu: Hardware['gpu'];

  return {
    async hardware() {
      await (asked ??= inspectMachine().then(({ graphics }) => {
        if (graphics) gpu = { name: graphics.names[0] ?? graphics.kind, memory: graphics.bytes };
      }));
      return { cores: os.availableParallelism(), memory: os.totalmem(), free: os.freemem(), ...(gpu && { gpu }) };
    },
    machine: async () => ({ cores: os.availableParallelism(), memory: os.totalmem(), disk: await freeBytes(models), ...(gpu?.memory !== undefined && { gpuMemory: gpu.memory }) }),
  };
}

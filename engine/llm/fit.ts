import { freemem, totalmem } from 'node:os';
import type { Gguf } from './gguf.ts';
import { type ChildOptions, startRunner } from './child.ts';
import { connect } from '../rpc.ts';
import type { Graphics, RunnerVerbs } from './runner.ts';

/** What a machine has to run models on. */
export interface Machine { memory: number; freeMemory: number; graphics?: Graphics }

/** What a model needs, and how that stands to what there is. */
export interface Fit {
  /** Weights, cache of the context, and what is computed with. */
  bytes: number;
  /**
   * `graphics`: on the graphics card, as a whole. `memory`: in memory, and room is left for all else. `tight`: in memory,
   * if other programs leave theirs. `no`: not at all.
   */
  where: 'graphics' | 'memory' | 'tight' | 'no';
}

/** Keys and values are kept as 16-bit numbers. */
const CACHED_BYTES = 2;
/** Tokens read in one go, each with its row of the vocabulary and of the widest layer. */
const BATCH = 512;
/** What llama.cpp itself and a process take. */
const BASE_BYTES = 150 * 1024 * 1024;
/** The system and the other programs want this much of the memory. */
const OTHERS = 0.3;
/** Drivers and the screen want this much of the graphics memory. */
const GRAPHICS_OTHERS = 0.1;

/** Bytes a model needs with a context of so many tokens; within some tens of a hundred. */
export function memoryNeeded(gguf: Gguf, contextTokens: number): number {
  const cache = gguf.cachedNumbers * contextTokens * CACHED_BYTES;
  const computing = BATCH * (gguf.vocabulary + 8 * gguf.dimensions) * 4;
  return gguf.bytes + cache + (gguf.use === 'writer' ? computing : BATCH * 8 * gguf.dimensions * 4) + BASE_BYTES;
}

/** Whether a model will fit a machine, from its header alone. */
export function fitOf(gguf: Gguf, contextTokens: number, machine: Machine): Fit {
  const bytes = memoryNeeded(gguf, contextTokens);
  const { graphics } = machine;
  if (graphics && bytes < graphics.bytes * (1 - GRAPHICS_OTHERS)) return { bytes, where: 'graphics' };
  if (bytes < machine.memory * (1 - OTHERS)) return { bytes, where: 'memory' };
  return { bytes, where: bytes < machine.memory * (1 - OTHERS / 3) ? 'tight' : 'no' };
}

/**
 * The memory of this machine, and its graphics card if llama.cpp can use it. Graphics drivers crash: they are asked in a
 * process of their own, and one that does not answer is none.
 */
export async function inspectMachine({ start = startRunner }: Pick<ChildOptions, 'start'> = {}): Promise<Machine> {
  const { port } = start();
  const machine = { memory: totalmem(), freeMemory: freemem() };
  try {
    const graphics = await connect<RunnerVerbs>(port).graphics();
    return graphics ? { ...machine, graphics } : machine;
  } catch {
    return machine;
  } finally {
    port.close();
  }
}

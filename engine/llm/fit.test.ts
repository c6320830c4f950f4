import assert from 'node:assert/strict';
import { totalmem } from 'node:os';
import { test } from 'node:test';
import { startRunner } from './child.ts';
import { fitOf, inspectMachine, memoryNeeded } from './fit.ts';
import type { Gguf } from './gguf.ts';

const GB = 1024 ** 3;
/** Qwen2.5 7B in 4 bits, by its published figures: 4 heads for keys and values of 128 numbers each in 28 layers. */
const qwen = { use: 'writer', bytes: 4.68e9, layers: 28, dimensions: 3584, vocabulary: 152_064, contextTokens: 32_768, cachedNumbers: 28 * 4 * (128 + 128) } as Gguf;

test('context costs memory: 56 KB a token', () => {
  assert.equal(memoryNeeded(qwen, 8192) - memoryNeeded(qwen, 0), 57_344 * 8192);
});

test('whether a model fits a machine', () => {
  const where = (memory: number, graphics?: number): string => fitOf(qwen, 8192, {
    memory: memory * GB, freeMemory: 0, ...(graphics !== undefined && { graphics: { kind: 'vulkan', names: [], bytes: graphics * GB, freeBytes: 0 } }),
  }).where;
  assert.deepEqual([where(4), where(6), where(16), where(16, 4), where(16, 8)], ['no', 'tight', 'memory', 'memory', 'graphics']);
});

test('this machine is looked at in a process of its own; one that dies of it has no graphics', async () => {
  const machine = await inspectMachine();
  assert.equal(machine.memory, totalmem());
  assert.ok(machine.freeMemory > 0 && machine.freeMemory < machine.memory);
  const dying = await inspectMachine({
    start() {
      const child = startRunner();
      child.kill();
      return child;
    },
  });
  assert.equal(dying.graphics, undefined);
});

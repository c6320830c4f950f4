import assert from 'node:assert/strict';
import childProcess from 'node:child_process';
import { test } from 'node:test';
import { noLlama } from './testing/llama-here.ts';
import { tryBinariesHere } from './trial.ts';

test('a binary is loaded without a process that tries it first', { skip: noLlama ?? false }, async () => {
  const fork = childProcess.fork;
  let forks = 0;
  childProcess.fork = ((...all: Parameters<typeof fork>) => {
    forks++;
    return fork(...all);
  }) as typeof fork;
  tryBinariesHere();
  const { getLlama } = await import('node-llama-cpp');
  const llama = await getLlama({ gpu: false, build: 'never', progressLogs: false });
  assert.equal(llama.gpu, false);
  assert.equal(forks, 0);
  await llama.dispose();
});

import { getLlama, LlamaLogLevel } from 'node-llama-cpp';

/** Why the tests that need llama.cpp cannot run on this machine; `undefined` where they can. */
export const noLlama: string | undefined = await getLlama({ gpu: false, build: 'never', progressLogs: false, dryRun: true, logLevel: LlamaLogLevel.disabled })
  .then(() => undefined, (error: Error) => `no binary of llama.cpp runs here: ${error.message}`);

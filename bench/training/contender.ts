import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Hello, Turn } from './turns.ts';

/** One who is compared: a process that speaks as `turns.ts` does. */
export interface Contender {
  hello: Hello;
  turn(): Promise<void>;
  /** The least of all turns but the first, which warms up. */
  seconds: number;
  /** Most memory, in MiB. */
  peak: number;
  close(): void;
}

/** Starts a process; undefined where it cannot be started or ends before it says who it is. */
export async function start(command: string, args: readonly string[]): Promise<Contender | undefined> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'], env: { ...process.env, TRANSFORMERS_VERBOSITY: 'error', HF_HUB_OFFLINE: '1', PYTHONDONTWRITEBYTECODE: '1' } });
  const gone = new Promise<undefined>((resolve) => {
    child.on('error', () => resolve(undefined));
    child.on('exit', () => resolve(undefined));
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string | undefined> => (await Promise.race([lines.next(), gone]))?.value as string | undefined;
  const first = await line();
  if (first === undefined) return undefined;
  let turns = 0;
  const contender: Contender = {
    hello: JSON.parse(first) as Hello, seconds: Infinity, peak: 0,
    async turn() {
      child.stdin.write('go\n');
      const answer = await line();
      if (answer === undefined) throw new Error(`${contender.hello.name} ended in the middle of its turns.`);
      const { seconds, peak } = JSON.parse(answer) as Turn;
      if (turns++ > 0) contender.seconds = Math.min(contender.seconds, seconds);
      contender.peak = peak;
    },
    close: () => child.stdin.end(),
  };
  return contender;
}

/** Turn by turn, so that whatever else the machine does falls on all alike. */
export async function interleave(contenders: readonly (Contender | undefined)[], rounds: number): Promise<void> {
  for (let round = 0; round <= rounds; round++) for (const contender of contenders) await contender?.turn();
  for (const contender of contenders) contender?.close();
}

import { readFileSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';

/**
 * One who is compared, as a process of its own: says who it is in a line of JSON, then makes a turn for every line it is given and
 * answers with the seconds of processor time it took and the most memory the process ever held, in MiB.
 */
export async function takeTurns(hello: Hello, turn: () => Promise<unknown>): Promise<void> {
  console.log(JSON.stringify(hello));
  for await (const _ of createInterface({ input: process.stdin })) {
    const before = process.cpuUsage();
    await turn();
    const { user, system } = process.cpuUsage(before);
    console.log(JSON.stringify({ seconds: (user + system) / 1e6, peak: peakMemory() } satisfies Turn));
  }
}

/** `flops`: arithmetic operations of a turn; `vectors`: what it makes of the first texts. */
export interface Hello { name: string; flops?: number; vectors?: number[][] }
export interface Turn { seconds: number; peak: number }

/** In MiB. `ru_maxrss` is passed on from the process that started this one, so where Linux says it better, that is asked. */
function peakMemory(): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024;
  }
}

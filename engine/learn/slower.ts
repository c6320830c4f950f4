import { openEmbedder } from '../models/embedder.ts';
import type { InspectOptions } from '../models/inspect.ts';
import { openReranker } from '../models/reranker.ts';
import type { DeepLevel } from './deep-lessons.ts';

const MAY_TAKE = 1.1;
/** Other programs can only make one slower: the fastest of so many rounds counts, and both are timed by turns. */
const LEAST_ROUNDS = 3;
const ROUNDS = 12;

/** Whether a learned model takes more than a tenth longer for the same texts than the one it was learned from. */
export async function candidateSlower(level: DeepLevel, base: string, candidate: string, { question, texts }: { question: string; texts: readonly string[] }, options: InspectOptions): Promise<boolean> {
  const [first, second] = [await opened(level, base, options), await opened(level, candidate, options)];
  try {
    // On one thread both compute on this one.
    return await takesLonger(() => first.work(question, texts), () => second.work(question, texts), ownTime);
  } finally {
    await first.close();
    await second.close();
  }
}

/** Microseconds of processor time of this thread: of work that is done here, what other programs do does not count. */
export const ownTime = (): number => { const { user, system } = process.threadCpuUsage(); return user + system; };

/** Whether what comes `after` takes more than a tenth longer than what was `before`, by a clock. */
export async function takesLonger(before: () => Promise<unknown>, after: () => Promise<unknown>, clock: () => number = () => performance.now()): Promise<boolean> {
  const time = async (work: () => Promise<unknown>): Promise<number> => {
    const from = clock();
    await work();
    return clock() - from;
  };
  let [first, second] = [Infinity, Infinity];
  for (let round = 0; round < ROUNDS; round++) {
    first = Math.min(first, await time(before));
    second = Math.min(second, await time(after));
    if (round + 1 >= LEAST_ROUNDS && second <= MAY_TAKE * first) return false;
  }
  return true;
}

async function opened(level: DeepLevel, folder: string, options: InspectOptions): Promise<{ work(question: string, texts: readonly string[]): Promise<unknown>; close(): Promise<void> }> {
  if (level === 'reranker') {
    const reranker = await openReranker(folder, { ...options, threads: 1 });
    return { work: (question, texts) => reranker.score(question, texts.map((text) => ({ text, prior: 0 }))), close: () => reranker.close() };
  }
  const embedder = await openEmbedder(folder, { ...options, threads: 1 });
  return { work: (_, texts) => embedder.embed([...texts], 'document'), close: () => embedder.close() };
}

import { openEmbedder } from '../models/embedder.ts';
import type { InspectOptions } from '../models/inspect.ts';
import { openReranker } from '../models/reranker.ts';
import type { DeepLevel } from './deep-lessons.ts';

const MAY_TAKE_LONGER = 0.1;

type Work = () => Promise<unknown>;
/** Both are timed by turns. What else goes on in the machine meets some rounds: so many may say otherwise before the verdict is that it is not slower. */
const ROUNDS = 15;
const OTHERWISE = 3;
/** A round repeats its work for so long: systems that count a thread's time by the ticks of a clock do so every 4 milliseconds. */
const ROUND_MILLISECONDS = 100;

/** Whether a learned model takes more than a tenth longer for the same texts than the one it was learned from. */
export async function candidateSlower(level: DeepLevel, base: string, candidate: string, { question, texts }: { question: string; texts: readonly string[] }, options: InspectOptions): Promise<boolean> {
  const [first, second] = [await opened(level, base, options), await opened(level, candidate, options)];
  try {
    // On one thread both compute on this one.
    return await takesLonger(() => first.work(question, texts), () => second.work(question, texts), { clock: ownTime });
  } finally {
    await first.close();
    await second.close();
  }
}

/** Milliseconds of processor time of this thread: of work that is done here, what other programs do does not count. */
export const ownTime = (): number => { const { user, system } = process.threadCpuUsage(); return (user + system) / 1000; };

/**
 * Whether what comes `after` takes so much longer than what was `before` that the `whole` takes more than a tenth longer. Each is
 * a work that can be done again and again; the whole is what was before, or a longer work of which that is a part.
 *
 * @param clock in milliseconds
 */
export async function takesLonger(before: Work, after: Work, { clock = () => performance.now(), whole = before }: { clock?: () => number; whole?: Work } = {}): Promise<boolean> {
  const time = async (work: Work): Promise<number> => {
    const from = clock();
    for (let times = 1; ; times++) {
      await work();
      const taken = clock() - from;
      if (taken >= ROUND_MILLISECONDS) return taken / times;
    }
  };
  let otherwise = 0;
  for (let round = 0; round < ROUNDS && otherwise <= OTHERWISE; round++) {
    const first = await time(before);
    const longer = (await time(after)) - first;
    if (longer <= MAY_TAKE_LONGER * (whole === before ? first : await time(whole))) otherwise++;
  }
  return otherwise <= OTHERWISE;
}

async function opened(level: DeepLevel, folder: string, options: InspectOptions): Promise<{ work(question: string, texts: readonly string[]): Promise<unknown>; close(): Promise<void> }> {
  if (level === 'reranker') {
    const reranker = await openReranker(folder, { ...options, threads: 1 });
    return { work: (question, texts) => reranker.score(question, texts.map((text) => ({ text, prior: 0 }))), close: () => reranker.close() };
  }
  const embedder = await openEmbedder(folder, { ...options, threads: 1 });
  return { work: (_, texts) => embedder.embed([...texts], 'document'), close: () => embedder.close() };
}

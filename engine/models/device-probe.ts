import type { Device } from '../nn/session.ts';
import { openEmbedder } from './embedder.ts';
import { compare, type Equivalence } from './passport.ts';

/**
 * What is tried on devices: a function `open(device, argument)` that the module `module` (a file's URL) exports under the name
 * `name`. It is named instead of given, since it is called in another process; `argument` is sent there.
 */
export interface Subject { module: string; name: string; argument?: unknown }

/** Vectors of texts, or scores. Vectors of no unit length are compared by their length too. */
export interface Opened { compute(texts: readonly string[]): Promise<Float32Array[] | number[]>; unit?: boolean; close(): Promise<void> }
export type OpenOn = (device: Device, argument: never) => Promise<Opened>;

/** What came out: how the device's results compare with the processor's, and seconds of both in their fastest rounds, since other programs can only make one slower. */
export interface Measured { equivalence: Equivalence; seconds: { cpu: number; device: number } }

/** What the process in which devices are tried may be asked. */
export interface ProberVerbs { measure(device: Device, subject: Subject, texts: string[], rounds: number): Promise<Measured> }

/** Largest difference of two scores, as a share of the largest score. */
const SAME_SCORE = 0.01;

/** The verbs of that process: computes the texts on the processor and on the device, in turns, so that both meet the same load. */
export function deviceProber(): ProberVerbs {
  return {
    async measure(device, subject, texts, rounds) {
      const { [subject.name]: open } = await import(subject.module) as Record<string, OpenOn>;
      const sides = [await open!('cpu', subject.argument as never), await open!(device, subject.argument as never)] as const;
      const [ours, theirs] = [await sides[0].compute(texts), await sides[1].compute(texts)];
      const equivalence = compareResults(ours, theirs, sides[0].unit ?? true);
      const seconds: [number[], number[]] = [[], []];
      const isSlow = (): boolean => seconds[1].length > 1 && Math.min(...seconds[1]) > 2 * Math.min(...seconds[0]);
      for (let round = 0; equivalence.equivalent && round < rounds && !isSlow(); round++) {
        for (const side of [0, 1] as const) {
          const begun = performance.now();
          await sides[side].compute(texts);
          seconds[side].push((performance.now() - begun) / 1000);
        }
      }
      for (const side of sides) await side.close();
      return { equivalence, seconds: { cpu: Math.min(...seconds[0]), device: Math.min(...seconds[1]) } };
    },
  };
}

function compareResults(ours: Float32Array[] | number[], theirs: Float32Array[] | number[], unit: boolean): Equivalence {
  if (typeof ours[0] !== 'number') return compare(ours as Float32Array[], theirs as Float32Array[], unit);
  const [a, b] = [ours as number[], theirs as number[]];
  const largest = Math.max(...a.map(Math.abs), Number.MIN_VALUE);
  const differences = a.map((score, i) => Math.abs(score - b[i]!) / largest);
  const worst = differences.some(Number.isNaN) ? 1 : Math.max(...differences);
  if (worst <= SAME_SCORE) return { equivalent: true, cosine: 1 - worst, failed: [] };
  return { equivalent: false, cosine: 1 - worst, failed: [], reason: `Scores differ by up to ${(100 * worst).toFixed(1)} %, and ${100 * SAME_SCORE} % is allowed.` };
}

/** An embedder's folder as a subject; `openEmbedder` with a device. */
export function embedderSubject(folder: string, threads?: number): Subject {
  return { module: import.meta.url, name: openEmbedderOn.name, argument: { folder, threads } };
}

/** Both sides are computed: of models that score by the dot product only a question's vector shows its direction undisguised. */
export async function openEmbedderOn(device: Device, { folder, threads }: { folder: string; threads?: number }): Promise<Opened> {
  const embedder = await openEmbedder(folder, { device, ...(threads && { threads }) });
  return {
    compute: async (texts) => [...(await embedder.embed([...texts], 'document')), ...(await embedder.embed([...texts], 'query'))],
    close: () => embedder.close(),
  };
}

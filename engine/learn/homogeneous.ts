import { Random } from '../nn/random.ts';
import { shuffled } from './selection.ts';

/** How the rows of one data set are drawn in a pass. */
export interface SetDrawn {
  set: string;
  rows: number;
  /** Rows a step; fewer than asked for where the set is too small. */
  batch: number;
  /** Rows that this pass does without; others every time. */
  left: number;
}

/** Batches of one worker, in the order they are drawn in, and how each set fared. */
export interface Drawn<Row> { batches: Row[][]; sets: SetDrawn[] }

/**
 * One pass over rows of several data sets, every batch of one set only: rows of another are told apart without knowing what is
 * asked (LLM-Embedder's homogeneous batches). What of a set does not fill a step of all workers is left for another pass, but
 * from `least` rows a worker on it makes a smaller step, and a set that has no more than that is never lost. All workers with
 * one seed see the same steps and take disjoint parts of each.
 *
 * @param least 1…batch; `batch` leaves out all that does not fill a step
 */
export function homogeneous<Row extends { set?: string }>(
  rows: readonly Row[], { batch, seed, least = batch, workers = 1, worker = 0 }: { batch: number; seed: number; least?: number; workers?: number; worker?: number },
): Drawn<Row> {
  const sets = new Map<string, Row[]>();
  for (const row of rows) sets.set(row.set ?? QUESTIONS, [...(sets.get(row.set ?? QUESTIONS) ?? []), row]);
  const random = new Random(seed);
  const steps: Row[][] = [];
  const told: SetDrawn[] = [];
  for (const [set, own] of sets) {
    const order = shuffled(own, random);
    const whole = Math.floor(order.length / (batch * workers));
    for (let step = 0; step < whole; step++) steps.push(order.slice(step * batch * workers, (step + 1) * batch * workers));
    const rest = order.slice(whole * batch * workers);
    const each = Math.floor(rest.length / workers);
    const taken = each > 0 && (whole === 0 || each >= least);
    if (taken) steps.push(rest.slice(0, each * workers));
    told.push({ set, rows: order.length, batch: whole === 0 ? each : batch, left: taken ? rest.length - each * workers : rest.length });
  }
  return {
    batches: shuffled(steps, random).map((step) => step.slice((worker * step.length) / workers, ((worker + 1) * step.length) / workers)),
    sets: told,
  };
}

/** The set of rows that name none: questions, the person's own and general ones. */
const QUESTIONS = 'qa';

import type { RunProgress } from '../../engine/api.ts';

type Points = RunProgress['curve'];

/** The trainings of a run, each in order of its passes. What learns from shuffled thumbs on purpose is left out. */
export function trainings(curve: Points): Points[] {
  return [...Map.groupBy(curve.filter(({ training }) => !training.startsWith('control')), ({ training }) => training).values()];
}

/**
 * The mean over all trainings, look by look, as a share of what it was after the first; a training that ended earlier stays at
 * its last value.
 */
export function meanCurve(all: Points[]): { loss: number; aside: number }[] {
  const passes = Math.max(0, ...all.map((points) => points.length));
  const at = (pass: number, of: 'loss' | 'aside'): number => all.reduce((sum, points) => sum + points[Math.min(pass, points.length - 1)]![of], 0);
  const share = (pass: number, of: 'loss' | 'aside'): number => (at(0, of) === 0 ? 1 : at(pass, of) / at(0, of));
  return Array.from({ length: passes }, (_, pass) => ({ loss: share(pass, 'loss'), aside: share(pass, 'aside') }));
}

/** Whole passes of the training that has made most; a long pass is looked at more than once. */
export function passesOf(all: Points[]): number {
  return Math.floor(Math.max(0, ...all.map((points) => points.at(-1)?.pass ?? 0)));
}

/** Mean nDCG@10 on what is kept aside, at the first pass of all trainings and at the last; undefined where it is not told. */
export function qualityOf(all: Points[]): { first: number; last: number } | undefined {
  const told = all.map((points) => points.flatMap(({ quality }) => quality ?? [])).filter((values) => values.length > 0);
  const mean = (of: (values: number[]) => number): number => told.reduce((sum, values) => sum + of(values), 0) / told.length;
  return told.length === 0 ? undefined : { first: mean((values) => values[0]!), last: mean((values) => values.at(-1)!) };
}

/** A path through values by pass, in a box of that size; `low` stands at the bottom and `high` at the top. */
export function pathOf(values: readonly number[], { width, height, passes, low, high }: { width: number; height: number; passes: number; low: number; high: number }): string {
  const x = (i: number): number => (passes < 2 ? 0 : (i / (passes - 1)) * width);
  const y = (value: number): number => (high === low ? height / 2 : height * (1 - (value - low) / (high - low)));
  return values.map((value, i) => `${i === 0 ? 'M' : 'L'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`).join('');
}

import { SHIPPED, type Calibration } from './found.ts';

/** Log-odds as shipped of a question asked of the library, and whether it answers it. */
export interface Sample { score: number; answered: boolean; weight: number }

/**
 * Questions made from passages are closer to them than those people ask: so much higher are their log-odds on the development
 * sets, whatever is known of the hits.
 */
export const MADE_HIGHER = 0.6;
/** All the questions made from a library together weigh as much as so many that people asked. */
const MADE_WEIGHT = 100;
/** How firmly the line holds to the one before: as if so many questions had said so. */
const FIRMNESS = 30;
const SHIFT_FIRMNESS = 1.5;
const MADE_SHIFT_FIRMNESS = 100;
const STEPS = 100;

/**
 * The line of a library. Questions made from its passages tell how well it parts what it answers from what it does not: the slope.
 * How much closer than a person's they are to the passages differs from library to library (a heading of documentation shares
 * few words with its section), so where the line stands is left to what people said.
 */
export function calibratedBy(made: readonly Sample[], said: readonly Sample[]): Calibration {
  const weighed = made.map((sample) => ({ ...sample, weight: (sample.weight * MADE_WEIGHT) / made.length }));
  return calibrated(said, calibrated(weighed, SHIPPED, MADE_SHIFT_FIRMNESS));
}

/**
 * Platt's line through samples, held to another where they are few: the most probable slope and shift under a normal prior
 * around that one's. Newton's method, damped.
 */
export function calibrated(samples: readonly Sample[], held: Calibration = SHIPPED, shiftFirmness = SHIFT_FIRMNESS): Calibration {
  let { slope, shift } = held;
  const loss = (a: number, b: number): number => samples.reduce((sum, { score, answered, weight }) => sum + weight * Math.log1p(Math.exp((answered ? -1 : 1) * (a * score + b))), 0)
    + (FIRMNESS * (a - held.slope) ** 2 + shiftFirmness * (b - held.shift) ** 2) / 2;
  for (let step = 0; step < STEPS; step++) {
    let [g0, g1, h00, h01, h11] = [FIRMNESS * (slope - held.slope), shiftFirmness * (shift - held.shift), FIRMNESS, 0, shiftFirmness];
    for (const { score, answered, weight } of samples) {
      const chance = 1 / (1 + Math.exp(-slope * score - shift));
      const [error, curve] = [weight * (chance - Number(answered)), weight * chance * (1 - chance)];
      g0 += error * score; g1 += error; h00 += curve * score * score; h01 += curve * score; h11 += curve;
    }
    const determinant = h00 * h11 - h01 * h01;
    const [d0, d1] = [(g0 * h11 - g1 * h01) / determinant, (g1 * h00 - g0 * h01) / determinant];
    let rate = 1;
    while (rate > 1e-4 && loss(slope - rate * d0, shift - rate * d1) > loss(slope, shift)) rate /= 2;
    slope -= rate * d0;
    shift -= rate * d1;
    if (Math.abs(d0) + Math.abs(d1) < 1e-6) break;
  }
  // More of the evidence never makes an answer less likely.
  return { slope: Math.max(0.1, slope), shift, threshold: held.threshold };
}

/** The log-odds of the same hits with a version of what was learned, and before it. */
export interface Pair { now: number; before: number }

const LEAST_PAIRS = 10;

/** A line for scores as they are now from one for scores as they were: the straight line that fits the pairs best lies between. */
export function through(line: Calibration, pairs: readonly Pair[]): Calibration {
  if (pairs.length < LEAST_PAIRS) return line;
  const mean = (of: (pair: Pair) => number): number => pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  const [now, before] = [mean((pair) => pair.now), mean((pair) => pair.before)];
  const spread = mean((pair) => (pair.now - now) ** 2);
  const steepness = spread === 0 ? 1 : Math.max(0.1, mean((pair) => (pair.now - now) * (pair.before - before)) / spread);
  return { ...line, slope: line.slope * steepness, shift: line.shift + line.slope * (before - steepness * now) };
}

/** One line for a question asked of several libraries, each by its number of chunks. */
export function together(calibrations: readonly { calibration: Calibration; chunks: number }[]): Calibration {
  const all = calibrations.reduce((sum, { chunks }) => sum + chunks, 0);
  if (all === 0) return SHIPPED;
  const mean = (of: (calibration: Calibration) => number): number => calibrations.reduce((sum, { calibration, chunks }) => sum + (of(calibration) * chunks) / all, 0);
  return { slope: mean(({ slope }) => slope), shift: mean(({ shift }) => shift), threshold: mean(({ threshold }) => threshold) };
}

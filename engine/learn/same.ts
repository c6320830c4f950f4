import type { Background } from '../models/background.ts';

/** Questions this near are one question asked twice, where unrelated ones have a cosine of 0. */
const SAME = 0.97;

/**
 * The cosine from which two questions are one. It lies as far between the embedder's own background and 1 as `SAME` between 0
 * and 1: with E5 unrelated texts have 0.7 to 0.8, and 0.97 says as little there as 0.88 elsewhere.
 */
export function sameFrom(background: Pick<Background, 'mean'> | undefined): number {
  const mean = background?.mean ?? 0;
  return mean + SAME * (1 - mean);
}

/** Whether two questions are at the cosine `same` (`sameFrom`) or nearer, whatever their words: unit vectors at a cosine c are √(2 − 2c) apart. */
export function near(a: Float32Array | undefined, b: Float32Array | undefined, same: number): boolean {
  if (!a || !b) return false;
  let squares = 0;
  // Most are far apart, which a few dimensions tell.
  for (let d = 0; d < a.length && squares <= 2 - 2 * same; d++) squares += (a[d]! - b[d]!) ** 2;
  return squares <= 2 - 2 * same;
}

/**
 * Tests that may be looked at after every thumb. An e-process is a bet against a hypothesis, begun with 1: while that holds it
 * is not expected to grow, so the chance that it ever reaches 1 / α is at most α (Ville 1939; Ramdas, Grünwald, Vovk & Shafer,
 * “Game-theoretic statistics and safe anytime-valid inference”, 2023). No approximation is in it, so few thumbs are no trouble.
 */

/**
 * Against “it loses at most half of the comparisons”: the likelihood of wins and losses, averaged over all shares of losses from
 * a half to one (a uniform mixture, Robbins 1970), over that of a fair coin. Ties are not counted.
 */
export function losesMore(losses: number, wins: number): number {
  const n = losses + wins;
  let atMost = 0;
  for (let i = 0; i <= losses; i++) atMost += Math.exp(logChoose(n + 1, i) - (n + 1) * Math.LN2);
  return Math.exp((n + 1) * Math.LN2 + logBeta(losses + 1, wins + 1)) * atMost;
}

/** So many of so many questions. */
export interface Share { of: number; count: number }

/**
 * Against “the share is not higher now than before”: the likelihood of both series, averaged over all pairs of shares of which
 * the present one is higher, over the greatest that it can have where it is not (universal inference with a mixture in the
 * numerator; Wasserman, Ramdas & Balakrishnan, PNAS 2020). How sure the share before is needs no assumption, and either series
 * may go on.
 */
export function isHigher(now: Share, before: Share): number {
  const [wrong, right, wrongBefore, rightBefore] = [now.count, now.of - now.count, before.count, before.of - before.count];
  const higher = Math.LN2 + logBeta(wrong + 1, right + 1) + logBeta(wrongBefore + 1, rightBefore + 1)
    + Math.log(chanceHigher(wrong + 1, right + 1, wrongBefore + 1, rightBefore + 1));
  const pooled = { of: now.of + before.of, count: now.count + before.count };
  const isAbove = now.count * before.of > before.count * now.of;
  return Math.exp(higher - (isAbove ? greatest(pooled) : greatest(now) + greatest(before)));
}

/** The greatest log-likelihood of a series. */
function greatest({ of, count }: Share): number {
  return [count, of - count].reduce((sum, each) => sum + (each === 0 ? 0 : each * Math.log(each / of)), 0);
}

/** The chance that a draw from Beta(a, b) is above one from Beta(c, d), of whole numbers. */
function chanceHigher(a: number, b: number, c: number, d: number): number {
  let sum = 0;
  for (let i = 0; i < a; i++) sum += Math.exp(logBeta(c + i, b + d) - Math.log(b + i) - logBeta(1 + i, b) - logBeta(c, d));
  return sum;
}

const logFactorials = [0];
function logFactorial(n: number): number {
  for (let i = logFactorials.length; i <= n; i++) logFactorials.push(logFactorials[i - 1]! + Math.log(i));
  return logFactorials[n]!;
}

const logChoose = (n: number, k: number): number => logFactorial(n) - logFactorial(k) - logFactorial(n - k);
/** The logarithm of the beta function, of whole numbers above 0. */
const logBeta = (a: number, b: number): number => logFactorial(a - 1) + logFactorial(b - 1) - logFactorial(a + b - 1);

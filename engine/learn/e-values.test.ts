import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHigher, losesMore } from './e-values.ts';

/** Chances of 0…n successes, by Pascal's rule: another way than the one that is tested. */
function binomial(n: number, p: number): number[] {
  let chances = [1];
  for (let i = 0; i < n; i++) chances = [...chances, 0].map((chance, k) => chance * (1 - p) + (chances[k - 1] ?? 0) * p);
  return chances;
}

/** An integral over [from, 1] by Simpson's rule. */
function integral(from: number, of: (x: number) => number): number {
  const steps = 2000;
  const width = (1 - from) / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) sum += of(from + i * width) * (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2);
  return (sum * width) / 3;
}

test('losses against a fair coin: the mean of the likelihood ratio over all shares from a half on', () => {
  for (const [losses, wins] of [[0, 0], [1, 0], [0, 1], [8, 0], [7, 3], [20, 20], [60, 30]] as const) {
    const wanted = 2 * integral(0.5, (p) => (2 * p) ** losses * (2 - 2 * p) ** wins);
    assert.ok(Math.abs(losesMore(losses, wins) / wanted - 1) < 1e-6, `${losses} : ${wins} is ${losesMore(losses, wins)}, should be ${wanted}`);
  }
});

test('a bet on a fair coin neither gains nor loses on average, on one that falls for the version it loses', () => {
  for (const n of [1, 5, 20, 100]) {
    const mean = (p: number): number => binomial(n, p).reduce((sum, chance, losses) => sum + chance * losesMore(losses, n - losses), 0);
    assert.ok(Math.abs(mean(0.5) - 1) < 1e-9);
    assert.ok(mean(0.4) < 1 && mean(0.2) < mean(0.4));
    assert.ok(mean(0.8) > 1);
  }
});

test('a share that is no higher than before is never bet against with gain, whatever it is and however much is known of before', () => {
  for (const [before, now] of [[0, 10], [5, 10], [20, 5], [30, 30]] as const) {
    for (const share of [0.02, 0.1, 0.3, 0.5, 0.8, 0.99]) {
      for (const lower of [share, share / 2]) {
        const [chancesBefore, chancesNow] = [binomial(before, share), binomial(now, lower)];
        let mean = 0;
        chancesBefore.forEach((a, b) => chancesNow.forEach((c, k) => (mean += a * c * isHigher({ of: now, count: k }, { of: before, count: b }))));
        assert.ok(mean <= 1 + 1e-9, `${lower} now, ${share} before, ${now} and ${before} questions: ${mean}`);
      }
    }
  }
});

test('a share that is higher: the likelihood over all pairs of which it is, by integration', () => {
  const [now, before] = [{ of: 9, count: 7 }, { of: 12, count: 3 }];
  const pairs = 2 * integral(0, (q) => q ** 3 * (1 - q) ** 9 * integral(q, (p) => p ** 7 * (1 - p) ** 2));
  const wanted = pairs / ((10 / 21) ** 10 * (11 / 21) ** 11);
  assert.ok(Math.abs(isHigher(now, before) / wanted - 1) < 1e-5, `${isHigher(now, before)}, should be ${wanted}`);
  assert.ok(isHigher({ of: 10, count: 10 }, { of: 40, count: 8 }) > 40, 'ten wrong answers in a row after one in five');
  assert.ok(isHigher({ of: 10, count: 4 }, { of: 40, count: 8 }) < 2, 'four of ten may be chance');
  assert.equal(isHigher({ of: 0, count: 0 }, { of: 40, count: 8 }) <= 1, true);
});

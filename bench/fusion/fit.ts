/** One candidate of a question: its features, and whether it is of a document that answers. */
export interface Judged { features: number[]; gold: boolean }

/** Sets of one kind; the others are a kind each. Of translations, one direction is judged by the other. As `engine/learn/train-rerank.ts` has them. */
const KINDS = [['techdocs-en', 'techdocs-zh'], ['cmrc2018-trial', 'drcd-dev']];

/** A set and those of its kind, which a fit that is judged on it may not have seen. */
export function kindOf(name: string): string[] {
  return KINDS.find((kind) => kind.includes(name)) ?? [name];
}

/**
 * Weights of a linear score whose softmax over a question's candidates puts its mass on the gold ones (ListNet, top one).
 * Adam on all questions at once; every set weighs the same, however many questions it has.
 */
export function fitted(sets: Judged[][][], steps = 200): number[] {
  const answerable = sets.map((questions) => questions.filter((candidates) => candidates.some(({ gold }) => gold)));
  const size = answerable[0]![0]![0]!.features.length;
  const weights = new Array<number>(size).fill(0);
  const mean = new Float64Array(size);
  const square = new Float64Array(size);
  for (let step = 1; step <= steps; step++) {
    const gradient = new Float64Array(size);
    for (const questions of answerable) {
      for (const candidates of questions) addGradient(gradient, candidates, weights, 1 / questions.length / answerable.length);
    }
    const rate = 0.3 * Math.min(1, 60 / step);
    for (let i = 0; i < size; i++) {
      mean[i] = 0.9 * mean[i]! + 0.1 * gradient[i]!;
      square[i] = 0.98 * square[i]! + 0.02 * gradient[i]! ** 2;
      weights[i]! -= (rate * mean[i]!) / (1 - 0.9 ** step) / (Math.sqrt(square[i]! / (1 - 0.98 ** step)) + 1e-6);
    }
  }
  return weights;
}

function addGradient(gradient: Float64Array, candidates: Judged[], weights: number[], weight: number): void {
  const scores = candidates.map(({ features }) => scored(features, weights));
  const highest = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - highest));
  const all = exponentials.reduce((sum, value) => sum + value, 0);
  const gold = exponentials.reduce((sum, value, i) => sum + (candidates[i]!.gold ? value : 0), 0);
  candidates.forEach((candidate, i) => {
    const error = exponentials[i]! / all - (candidate.gold ? exponentials[i]! / gold : 0);
    for (let k = 0; k < gradient.length; k++) gradient[k]! += weight * error * candidate.features[k]!;
  });
}

export function scored(features: number[], weights: number[]): number {
  return features.reduce((sum, value, i) => sum + value * weights[i]!, 0);
}

/** Platt: the slope and constant that make a score the log-odds of `gold`. Newton's method on the logistic loss. */
export function calibrated(samples: { score: number; gold: boolean; weight: number }[]): { slope: number; constant: number } {
  let slope = 0;
  let constant = 0;
  for (let step = 0; step < 30; step++) {
    let [g0, g1, h00, h01, h11] = [0, 0, 1e-9, 0, 1e-9];
    for (const { score, gold, weight } of samples) {
      const chance = 1 / (1 + Math.exp(-slope * score - constant));
      const error = weight * (chance - Number(gold));
      const curve = weight * chance * (1 - chance);
      g0 += error; g1 += error * score; h00 += curve; h01 += curve * score; h11 += curve * score * score;
    }
    const determinant = h00 * h11 - h01 * h01;
    constant -= (g0 * h11 - g1 * h01) / determinant;
    slope -= (g1 * h00 - g0 * h01) / determinant;
  }
  return { slope, constant };
}

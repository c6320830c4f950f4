import { mean, quality, type JudgedRow } from './gate.ts';
import type { QueryAdapter } from './query-adapter.ts';
import type { Matrix } from './train-query.ts';
import { surpriseOf, type Scores } from './train-weighing.ts';

const ALPHAS = [0.25, 0.5, 0.75, 1];
const SHARPER = [0.35, 0.5, 0.7, 1, 1.4, 2, 2.8];
/** So much of the loss has to be saved for anything to be applied at all. */
const WORTH = 0.002;
/** What general questions may lose in nDCG@10: the half of those to replay that is not trained on; the gate looks at others. */
const REPLAY_MAY_FALL = 0.004;

/** The α that answers the questions kept aside best and costs general ones nothing; 0 where none does. (LM-Cocktail, Xiao et al. 2023) */
export function chosen(of: (alpha: number) => { loss: () => number; general: () => number }): number {
  const shipped = of(0);
  let best = { alpha: 0, loss: shipped.loss() * (1 - WORTH) };
  const general = shipped.general();
  for (const alpha of ALPHAS) {
    const trial = of(alpha);
    const loss = trial.loss();
    if (loss >= best.loss) continue;
    if (general - trial.general() > REPLAY_MAY_FALL) break;
    best = { alpha, loss };
  }
  return best.alpha;
}

/** At the temperature that suits it best: being surer or less sure of the same order is no gain. */
export const leastSurprise = (rows: readonly Scores[], temperature = 1): number => Math.min(...SHARPER.map((by) => surpriseOf(rows, temperature * by)));
export const meanQuality = (rows: readonly JudgedRow[], matrix: Matrix, turn?: QueryAdapter): number => mean(quality(rows, matrix, turn).map(({ ndcg }) => ndcg));

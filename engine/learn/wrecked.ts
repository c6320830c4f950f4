import type { AdapterId } from '../api.ts';
import { saveAdapter } from '../store/adapters.ts';
import { sql, type Db } from '../store/database.ts';
import { encodeAdapter } from './query-adapter.ts';
import { CLUES, type Clue } from './weighing.ts';

/** Weights by which what has words and meaning in common with the question counts against a passage. */
export const WRECKED: Partial<Record<Clue, number>> = { evidence: -3, share: -6, coverage: -3, meaning: -6 };

/** Stores a version for questions that weighs clues like this, accepted and so in use, as if the gate had let it pass; for tests. */
export function saveVersion(db: Db, weights: Partial<Record<Clue, number>>): AdapterId {
  const { identity, dimensions } = sql<{ identity: string; dimensions: number }>(db, `select identity, dimensions from space order by id desc limit 1`).get()!;
  const measure = { questions: 36, before: 0.5, after: 0.6, mrrBefore: 0.5, mrrAfter: 0.6 };
  return saveAdapter(db, {
    level: 'query', space: identity, comparisons: [], events: [], contents: [],
    bytes: encodeAdapter({
      dimensions, rank: 0, alpha: 0, mean: new Float32Array(dimensions), kind: new Float32Array(dimensions + 1).fill(9, dimensions), weights: new Float32Array(dimensions + 1),
      weighing: { numbers: CLUES.map((clue) => weights[clue] ?? 0), words: new Map(), level: 0, alpha: 1 },
    }),
    report: { recipe: {}, snapshot: '', signals: 40, questions: 36, mine: measure, guard: measure, bound: 0.02, alpha: 1, refusals: [], seconds: 1 },
  });
}

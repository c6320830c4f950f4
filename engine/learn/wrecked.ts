import { join } from 'node:path';
import type { AdapterId } from '../api.ts';
import { installedModels } from '../models/installed.ts';
import { openCheckpoint, type Weight } from '../nn/safetensors.ts';
import { nextAdapter, saveAdapter, type AdapterReport } from '../store/adapters.ts';
import { sql, type Db } from '../store/database.ts';
import { choose } from '../store/models.ts';
import { writeLateFolder } from './learned-folder.ts';
import { packed } from './packed.ts';
import { encodeAdapter } from './query-adapter.ts';
import { CLUES, type Clue } from './weighing.ts';

/** Versions that did not come of learning, accepted and so in use, as if the gate had let them pass; for tests. */

/** Weights by which what has words and meaning in common with the question counts against a passage. */
export const WRECKED: Partial<Record<Clue, number>> = { evidence: -3, share: -6, coverage: -3, meaning: -6 };

const measure = { questions: 36, before: 0.5, after: 0.6, mrrBefore: 0.5, mrrAfter: 0.6 };
export const REPORT: AdapterReport = { recipe: {}, snapshot: '', signals: 40, questions: 36, mine: measure, guard: measure, bound: 0.02, alpha: 1, refusals: [], seconds: 1 };

/**
 * Stores a version for questions that weighs clues like this.
 *
 * @param reranker the one it is said to be judged with; any if absent
 */
export function saveVersion(db: Db, weights: Partial<Record<Clue, number>>, reranker?: string | null): AdapterId {
  const { identity, dimensions } = sql<{ identity: string; dimensions: number }>(db, `select identity, dimensions from space order by id desc limit 1`).get()!;
  return saveAdapter(db, {
    level: 'query', space: identity, comparisons: [], events: [], contents: [],
    bytes: encodeAdapter({
      dimensions, rank: 0, alpha: 0, mean: new Float32Array(dimensions), kind: new Float32Array(dimensions + 1).fill(9, dimensions), weights: new Float32Array(dimensions + 1),
      weighing: { numbers: CLUES.map((clue) => weights[clue] ?? 0), words: new Map(), level: 0, alpha: 1 },
    }),
    report: { ...REPORT, ...(reranker !== undefined && { reranker }) },
  });
}

/** Stores a version of the bundled reranker that multiplies what that one says by a factor: by a negative one, what answers comes last. */
export async function saveReranker(db: Db, [resources, data]: readonly [resources: string, data: string], factor: number, parent?: AdapterId): Promise<AdapterId> {
  const { models } = await installedModels([resources]);
  const { folder, manifest: { id: base, name } } = models.find(({ manifest }) => manifest.role === 'reranker')!;
  const model = `${base}-learned-${nextAdapter(db)}`;
  const shipped = openCheckpoint(join(folder, 'head.safetensors'));
  const head: Record<string, Weight> = Object.fromEntries(shipped.names.map((part) => [part, { shape: shipped.shape(part), data: shipped.read(part).map((value) => factor * value) }]));
  await writeLateFolder(folder, head, { id: model, name }, join(data, model));
  return db.transaction(() => {
    choose(db, 'reranker', model);
    return saveAdapter(db, { level: 'reranker', space: base, ...(parent !== undefined && { parent }), comparisons: [], events: [], contents: [], bytes: packed(head, {}), report: { ...REPORT, base, model } });
  })();
}

import type { Adapter, LevelStanding, Untrainable } from './api.ts';
import { embedderInUse, knownModels, wantedModel, type KnownModel } from './chosen.ts';
import { hashesIn, type ModelDirs } from './found.ts';
import type { DeepLevel } from './learn/deep-lessons.ts';
import { formOf, type Form } from './learn/deep-model.ts';
import type { InspectOptions } from './models/inspect.ts';
import { adapters, learnedModels, type InUse } from './store/adapters.ts';
import type { Db } from './store/database.ts';
import { runs } from './store/runs.ts';
import { spaceInUse } from './store/spaces.ts';

/** What would learn on a deep level. Every run begins with the model that came from elsewhere, so that runs do not pile up. */
export interface Learner { used: KnownModel; base: KnownModel; form: Form }

/** How a model looks from inside does not change while it is on the list. */
const forms = new Map<string, Promise<Form | undefined>>();

/** Of a deep level: what would learn, or why nothing can. */
export async function learnerOf(db: Db, dirs: ModelDirs, level: DeepLevel): Promise<Learner | { used?: KnownModel; why: Untrainable }> {
  const models = await knownModels(db, dirs);
  const used = level === 'embedder' ? embedderInUse(db, models) : wantedModel(db, models, level);
  if (!used) return { why: 'no-model' };
  const from = baseOf(db, used.id);
  const base = models.find(({ id }) => id === from);
  if (!base || base.trouble !== undefined) return { used, why: 'base-gone' };
  if (base.format !== 'lodestone' && base.format !== 'safetensors') return { used, why: 'form' };
  const key = `${level} ${base.place}`;
  if (!forms.has(key)) forms.set(key, formOf(base.place, level, inspecting(dirs, base)).catch(() => undefined));
  const form = await forms.get(key);
  return form === undefined ? { used, why: 'form' } : { used, base, form };
}

/** The model that another was learned from; itself where it was not learned. */
export function baseOf(db: Db, model: string): string {
  return learnedModels(db).find((learned) => learned.model === model)?.base ?? model;
}

/**
 * Whether a model gains no more than the version for questions that is in use, by that one's own report. That one belongs to the
 * index and the reranker that are in use, and rests when either is replaced: no gate saw the sum of both, and none can see it
 * fairly, since the version was taught by the very questions there are. What is learned anew over the new model is judged with it.
 *
 * @param reranker the one in use
 */
export function lessThanQuick(db: Db, level: DeepLevel, { used, base }: { used: Pick<KnownModel, 'id'>; base: Pick<KnownModel, 'id'> }, gain: number, reranker: string | undefined): boolean {
  const space = level === 'reranker' || used.id === base.id ? spaceInUse(db)?.space.identity : undefined;
  const all = space === undefined ? [] : adapters(db, { space, ...(reranker !== undefined && { reranker: { model: reranker, base: baseOf(db, reranker) } }) });
  const gained = (adapter: Adapter | undefined): number => (adapter ? adapter.mine.after - adapter.mine.before : 0);
  const quick = gained(all.find((one) => one.level === 'query' && one.state === 'active'));
  // The version lies over what the reranker in use has learned, which goes too.
  const under = level === 'reranker' && used.id !== base.id ? gained(all.find(({ model }) => model === used.id)) : 0;
  return quick > 0 && gain <= quick + under;
}

/** How a model of the list is looked at. */
export function inspecting(dirs: ModelDirs, { family }: Pick<KnownModel, 'family'>): InspectOptions {
  return { hashes: hashesIn(dirs), ...(family !== undefined && { family }) };
}

/** What is in use on each level. */
export async function inUse(db: Db, dirs: ModelDirs): Promise<InUse> {
  const models = await knownModels(db, dirs);
  const space = spaceInUse(db)?.space.identity;
  const of = (used: KnownModel | undefined) => used && { model: used.id, base: baseOf(db, used.id) };
  const [reranker, embedder] = [of(wantedModel(db, models, 'reranker')), of(embedderInUse(db, models))];
  return { ...(space !== undefined && { space }), ...(reranker && { reranker }), ...(embedder && { embedder }) };
}

/** How many questions the latest run for questions learned from. Undefined where it came to nothing, or was over other models: the same questions then teach anew. */
export async function learnedFrom(db: Db, dirs: ModelDirs): Promise<number | undefined> {
  const latest = runs(db).find(({ level }) => level === 'query');
  const made = adapters(db, await inUse(db, dirs)).find(({ id }) => id === latest?.adapter);
  return made?.state === 'resting' || made?.state === 'foreign' ? undefined : made?.questions;
}

/** Which levels can learn. */
export async function levelStandings(db: Db, dirs: ModelDirs): Promise<LevelStanding[]> {
  const deep: LevelStanding[] = [];
  for (const level of ['reranker', 'embedder'] as const) {
    const learner = await learnerOf(db, dirs, level);
    deep.push({ level, ...(learner.used && { model: learner.used.name }), ...('why' in learner && { why: learner.why }) });
  }
  const embedder = deep[1]!;
  return [{ level: 'query', ...(embedder.model === undefined ? { why: 'no-model' } : { model: embedder.model }) }, ...deep];
}

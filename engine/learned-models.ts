import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError, type AdapterId, type RunId, type RunProgress } from './api.ts';
import { knownModels, mustKnow } from './chosen.ts';
import type { ModelDirs } from './found.ts';
import { inspecting, type Learner } from './learn-levels.ts';
import type { AskedLesson, DeepLevel } from './learn/deep-lessons.ts';
import { formOf, TRAININGS } from './learn/deep-model.ts';
import { clearLearned, writeReport } from './learn/learned-folder.ts';
import { unpacked } from './learn/packed.ts';
import { openEmbedder } from './models/embedder.ts';
import { inspectModel } from './models/inspect.ts';
import { probe } from './models/passport.ts';
import { Cancelled } from './run-under-way.ts';
import { adapterBytes, learnedModels, nextAdapter, reportOf, saveAdapter, versionReport, type AdapterReport, type KeptComparison } from './store/adapters.ts';
import { write, type Db } from './store/database.ts';
import { choose, saveModel, type AddedModel } from './store/models.ts';
import { endRun, keepProgress, openRun } from './store/runs.ts';
import { beginShadow, savePassport, shadow } from './store/spaces.ts';

/** Models that were learned: how they come onto the list and into use, are made again, and how half-made ones go. */

/** What a run made: bytes of the version, and what is told of it. */
export interface Made { bytes: Uint8Array; report: AdapterReport; comparisons: KeptComparison[]; lessons: readonly AskedLesson[]; contents: readonly string[]; progress: RunProgress }

/**
 * Stores the candidate, ends the run, and brings the model in `folder` into use, in one transaction, after which nothing more is
 * done: where this throws, the folder is nobody's. A reranker is in use from then on; of an embedder, the index begins to grow.
 *
 * @param folder none where the candidate was refused
 */
export async function keepCandidate({ db, modelDirs }: { db: Db; modelDirs: ModelDirs }, run: RunId, level: DeepLevel, { used, base }: Learner, folder: string | undefined, { bytes, report, comparisons, lessons, contents, progress }: Made): Promise<void> {
  const parent = learnedModels(db).find((learned) => learned.model === used.id)?.id;
  const version = { level, space: base.id, report, ...(parent !== undefined && { parent }) };
  if (folder !== undefined) await writeReport(folder, reportOf(db, nextAdapter(db), version));
  const model = folder === undefined ? undefined : await rowOf(modelDirs, report.model!, folder, level, base);
  const next = folder !== undefined && level === 'embedder' ? await newIndex(modelDirs, folder, base) : undefined;
  await write(db, () => {
    // Cancelled in the very last moment: nothing comes into use.
    if (openRun(db)?.id !== run) throw new Cancelled();
    const adapter = saveAdapter(db, { ...version, bytes, comparisons, events: lessons.flatMap(({ events }) => events), contents });
    if (model) saveModel(db, model);
    if (folder !== undefined && level === 'reranker') choose(db, 'reranker', report.model);
    // A person who is going over to another embedder just now is not interrupted.
    if (next && !shadow(db)) savePassport(db, beginShadow(db, next.identity, next.dimensions, report.model!), next.passport);
    keepProgress(db, run, { ...progress, done: 1 });
    endRun(db, run, 'done', { adapter });
  });
}

/** What the index of an embedder begins with. One that does not compute throws here, while nothing hangs on it. */
async function newIndex(dirs: ModelDirs, folder: string, base: Learner['base']): Promise<{ identity: string; dimensions: number; passport: Float32Array[] }> {
  const embedder = await openEmbedder(folder, inspecting(dirs, base));
  try {
    return { identity: embedder.space, dimensions: embedder.dimensions, passport: await probe(embedder) };
  } finally {
    await embedder.close();
  }
}

/** How a learned folder stands on the list of models; one with a manifest speaks for itself. */
async function rowOf(dirs: ModelDirs, id: string, folder: string, role: DeepLevel, base: Learner['base']): Promise<Omit<AddedModel, 'added'> | undefined> {
  if (base.format === 'lodestone') return undefined;
  const { manifest, bytes } = await inspectModel(folder, inspecting(dirs, base));
  return {
    id, role, format: 'safetensors', place: folder, downloaded: true,
    details: {
      name: `${base.name} · ${id.split('-').at(-1)}`, languages: manifest.languages, licence: manifest.licence, bytes, files: Object.keys(manifest.files), tokens: manifest.maxTokens,
      ...(manifest.family !== undefined && { family: manifest.family }), ...(manifest.dimensions !== undefined && { dimensions: manifest.dimensions }),
    },
  };
}

/**
 * Makes a version's model again, where its folder is no longer there, and puts it on the list.
 *
 * @throws EngineError 'invalid' where the model it was learned from is gone
 */
export async function restoreModel(db: Db, dirs: ModelDirs, adapter: AdapterId): Promise<void> {
  const version = learnedModels(db).find(({ id }) => id === adapter);
  const bytes = adapterBytes(db, adapter);
  if (!version || !bytes) throw new EngineError('not-found', 'That version is gone.');
  const models = await knownModels(db, dirs);
  const base = mustKnow(models, version.base, version.level);
  const there = models.find(({ id }) => id === version.model);
  if (there && there.trouble === undefined) return;
  const form = await formOf(base.place, version.level, inspecting(dirs, base));
  if (form === undefined) throw new EngineError('invalid', `${base.name} cannot be trained any more.`);
  const folder = join(dirs[1]!, version.model);
  await TRAININGS[form].write(base.place, unpacked(bytes), { id: version.model, name: `${base.name} · ${adapter}` }, folder);
  await writeReport(folder, versionReport(db, adapter));
  const row = await rowOf(dirs, version.model, folder, version.level, base);
  if (row) await write(db, () => saveModel(db, row));
}

/** After a process was killed: what it had not finished. */
export function clearUnfinished(db: Db, dirs: ModelDirs, runsDir: string): void {
  clearLearned(dirs[1]!, new Set(learnedModels(db).map(({ model }) => model)));
  const open = openRun(db);
  if (!existsSync(runsDir)) return;
  for (const name of readdirSync(runsDir)) if (!open || !name.startsWith(`${open.id}.`)) rmSync(join(runsDir, name), { force: true });
}

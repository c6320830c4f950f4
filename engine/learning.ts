import os from 'node:os';
import type { Adapter, AdapterId, Comparison, Engine, Learning, LearningLevel, ModelVerbs, RankedChunk, RunId, Topic, Untrainable } from './api.ts';
import { EngineError } from './api.ts';
import type { ModelDirs } from './found.ts';
import { inUse, learnedFrom, levelStandings } from './learn-levels.ts';
import { isTimeToLearn } from './learn/idle.ts';
import { keyOf, overlaps, type ChunkName } from './learn/judgements.ts';
import { packed, unpacked } from './learn/packed.ts';
import { MINIMUM } from './learn/prepare.ts';
import { decodeAdapter, encodeAdapter } from './learn/query-adapter.ts';
import { parseSamples } from './learn/samples.ts';
import * as store from './store/adapters.ts';
import type { Db } from './store/database.ts';
import { chunksAt, removeImported, saveImported } from './store/judged.ts';
import { beginRun, endRun, lastUse, openRun, runs, setRunState } from './store/runs.ts';
import { settings } from './store/settings.ts';
import { told, type LearnVerbs, type SearchVerbs } from './thread.ts';
import { openVersions } from './versions.ts';

interface LearningParts {
  db: Db;
  search: () => Pick<SearchVerbs, 'judged'>;
  learner: () => LearnVerbs;
  change: <T>(topics: Topic[], run: () => T) => Promise<T>;
  modelDirs: ModelDirs;
  models: Pick<ModelVerbs, 'useModel' | 'removeIndex' | 'cancelReindexing'>;
}

type LearningVerbs = Pick<Engine,
  | 'learning' | 'estimateLearning' | 'learn' | 'pauseLearning' | 'resumeLearning' | 'cancelLearning' | 'runs' | 'adapters' | 'comparisons' | 'activate' | 'deactivate'
  | 'deleteAdapters' | 'exportAdapter' | 'exportSamples' | 'importSamples' | 'removeImportedSamples'>;

const WHY_NOT: Record<Untrainable, string> = {
  'no-model': 'There is no such model in use.',
  form: 'The weights of the model in use are not in a form that can be trained: a folder with safetensors can.',
  'base-gone': 'The model in use was learned from one that is no longer there.',
};

/** How often it is looked whether learning may begin by itself. */
const LOOKED_MILLISECONDS = 5 * 60_000;

/** The engine's verbs on learning. A run is a row; the thread that learns does it and looks at the row between steps. */
export function learningVerbs({ db, search, learner, change, modelDirs, models }: LearningParts): LearningVerbs {
  const versions = openVersions({ db, modelDirs, models, learner, change });

  async function learning(): Promise<Learning> {
    const summary = await search().judged();
    const [run] = runs(db, 1);
    return {
      ...summary,
      missing: { questions: Math.max(0, MINIMUM.questions - summary.questions), documents: Math.max(0, MINIMUM.documents - summary.documents) },
      ...(run && { run }),
      levels: await levelStandings(db, modelDirs),
    };
  }

  /** Begins a run where the person wants that and the moment is good. */
  async function learnIfIdle(): Promise<void> {
    if (!settings(db).learnWhenIdle) return;
    const { at, reading } = lastUse(db);
    const questions = await learnedFrom(db, modelDirs);
    const moment = {
      wanted: true, learning: await learning(), quietMinutes: (Date.now() - at) / 60_000, reading,
      load: (os.loadavg()[0] ?? 0) / os.availableParallelism(), ...(questions !== undefined && { learnedFrom: questions }),
    };
    if (db.open && isTimeToLearn(moment)) await learn();
  }
  const idling = setInterval(() => {
    // Whatever stood in the way, a later look finds it gone: nobody waits for this.
    if (db.open) void learnIfIdle().catch(() => undefined);
    else clearInterval(idling);
  }, LOOKED_MILLISECONDS).unref();

  async function learn(level: LearningLevel = 'query'): Promise<RunId> {
    const { missing, levels } = await learning();
    const why = levels.find((standing) => standing.level === level)?.why;
    if (why !== undefined) throw new EngineError('invalid', WHY_NOT[why]);
    if (missing.questions > 0 || missing.documents > 0) {
      throw new EngineError('invalid', `There is too little to learn from yet: judge passages for ${missing.questions} more questions, on ${missing.documents} more documents.`);
    }
    const run = await change(['learning'], () => {
      if (openRun(db)) throw new EngineError('busy', 'Learning is under way already.');
      return beginRun(db, level);
    });
    await told(learner().wake());
    return run;
  }

  return {
    learning,
    estimateLearning: (level = 'query') => learner().estimate(level),
    learn,
    pauseLearning: () => change(['learning'], () => setOpen('paused')),
    resumeLearning: () => change(['learning'], () => setOpen('running')).then(() => told(learner().wake())),
    cancelLearning: () => change(['learning'], () => {
      const run = openRun(db);
      if (run) endRun(db, run.id, 'cancelled');
    }),
    runs: async () => runs(db),
    adapters: async (): Promise<Adapter[]> => store.adapters(db, await inUse(db, modelDirs)),
    comparisons: async (adapter) => store.keptComparisons(db, adapter).map((kept) => shown(db, kept)),
    activate: versions.activate,
    deactivate: versions.deactivate,
    deleteAdapters: versions.remove,
    async exportAdapter(adapter: AdapterId) {
      const bytes = store.adapterBytes(db, adapter);
      if (!bytes) throw new EngineError('not-found', 'That version is gone.');
      const report = store.versionReport(db, adapter);
      if (report.level === 'query') return encodeAdapter(decodeAdapter(bytes), report);
      return packed(unpacked(bytes), { level: report.level, base: report.base, report: JSON.stringify(report) });
    },
    exportSamples: () => learner().exportSamples(),
    async importSamples(text) {
      const samples = parseSamples(text);
      await change(['learning'], () => saveImported(db, samples.map((sample) => JSON.stringify(sample))));
      return { samples: samples.length };
    },
    removeImportedSamples: () => change(['learning'], () => removeImported(db)),
  };

  function setOpen(state: 'running' | 'paused'): void {
    const run = openRun(db);
    if (run) setRunState(db, run.id, state);
  }
}

/** A kept comparison with the texts as they now stand. */
function shown(db: Db, { question, heldOut, ndcgBefore, ndcgAfter, answers, before, after }: store.KeptComparison): Comparison {
  const ranked = (names: readonly ChunkName[], earlier?: readonly ChunkName[]): RankedChunk[] => names.flatMap((name, i): RankedChunk[] => {
    const [chunk] = chunksAt(db, name);
    if (!chunk) return [];
    const rankBefore = earlier?.findIndex((other) => keyOf(other) === keyOf(name));
    return [{
      documentName: chunk.documentName, text: chunk.text, contentHash: chunk.contentHash, place: { start: chunk.start, end: chunk.end },
      answers: answers.some((answer) => overlaps(answer, name)), rank: i + 1, ...(rankBefore !== undefined && rankBefore >= 0 && { rankBefore: rankBefore + 1 }),
    }];
  });
  return { question, heldOut, ndcgBefore, ndcgAfter, before: ranked(before), after: ranked(after, before) };
}

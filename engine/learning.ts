import type { Adapter, AdapterId, Comparison, Engine, Learning, RankedChunk, Topic } from './api.ts';
import { EngineError } from './api.ts';
import { keyOf, overlaps, type ChunkName } from './learn/judgements.ts';
import { MINIMUM } from './learn/prepare.ts';
import { parseSamples } from './learn/samples.ts';
import * as store from './store/adapters.ts';
import type { Db } from './store/database.ts';
import { chunksAt, removeImported, saveImported } from './store/judged.ts';
import { spaceInUse } from './store/spaces.ts';
import { beginRun, endRun, openRun, runs, setRunState } from './store/runs.ts';
import type { LearnVerbs, SearchVerbs } from './thread.ts';

interface LearningParts {
  db: Db;
  search: () => Pick<SearchVerbs, 'judged'>;
  learner: () => LearnVerbs;
  change: <T>(topics: Topic[], run: () => T) => Promise<T>;
}

type LearningVerbs = Pick<Engine,
  | 'learning' | 'estimateLearning' | 'learn' | 'pauseLearning' | 'resumeLearning' | 'cancelLearning' | 'runs' | 'adapters' | 'comparisons' | 'activate'
  | 'deleteAdapters' | 'exportAdapter' | 'exportSamples' | 'importSamples' | 'removeImportedSamples'>;

/** The engine's verbs on learning. A run is a row; the thread that learns does it and looks at the row between steps. */
export function learningVerbs({ db, search, learner, change }: LearningParts): LearningVerbs {
  async function learning(): Promise<Learning> {
    const summary = await search().judged();
    const [run] = runs(db, 1);
    return {
      ...summary,
      missing: { questions: Math.max(0, MINIMUM.questions - summary.questions), documents: Math.max(0, MINIMUM.documents - summary.documents) },
      ...(run && { run }),
    };
  }

  return {
    learning,
    estimateLearning: async () => ({ seconds: await learner().estimate() }),
    async learn() {
      const { missing } = await learning();
      if (missing.questions > 0 || missing.documents > 0) {
        throw new EngineError('invalid', `There is too little to learn from yet: judge passages for ${missing.questions} more questions, on ${missing.documents} more documents.`);
      }
      const run = await change(['learning'], () => {
        if (openRun(db)) throw new EngineError('busy', 'Learning is under way already.');
        return beginRun(db, 'query');
      });
      await learner().wake();
      return run;
    },
    pauseLearning: () => change(['learning'], () => setOpen('paused')),
    resumeLearning: () => change(['learning'], () => setOpen('running')).then(() => learner().wake()),
    cancelLearning: () => change(['learning'], () => {
      const run = openRun(db);
      if (run) endRun(db, run.id, 'cancelled');
    }),
    runs: async () => runs(db),
    adapters: async (): Promise<Adapter[]> => store.adapters(db, spaceInUse(db)?.space.identity),
    comparisons: async (adapter) => store.keptComparisons(db, adapter).map((kept) => shown(db, kept)),
    activate: (adapter) => change(['learning'], () => store.activate(db, adapter)),
    deleteAdapters: (adapters) => change(['learning'], () => store.deleteAdapters(db, adapters)),
    async exportAdapter(adapter: AdapterId) {
      const bytes = store.adapterBytes(db, adapter);
      if (!bytes) throw new EngineError('not-found', 'That version is gone.');
      return bytes;
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

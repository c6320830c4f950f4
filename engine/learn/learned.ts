import type { AdapterId, EventId, Learning, Watch } from '../api.ts';
import type { Embedder } from '../models/embedder.ts';
import type { Learned } from '../search.ts';
import { activeAdapter, adapterBytes, eventsOf } from '../store/adapters.ts';
import type { Db } from '../store/database.ts';
import { chunksAt, eventIds, eventsVersion, importedCount, storedEvent } from '../store/judged.ts';
import { groupsOf } from './groups.ts';
import { drawn } from './draft.ts';
import { isHeldOut } from './holdout.ts';
import { judgeBeside, type Beside } from './beside.ts';
import { taughtFor, taughtQuestion, type TaughtQuestion } from './at-once.ts';
import { judge, markOf, type Judged, type JudgeOptions, type Mark } from './judgements.ts';
import { outdatedContents } from './outdated.ts';
import { decodeAdapter, type QueryAdapter } from './query-adapter.ts';
import { trials } from './trials.ts';
import { watch, type Trial } from './watch.ts';

/** The marks of all events, read once and then kept up with what is written and deleted. */
export class Marks {
  readonly #db: Db;
  readonly #marks = new Map<EventId, Mark>();
  #version = '';

  constructor(db: Db) { this.#db = db; }

  /** Whether there was anything new since the last call. */
  refresh(): boolean {
    const version = eventsVersion(this.#db);
    if (version === this.#version) return false;
    const ids = eventIds(this.#db);
    const present = new Set(ids);
    for (const id of this.#marks.keys()) if (!present.has(id)) this.#marks.delete(id);
    for (const id of ids) {
      const event = this.#marks.has(id) ? undefined : storedEvent(this.#db, id);
      if (event) this.#marks.set(id, markOf(event));
    }
    this.#version = version;
    return true;
  }

  get outdated(): Set<string> { return new Set(outdatedContents([...this.#marks.values()]).keys()); }

  get beside(): Beside[] { return judgeBeside([...this.#marks.values()]); }

  judged(options?: JudgeOptions): Judged { return judge([...this.#marks.values()], options); }

  watch(trial: Trial): Watch { return watch([...this.#marks.values()], trial); }

  get count(): number { return this.#marks.size; }
}

/** Similarities of unrelated texts where the embedder's manifest does not say. */
const BACKGROUND = { mean: 0, deviation: 0.08 };

/** What feedback comes to, in numbers. */
export type Summary = Omit<Learning, 'missing' | 'run' | 'levels'>;

/** A version in use, and what people say under it. */
export interface Watched extends Pick<Trial, 'version' | 'level'> { watch: Watch }

/** So many adapters are kept decoded: the one in use, and the one before it. */
const KEPT = 2;

/**
 * What search takes from learning, kept up to date by looking at each question whether anything was said since the last:
 * a thumb counts with the next question.
 */
export function openLearned(db: Db, embedder: Embedder | undefined): Learned & { summary(reranker: string | undefined): Promise<Summary>; watched(reranker: string | undefined): Promise<Watched[]> } {
  const marks = new Marks(db);
  const vectors = new Map<string, Float32Array>();
  const adapters = new Map<AdapterId, QueryAdapter>();
  let taught: TaughtQuestion[] = [];
  let outdated: ReadonlySet<string> = new Set();

  const locate: JudgeOptions['locate'] = (name) => chunksAt(db, name);
  let taking: Promise<void> = Promise.resolve();
  let taken = true;

  async function takeIn(): Promise<void> {
    // Where it broke off the last time, it is still to be taken in.
    if (!marks.refresh() && taken) return;
    taken = false;
    outdated = marks.outdated;
    const { questions } = marks.judged();
    const wordings = new Set(questions.flatMap((question) => question.wordings));
    for (const known of vectors.keys()) if (!wordings.has(known)) vectors.delete(known);
    const fresh = [...wordings].filter((wording) => !vectors.has(wording));
    const made = embedder && fresh.length > 0 ? await embedder.embed(fresh, 'query') : [];
    made.forEach((vector, i) => vectors.set(fresh[i]!, vector));
    taught = questions.flatMap((question) => taughtQuestion(question, (wording) => vectors.get(wording)));
    taken = true;
  }

  return {
    async summary(reranker) {
      await this.refresh();
      // Questions that mean the same are one, as when they are learned from.
      const { questions, conflicts } = marks.judged({ locate, vectors, ...(embedder?.background && { background: embedder.background }) });
      const judgements = questions.flatMap((question) => question.judgements);
      const learnable = questions.filter(({ judgements }) => judgements.some(({ label }) => label === 1));
      const groupOf = groupsOf(db);
      const active = embedder && activeAdapter(db, embedder.space, reranker ?? null);
      const seen = active === undefined ? new Set<EventId>() : eventsOf(db, active);
      return {
        signals: marks.count, questions: learnable.length, conflicts,
        documents: new Set(learnable.flatMap(({ judgements }) => judgements.filter(({ label }) => label === 1).map(({ chunk }) => chunk.contentHash))).size,
        heldOut: learnable.filter(({ events, question }) => isHeldOut(groupOf(events, question))).length,
        answers: judgements.filter(({ label }) => label === 1).length, rejects: judgements.filter(({ label, trust }) => label === 0 && trust !== 'observed').length,
        unanswerable: questions.filter(({ unanswerable }) => unanswerable).length,
        gaps: questions.flatMap(({ question, gap }) => (gap === undefined ? [] : [{ question, correction: gap }])), imported: importedCount(db),
        fresh: learnable.filter(({ events }) => !events.some((event) => seen.has(event))).length,
        ...(active !== undefined && { active }),
      };
    },
    /** What people say under the versions in use, the cheapest first. */
    async watched(reranker) {
      await this.refresh();
      return embedder ? trials(db, embedder.space, reranker).map((trial) => ({ version: trial.version, level: trial.level, watch: marks.watch(trial) })) : [];
    },
    /** One after the other: what a later question has to wait for is what an earlier one is taking in. */
    refresh: () => (taking = taking.then(takeIn, takeIn)),
    outdated: () => outdated,
    taught(question, vector) {
      if (taught.length === 0) return new Map();
      return taughtFor(question, vector, taught, embedder?.background ?? BACKGROUND, (name) => chunksAt(db, name).map(({ chunk }) => chunk));
    },
    adapter(space, reranker, wanted) {
      const id = wanted ?? activeAdapter(db, space, reranker);
      if (id === undefined) return undefined;
      let adapter = adapters.get(id);
      if (!adapter) {
        const bytes = adapterBytes(db, id, space);
        if (!bytes) return undefined;
        if (adapters.size >= KEPT) adapters.clear();
        adapters.set(id, (adapter = decodeAdapter(bytes)));
      }
      return { id, adapter };
    },
    trial(space, reranker, question) {
      // Two indexes are not asked for one question: an embedder is compared by what is said alone.
      return drawn(question, trials(db, space, reranker).filter(({ level }) => level !== 'embedder'));
    },
  };
}

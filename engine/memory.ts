import { ACTIONS } from './actions.ts';
import type { AppAction, ConversationId, LibraryId, TurnId } from './api.ts';
import { openSaidBeside } from './memory-said.ts';
import type { Embedder } from './models/embedder.ts';
import { BACKGROUND } from './rank.ts';
import type { Db } from './store/database.ts';
import { acceptedAmong, answeredTurns, pastTurn, visibleContents, type PastTurn } from './store/memory.ts';

/**
 * What else helps a language model than documents (LLM-Embedder, arXiv 2310.07554): earlier turns, accepted answers as examples,
 * and what the app itself can do. Each is a task with an instruction and an index of its own; vectors of one are never compared
 * with those of another.
 */
export interface Memory {
  /** Earlier turns that a question touches on, each with the turn that came after it, in the order they were said; none that a person said does not belong there, or that leans on a document that is gone or left out. */
  turns(question: string, conversation: ConversationId | undefined, libraries: readonly LibraryId[]): Promise<PastTurn[]>;
  /** Questions with answers the person accepted, the likest last: nearest to the question in the prompt. */
  examples(question: string, except: readonly TurnId[]): Promise<PastTurn[]>;
  /** What the app can do about the question, the likest first; less readily where it was refused. */
  actions(question: string): Promise<AppAction[]>;
}

/** Standard deviations above the similarity of unrelated texts from which something counts as touched on. */
const TOUCHED = 6;
/** Of 6,453 development questions to documents, 8 come as near to one of the app's own actions as this. */
const ASKED_FOR = 7;
const MOST_TURNS = 2;
const MOST_EXAMPLES = 4;
const MOST_ACTIONS = 2;
/** So many of the latest turns are remembered. */
const LOOKED_BACK = 2000;

type Task = 'chat' | 'icl' | 'tool';

/** Texts of one task with their vectors; what is new is embedded when it is next asked. */
class TaskIndex<Key> {
  readonly #embedder: Embedder;
  /** Absent for a model that was trained for one task only. */
  readonly #task: Task | undefined;
  #vectors: ReadonlyMap<Key, Float32Array> = new Map();

  constructor(embedder: Embedder, task: Task) {
    this.#embedder = embedder;
    this.#task = embedder.tasks?.includes(task) ? task : undefined;
  }

  /**
   * The keys nearest to a question, best first, by deviations above the background. Other questions may be asked meanwhile, of other
   * texts: of those that are `present`, vectors are kept.
   */
  async nearest(question: string, texts: ReadonlyMap<Key, string>, present: { has(key: Key): boolean } = texts): Promise<{ key: Key; above: number }[]> {
    const vectors = new Map([...this.#vectors].filter(([key]) => texts.has(key)));
    const fresh = [...texts].filter(([key]) => !vectors.has(key));
    if (fresh.length > 0) {
      const made = await this.#embedder.embed(fresh.map(([, text]) => text), 'document', this.#task);
      fresh.forEach(([key], i) => vectors.set(key, made[i]!));
    }
    this.#vectors = new Map([...this.#vectors, ...vectors].filter(([key]) => present.has(key)));
    const [asked] = await this.#embedder.embed([question], 'query', this.#task);
    const { mean, deviation } = this.#embedder.background ?? BACKGROUND;
    return [...vectors].map(([key, vector]) => ({ key, above: (dot(asked!, vector) - mean) / deviation })).sort((a, b) => b.above - a.above);
  }
}

/** Opens what is remembered in a library file; nothing is where there is no embedder. */
export function openMemory(db: Db, embedder: Embedder | undefined): Memory {
  if (!embedder) return { turns: async () => [], examples: async () => [], actions: async () => [] };
  const chat = new TaskIndex<TurnId>(embedder, 'chat');
  const icl = new TaskIndex<TurnId>(embedder, 'icl');
  const tool = new TaskIndex<string>(embedder, 'tool');
  const saidAt = openSaidBeside(db, embedder);
  const actionOf = new Map(Object.entries(ACTIONS).flatMap(([action, ways]) => ways.map((way) => [way, action as AppAction])));
  const ways = new Map([...actionOf.keys()].map((way) => [way, way]));

  let known = new Map<TurnId, PastTurn>();
  /** The answered turns in the order they were said; each is read once. */
  const past = (): PastTurn[] => {
    known = new Map(answeredTurns(db, LOOKED_BACK).flatMap((id) => {
      // Its conversation may be removed in this very moment, by another thread.
      const turn = known.get(id) ?? pastTurn(db, id);
      return turn ? [[id, turn] as const] : [];
    }));
    return [...known.values()];
  };

  /** Those that lean on no document that is gone or left out; what the person put in an answer's place leans on none. */
  const standing = (turns: readonly PastTurn[]): Set<TurnId> => {
    const visible = visibleContents(db, [...new Set(turns.flatMap(({ contents }) => contents))]);
    const leaning = turns.filter(({ contents }) => !contents.every((hash) => visible.has(hash))).map(({ id }) => id);
    const said = acceptedAmong(db, leaning);
    const fallen = new Set(leaning.filter((id) => said.get(id)?.corrected === undefined));
    return new Set(turns.flatMap(({ id }) => (fallen.has(id) ? [] : [id])));
  };

  /** Turns with what the person put in the place of their answers. */
  const putRight = (turns: readonly PastTurn[]): PastTurn[] => {
    const said = acceptedAmong(db, turns.map(({ id }) => id));
    return turns.map((turn) => ({ ...turn, answer: said.get(turn.id)?.corrected ?? turn.answer }));
  };

  return {
    async turns(question, conversation, libraries) {
      const { dismissed } = await saidAt(question);
      const all = past();
      const stands = standing(all);
      const eligible = all.filter((turn) => stands.has(turn.id) && !dismissed.has(turn.id) && turn.conversation !== conversation && (turn.libraries.length === 0 || turn.libraries.some((library) => libraries.includes(library))));
      const near = await chat.nearest(question, new Map(eligible.map((turn) => [turn.id, `${turn.question}\n${turn.answer}`])), known);
      const found = new Set(near.filter(({ above }) => above >= TOUCHED).slice(0, MOST_TURNS).map(({ key }) => key));
      const positions = all.flatMap(({ id }, i) => (found.has(id) ? [i] : []));
      // What comes next in the list may be the beginning of another conversation.
      return putRight(withNext(positions, all.length).map((i) => all[i]!)
        .filter((turn, i, given) => found.has(turn.id) || (given[i - 1]!.conversation === turn.conversation && stands.has(turn.id) && !dismissed.has(turn.id))));
    },
    async examples(question, except) {
      const said = past();
      const stands = standing(said);
      const all = new Map(said.filter(({ id }) => stands.has(id) && !except.includes(id)).map((turn) => [turn.id, turn]));
      const accepted = acceptedAmong(db, [...all.keys()]);
      const near = await icl.nearest(question, new Map([...all].filter(([id]) => accepted.has(id)).map(([id, turn]) => [id, turn.question])), known);
      return putRight(near.filter(({ above }) => above >= TOUCHED).slice(0, MOST_EXAMPLES).map(({ key }) => all.get(key)!).reverse());
    },
    async actions(question) {
      const { actions: said } = await saidAt(question);
      const near = (await tool.nearest(question, ways)).map(({ key, above }) => ({ action: actionOf.get(key)!, above: above + (said.get(actionOf.get(key)!) ?? 0) }));
      return [...new Set(near.filter(({ above }) => above >= ASKED_FOR).sort((a, b) => b.above - a.above).map(({ action }) => action))].slice(0, MOST_ACTIONS);
    },
  };
}

/** Positions with the one after each, every one once, in their order: what came after the similar place is what helps. */
export function withNext(positions: readonly number[], end: number): number[] {
  return [...new Set(positions.flatMap((position) => [position, position + 1]))].filter((position) => position < end).sort((a, b) => a - b);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

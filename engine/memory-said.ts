import type { AppAction, TurnId } from './api.ts';
import { compared, nearness, type Compared } from './learn/at-once.ts';
import type { Embedder } from './models/embedder.ts';
import { BACKGROUND } from './rank.ts';
import type { Db } from './store/database.ts';
import { eventsVersion } from './store/judged.ts';
import { saidBeside, type SaidBeside } from './store/memory.ts';

/** What a person's words on earlier turns and actions come to at a question. */
export interface SaidHere {
  /** Earlier turns that do not belong to it. */
  dismissed: ReadonlySet<TurnId>;
  /** What is added to an action's nearness, in deviations. */
  actions: ReadonlyMap<AppAction, number>;
}

/**
 * Against an action refused at the very question, so that even its own words do not call it; half of it at a question that may
 * just mean the same, where an action that is plainly asked for is offered all the same. Words do not add up: the nearest counts.
 */
const REFUSED = -6;
/** And for one that was taken: offered there though the question came somewhat less near. */
const TAKEN = 1;

/**
 * Takes in what was said of earlier turns and of actions with the next question, as words on passages are taken in
 * (`learn/at-once.ts`): for the same question and those that mean the same, for no other.
 */
export function openSaidBeside(db: Db, embedder: Embedder): (question: string) => Promise<SaidHere> {
  let version = '';
  let said: { what: SaidBeside; there: Compared }[] = [];

  async function refresh(): Promise<void> {
    const now = eventsVersion(db);
    if (now === version) return;
    const all = saidBeside(db);
    const known = new Map(said.map(({ what, there }) => [what.question, there]));
    const fresh = [...new Set(all.map(({ question }) => question))].filter((question) => !known.has(question));
    const vectors = fresh.length > 0 ? await embedder.embed(fresh, 'query') : [];
    fresh.forEach((question, i) => known.set(question, compared(question, vectors[i])));
    said = all.map((what) => ({ what, there: known.get(what.question)! }));
    version = now;
  }

  return async (question) => {
    await refresh();
    const turns = new Map<TurnId, boolean>();
    const actions = new Map<AppAction, number>();
    if (said.length === 0) return { dismissed: new Set(), actions };
    const [vector] = await embedder.embed([question], 'query');
    const asked = compared(question, vector);
    const near = said.map(({ what, there }) => ({ what, by: nearness(asked, there, embedder.background ?? BACKGROUND) })).filter(({ by }) => by > 0);
    // The nearest word on each thing counts, of equally near ones the latest.
    for (const { what, by } of near.reverse().sort((a, b) => b.by - a.by)) {
      if ('action' in what) actions.set(what.action, actions.get(what.action) ?? by * (what.refused ? REFUSED : TAKEN));
      else turns.set(what.recalled, turns.get(what.recalled) ?? what.dismissed);
    }
    return { dismissed: new Set([...turns].flatMap(([turn, isDismissed]) => (isDismissed ? [turn] : []))), actions };
  };
}

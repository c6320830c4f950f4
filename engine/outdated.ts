import type { EventId, Outdated } from './api.ts';
import { markOf, type Mark } from './learn/judgements.ts';
import { outdatedContents } from './learn/outdated.ts';
import type { Db } from './store/database.ts';
import { eventsOnOutdated, eventsVersion, storedEvent } from './store/judged.ts';

/** The contents people call outdated, by hash, looked up anew when something was said or taken back since; each event is read once. */
export function keepOutdated(db: Db): () => ReadonlyMap<string, Outdated> {
  let version = '';
  let marks = new Map<EventId, Mark>();
  let contents: ReadonlyMap<string, Outdated> = new Map();
  return () => {
    const now = eventsVersion(db);
    if (now !== version) {
      marks = new Map(eventsOnOutdated(db).map((id) => [id, marks.get(id) ?? markOf(storedEvent(db, id)!)]));
      contents = outdatedContents([...marks.values()]);
      version = now;
    }
    return contents;
  };
}

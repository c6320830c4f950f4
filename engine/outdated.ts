import type { Outdated } from './api.ts';
import { markOf } from './learn/judgements.ts';
import { outdatedContents } from './learn/outdated.ts';
import type { Db } from './store/database.ts';
import { eventsOnOutdated, eventsVersion, storedEvent } from './store/judged.ts';

/** The contents people call outdated, by hash, looked up anew when something was said or taken back since. */
export function keepOutdated(db: Db): () => ReadonlyMap<string, Outdated> {
  let version = '';
  let contents: ReadonlyMap<string, Outdated> = new Map();
  return () => {
    const now = eventsVersion(db);
    if (now !== version) {
      contents = outdatedContents(eventsOnOutdated(db).flatMap((id) => storedEvent(db, id) ?? []).map(markOf));
      version = now;
    }
    return contents;
  };
}

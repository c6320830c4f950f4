import { parentPort, workerData } from 'node:worker_threads';
import { Announcements } from './announcements.ts';
import type { DocumentId } from './api.ts';
import { lookOver } from './files.ts';
import { watchFiles } from './folders.ts';
import { startIngest } from './ingest.ts';
import { RECIPE } from './reading.ts';
import { forgetStrays } from './kept.ts';
import { settleEmbedder } from './opened.ts';
import { openParser } from './parse/sandbox.ts';
import { repeated } from './repeated.ts';
import { messagePort, serve } from './rpc.ts';
import { requeueOutdated } from './store/contents.ts';
import { openDatabase, write } from './store/database.ts';
import { files } from './store/documents.ts';
import { problems } from './store/health.ts';
import { folders } from './store/libraries.ts';
import { get, settings } from './store/settings.ts';
import { spaceInUse } from './store/spaces.ts';
import type { IngestVerbs, ThreadData } from './thread.ts';

/** So long after the first time, and at most so long after a later one, an embedder that could not be opened is tried again. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

/** The thread that reads, writes and embeds documents. */
if (parentPort) {
  const { file, filesDir, modelDirs } = workerData as ThreadData;
  const db = openDatabase(file, 'ingest');
  const announcements = new Announcements();
  let settled = await settleEmbedder(db, modelDirs);
  let looked = settled?.space.id ?? spaceInUse(db)?.space.id;
  let [tried, pause] = [performance.now(), FIRST_PAUSE];
  /**
   * The embedder in use; another one once the index of that has taken the place of the present one. Where none could be opened it is
   * tried again: a drive may have come back.
   */
  const model = async () => {
    const now = spaceInUse(db)?.space.id;
    if (now !== looked || (!settled && performance.now() - tried > pause)) {
      await settled?.embedder.close();
      settled = await settleEmbedder(db, modelDirs);
      [tried, pause] = [performance.now(), settled ? FIRST_PAUSE : Math.min(2 * pause, LONGEST_PAUSE)];
      // Not what is in use by now: that may be another one again.
      looked = settled?.space.id ?? now;
    }
    return settled;
  };
  const parser = openParser(() => {
    const { parseSeconds, parseMegabytes, fileMegabytes } = settings(db);
    return { seconds: parseSeconds, megabytes: parseMegabytes, fileMegabytes };
  });
  await write(db, () => requeueOutdated(db, RECIPE));
  const ingest = startIngest({ db, parser, limits: () => settings(db), model, changed: (topic) => announcements.announce(topic) });
  if (get(db, 'paused') === 'yes') ingest.pause();

  let stopWatching = (): void => undefined;
  let foldersMoved = false;
  const looks = repeated(async () => {
    const moved = foldersMoved;
    foldersMoved = false;
    let changed = await lookOver(db);
    if (changed || moved) {
      watchAll();
      // What happened while the watches were set anew.
      changed = (await lookOver(db)) || changed;
    }
    if (!changed) return;
    announcements.announce('libraries');
    announcements.announce('documents');
    ingest.wake();
  });
  const look = (moved = false): void => {
    foldersMoved ||= moved;
    looks.ask();
  };
  function watchAll(): void {
    stopWatching();
    const paths: string[] = [];
    for (let after = 0 as DocumentId; ;) {
      const known = files(db, after, 1000);
      if (known.length === 0) break;
      after = known.at(-1)!.id;
      paths.push(...known.map(({ path }) => path));
    }
    stopWatching = watchFiles({ folders: folders(db).map(({ path }) => path), files: paths }, look);
  }
  watchAll();
  look();
  void forgetStrays(db, filesDir);

  const verbs: IngestVerbs = {
    changes: () => announcements.listen(),
    wake: async () => ingest.wake(),
    pause: async () => ingest.pause(),
    resume: async () => ingest.resume(),
    async progress() {
      const { resting, ...rest } = ingest.progress();
      return { ...rest, resting: resting && !looks.busy };
    },
    unlock: async (document, password) => ingest.unlock(document, password),
    async watch() {
      watchAll();
      look();
    },
    problems: async () => problems(db),
    async finish() {
      stopWatching();
      await ingest.close();
      await looks.rest();
      await parser.close();
      await settled?.embedder.close();
      db.close();
    },
  };
  serve(verbs, messagePort(parentPort as never));
}

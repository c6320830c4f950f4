import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EngineError, type Document, type DocumentId, type Engine, type Health, type LibraryId, type Progress, type Topic } from './api.ts';
import { learningVerbs } from './learning.ts';
import { Announcements } from './announcements.ts';
import { converse } from './converse.ts';
import { faqVerbs } from './faqs.ts';
import { openDownloaded } from './downloaded.ts';
import { addPaths, readRange, sizeOf } from './files.ts';
import { addBytes } from './kept.ts';
import { version } from './locations.ts';
import { openMachine } from './machine.ts';
import { modelVerbs } from './models.ts';
import { keepOutdated } from './outdated.ts';
import { placeOf } from './parse/document.ts';
import { keepSignal } from './signals.ts';
import { bodyOf } from './store/contents.ts';
import * as conversations from './store/conversations.ts';
import { openDatabase, write } from './store/database.ts';
import * as documents from './store/documents.ts';
import * as feedback from './store/feedback.ts';
import { databaseBytes } from './store/health.ts';
import * as libraries from './store/libraries.ts';
import { openRun } from './store/runs.ts';
import { shadow } from './store/spaces.ts';
import * as settings from './store/settings.ts';
import { testVerbs } from './test-set.ts';
import { countUnembedded } from './store/vectors.ts';
import { INGEST_STREAMS, keepThread, LEARN_STREAMS, SEARCH_STREAMS, told, type IngestVerbs, type LearnVerbs, type SearchVerbs, type Thread, type ThreadData } from './thread.ts';
import { openSwitching } from './switching.ts';
import { tryDevices } from './tried.ts';
import { openWatching } from './watching.ts';
import { ftsQuery, questionWords } from './words.ts';

export interface EngineOptions {
  /** The person's libraries, models and settings; made if it is not there. */
  dataDir: string;
  /** What ships with Lodestone: models and samples. */
  resourcesDir: string;
  /** 32 bytes that the keys of servers are encrypted with before they are stored; without it none can be. */
  secret?: Uint8Array;
}

/**
 * Opens the engine: this thread answers, the ingest thread reads and embeds, the search thread searches.
 *
 * @throws EngineError 'damaged' or 'invalid' when the data directory cannot be used
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const dataDir = resolve(options.dataDir);
  const file = join(dataDir, 'library.sqlite');
  const filesDir = join(dataDir, 'files');
  const modelDirs = [join(options.resourcesDir, 'models'), join(dataDir, 'models')];
  const db = openDatabase(file, 'engine');
  const announcements = new Announcements();

  const threadData: ThreadData = { file, filesDir, modelDirs, guardFile: join(options.resourcesDir, 'guard', 'pairs.jsonl'), ...(options.secret && { secret: options.secret }) };
  const ingest = keepThread<IngestVerbs>('ingest-thread', threadData, INGEST_STREAMS, (verbs) => void relay(verbs.changes()));
  const search = keepThread<SearchVerbs>('search-thread', threadData, SEARCH_STREAMS, () => undefined);

  // Learning is asked for now and then: its thread starts when it first is, or to go on with a run that was cut off.
  const closing = new AbortController();
  let learnThread: Thread<LearnVerbs> | undefined;
  const learner = (): LearnVerbs => {
    // As in `switching.ts`: no thread is started that nobody would end.
    if (closing.signal.aborted) throw new EngineError('closed', 'The engine is closed.');
    learnThread ??= keepThread<LearnVerbs>('learn-thread', threadData, LEARN_STREAMS, (verbs) => void relay(verbs.changes(), growShadow));
    return learnThread.verbs;
  };
  if (openRun(db)) learner();

  const announce = (topic: Topic): void => announcements.announce(topic);
  const switching = openSwitching({ db, threadData, search: () => search.verbs, ingest: () => ingest.verbs, announce, relay });
  const machine = openMachine(modelDirs[1]!);
  const downloaded = openDownloaded(db, { dirs: modelDirs, machine: machine.machine }, announce);
  // Whoever asks about downloads is told why there are none.
  downloaded.catch(() => undefined);
  void tryDevices(db, modelDirs, () => announce('models'), closing.signal);

  async function relay(topics: AsyncIterable<Topic>, then?: (topic: Topic) => void): Promise<void> {
    try {
      for await (const topic of topics) {
        announcements.announce(topic);
        then?.(topic);
      }
    } catch {
      // The thread ended; the next one is listened to anew.
    }
  }

  /** An embedder that was learned has an index to grow. */
  function growShadow(topic: Topic): void {
    if (topic === 'models' && shadow(db)) void switching.reindexer().wake().catch(() => undefined);
  }

  /** Makes one change to the tables and says what changed. */
  async function change<T>(topics: Topic[], run: () => T): Promise<T> {
    const result = await write(db, run);
    for (const topic of topics) announcements.announce(topic);
    return result;
  }

  /** After files were added, removed or put back: the ingest thread has something to do. */
  async function arrived<T>(result: T, watch = true): Promise<T> {
    for (const topic of ['libraries', 'documents', 'progress'] as const) announcements.announce(topic);
    await told(ingest.verbs.wake());
    if (watch) await told(ingest.verbs.watch());
    return result;
  }

  async function addSamples(language: 'zh' | 'en'): Promise<LibraryId> {
    // In one step: two windows may ask at once.
    const { library, isNew } = await write(db, () => {
      const known = libraries.libraries(db).find(({ id }) => String(id) === settings.get(db, 'samples'));
      if (known) return { library: known.id, isNew: false };
      const id = libraries.createLibrary(db, language === 'zh' ? '示例资料' : 'Samples');
      settings.put(db, 'samples', String(id));
      return { library: id, isNew: true };
    });
    if (!isNew) return library;
    // Both languages, so that a question in one can find its answer in the other; the person's own comes first.
    for (const folder of language === 'zh' ? ['zh', 'en'] : ['en', 'zh']) {
      const path = join(options.resourcesDir, 'samples', folder);
      for (const name of (await readdir(path)).sort()) await addBytes(db, filesDir, library, name, await readFile(join(path, name)));
    }
    return arrived(library, false);
  }

  async function progress(): Promise<Progress> {
    const { reading, embeds, ...rest } = await ingest.verbs.progress();
    const result: Progress = { ...rest, waiting: documents.countWaiting(db), unembedded: embeds ? countUnembedded(db) : 0 };
    const name = reading === undefined ? undefined : documents.nameOf(db, reading);
    if (name !== undefined) result.reading = name;
    return result;
  }

  async function health(): Promise<Health> {
    return { version: version(), dataDir, bytes: databaseBytes(db), memory: process.memoryUsage.rss(), problems: await ingest.verbs.problems() };
  }

  const watching = openWatching({ db, modelDirs, search: () => search.verbs, change, growing: () => switching.reindexer().wake() });
  const models = modelVerbs({ db, modelDirs, machine, reindexer: switching.reindexer, downloaded, secret: options.secret, change });
  const outdated = keepOutdated(db);
  const body = (document: DocumentId) => bodyOf(db, document);
  const pathOf = (document: DocumentId) => documents.fileOf(db, document).path;

  return {
    changes: () => announcements.listen(),

    settings: async () => settings.settings(db),
    changeSettings: (values) => change(['settings'], () => (settings.changeSettings(db, values), settings.settings(db))),
    health,

    libraries: async () => libraries.libraries(db),
    createLibrary: (name) => change(['libraries'], () => libraries.createLibrary(db, name)),
    renameLibrary: (library, name) => change(['libraries'], () => libraries.renameLibrary(db, library, name)),
    removeLibrary: (library) => change(['libraries', 'documents'], () => libraries.removeLibrary(db, library)).then(() => arrived(undefined)),

    documents: async (query) => documents.documents(db, query, outdated()),
    document: async (document): Promise<Document> => documents.document(db, document, outdated()),
    add: async (library, paths) => (libraries.mustHaveLibrary(db, library), arrived(await addPaths(db, library, paths.map((path) => resolve(path))))),
    addFile: async (library, name, bytes) => (libraries.mustHaveLibrary(db, library), arrived(await addBytes(db, filesDir, library, name, bytes), false)),
    addSamples,
    include: (ids, included) => change(['documents', 'libraries'], () => documents.include(db, ids, included)),
    removeDocuments: (ids) => change(['documents'], () => documents.dismiss(db, ids)).then(() => arrived(undefined)),
    async retry(ids, password) {
      if (password !== undefined) for (const id of ids) await ingest.verbs.unlock(id, password);
      await change(['documents'], () => documents.requeue(db, ids));
      return arrived(undefined, false);
    },
    progress,
    pause: () => change(['progress'], () => settings.put(db, 'paused', 'yes')).then(() => told(ingest.verbs.pause())),
    resume: () => change(['progress'], () => settings.put(db, 'paused', 'no')).then(async () => {
      await Promise.all([told(ingest.verbs.resume()), told(switching.wake())]);
    }),

    blocks: async (document) => body(document).blocks,
    fileSize: async (document) => sizeOf(pathOf(document)),
    fileBytes: async (document, start, end) => readRange(pathOf(document), start, end),
    place: async (document, start, end) => placeOf(body(document), start, end),

    search: (query) => search.verbs.search(query),
    ask: (question) => converse(db, () => search.verbs, question, () => announcements.announce('conversations')),

    conversations: async (text) => conversations.conversations(db, text?.trim() ? ftsQuery(questionWords(text)) : undefined),
    turns: async (conversation) => conversations.turns(db, conversation),
    renameConversation: (conversation, title) => change(['conversations'], () => conversations.renameConversation(db, conversation, title)),
    removeConversation: (conversation) => change(['conversations'], () => conversations.removeConversation(db, conversation)),

    async signal(signal) {
      const correction = signal.kind === 'corrected' ? await search.verbs.correction(signal.turn, signal.text) : undefined;
      const id = await keepSignal(db, signal, correction);
      announcements.announce('feedback');
      announcements.announce('learning');
      watching.said(signal);
      return id;
    },
    feedback: async () => feedback.events(db),
    deleteFeedback: (ids) => change(['feedback', 'learning'], () => feedback.deleteEvents(db, ids)),
    exportFeedback: async () => feedback.exportEvents(db),

    explain: (turn, document, start, end) => search.verbs.explain(turn, document, start, end),

    ...faqVerbs(db, change),
    ...testVerbs({ db, search: () => search.verbs, change, announce: (topic) => announcements.announce(topic) }),
    ...models,
    ...learningVerbs({ db, search: () => search.verbs, learner, change, modelDirs, models }),

    async close() {
      closing.abort();
      await Promise.all([ingest.close(), search.close(), learnThread?.close(), switching.close(), downloaded.then(({ downloads }) => downloads.close(), () => undefined)]);
      db.close();
    },
  };
}

import { createHash } from 'node:crypto';
import type { Hit, LibraryId, ModelsInUse, TestQuestion, TestResult, TestVerbs, Topic, Writing } from './api.ts';
import { EngineError } from './api.ts';
import { groupsOf } from './learn/groups.ts';
import { isHeldOut } from './learn/holdout.ts';
import { keyOf, overlaps, plainQuestion, type ChunkName, type JudgedQuestion } from './learn/judgements.ts';
import { spansOf } from './learn/kept-aside.ts';
import { Marks } from './learn/learned.ts';
import { hardNegatives } from './learn/negatives.ts';
import type { Sample } from './learn/samples.ts';
import { PROMPTS, writeQuestions, type Source, type WrittenQuestion } from './learn/synthesize.ts';
import type { Llm } from './llm/llm.ts';
import { Random } from './nn/random.ts';
import { textBetween } from './parse/document.ts';
import { bodyOf, contentHashOf } from './store/contents.ts';
import type { Db } from './store/database.ts';
import { chunksAt, saveWritten } from './store/judged.ts';
import { mustHaveLibrary } from './store/libraries.ts';
import * as store from './store/test-questions.ts';
import type { SearchVerbs } from './thread.ts';

/** What of a language model it takes to write questions. */
export type Writer = Pick<Llm, 'id' | 'write'>;

interface TestSetParts {
  db: Db;
  search: () => Pick<SearchVerbs, 'search' | 'llm' | 'write'>;
  change: <T>(topics: Topic[], run: () => T) => Promise<T>;
  announce: (topic: Topic) => void;
}

/** So deep search is looked at to find a written question's source again: for learning it has to be among what is shown. */
const FOUND_AGAIN = { test: 30, learn: 10 };
/** What a person said weighs more than what a model wrote. */
const WEIGHT = 0.3;
const MOST = 2000;
const SHOWN = 10;

/** The engine's verbs on the person's own test: its questions, their writing by the language model, and how models do on them. */
export function testVerbs({ db, search, change, announce }: TestSetParts): TestVerbs {
  let writing: (Writing & { stop: AbortController }) | undefined;

  /** What people judged, where it now stands. */
  function judgedQuestions(): JudgedQuestion[] {
    const marks = new Marks(db);
    marks.refresh();
    return marks.judged({ locate: (name) => chunksAt(db, name) }).questions;
  }

  /** All test questions with the places that answer them: those that are stored, and those kept aside of what was judged. */
  function questions(library: LibraryId | undefined): (TestQuestion & { answers: ChunkName[] })[] {
    const stored = store.testQuestions(db, library).map(({ contentHash, start, end, ...row }) => ({ ...row, answers: [{ contentHash, start, end }] }));
    const known = new Set(stored.map(({ question, library: of }) => `${of} ${plainQuestion(question)}`));
    const groupOf = groupsOf(db);
    const judged = judgedQuestions().flatMap((said) => {
      const answers = answersOf(said);
      const [place] = answers.flatMap((answer) => chunksAt(db, answer));
      // What learning may train on would flatter it.
      if (!place || !isHeldOut(groupOf(said.events, said.question))) return [];
      if ((library !== undefined && place.library !== library) || known.has(`${place.library} ${plainQuestion(said.question)}`)) return [];
      return [{ library: place.library, question: said.question, documentName: place.documentName, quote: place.text, from: 'feedback' as const, answers }];
    });
    return [...stored, ...judged];
  }

  async function runTest(library?: LibraryId): Promise<TestResult> {
    const asked = questions(library);
    if (asked.length === 0) throw new EngineError('invalid', 'There are no test questions yet: let the language model write some, add your own in the reader, or judge some answers.');
    const start = performance.now();
    const sum = { ndcg: 0, mrr: 0, first: 0 };
    let models: ModelsInUse | undefined;
    for (const { question, library: of, answers } of asked) {
      // What was said of a passage for this very question would answer it by heart.
      const found = await search().search({ question, libraries: [of], limit: SHOWN, taught: false });
      models = found.models;
      const rank = 1 + found.hits.findIndex((hit) => answers.some((answer) => overlaps(answer, nameOf(hit))));
      if (rank === 0) continue;
      // One place answers, so the ideal ranking has it first and nDCG is its discount alone.
      sum.ndcg += 1 / Math.log2(rank + 1);
      sum.mrr += 1 / rank;
      sum.first += rank === 1 ? 1 : 0;
    }
    const n = asked.length;
    const result: TestResult = {
      at: Date.now(), questions: n, ndcg: sum.ndcg / n, mrr: sum.mrr / n, first: sum.first / n, milliseconds: Math.round((performance.now() - start) / n),
      ...(library !== undefined && { library }),
    };
    await change(['tests', 'models'], () => store.saveTestResult(db, models!, result));
    return result;
  }

  async function write(library: LibraryId, llm: Writer, sources: Source[], now: NonNullable<typeof writing>): Promise<void> {
    const { purpose, stop } = now;
    const foundAgain = async ({ question, source }: WrittenQuestion): Promise<boolean> => (await hits(library, question, FOUND_AGAIN[purpose])).some((hit) => overlaps(source, nameOf(hit)));
    const known = new Set(questions(library).map(({ question }) => plainQuestion(question)));
    const titles = [...new Set(sources.flatMap(({ documentName, headings }) => [documentName, ...headings]))];
    try {
      for await (const written of writeQuestions({ llm, titles, sources, foundAgain, known, seed: Date.now() % 2 ** 31, signal: stop.signal })) {
        now.done++;
        if (typeof written === 'string') now.refused[written] = (now.refused[written] ?? 0) + 1;
        else {
          const { question, source: { contentHash }, start, end, quote } = written;
          const line = purpose === 'learn' ? JSON.stringify(await sampleOf(library, llm, written)) : undefined;
          await change([], () => (line === undefined ? store.saveTestQuestion(db, { library, question, from: 'written', contentHash, start, end, quote }) : saveWritten(db, line)));
          now.kept++;
        }
        announce('tests');
      }
    } catch (error) {
      if (!stop.signal.aborted) now.reason = error instanceof Error ? error.message : String(error);
    } finally {
      now.running = false;
      announce('tests');
      if (purpose === 'learn') announce('learning');
    }
  }

  /** A written question as a sample: negatives are what the present ranking shows beside its source. */
  async function sampleOf(library: LibraryId, llm: Writer, { question, source, kind, seed, quote }: WrittenQuestion): Promise<Partial<Sample>> {
    const ranked = (await hits(library, question, 60)).map((hit) => ({ ...nameOf(hit), text: hit.text, documentName: hit.documentName, relevance: hit.relevance }));
    const negatives = hardNegatives(ranked, [{ ...source, relevance: 1 }], quote === source.text ? [] : [quote]);
    return {
      query: question, pos: [source.text], neg: negatives.map(({ chunk }) => chunk.text), pos_ids: [keyOf(source)], neg_ids: negatives.map(({ chunk }) => keyOf(chunk)), task: 'qa', weight: WEIGHT, split: 'train',
      source: 'synthetic', teacher: '', generator: llm.id, prompts: PROMPTS, seed, kind,
    };
  }

  const hits = async (library: LibraryId, question: string, limit: number): Promise<Hit[]> => (await search().search({ question, libraries: [library], limit, taught: false })).hits;

  return {
    testQuestions: async (library) => questions(library).map(({ answers: _, ...question }) => question),
    async addTestQuestion(library, question, document, start, end) {
      mustHaveLibrary(db, library);
      if (plainQuestion(question) === '') throw new EngineError('invalid', 'Ask something first.');
      const quote = textBetween(bodyOf(db, document), start, end);
      if (quote.trim() === '') throw new EngineError('invalid', 'Select the words that answer the question.');
      await change(['tests'], () => store.saveTestQuestion(db, { library, question: question.trim(), from: 'own', contentHash: contentHashOf(db, document), start, end, quote }));
    },
    async writeQuestions(library, count, purpose) {
      mustHaveLibrary(db, library);
      if (writing?.running) throw new EngineError('busy', 'Questions are being written already.');
      const llm = await writerIn(search);
      if (!llm) throw new EngineError('invalid', 'There is no language model to write questions; choose one on the Models page.');
      // Asking gave others their turn.
      if (writing?.running) throw new EngineError('busy', 'Questions are being written already.');
      // To learn from what answers a question that is judged by, held out or as a fold, would be to learn its answer. (DM-4)
      const answering = spansOf(purpose === 'test' ? [] : [...judgedQuestions().flatMap(answersOf), ...store.testQuestions(db)]);
      const sources = chosenSources(db, library, Math.min(count, MOST), (chunk) => isForTest(chunk) === (purpose === 'test') && !answering(chunk));
      if (sources.length === 0) throw new EngineError('invalid', 'There is no passage in this library that is long enough to ask about.');
      writing = { purpose, done: 0, wanted: sources.length, kept: 0, refused: {}, running: true, stop: new AbortController() };
      void write(library, llm, sources, writing);
      announce('tests');
    },
    async writing() {
      if (!writing) return undefined;
      const { stop: _, ...told } = writing;
      return structuredClone(told);
    },
    stopWriting: async () => writing?.stop.abort(),
    removeTestQuestions: (ids) => change(['tests'], () => store.removeTestQuestions(db, ids)),
    runTest,
    testResults: async () => store.testResults(db),
  };
}

/** The language model in use, held by the thread that searches. */
async function writerIn(search: TestSetParts['search']): Promise<Writer | undefined> {
  const id = await search().llm();
  return id === undefined ? undefined : {
    id,
    async *write(messages, { signal, ...options }) {
      for await (const piece of search().write(messages, options)) {
        signal?.throwIfAborted();
        yield piece;
      }
    },
  };
}

/** Chunks that may be asked about, drawn at random. */
function chosenSources(db: Db, library: LibraryId, count: number, may: (chunk: ChunkName) => boolean): Source[] {
  const ids = store.writableChunks(db, library);
  const random = new Random(Date.now());
  for (let i = ids.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [ids[i], ids[j]] = [ids[j]!, ids[i]!];
  }
  const sources: Source[] = [];
  for (const id of ids) {
    if (sources.length === count) break;
    const chunk = store.writableChunk(db, library, id);
    if (chunk && may(chunk)) sources.push(chunk);
  }
  return sources;
}

const answersOf = ({ judgements }: JudgedQuestion): ChunkName[] => judgements.filter(({ label }) => label === 1).map(({ chunk }) => chunk);

/** Half of all chunks, by their names, are for the test alone and the other half for learning. */
function isForTest(name: ChunkName): boolean {
  return createHash('sha256').update(keyOf(name)).digest()[0]! % 2 === 0;
}

const nameOf = (hit: Hit): ChunkName => ({ contentHash: hit.contentHash, start: hit.place.start, end: hit.place.end });

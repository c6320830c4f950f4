import { setTimeout as delay } from 'node:timers/promises';
import { calibratedBy, MADE_HIGHER, together, type Sample } from './answer/calibration.ts';
import { evidenceOf, isAcross, scoreOf, SHIPPED, type Calibration } from './answer/found.ts';
import { pseudoQuestion } from './answer/pseudo.ts';
import type { Hit, LibraryId } from './api.ts';
import { Marks } from './learn/learned.ts';
import { Random } from './nn/random.ts';
import { search, type SearchParts } from './search.ts';
import { calibrationsOf, saveCalibration, spreadChunks, uncalibrated } from './store/calibrations.ts';
import { write, type Db } from './store/database.ts';
import { documentFrequency, wordStatistics } from './store/words.ts';

/** Questions made from a library's passages; each is asked once, and looked at with and without the passage's document. */
const MADE = 120;
/** As many documents and chunks a library needs, so that something is left when a document is hidden. */
const LEAST = { documents: 6, chunks: 30 };
/** Looked at beyond the ten that count, since those of the hidden document go. */
const DEPTH = 40;

/** Of the weights in `answer/found.ts`: a line over the scores of others says nothing. */
const WEIGHED = 3;

/** Names what search answers with: a calibration for other models says nothing. */
export const modelsOf = ({ embedder, reranker }: Omit<SearchParts, 'db'>): string => `${embedder?.space ?? 'words'} | ${reranker?.id ?? 'none'} | ${WEIGHED}`;

/**
 * How sure search must be in a library, from the library itself: questions made from its passages, which it answers, and which
 * it does not once their document is hidden; and what people said of their own questions.
 *
 * @param rest called between two questions, so that others are answered meanwhile
 */
export async function calibrate(parts: SearchParts, library: LibraryId, rest: () => Promise<void> = async () => undefined): Promise<Calibration> {
  const { db, embedder } = parts;
  const statistics = { df: (token: string) => documentFrequency(db, token), total: wordStatistics(db).total };
  const options = { statistics, ...(embedder && { embed: (texts: string[], side: 'query' | 'document') => embedder.embed(texts, side), ...(embedder.background && { background: embedder.background }) }) };
  const hitsOf = async (question: string): Promise<Hit[]> => (await search(parts, { question, libraries: [library], limit: DEPTH, taught: false })).hits;
  // A library's line is not for passages in another language.
  const sample = async (question: string, hits: readonly Hit[], answered: boolean, higher = 0): Promise<Sample[]> => {
    const evidence = await evidenceOf(question, hits.slice(0, 10), options);
    return hits.length === 0 || isAcross(evidence) ? [] : [{ score: scoreOf(evidence) - higher, answered, weight: 1 }];
  };

  const random = new Random(library);
  const made: Sample[] = [];
  for (const { document, text } of spreadChunks(db, library, MADE)) {
    await rest();
    const question = pseudoQuestion(text, () => random.next());
    if (question === undefined) continue;
    const hits = await hitsOf(question);
    const hash = hits.find((hit) => hit.document === document)?.contentHash;
    const left = hits.filter((hit) => hit.document !== document && hit.contentHash !== hash);
    made.push(...(await sample(question, hits, true, MADE_HIGHER)), ...(await sample(question, left, false)));
  }
  const marks = new Marks(db);
  marks.refresh();
  const said: Sample[] = [];
  for (const { question, libraries, judgements, unanswerable } of marks.judged().questions) {
    const answered = judgements.some(({ label }) => label === 1);
    if (!libraries.includes(library) || (!answered && !unanswerable)) continue;
    await rest();
    said.push(...(await sample(question, await hitsOf(question), answered)));
  }
  return calibratedBy(made, said);
}

/** The calibration for a question asked of these libraries, from what is stored; as shipped where nothing is. */
export function calibrationFor(db: Db, models: string, libraries: readonly LibraryId[]): Calibration {
  const known = calibrationsOf(db, libraries, models);
  return known.length === 0 ? SHIPPED : together(known);
}

/**
 * Calibrates one library that needs it, if one does; false where none does.
 *
 * @param open another connection to the same file, that may write
 */
export async function calibrateNext(parts: SearchParts, open: () => Db, rest?: () => Promise<void>): Promise<boolean> {
  const models = modelsOf(parts);
  const [due] = uncalibrated(parts.db, models, { ...LEAST, embedded: parts.embedder !== undefined });
  if (!due) return false;
  const calibration = await calibrate(parts, due.library, rest);
  const writing = open();
  try {
    await write(writing, () => saveCalibration(writing, models, due, calibration));
  } finally {
    writing.close();
  }
  return true;
}

const LOOKS_EVERY = 20_000;
/** Nobody asked anything for so long. */
const QUIET = 1500;
const BETWEEN = 10;

/**
 * Calibrates libraries in the background, one after the other, in moments when nobody asks: after documents were read, and again
 * when a library has changed much.
 *
 * @param run lends the models for as long as one library takes
 * @param latest when a question was last asked
 */
export function keepCalibrated(run: (work: (parts: SearchParts) => Promise<boolean>) => Promise<boolean>, open: () => Db, latest: () => number): void {
  const rest = async (): Promise<void> => {
    do await delay(BETWEEN); while (Date.now() - latest() < QUIET);
  };
  const look = async (): Promise<void> => {
    for (;;) {
      await delay(LOOKS_EVERY, undefined, { ref: false });
      await rest();
      // What goes wrong here may be a model that is just being replaced; the next look is soon enough.
      while (await run((parts) => calibrateNext(parts, open, rest)).catch(() => false)) await rest();
    }
  };
  void look();
}

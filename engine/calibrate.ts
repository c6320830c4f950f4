import { setTimeout as delay } from 'node:timers/promises';
import { calibratedBy, MADE_HIGHER, through, together, type Pair, type Sample } from './answer/calibration.ts';
import { evidenceOf, isAcross, scoreOf, type Calibration } from './answer/found.ts';
import { pseudoQuestion } from './answer/pseudo.ts';
import type { AdapterId, Hit, LibraryId } from './api.ts';
import { Marks } from './learn/learned.ts';
import { Random } from './nn/random.ts';
import { search, type SearchParts } from './search.ts';
import { calibrationsOf, saveCalibration, spreadChunks, uncalibrated } from './store/calibrations.ts';
import { write, type Db } from './store/database.ts';
import { chunksAt } from './store/judged.ts';
import { documentFrequency, wordStatistics } from './store/words.ts';

/** Questions made from a library's passages; each is asked once, and looked at with and without the passage's document. */
const MADE = 120;
/** As many documents and chunks a library needs, so that something is left when a document is hidden. */
const LEAST = { documents: 6, chunks: 30 };
/** Looked at beyond the ten that count, since those of the hidden document go. */
const DEPTH = 40;

/** Of the weights in `answer/found.ts`: a line over the scores of others says nothing. */
const WEIGHED = 4;

/** Names what search answers with: a calibration for other models, or for another version of what was learned, says nothing. */
export const modelsOf = ({ embedder, reranker }: Pick<SearchParts, 'embedder' | 'reranker'>, version?: AdapterId): string =>
  `${embedder?.space ?? 'words'} | ${reranker?.id ?? 'none'} | ${WEIGHED}${version === undefined ? '' : ` | version ${version}`}`;

/** The version of what was learned that search answers with now. */
async function versionOf({ embedder, reranker, learned }: SearchParts): Promise<AdapterId | undefined> {
  await learned?.refresh();
  return embedder && learned?.adapter(embedder.space, reranker?.id ?? null, undefined)?.id;
}

/**
 * How sure search must be in a library, from the library itself: questions made from its passages, which it answers, and which
 * it does not once their document is hidden; and what people said of their own questions. What a version in use has learned
 * changes scores and not what is answered: its line is the one without it, seen through that change.
 *
 * @param rest called between two questions, so that others are answered meanwhile
 */
export async function calibrate(parts: SearchParts, library: LibraryId, rest: () => Promise<void> = async () => undefined): Promise<Calibration> {
  const { db, embedder } = parts;
  const statistics = { df: (token: string) => documentFrequency(db, token), total: wordStatistics(db).total };
  const options = { statistics, ...(embedder && { embed: (texts: string[], side: 'query' | 'document') => embedder.embed(texts, side), ...(embedder.background && { background: embedder.background }) }) };
  const version = await versionOf(parts);
  const hitsOf = async (question: string, adapter?: 'none'): Promise<Hit[]> => (await search(parts, { question, libraries: [library], limit: DEPTH, taught: false, ...(adapter && { adapter }) })).hits;
  // A library's line is not for passages in another language.
  const sample = async (question: string, hits: readonly Hit[], answered: boolean, higher = 0): Promise<Sample[]> => {
    const evidence = await evidenceOf(question, hits.slice(0, 10), options);
    return hits.length === 0 || isAcross(evidence) ? [] : [{ score: scoreOf(evidence) - higher, answered, weight: 1 }];
  };
  const pairs: Pair[] = [];
  // Scores without the version, and what the version makes of them.
  const seen = async (question: string, keep: (hits: readonly Hit[]) => Promise<Sample[]>): Promise<Sample[]> => {
    const samples = await keep(await hitsOf(question, 'none'));
    const now = version === undefined ? [] : await keep(await hitsOf(question));
    if (now.length === samples.length) now.forEach(({ score }, i) => pairs.push({ now: score, before: samples[i]!.score }));
    return samples;
  };

  const random = new Random(library);
  const made: Sample[] = [];
  for (const { document, text } of spreadChunks(db, library, MADE)) {
    await rest();
    const question = pseudoQuestion(text, () => random.next());
    if (question === undefined) continue;
    made.push(...(await seen(question, async (hits) => {
      const hash = hits.find((hit) => hit.document === document)?.contentHash;
      const left = hits.filter((hit) => hit.document !== document && hit.contentHash !== hash);
      return [...(await sample(question, hits, true, MADE_HIGHER)), ...(await sample(question, left, false))];
    })));
  }
  const marks = new Marks(db);
  marks.refresh();
  const said: Sample[] = [];
  for (const { question, libraries, judgements, unanswerable } of marks.judged({ locate: (name) => chunksAt(db, name) }).questions) {
    const answered = judgements.some(({ label }) => label === 1);
    if (!libraries.includes(library) || (!answered && !unanswerable)) continue;
    await rest();
    said.push(...(await seen(question, (hits) => sample(question, hits, answered))));
  }
  return through(calibratedBy(made, said), pairs);
}

/**
 * The calibration for a question asked of these libraries, from what is stored: until a new version of what was learned has its
 * own, the one without it, whose scale the version keeps on average; as shipped where there is none.
 */
export function calibrationFor(db: Db, models: Pick<SearchParts, 'embedder' | 'reranker'>, libraries: readonly LibraryId[], version?: AdapterId): Calibration {
  const [known = []] = [modelsOf(models, version), modelsOf(models)].map((names) => calibrationsOf(db, libraries, names)).filter((found) => found.length > 0);
  return together(known);
}

/**
 * Calibrates one library that needs it, if one does; false where none does.
 *
 * @param open another connection to the same file, that may write
 */
export async function calibrateNext(parts: SearchParts, open: () => Db, rest?: () => Promise<void>): Promise<boolean> {
  const models = modelsOf(parts, await versionOf(parts));
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

import type { AdapterId, LearningLevel, Watch } from '../api.ts';
import type { Side } from './draft.ts';
import { isHigher, losesMore } from './e-values.ts';
import { keyOf, overlaps, plainQuestion, type Mark } from './judgements.ts';
import { byTurn, type TurnMarks } from './turn-marks.ts';

/**
 * What people say of answers shows whether a version, once in use, does what the gate promised. Two things are counted: in
 * answers from two rankings interleaved, whose passages were judged better; and how often something was called wrong, with the
 * version and with what was in use before it. Questions that went by what was said of that very question tell nothing of either.
 */

/** What questions are answered by: the space of an embedder, the reranker if there is one, and the version for questions. */
export interface Serving { space: string; reranker: string | undefined; adapter: AdapterId | undefined }

/**
 * A version that is watched: what is in use with it, what search would go back to without it, and from when on it counts. Only
 * questions answered by exactly one or the other are compared, so that no version is blamed for what another does.
 */
export interface Trial { version: AdapterId; level: LearningLevel; now: Serving; before: Serving; since: number }

/** A version is taken back by mistake in so many of a hundred cases at most, however often it is looked at. */
export const MISTAKEN = 0.05;
/** And not before so many questions were judged: what a person says first is not yet a habit. */
export const LEAST = 8;

/** What was said, by the marks of all events. Of a question asked repeatedly only the first asking counts on each side. */
export function watch(marks: readonly Mark[], { version, now, before, since }: Trial): Watch {
  const told: Watch = { judged: 0, wrong: 0, judgedBefore: 0, wrongBefore: 0, wins: 0, losses: 0 };
  const asked = { now: new Set<string>(), before: new Set<string>() };
  for (const turn of byTurn(marks)) {
    const { under, question, asked: at } = turn.first;
    if (under.taught) continue;
    const isBy = ({ space, reranker, adapter }: Serving): boolean => under.space === space && under.reranker === reranker && under.adapter === adapter;
    const when = isBy(now) && at >= since ? 'now' : isBy(before) ? 'before' : undefined;
    const wrong = isWrong(turn);
    const plain = plainQuestion(question);
    if (when === undefined || wrong === undefined || asked[when].has(plain)) continue;
    asked[when].add(plain);
    if (when === 'before') {
      told.judgedBefore++;
      if (wrong) told.wrongBefore++;
      continue;
    }
    told.judged++;
    if (wrong) told.wrong++;
    const ahead = aheadBy(turn, version);
    if (ahead > 0) told.wins++;
    if (ahead < 0) told.losses++;
  }
  return told;
}

/** Whether what was said is enough to hold that the version does worse than what was before it. */
export function isWorse(told: Watch): boolean {
  if (told.judged < LEAST) return false;
  // The mean of two e-processes is one: either of them may decide, and they may do so together.
  return (losesMore(told.losses, told.wins) + isHigher({ of: told.judged, count: told.wrong }, { of: told.judgedBefore, count: told.wrongBefore })) / 2 >= 1 / MISTAKEN;
}

/** Whether something about an answer was called wrong that search is to blame for; undefined where nothing was said of it outright. */
function isWrong({ thumb, reason, pointed }: TurnMarks): boolean | undefined {
  const said: boolean[] = [];
  if (thumb?.signal.kind === 'answer-thumb') said.push(thumb.signal.thumb === 'down');
  if (reason?.signal.kind === 'answer-reason' && (reason.signal.reason === 'wrong-passage' || reason.signal.reason === 'bad-answer')) said.push(reason.signal.reason === 'wrong-passage');
  for (const { signal, named, cited } of pointed) {
    if (signal.kind === 'citation-thumb') said.push(signal.thumb === 'down');
    // Who has to show the right place had not been shown it.
    if (signal.kind === 'right-place') said.push(!named.some((chunk) => cited.some((other) => overlaps(chunk, other))));
  }
  return said.length === 0 ? undefined : said.includes(true);
}

/** By how many passages the side with a version is ahead in an answer from both rankings; other versions' trials tell nothing of it. */
function aheadBy({ reason, pointed }: TurnMarks, version: AdapterId): number {
  let ahead = 0;
  const credit = ({ drafted }: Mark, chunks: Mark['named'], amount: number): void => {
    for (const chunk of chunks) {
      const side: Side | undefined = drafted.find((hit) => hit.trial === version && keyOf(hit) === keyOf(chunk))?.side;
      if (side !== undefined) ahead += side === 'new' ? amount : -amount;
    }
  };
  for (const mark of pointed) {
    if (mark.signal.kind === 'citation-thumb') credit(mark, mark.named, mark.signal.thumb === 'up' ? 1 : -1);
    if (mark.signal.kind === 'right-place') credit(mark, mark.named, 1);
  }
  if (reason?.signal.kind === 'answer-reason' && reason.signal.reason === 'wrong-passage') credit(reason, reason.cited, -1);
  return ahead;
}

import { createHash } from 'node:crypto';
import type { AdapterId } from '../api.ts';
import { plainQuestion } from './judgements.ts';

/**
 * Team-draft interleaving (Radlinski, Kurup & Joachims, CIKM 2008): of two rankings one is shown, into which both put hits by
 * turns, as two captains choose their teams. Which of them people find better is then read off whose hits they call right: a
 * comparison within one answer, which neither hard questions nor a bad day can bend.
 */

/** A share of questions so large is answered from both rankings. */
export const SHARE = 0.1;

/** The ranking of the version in use, or that of what was before it. */
export type Side = 'new' | 'old';

/** A hit of the drafted ranking; without a side where both have it at the same place from the top on, which tells nothing. */
export interface Drafted<T> { hit: T; side?: Side }

/** Whether a question is answered from both rankings: always or never for the same question and version. */
export function isInterleaved(question: string, version: AdapterId): boolean {
  return digest('share', question, version).readUInt32LE() < SHARE * 2 ** 32;
}

/** Of the versions on trial the one that a question is answered with and without, if any: all together have no larger share of the questions. */
export function drawn<T extends { version: AdapterId }>(question: string, trials: readonly T[]): T | undefined {
  const trial = trials.length < 2 ? trials[0] : trials[digest('turn', question, trials[0]!.version).readUInt32LE() % trials.length];
  return trial && isInterleaved(question, trial.version) ? trial : undefined;
}

/** One coin for each round of a draft; the same for the same question and version. */
export function coinsOf(question: string, version: AdapterId): (round: number) => boolean {
  const bits = digest('coins', question, version);
  return (round) => ((bits[(round >> 3) % bits.length]! >> (round & 7)) & 1) === 1;
}

function digest(purpose: string, question: string, version: AdapterId): Buffer {
  return createHash('sha256').update(`${purpose} ${version} ${plainQuestion(question)}`).digest();
}

/**
 * Drafts a ranking of `limit` hits: where both sides have put in as many a coin says which is next, else the one that has put
 * in fewer; it puts in its best hit that is not there yet. What both begin with belongs to neither: which side a coin gives it
 * to would be noise.
 *
 * @param coin for a round, from 0: whether the new side comes first
 */
export function draft<T>(newer: readonly T[], older: readonly T[], keyOf: (hit: T) => unknown, limit: number, coin: (round: number) => boolean): Drafted<T>[] {
  const parting = newer.slice(0, limit).findIndex((hit, i) => older[i] === undefined || keyOf(hit) !== keyOf(older[i]));
  if (parting < 0) return newer.slice(0, limit).map((hit) => ({ hit }));
  const drafted: Drafted<T>[] = newer.slice(0, parting).map((hit) => ({ hit }));
  const taken = new Set(drafted.map(({ hit }) => keyOf(hit)));
  const left = { new: newer.slice(parting), old: older.slice(parting) };
  const size = { new: 0, old: 0 };
  for (let round = 0; drafted.length < limit; ) {
    for (const hits of [left.new, left.old]) while (hits.length > 0 && taken.has(keyOf(hits[0]!))) hits.shift();
    if (left.new.length === 0 || left.old.length === 0) break;
    const side: Side = size.new === size.old ? (coin(round++) ? 'new' : 'old') : size.new < size.old ? 'new' : 'old';
    const hit = left[side][0]!;
    drafted.push({ hit, side });
    taken.add(keyOf(hit));
    size[side]++;
  }
  return drafted;
}

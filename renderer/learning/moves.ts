import type { Comparison, RankedChunk } from '../../engine/api.ts';
import { joined } from '../words/useWords.ts';
import type { Words } from '../words/words.ts';

/** A row of a ranking beside the other: where the same chunk stands there, if it does. */
export interface Row { chunk: RankedChunk; rank: number; other: number | undefined }

/** Both rankings, each row with its rank in the other one. */
export function sideBySide({ before, after }: Pick<Comparison, 'before' | 'after'>): { before: Row[]; after: Row[] } {
  const rankIn = (ranking: RankedChunk[]): Map<string, number> => new Map(ranking.map((chunk) => [key(chunk), chunk.rank]));
  const [ranksBefore, ranksAfter] = [rankIn(before), rankIn(after)];
  return {
    before: before.map((chunk) => ({ chunk, rank: chunk.rank, other: ranksAfter.get(key(chunk)) })),
    after: after.map((chunk) => ({ chunk, rank: chunk.rank, other: chunk.rankBefore ?? ranksBefore.get(key(chunk)) })),
  };
}

/** Why a question does better or worse now, in one sentence: by where the first right chunk stands. */
export function whyChanged({ before, after, ndcgBefore, ndcgAfter }: Comparison, all: Pick<Words, 'language' | 'learning'>): string {
  const words = all.learning;
  const first = (ranking: RankedChunk[]): number | undefined => ranking.find(({ answers }) => answers)?.rank;
  const [was, is] = [first(before), first(after)];
  if (was === undefined && is === undefined) return words.rightNowhere;
  if (was === undefined) return words.rightCame(is!);
  if (is === undefined) return words.rightWent(was);
  if (was !== is) return words.rightMoved(was, is);
  const stayed = words.rightStayed(is);
  const others = [before, after].some((ranking) => ranking.filter(({ answers }) => answers).length > 1);
  return others && Math.abs(ndcgAfter - ndcgBefore) >= 0.0005 ? joined(all, stayed, words.othersMoved) : stayed;
}

function key({ contentHash, place }: RankedChunk): string {
  return `${contentHash}#${place.start}-${place.end}`;
}

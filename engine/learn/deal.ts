import { UNSEEN, type GroupedRow, type JudgedRow } from './gate.ts';
import { next } from './train-query.ts';

/**
 * Rows with their labels dealt out anew: among what the answer leant on, among what else was shown, and what was pointed at
 * elsewhere to some other candidate. Labels without sense are as likely dealt so as they came; whatever a control gains, by
 * popularity, by position, by more of the same, such labels gain too. Who answers at random answers nearly the same question
 * alike: within a group it is the same passages that are dealt to, as far as they are there, or a control's gain would scatter
 * less than that of such labels does.
 */
export function deal(lessons: readonly GroupedRow[], random: { random: number }): GroupedRow[] {
  const likedBy = new Map<string, Liking>();
  return lessons.map(({ row, group }) => {
    const liking = likedBy.get(group) ?? likings<number>(() => next(random));
    likedBy.set(group, liking);
    return { group, row: dealt(row, liking) };
  });
}

/** How well each of some things is liked, 0…1: drawn when first asked, and the same from then on. */
export type Liking<Thing = number> = (thing: Thing) => number;

export function likings<Thing>(draw: () => number): Liking<Thing> {
  const known = new Map<Thing, number>();
  return (thing) => {
    const liked = known.get(thing) ?? draw();
    known.set(thing, liked);
    return liked;
  };
}

function dealt(row: JudgedRow, liking: Liking): JudgedRow {
  const to = Array.from(row.candidates, (_, i) => i);
  for (const standing of new Set(row.standing)) {
    const places = to.filter((_, i) => row.standing[i] === standing);
    const liked = new Map(places.map((place) => [place, liking(row.candidates[place]!)]));
    const best = places.toSorted((a, b) => liked.get(a)! - liked.get(b)!);
    const labelled = places.toSorted((a, b) => row.target[b]! - row.target[a]! || row.candidates[a]! - row.candidates[b]!);
    if (standing !== UNSEEN) labelled.forEach((place, i) => { to[place] = best[i]!; });
    // Of what was not shown only the label moves: how much a candidate counts there goes by its rank.
    else trade(to, labelled.filter((place) => row.target[place]! > 0), best);
  }
  const moved = <Values extends Float32Array>(values: Values): Float32Array => {
    const out = new Float32Array(values.length);
    to.forEach((place, i) => { out[place] = values[i]!; });
    return out;
  };
  return { ...row, target: moved(row.target), counts: moved(row.counts), positives: row.positives.map((position) => to[position]!) };
}

/** Moves each of some places to the best, and what was there to where one became free. */
function trade(to: number[], moving: readonly number[], best: readonly number[]): void {
  const taken = best.slice(0, moving.length);
  const free = moving.filter((place) => !taken.includes(place));
  moving.forEach((place, i) => { to[place] = taken[i]!; });
  taken.filter((place) => !moving.includes(place)).forEach((place, i) => { to[place] = free[i]!; });
}

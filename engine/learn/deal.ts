import { UNSEEN, type JudgedRow } from './gate.ts';
import { next, shuffled } from './train-query.ts';

/**
 * A row with its labels dealt out anew: among what the answer leant on, among what else was shown, and what was pointed at
 * elsewhere to some other candidate. Labels without sense are as likely dealt so as they came; whatever a control gains, by
 * popularity, by position, by more of the same, such labels gain too.
 */
export function deal(row: JudgedRow, random: { random: number }): JudgedRow {
  const to = Array.from(row.candidates, (_, i) => i);
  for (const standing of new Set(row.standing)) {
    const places = to.filter((_, i) => row.standing[i] === standing);
    if (standing !== UNSEEN) shuffled(places, random).forEach((place, i) => { to[places[i]!] = place; });
    // Of what was not shown only the label moves: how much a candidate counts there goes by its rank.
    else for (const place of places) if (row.target[place]! > 0) swap(to, place, places[Math.floor(next(random) * places.length)]!);
  }
  const moved = <Values extends Float32Array>(values: Values): Float32Array => {
    const out = new Float32Array(values.length);
    to.forEach((place, i) => { out[place] = values[i]!; });
    return out;
  };
  return { ...row, target: moved(row.target), counts: moved(row.counts), positives: row.positives.map((position) => to[position]!) };
}

function swap(items: number[], a: number, b: number): void {
  [items[a], items[b]] = [items[b]!, items[a]!];
}

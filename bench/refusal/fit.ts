import { calibratedBy, MADE_HIGHER, type Sample } from '../../engine/answer/calibration.ts';
import { isAcross, scoreOf, SHIPPED, WEIGHTS, type Calibration, type Clue, type Evidence, type Weights } from '../../engine/answer/found.ts';
import type { Asked } from './ask.ts';

type Kind = Evidence['kind'];

/** As firm as ten of the three hundred questions that a set weighs. */
const RIDGE = 10;
/** Shares of answerable questions refused, of which it is printed how many unanswerable ones then are. */
const CURVE = [0.02, 0.03, 0.04, 0.06, 0.08, 0.1];
/** Shares of unanswerable questions refused, of which it is printed what they cost in each set. */
const REFUSED = [0.84, 0.86, 0.88, 0.9, 0.92, 0.94];

/** Evidence as this kind of search has it. */
const evidenceIn = ({ words, evidence }: Asked, kind: Kind): Evidence => (kind === 'words' ? words : evidence);

const isFound = (one: Asked, kind: Kind): boolean => (kind === 'words' ? one.foundByWords : one.found);

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
const quantile = (values: readonly number[], share: number): number => values.toSorted((a, b) => a - b)[Math.floor(share * values.length)]!;

/**
 * Weights by logistic regression with a ridge over standardised evidence (Newton); each set weighs the same, and answered questions as much as
 * the two kinds of unanswered ones together. Questions of which what answers was not found are no lesson.
 */
function fitted(asked: readonly Asked[], kind: Kind): Weights {
  const used = asked.filter((one) => !one.kind.startsWith('made') && evidenceIn(one, kind).kind === kind && (one.kind !== 'in' || isFound(one, kind)));
  const counts = new Map<string, number>();
  const keyOf = (one: Asked): string => `${one.set} ${one.kind}`;
  for (const one of used) counts.set(keyOf(one), (counts.get(keyOf(one)) ?? 0) + 1);
  const clues = Object.keys(WEIGHTS[kind]).filter((clue): clue is Clue => clue !== 'constant');
  const rows = used.map((one) => {
    const evidence = evidenceIn(one, kind);
    return { x: [1, ...clues.map((clue) => evidence[clue])], y: Number(one.kind === 'in'), weight: (50 * (one.kind === 'in' ? 2 : 1)) / counts.get(keyOf(one))! };
  });
  const size = 1 + clues.length;
  const standard = Array.from({ length: size }, (_, i) => {
    const middle = mean(rows.map(({ x }) => x[i]!));
    return i === 0 ? { middle: 0, spread: 1 } : { middle, spread: Math.sqrt(mean(rows.map(({ x }) => (x[i]! - middle) ** 2))) + 1e-9 };
  });
  for (const row of rows) row.x = row.x.map((value, i) => (value - standard[i]!.middle) / standard[i]!.spread);
  const w = new Array<number>(size).fill(0);
  for (let step = 0; step < 50; step++) {
    const gradient = w.map((value, i) => (i === 0 ? 0 : RIDGE * value));
    const curve = w.map((_, i) => w.map((__, j) => (i === j ? (i === 0 ? 1e-6 : RIDGE) : 0)));
    for (const { x, y, weight } of rows) {
      const chance = 1 / (1 + Math.exp(-x.reduce((sum, value, i) => sum + value * w[i]!, 0)));
      for (let i = 0; i < size; i++) {
        gradient[i]! += weight * (chance - y) * x[i]!;
        for (let j = 0; j < size; j++) curve[i]![j]! += weight * chance * (1 - chance) * x[i]! * x[j]!;
      }
    }
    solved(curve, gradient).forEach((change, i) => { w[i]! -= change; });
  }
  const plain = w.map((value, i) => value / standard[i]!.spread);
  plain[0] = w[0]! - plain.reduce((sum, value, i) => sum + (i === 0 ? 0 : value * standard[i]!.middle), 0);
  return Object.assign({ constant: plain[0]! }, Object.fromEntries(clues.map((clue, i) => [clue, plain[i + 1]!])));
}

/** Gauss with pivots. */
function solved(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (let i = 0; i < rows.length; i++) {
    const pivot = rows.findIndex((row, r) => r >= i && Math.abs(row[i]!) === Math.max(...rows.slice(i).map((each) => Math.abs(each[i]!))));
    [rows[i], rows[pivot]] = [rows[pivot]!, rows[i]!];
    for (let r = 0; r < rows.length; r++) {
      if (r === i) continue;
      const factor = rows[r]![i]! / rows[i]![i]!;
      for (let c = i; c <= rows.length; c++) rows[r]![c]! -= factor * rows[i]![c]!;
    }
  }
  return rows.map((row, i) => row[rows.length]! / row[i]!);
}

interface Judged { set: string; kind: Asked['kind']; found: boolean; probability: number }

/** The questions of a set with probabilities from weights that were fitted on the others, and the set's own calibration. */
function judged(asked: readonly Asked[], set: string, others: readonly string[], kind: Kind, perLibrary: boolean): Judged[] {
  const weights = { ...WEIGHTS };
  const before = asked.filter((one) => others.includes(one.set));
  for (const own of kind === 'words' ? (['words'] as const) : kind === 'rerank' ? ([kind, 'rerank-across'] as const) : ([kind, 'across'] as const)) {
    // Sets across languages are few: each of them serves all the others.
    const from = own.endsWith('across') ? asked.filter((one) => one.set !== set) : before;
    if (from.some((one) => one.kind === 'in' && evidenceIn(one, own).kind === own)) weights[own] = fitted(from, own);
  }
  const score = (one: Asked): number => scoreOf(evidenceIn(one, kind), weights);
  const own = asked.filter((one) => one.set === set);
  const higher = mean(others.map((other) => mean(asked.filter((one) => one.set === other && one.kind === 'made').map(score)) - mean(asked.filter((one) => one.set === other && one.kind === 'in').map(score))));
  const made = own.filter((one) => one.kind.startsWith('made') && !isAcross(evidenceIn(one, kind)));
  const samples = made.map((one): Sample => ({ score: one.kind === 'made' ? score(one) - higher : score(one), answered: one.kind === 'made', weight: 1 }));
  const line: Calibration = perLibrary ? calibratedBy(samples, []) : SHIPPED;
  return own.filter((one) => !one.kind.startsWith('made')).map((one) => {
    const { slope, shift } = isAcross(evidenceIn(one, kind)) ? SHIPPED : line;
    return { set, kind: one.kind, found: isFound(one, kind), probability: 1 / (1 + Math.exp(-slope * score(one) - shift)) };
  });
}

/** Prints the figures of some sets; the threshold of each is the one at which the others refuse 5 % of what they answer. */
export function measured(asked: readonly Asked[], sets: readonly string[], train: readonly string[], kind: Kind, perLibrary: boolean): void {
  const present = sets.filter((set) => asked.some((one) => one.set === set));
  const all = new Map([...new Set([...present, ...train])].map((set) => [set, judged(asked, set, train.filter((other) => other !== set), kind, perLibrary)]));
  console.log(`${'set'.padEnd(16)}threshold  false refusals: found among the first ten, not found   refused: taken out, of other sets   calibration error`);
  const sums: number[][] = [];
  for (const set of present) {
    const threshold = quantile(train.filter((other) => other !== set).flatMap((other) => all.get(other)!).filter((one) => one.kind === 'in').map((one) => one.probability), 0.05);
    const refused = (of: Asked['kind'], found?: boolean): number => mean(all.get(set)!.filter((one) => one.kind === of && (found === undefined || one.found === found)).map((one) => Number(one.probability < threshold)));
    const answered = all.get(set)!.filter((one) => one.kind === 'in');
    const row = [threshold, refused('in'), refused('out'), refused('other'), calibrationError(all.get(set)!)];
    sums.push(row);
    const found = answered.filter((one) => one.found).length;
    const split = `${refused('in', true).toFixed(3)} of ${found}, ${found === answered.length ? '–' : refused('in', false).toFixed(3)} of ${answered.length - found}`;
    console.log(`${set.padEnd(16)}${row[0]!.toFixed(2).padStart(9)}${row[1]!.toFixed(3).padStart(16)}: ${split.padEnd(39)}${row[2]!.toFixed(3).padStart(10)}${row[3]!.toFixed(3).padStart(16)}${row[4]!.toFixed(3).padStart(20)}`);
  }
  const means = sums[0]!.map((_, i) => mean(sums.map((row) => row[i]!)));
  const pooled = present.flatMap((set) => all.get(set)!);
  const refusedAt = (falsely: number): { threshold: number; out: number; other: number } => {
    const threshold = quantile(pooled.filter((one) => one.kind === 'in').map((one) => one.probability), falsely);
    const refused = (of: Asked['kind']): number => 100 * mean(pooled.filter((one) => one.kind === of).map((one) => Number(one.probability < threshold)));
    return { threshold, out: refused('out'), other: refused('other') };
  };
  console.log(`mean: ${((100 * (means[2]! + means[3]!)) / 2).toFixed(1)} % of unanswerable questions refused, ${(100 * means[1]!).toFixed(1)} % of answerable ones, calibration error ${means[4]!.toFixed(3)}`);
  const { threshold, out, other } = refusedAt(0.05);
  console.log(`one threshold for all (${threshold.toFixed(2)}) at which 5 % of answerable ones are: ${((out + other) / 2).toFixed(1)} % (taken out ${out.toFixed(1)}, of other sets ${other.toFixed(1)})`);
  console.log(`and where others are: ${CURVE.map((falsely) => [refusedAt(falsely), falsely] as const).map(([at, falsely]) => `${100 * falsely} % → ${((at.out + at.other) / 2).toFixed(1)}`).join(', ')}\n`);
}

/** Prints what one threshold costs in each set: that at which so many unanswerable questions of `natural` are refused. */
export function traded(asked: readonly Asked[], sets: readonly string[], natural: readonly string[], kind: Kind, perLibrary: boolean): void {
  const present = sets.filter((set) => asked.some((one) => one.set === set));
  const all = new Map(present.map((set) => [set, judged(asked, set, natural.filter((other) => other !== set), kind, perLibrary)]));
  const unanswerable = natural.flatMap((set) => (['out', 'other'] as const).flatMap((of) => spread((all.get(set) ?? []).filter((one) => one.kind === of).map((one) => one.probability))));
  console.log(`by threshold: refused of what ${natural.join(', ')} do not answer, and of what each set answers among the first ten`);
  const print = (threshold: number): void => {
    const below = (questions: readonly number[]): number => 100 * mean(questions.map((probability) => Number(probability < threshold)));
    const refused = present.map((set) => `${set} ${below(all.get(set)!.filter((one) => one.kind === 'in' && one.found).map((one) => one.probability)).toFixed(1)}`);
    console.log(`${threshold.toFixed(2)}: ${below(unanswerable).toFixed(1)} %; ${refused.join(', ')}`);
  };
  for (const share of REFUSED) print(quantile(unanswerable, share));
  console.log('and at the shipped threshold');
  print(SHIPPED.threshold);
  console.log('');
}

/** A hundred values that stand for so many or few, so that sets weigh the same. */
function spread(values: readonly number[]): number[] {
  const ascending = values.toSorted((a, b) => a - b);
  return values.length === 0 ? [] : Array.from({ length: 100 }, (_, i) => ascending[Math.floor((i * ascending.length) / 100)]!);
}

/** Expected calibration error over ten bins; as many questions that are answered as that are not. */
function calibrationError(questions: readonly Judged[]): number {
  const weighted = questions.map((one) => ({ ...one, weight: one.kind === 'in' ? 2 : 1, answered: Number(one.kind === 'in') }));
  const all = weighted.reduce((sum, { weight }) => sum + weight, 0);
  let error = 0;
  for (let bin = 0; bin < 10; bin++) {
    const own = weighted.filter(({ probability }) => Math.min(9, Math.floor(10 * probability)) === bin);
    error += Math.abs(own.reduce((sum, { weight, probability, answered }) => sum + weight * (probability - answered), 0)) / all;
  }
  return error;
}

/** Prints weights fitted on all the sets, the offset of made questions, and the threshold that refuses 5 % of what is answered. */
export function fitAll(asked: readonly Asked[], sets: readonly string[], kinds: readonly Kind[]): void {
  for (const kind of kinds) {
    const used = asked.filter((one) => sets.includes(one.set));
    const of = kind.endsWith('across') ? asked : used;
    if (!of.some((one) => one.kind === 'in' && evidenceIn(one, kind).kind === kind)) continue;
    const weights = fitted(of, kind);
    const score = (one: Asked): number => scoreOf(evidenceIn(one, kind), { ...WEIGHTS, [kind]: weights });
    const higher = mean(sets.map((set) => mean(used.filter((one) => one.set === set && one.kind === 'made').map(score)) - mean(used.filter((one) => one.set === set && one.kind === 'in').map(score))));
    const threshold = quantile(sets.flatMap((set) => judged(asked, set, sets.filter((other) => other !== set), kind, true)).filter((one) => one.kind === 'in').map((one) => one.probability), 0.05);
    console.log(`${kind}: { ${Object.entries(weights).map(([clue, weight]) => `${clue}: ${weight.toFixed(2)}`).join(', ')} }, made questions higher by ${higher.toFixed(2)} (shipped ${MADE_HIGHER}), threshold ${threshold.toFixed(2)}`);
  }
}

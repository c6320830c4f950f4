import type { Random } from '../nn/random.ts';

/** Which text of a sample is to come first: the first or a random one of those that answer, or the teacher's best of all or of those. */
export type PositiveRule = 'first' | 'random' | 'teacher' | 'teacher-pos';
/** Which others it is told from: random ones, the first, the teacher's best or its worst. */
export type NegativeRule = 'random' | 'first' | 'teacher+' | 'teacher-';

/** How a task's samples are made into groups, and whether its teacher is listened to (as LLM-Embedder's released model was trained). */
export interface Selection {
  positive: PositiveRule;
  negative: NegativeRule;
  taught: boolean;
  /**
   * By what a teacher's scores are divided where its shares themselves are taught (KL divergence), and not its order (stabilised
   * distillation, at a temperature measured of each teacher).
   */
  temperature?: number;
  /** By how much the best reward must exceed the worst for a sample to teach anything, in units of the temperature. */
  margin?: number;
}

const QA: Selection = { positive: 'first', negative: 'random', taught: true };
/** Of what is remembered: mean log-likelihoods lie close together. */
const SHARPENED = 0.1;
const SELECTIONS: Record<string, Selection> = {
  qa: QA,
  icl: { positive: 'random', negative: 'random', taught: true },
  convsearch: { positive: 'first', negative: 'random', taught: false },
  tool: { positive: 'first', negative: 'random', taught: false },
  chat: { positive: 'teacher', negative: 'random', taught: true, temperature: SHARPENED },
  lrlm: { positive: 'teacher', negative: 'random', taught: true, temperature: SHARPENED, margin: 0.1 / SHARPENED },
};

/** How samples of a task are selected from; of a task that is not known, as questions are. */
export const selectionOf = (task: string | undefined): Selection => (task === undefined ? QA : (SELECTIONS[task] ?? QA));

/** The texts of a sample by their places, and what a teacher thinks of each. */
export interface Selectable { right: readonly number[]; wrong: readonly number[]; rewards?: readonly (number | undefined)[] }

/**
 * One group out of a sample: a text that is to come first, and up to `size` − 1 that are not. Other texts that answer are in
 * neither. Where there are too few, the group is smaller: a text that came twice would be ranked above itself. Undefined where
 * nothing is left to tell apart, or the teacher sees too little difference.
 */
export function selectGroup({ right, wrong, rewards = [] }: Selectable, { positive, negative, margin = 0 }: Selection, size: number, random: Random): { first: number; others: number[] } | undefined {
  const reward = (place: number): number => rewards[place] ?? -Infinity;
  const known = [...right, ...wrong].map(reward).filter(Number.isFinite);
  if (margin > 0 && !(Math.max(...known) - Math.min(...known) >= margin)) return undefined;
  // Where nobody said what answers, only the teacher can.
  const rule = right.length > 0 ? positive : 'teacher';
  const best = (places: readonly number[]): number | undefined => places.toSorted((a, b) => reward(b) - reward(a))[0];
  const first = rule === 'first' ? right[0] : rule === 'random' ? right[random.below(right.length)] : rule === 'teacher-pos' ? best(right)
    : known.length > 0 ? best([...right, ...wrong]) : right[0];
  const left = wrong.filter((place) => place !== first);
  if (first === undefined || left.length === 0) return undefined;
  const order = negative === 'first' ? left : negative === 'random' ? shuffled(left, random) : left.toSorted((a, b) => (negative === 'teacher+' ? reward(b) - reward(a) : reward(a) - reward(b)));
  return { first, others: order.slice(0, size - 1) };
}

/** A copy in random order. */
export function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

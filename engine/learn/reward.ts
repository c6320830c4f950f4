import type { Llm, Pair } from '../llm/llm.ts';

/**
 * The local language model as teacher (LLM-Embedder, arXiv 2310.07554): a chunk is worth as much as it raises the likelihood of an
 * answer that a person accepted. r(c) is the mean log-likelihood of the answer's tokens with the chunk as knowledge, in nats, at
 * most 0; r(∅) the same with none.
 */

/** What its scores are, in samples: of which prompt, and what kind of number. */
export const KIND = 'qa-v1:mean_loglik';

export type Teacher = Required<Pick<Llm, 'likelihood'>> & Pick<Llm, 'count'>;

/** Longer chunks and answers are cut to so many of the model's tokens. */
const KNOWLEDGE_TOKENS = 512;
const TARGET_TOKENS = 128;

/** Rewards of some chunks for one question and its accepted answer, in their order. */
export interface Rewards { scores: number[]; /** r(∅) */ none: number }

/** A prompt for scoring, verbatim as the released weights of LLM-Embedder were trained with; the answer follows it. */
export function scoringPair(question: string, answer: string, knowledge: string): Pair {
  return { prompt: `Knowledge: ${knowledge.trim()}\n\nQuestion: ${question.trim()}\n\nAnswer:`, answer: ` ${answer.trim()}` };
}

/** Lets the model score chunks, and no chunk at all. */
export async function rewardsOf(teacher: Teacher, question: string, answer: string, chunks: readonly string[], signal?: AbortSignal): Promise<Rewards> {
  const target = await cut(teacher, answer, TARGET_TOKENS);
  const knowledge: string[] = [];
  for (const chunk of chunks) knowledge.push(await cut(teacher, chunk, KNOWLEDGE_TOKENS));
  const [none, ...scores] = await teacher.likelihood(['', ...knowledge].map((text) => scoringPair(question, target, text)), signal);
  return { scores, none: none! };
}

/** The longest beginning of a text that is at most so many tokens, whole code points. */
async function cut(teacher: Pick<Teacher, 'count'>, text: string, tokens: number): Promise<string> {
  const fits = async (part: string): Promise<boolean> => (await teacher.count([part]))[0]! <= tokens;
  if (await fits(text)) return text;
  const points = [...text];
  let [low, high] = [0, points.length];
  while (low < high - 1) {
    const middle = (low + high) >> 1;
    if (await fits(points.slice(0, middle).join(''))) low = middle;
    else high = middle;
  }
  return points.slice(0, low).join('');
}

/** What a person said of a chunk: it answers, it does not, or nothing. */
export type Label = 1 | 0 | undefined;

/**
 * The order a teacher gives, with the person's word above it: what they called right scores one more than the best, what they
 * called wrong one less than the worst.
 */
export function withLabels(scores: readonly number[], labels: readonly Label[]): number[] {
  const [best, worst] = [Math.max(...scores), Math.min(...scores)];
  return scores.map((score, i) => (labels[i] === 1 ? best + 1 : labels[i] === 0 ? worst - 1 : score));
}

/** How well a teacher foretells what people said, and how it is to be used. */
export interface TeacherFit {
  /** Chance that of two judged chunks of one question the better one scores higher; ½ is guessing. */
  auc: number;
  /** Pairs of chunks the figure rests on. */
  pairs: number;
  /** Nats a token by which the best chunk has to raise the answer over no chunk at all, for the row to teach anything. */
  margin: number;
  /** Scores are divided by it before softmax: then a row has about two chunks that count. */
  temperature: number;
  /** Enough to learn from. */
  usable: boolean;
}

/** A teacher below this is not used. */
const LEAST_AUC = 0.65;
const LEAST_PAIRS = 20;
const MARGINS = [0, 0.05, 0.1, 0.2, 0.4];
const USUAL_MARGIN = 0.1;
const EFFECTIVE = 2;

/** Holds a teacher's rewards against what people said outright of the same chunks. */
export function fitTeacher(rows: readonly (Rewards & { labels: readonly Label[] })[]): TeacherFit {
  const usual = aucOf(rows);
  let best = { margin: USUAL_MARGIN, auc: usual.auc };
  for (const margin of MARGINS) {
    const kept = rows.filter((row) => teaches(row, margin));
    const { auc, pairs } = aucOf(kept);
    // A margin that leaves half of the pairs or less is chosen for what it hides.
    if (pairs > usual.pairs / 2 && auc > best.auc + 0.01) best = { margin, auc };
  }
  const temperature = temperatureOf(rows.filter((row) => teaches(row, best.margin)).map(({ scores }) => scores));
  return { ...usual, margin: best.margin, temperature, usable: usual.pairs >= LEAST_PAIRS && usual.auc >= LEAST_AUC };
}

/** Whether some chunk raises the answer over none by the margin: else the model knew it, or nothing here helps. */
export function teaches({ scores, none }: Rewards, margin: number): boolean {
  return scores.length > 0 && Math.max(...scores) - none >= margin;
}

/** The area under the ROC curve within questions: pairs of a right and a wrong chunk of one question; ties count half. */
function aucOf(rows: readonly (Rewards & { labels: readonly Label[] })[]): { auc: number; pairs: number } {
  let [wins, pairs] = [0, 0];
  for (const { scores, labels } of rows) {
    scores.forEach((right, i) => scores.forEach((wrong, j) => {
      if (labels[i] !== 1 || labels[j] !== 0) return;
      pairs++;
      wins += right > wrong ? 1 : right === wrong ? 0.5 : 0;
    }));
  }
  return { auc: pairs === 0 ? 0.5 : wins / pairs, pairs };
}

/**
 * The temperature at which the median row has so many effective positives, exp(H(softmax(r/T))). With none, the mean
 * log-likelihoods of a small model are too close together to teach an order.
 */
export function temperatureOf(rows: readonly (readonly number[])[]): number {
  const wide = rows.filter((scores) => scores.length > EFFECTIVE && Math.max(...scores) > Math.min(...scores));
  if (wide.length === 0) return 1;
  const median = (temperature: number): number => {
    const counts = wide.map((scores) => effective(scores, temperature)).sort((a, b) => a - b);
    return counts[counts.length >> 1]!;
  };
  let [low, high] = [1e-4, 100];
  for (let i = 0; i < 50; i++) {
    const middle = Math.sqrt(low * high);
    if (median(middle) < EFFECTIVE) low = middle;
    else high = middle;
  }
  return Math.sqrt(low * high);
}

/** exp of the entropy of softmax(scores / temperature). */
export function effective(scores: readonly number[], temperature: number): number {
  const best = Math.max(...scores);
  const weights = scores.map((score) => Math.exp((score - best) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Math.exp(-weights.reduce((sum, weight) => sum + (weight > 0 ? (weight / total) * Math.log(weight / total) : 0), 0));
}

/** Retrieval metrics as trec_eval computes them (linear gain, log2 discount), which is what BEIR reports. */

/** Grades of one question's documents; what is absent is not relevant. */
export type Judgements = ReadonlyMap<string, number>;

export interface Quality { ndcg10: number; mrr10: number; recall10: number; recall100: number }

/** nDCG@k: Σ grade / log2(rank + 1), over the same of the ideal order (`ndcg_cut_k` of trec_eval). */
export function ndcg(ranking: readonly string[], judgements: Judgements, k: number): number {
  const ideal = discounted([...judgements.values()].filter((grade) => grade > 0).sort((a, b) => b - a).slice(0, k));
  return ideal === 0 ? 0 : discounted(ranking.slice(0, k).map((document) => Math.max(0, judgements.get(document) ?? 0))) / ideal;
}

function discounted(grades: number[]): number {
  return grades.reduce((sum, grade, i) => sum + grade / Math.log2(i + 2), 0);
}

/** One over the rank of the first relevant document among the first k, else 0. */
export function reciprocalRank(ranking: readonly string[], judgements: Judgements, k: number): number {
  const at = ranking.slice(0, k).findIndex((document) => (judgements.get(document) ?? 0) > 0);
  return at < 0 ? 0 : 1 / (at + 1);
}

/** Share of the relevant documents that are among the first k. */
export function recall(ranking: readonly string[], judgements: Judgements, k: number): number {
  const relevant = [...judgements.values()].filter((grade) => grade > 0).length;
  const found = ranking.slice(0, k).filter((document) => (judgements.get(document) ?? 0) > 0).length;
  return relevant === 0 ? 0 : found / relevant;
}

/** The order of trec_eval: by score, ties by document id backwards. */
export function ranked(scores: Iterable<readonly [document: string, score: number]>): string[] {
  return [...scores].sort(([a, x], [b, y]) => y - x || (a < b ? 1 : a > b ? -1 : 0)).map(([document]) => document);
}

/** Means over all questions that have a relevant document; a question without a ranking counts as 0. */
export function meanQuality(rankings: ReadonlyMap<string, readonly string[]>, judged: ReadonlyMap<string, Judgements>): Quality {
  const sum: Quality = { ndcg10: 0, mrr10: 0, recall10: 0, recall100: 0 };
  let questions = 0;
  for (const [question, judgements] of judged) {
    if (![...judgements.values()].some((grade) => grade > 0)) continue;
    questions++;
    const ranking = rankings.get(question) ?? [];
    sum.ndcg10 += ndcg(ranking, judgements, 10);
    sum.mrr10 += reciprocalRank(ranking, judgements, 10);
    sum.recall10 += recall(ranking, judgements, 10);
    sum.recall100 += recall(ranking, judgements, 100);
  }
  const mean = (total: number): number => (questions === 0 ? 0 : total / questions);
  return { ndcg10: mean(sum.ndcg10), mrr10: mean(sum.mrr10), recall10: mean(sum.recall10), recall100: mean(sum.recall100) };
}

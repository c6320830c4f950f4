import type { Embedder } from './embedder.ts';

/** Cosine of a question and a passage that have nothing to do with each other. */
export interface Background { mean: number; deviation: number }

/** Questions and passages of which none has to do with another, in both languages and across them. */
const QUESTIONS = ['How do I renew my passport?', '怎么给自行车换轮胎？', 'What causes thunder?', '蛋糕要烤多少分钟？', 'Who painted the ceiling of the chapel?', '租房押金什么时候退？', 'Which screws fit the shelf?', '高血压能吃什么药？'];
const PASSAGES = [
  'The orchestra rehearses every Tuesday in the large hall; new players are asked to bring their own music stand.', '水稻插秧后要保持浅水层，分蘖末期再排水晒田。',
  'Quarterly sales of garden furniture fell because of the wet spring.', '猫在陌生的环境里会先找一个能躲起来的地方。',
  'The variable is declared but never read, so the compiler removes it.', '这座石拱桥建于隋代，桥长五十余米，至今仍可通行。',
  'Goalkeepers may not touch the ball with their hands outside the penalty area.', '新股发行价格由主承销商通过询价确定。',
];

/**
 * The cosines of questions and passages that have nothing to do with each other: every model has its own (BGE's first version
 * lives in 0.6…1), and a similarity means something only against them. Sixteen short texts are embedded.
 */
export async function measureBackground(embedder: Pick<Embedder, 'embed'>): Promise<Background> {
  const questions = await embedder.embed(QUESTIONS, 'query');
  const passages = await embedder.embed(PASSAGES, 'document');
  const cosines = questions.flatMap((q) => passages.map((p) => q.reduce((sum, value, d) => sum + value * p[d]!, 0)));
  const mean = cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
  const variance = cosines.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (cosines.length - 1);
  return { mean, deviation: Math.max(SCATTER * Math.sqrt(variance), LEAST_DEVIATION) };
}

/** Texts of one library differ less from each other than these do, so scatter more: 0.083 against 0.058 with the bundled model. */
const SCATTER = 1.4;
/** A model that gives everything the same vector tells nothing; it must not divide by nothing either. */
const LEAST_DEVIATION = 1e-3;

/** The nouns of learning; `api.ts` carries them on. */

export type AdapterId = number & { readonly of: 'adapter' };
export type RunId = number & { readonly of: 'run' };

/**
 * What learns, from cheap to deep: how questions are understood; the reranker, which reads the first hits more closely; the
 * embedder, by which everything is found, and whose index is then made anew in the background.
 */
export type LearningLevel = 'query' | 'reranker' | 'embedder';

/**
 * Why a level cannot learn: no such model is in use; it came in a form whose weights cannot be trained (GGUF, ONNX, a server);
 * what it was learned from is no longer there.
 */
export type Untrainable = 'no-model' | 'form' | 'base-gone';

/** Whether a level can learn, and the model that would. */
export interface LevelStanding { level: LearningLevel; model?: string; why?: Untrainable }

/** Seconds a run would take; of the embedder, also those in which its index is then made in the background. */
export interface LearningEstimate { seconds: number; indexSeconds?: number }

/** What there is to learn from, and what is still missing before learning pays. */
export interface Learning {
  /** Feedback events. */
  signals: number;
  /** Questions people judged passages for, and the documents those passages are of. */
  questions: number;
  documents: number;
  /** Of the questions: kept aside to judge by, never trained on. */
  heldOut: number;
  answers: number;
  rejects: number;
  /** Passages that were called right and wrong by equally strong signals; they count neither way. */
  conflicts: number;
  /** Questions that people said the library does not answer. */
  unanswerable: number;
  /** Answers that people wrote themselves and nothing in the library says. */
  gaps: { question: string; correction: string }[];
  /** How much more it takes; all 0 where learning may begin. */
  missing: { questions: number; documents: number };
  /** Samples from elsewhere that the next run learns from too. */
  imported: number;
  /** Judged questions that the adapter in use has not learned from. */
  fresh: number;
  active?: AdapterId;
  run?: Run;
  levels: LevelStanding[];
}

export interface Run {
  id: RunId;
  level: LearningLevel;
  started: number;
  finished?: number;
  state: 'running' | 'paused' | 'done' | 'cancelled' | 'failed';
  progress: RunProgress;
  /** The candidate it made, accepted or not. */
  adapter?: AdapterId;
  /** Why it failed; the interface has a sentence in each language for every code. */
  failure?: RunFailure;
  /** Of a failure that should not be: what the engine said. */
  reason?: string;
}

/** Too little was judged; there is no model to learn; it cannot be trained; its base's index is gone; something broke. */
export type RunFailure = 'too-little' | 'no-model' | 'untrainable' | 'no-index' | 'broken';

export interface RunProgress {
  phase: 'preparing' | 'training' | 'judging';
  /** 0…1 over all phases. */
  done: number;
  secondsLeft?: number;
  /** Milliseconds of work by now, of all processes that did the run, without the time in which it was paused. */
  worked?: number;
  /** By pass, of all trainings of the run: loss on what is learned, and on what is kept aside; nDCG@10 there. */
  curve: { training: string; pass: number; loss: number; aside: number; quality?: number }[];
}

/** Mean nDCG@10 and MRR@10 over questions it was not trained on. */
export interface Measure { questions: number; before: number; after: number; mrrBefore: number; mrrAfter: number }

/** Why a candidate was refused. The interface has a sentence in each language for every code. */
export type Refusal = 'no-gain' | 'unsure' | 'first-hit-worse' | 'guard-worse' | 'answers-unanswerable' | 'answers-fewer' | 'collapsed' | 'control-passed' | 'slower' | 'less-than-quick';

/** What a version has come to see in a person's documents; the interface has a sentence for every kind. */
export interface Habit { kind: 'headings-more' | 'headings-less' | 'short-passages' | 'long-passages'; /** As they stand in the index: lower case, singular. */ words: string[] }

/** What people said under a version, and under what was in use before it. */
export interface Watch {
  /** Questions asked with it and judged, and those of them of which a passage or the answer was called wrong. */
  judged: number;
  wrong: number;
  judgedBefore: number;
  wrongBefore: number;
  /** Of answers from both rankings interleaved: those in which its own passages were judged better than the earlier ones, and worse. */
  wins: number;
  losses: number;
}

/** When a version was taken out of use by itself, since it did worse than what was before it, and what was said until then. */
export interface TakenBack extends Watch { at: number }

/** A version of what was learned. */
export interface Adapter {
  id: AdapterId;
  level: LearningLevel;
  made: number;
  state: 'active' | 'accepted' | 'rejected' | /** Of another model than the one in use. */ 'foreign' | /** Foreign, and in use again as soon as the models it was learned with are. */ 'resting';
  signals: number;
  questions: number;
  /** On the person's own questions, and on the general ones that ship with Lodestone. */
  mine: Measure;
  guard: Measure;
  /** The gain on the person's questions is above this in 19 of 20 resamples. */
  bound: number;
  /** Share of what was trained that is applied, 0…1. */
  alpha: number;
  /** Of the reranker and the embedder: the model it was learned from, and the model it became. */
  base?: string;
  model?: string;
  refusals: Refusal[];
  /** What it sees now; absent of versions made before this was told. */
  habits?: Habit[];
  /** Some of what it learned from was deleted since; the next run learns without it. */
  stale: boolean;
  parent?: AdapterId;
  takenBack?: TakenBack;
  seconds: number;
}

export interface RankedChunk { documentName: string; text: string; place: { start: number; end: number }; contentHash: string; /** The person said so. */ answers: boolean; rank: number; rankBefore?: number }

/**
 * A question before and after, with both rankings; a chunk whose document is gone is left out. What comes after is what was learned
 * without the question: from all where it was kept aside for good (`heldOut`), else from nine tenths or two thirds of the others.
 */
export interface Comparison { question: string; heldOut: boolean; ndcgBefore: number; ndcgAfter: number; before: RankedChunk[]; after: RankedChunk[] }

/** A file of an export, by its path inside of it. */
export interface ExportFile { path: string; text: string }

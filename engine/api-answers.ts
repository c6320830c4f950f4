/** The nouns of answers beyond the words of the sources: what a language model adds, and how answers are tried; `api.ts` carries them on. */

import type { DocumentId, Hit, LibraryId, ModelsInUse, TurnId } from './api.ts';

/** How an answer came about. */
export interface AnswerDetails {
  /** Who completed the question from the conversation. */
  completedBy?: 'model' | 'topic';
  /** Probability that the documents answer the question, and from where on it counts as answered, calibrated for these libraries. */
  found: { probability: number; threshold: number };
  /** Of a language model. Tokens are its own; milliseconds from the question to its first word. */
  written?: { model: string; promptTokens: number; answerTokens: number; firstWord: number; remote: boolean; /** Chunks it was given, of those that were found. */ given: number };
  /** Why the language model did not write it: a sentence. */
  fallback?: string;
  /** The question of a stored question and answer that answered it. */
  faq?: string;
  /** Earlier turns that were given along, by their questions, and which they are, in the same order. */
  remembered?: string[];
  recalled?: TurnId[];
  /** Turns with accepted answers that were given along as examples, the likest last. */
  examples?: TurnId[];
}

/** Why a span of a document is, or is not, among the hits of a question. */
export interface Explanation {
  /** Its chunk as it would be shown. Absent where it is not even proposed. */
  hit?: Hit;
  /** Its rank among all candidates, and how many there were. */
  rank?: number;
  candidates: number;
  /** The last hit that was shown: what it would have had to beat. */
  last?: Hit;
  reason: 'shown' | 'outranked' | 'not-proposed' | 'excluded' | 'other-library' | 'not-embedded' | 'no-chunk';
}

/** Something the app can do, offered because the question asks for it. */
export type AppAction = 'add-files' | 'open-learning' | 'open-models' | 'open-settings' | 'export-samples' | 'change-language' | 'change-theme' | 'new-library' | 'pause-reading';

/** A stored question and answer. */
export interface Faq { id: number; library: LibraryId; question: string; answer: string }

/** A question with the place that answers it, to try models and settings on. */
export interface TestQuestion {
  /** Absent where it comes of feedback: it goes with the feedback. */
  id?: number;
  library: LibraryId;
  question: string;
  documentName: string;
  /** The words that answer it. */
  quote: string;
  /** Who made it: the language model, the person, or the person's feedback. */
  from: 'written' | 'own' | 'feedback';
}

/** How models do on the person's test questions. */
export interface TestResult { at: number; /** One alone; absent: all. */ library?: LibraryId; questions: number; ndcg: number; mrr: number; /** Share answered by the first hit. */ first: number; milliseconds: number }

/**
 * The writing of questions by the language model, for a test or to learn from. `done` of `wanted` chunks were written for, `kept`
 * questions came of them, `refused` counts the others by what was wrong with them; `reason` is a sentence where it broke off.
 */
export interface Writing {
  purpose: 'test' | 'learn';
  done: number;
  wanted: number;
  kept: number;
  refused: Partial<Record<'broken' | 'empty' | 'language' | 'length' | 'copied' | 'duplicate' | 'not-found-again', number>>;
  running: boolean;
  reason?: string;
}

export interface AnswerVerbs {
  /** Why the chunk at this span is where it is in the ranking of a turn's question. */
  explain(turn: TurnId, document: DocumentId, start: number, end: number): Promise<Explanation>;
}

export interface FaqVerbs {
  faqs(library: LibraryId): Promise<Faq[]>;
  /** Rows of question and answer from CSV or XLSX; rows count from 1. @throws EngineError 'invalid' for a file that is neither or is broken */
  importFaqs(library: LibraryId, name: string, bytes: Uint8Array): Promise<{ added: number; replaced: number; refused: { row: number; reason: 'no-question' | 'no-answer' | 'long-question' | 'long-answer' }[] }>;
  addFaq(library: LibraryId, question: string, answer: string): Promise<void>;
  removeFaqs(ids: number[]): Promise<void>;
}

export interface TestVerbs {
  testQuestions(library?: LibraryId): Promise<TestQuestion[]>;
  /** A question of the person's own, answered by this span. @throws EngineError 'invalid' */
  addTestQuestion(library: LibraryId, question: string, document: DocumentId, start: number, end: number): Promise<void>;
  /**
   * Lets the language model write questions for so many chunks of the library, in the background: for the test, or as samples to
   * learn from. No chunk serves both. @throws EngineError 'invalid' without a language model or chunks, 'busy'
   */
  writeQuestions(library: LibraryId, count: number, purpose: Writing['purpose']): Promise<void>;
  /** The writing under way, or the last since the start. */
  writing(): Promise<Writing | undefined>;
  stopWriting(): Promise<void>;
  removeTestQuestions(ids: number[]): Promise<void>;
  /** Asks the test questions of search as it is now; the result is kept with the models in use. @throws EngineError 'invalid' without questions */
  runTest(library?: LibraryId): Promise<TestResult>;
  /** Newest first, with the models that took part. */
  testResults(): Promise<(TestResult & { models: ModelsInUse })[]>;
}

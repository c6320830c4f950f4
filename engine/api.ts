/**
 * The product on one page: the nouns that cross the boundary and what may be asked of the engine.
 *
 * A test holds an `Engine` itself, a window holds it over a MessagePort, a browser over a WebSocket (`rpc.ts`).
 * Everything here is plain data: it survives structured clone and MessagePack. Offsets are UTF-16 code units,
 * ends are exclusive, times are milliseconds since 1970, relevance is 0…1 and higher is better.
 */

import type { AnswerDetails, AnswerVerbs, AppAction, FaqVerbs, TestVerbs } from './api-answers.ts';
import type { Added, Block, Document, DocumentQuery, DocumentType, FailureCode, Library, Place, Progress } from './api-documents.ts';
import type { FeedbackEvent, Signal, Thumb } from './api-feedback.ts';
import type { Adapter, AdapterId, Comparison, ExportFile, Learning, LearningEstimate, LearningLevel, Run, RunId } from './api-learning.ts';
import type { ModelVerbs } from './api-models.ts';

export type * from './api-answers.ts';
export type * from './api-documents.ts';
export type * from './api-feedback.ts';
export type * from './api-learning.ts';
export type * from './api-models.ts';

export type LibraryId = number & { readonly of: 'library' };
export type DocumentId = number & { readonly of: 'document' };
export type ChunkId = number & { readonly of: 'chunk' };
export type ConversationId = number & { readonly of: 'conversation' };
export type TurnId = number & { readonly of: 'turn' };
export type EventId = string & { readonly of: 'event' };

// ── Search ──────────────────────────────────────────────────────────────────────────────────────────────────

export interface SearchQuery {
  question: string;
  /** Which libraries; all of them if absent. */
  libraries?: LibraryId[];
  /** How many hits; 10 if absent. */
  limit?: number;
  /** Search with one leg alone, for evaluation. Both if absent. */
  leg?: 'words' | 'vectors';
  /** With this adapter, or as shipped, instead of the one in use. */
  adapter?: AdapterId | 'none';
  /** `false`: without what the person said of passages for this very question and of documents, for evaluation. */
  taught?: false;
}

/** How a hit came to its rank. Ranks count from 1 and are absent where that leg did not find it. */
export interface Trace {
  words?: { rank: number; score: number; terms: string[]; /** Share of the question's information the chunk covers, 0…1. */ coverage: number };
  vectors?: { rank: number; /** Cosine, -1…1. */ similarity: number };
  fused: { rank: number; score: number };
  rerank?: { rank: number; score: number; model: string };
  /** What learning added to the score: passages like this one answer this person more often, or less, than elsewhere. In log-odds. */
  learned?: { addition: number };
  /**
   * The person said of this chunk, for this question or one that means the same, that it answers it or does not:
   * the question it was said for, how near that is to this one (0…1), and what was added to the score.
   */
  taught?: { thumb: Thumb; question: string; nearness: number; addition: number };
  /** A person said that the document is outdated: what was added to the score, in log-odds. */
  outdated?: { addition: number };
  /**
   * Of an answer from two rankings interleaved, the one with a version in use and the one without it: which put the hit there,
   * by which adapter (none: as shipped), and the version on trial (the adapter in use, where it is not said). Absent where both
   * have it at the same place.
   */
  drafted?: { side: 'new' | 'old'; adapter?: AdapterId; trial?: AdapterId };
}

/** A chunk that was found. */
export interface Hit {
  chunk: ChunkId;
  document: DocumentId;
  library: LibraryId;
  documentName: string;
  type: DocumentType;
  /** SHA-256 of the file's bytes: with the span it names the chunk for good, over every re-indexing. */
  contentHash: string;
  text: string;
  place: Place;
  relevance: number;
  trace: Trace;
}

export interface SearchAnswer { hits: Hit[]; milliseconds: number; /** The models that took part. */ models: ModelsInUse }

/** Identities, stored with every feedback event so that learning knows what produced a ranking. */
export interface ModelsInUse { embedder?: string; /** What was learned and lies over the embedder. */ adapter?: AdapterId; reranker?: string; answerer: string }

// ── Answers ─────────────────────────────────────────────────────────────────────────────────────────────────

export interface Question {
  question: string;
  /** Continue this conversation; a new one is begun if absent. */
  conversation?: ConversationId;
  libraries?: LibraryId[];
}

/** `number` is what the reader sees between brackets; the same number is the same chunk within one answer. */
export interface Citation {
  number: number;
  chunk: ChunkId;
  document: DocumentId;
  documentName: string;
  type: DocumentType;
  /** The very words of the document that support the sentence. */
  quote: string;
  place: Place;
}

export interface Sentence {
  text: string;
  citations: Citation[];
  /** Starts a new paragraph. */
  opens?: boolean;
  /** A language model wrote it and no place in the documents was found that says so. */
  unsupported?: true;
}

export interface Answer {
  /** `not-found`: nothing in the documents answers the question; `hits` are then the nearest passages. */
  outcome: 'answered' | 'not-found' | 'stopped';
  sentences: Sentence[];
}

export interface Turn {
  id: TurnId;
  conversation: ConversationId;
  asked: number;
  question: string;
  /** The question as searched for, where the conversation completed it. */
  standalone?: string;
  answer: Answer;
  hits: Hit[];
  models: ModelsInUse;
  milliseconds: number;
  details?: AnswerDetails;
  /** What the app itself can do about the question. */
  actions?: AppAction[];
  /** The latest thumb on the answer, on each citation by number and on each earlier turn that went along, and what was said to each action offered; and the answer as the person put it right. */
  thumbs: { answer?: Thumb; citations: Record<number, Thumb>; corrected?: string; recalled?: Record<TurnId, Thumb>; actions?: Partial<Record<AppAction, 'accepted' | 'refused'>> };
}

export type AnswerPart =
  /** Comes once more, with `standalone`, where the conversation completed the question. */
  | { kind: 'begun'; conversation: ConversationId; turn: TurnId; standalone?: string }
  | { kind: 'hits'; hits: Hit[] }
  | { kind: 'sentence'; sentence: Sentence }
  /** The sentence that is being written, as far as it is; the next part takes its place. */
  | { kind: 'tail'; text: string }
  | { kind: 'done'; turn: Turn };

export interface Conversation { id: ConversationId; title: string; begun: number; latest: number; turns: number }

// ── The engine ──────────────────────────────────────────────────────────────────────────────────────────────

export interface Settings {
  language: 'zh' | 'en' | 'system';
  theme: 'light' | 'dark' | 'system';
  /** A parser that runs longer is ended. */
  parseSeconds: number;
  /** A parser that needs more is ended. */
  parseMegabytes: number;
  /** A larger file is refused. */
  fileMegabytes: number;
  /** Where models are downloaded from, for those who use a mirror; empty: the usual hub. */
  hub: string;
  /** Learning begins by itself when there is enough that is new and nobody uses the machine. */
  learnWhenIdle: boolean;
  /** The language model judges passages along when the reranker or the embedder learns, where it agrees with the person. */
  learnFromModel: boolean;
  /** Earlier turns that fit go along to the language model; so do accepted answers, as examples; what the app can do itself is offered. */
  memory: boolean;
  examples: boolean;
  actions: boolean;
  /** First-launch words were read. */
  welcomed: boolean;
}

export interface Health {
  version: string;
  dataDir: string;
  /** Database size. */
  bytes: number;
  /** Resident memory of the engine's process. */
  memory: number;
  /** Empty when chunks, words and vectors agree. */
  problems: string[];
}

/** Something changed; whoever shows it asks again. */
export type Topic = 'libraries' | 'documents' | 'progress' | 'conversations' | 'feedback' | 'settings' | 'models' | 'learning' | 'faqs' | 'tests';

export interface Engine extends ModelVerbs, AnswerVerbs, FaqVerbs, TestVerbs {
  changes(): AsyncIterable<Topic>;

  settings(): Promise<Settings>;
  changeSettings(change: Partial<Settings>): Promise<Settings>;
  health(): Promise<Health>;

  libraries(): Promise<Library[]>;
  createLibrary(name: string): Promise<LibraryId>;
  renameLibrary(library: LibraryId, name: string): Promise<void>;
  removeLibrary(library: LibraryId): Promise<void>;

  documents(query: DocumentQuery): Promise<{ total: number; documents: Document[] }>;
  document(document: DocumentId): Promise<Document>;
  /** Files and folders by path; folders are walked and from then on watched. */
  add(library: LibraryId, paths: string[]): Promise<Added>;
  /** A file's bytes, kept inside Lodestone, where the path is not known (a browser). */
  addFile(library: LibraryId, name: string, bytes: Uint8Array): Promise<Added>;
  /** The bundled bilingual samples, as a library of their own. */
  addSamples(language: 'zh' | 'en'): Promise<LibraryId>;
  include(documents: DocumentId[], included: boolean): Promise<void>;
  removeDocuments(documents: DocumentId[]): Promise<void>;
  /** Puts failed documents, or changed ones, back in the queue; a password opens an encrypted file. */
  retry(documents: DocumentId[], password?: string): Promise<void>;
  progress(): Promise<Progress>;
  pause(): Promise<void>;
  resume(): Promise<void>;

  /** The document as blocks, for the reader. */
  blocks(document: DocumentId): Promise<Block[]>;
  /** The stored file: its size, or a range of its bytes. */
  fileSize(document: DocumentId): Promise<number>;
  fileBytes(document: DocumentId, start: number, end: number): Promise<Uint8Array>;
  /** A span of a document as a place with its page and boxes. */
  place(document: DocumentId, start: number, end: number): Promise<Place>;

  search(query: SearchQuery): Promise<SearchAnswer>;
  /** The answer as it is made; leaving the loop stops it. The turn is stored either way. */
  ask(question: Question): AsyncIterable<AnswerPart>;

  /** Newest first; `text` searches titles, questions and answers. */
  conversations(text?: string): Promise<Conversation[]>;
  turns(conversation: ConversationId): Promise<Turn[]>;
  renameConversation(conversation: ConversationId, title: string): Promise<void>;
  removeConversation(conversation: ConversationId): Promise<void>;

  signal(signal: Signal): Promise<EventId>;
  feedback(): Promise<FeedbackEvent[]>;
  deleteFeedback(events: EventId[]): Promise<void>;
  /** All events with their frozen context, one JSON object a line. */
  exportFeedback(): Promise<string>;

  /** What there is to learn from, what is missing, and the run under way or the latest. */
  learning(): Promise<Learning>;
  /** Seconds a run would take on this machine now, from a short probe; `query` if no level is named. */
  estimateLearning(level?: LearningLevel): Promise<LearningEstimate>;
  /** Begins a run; a candidate that passes the gate comes into use. @throws EngineError 'invalid' with what is missing, 'busy' while one runs */
  learn(level?: LearningLevel): Promise<RunId>;
  pauseLearning(): Promise<void>;
  resumeLearning(): Promise<void>;
  cancelLearning(): Promise<void>;
  /** Newest first. */
  runs(): Promise<Run[]>;
  adapters(): Promise<Adapter[]>;
  /** Questions before and after, those that changed most first. */
  comparisons(adapter: AdapterId): Promise<Comparison[]>;
  /** Uses an accepted adapter from the next question on, an embedder's as soon as its index is whole; `undefined`: search as it shipped. */
  activate(adapter: AdapterId | undefined): Promise<void>;
  /** Search as it shipped on one level. */
  deactivate(level: LearningLevel): Promise<void>;
  /** Deletes adapters; the one in use goes out of use first. */
  deleteAdapters(adapters: AdapterId[]): Promise<void>;
  exportAdapter(adapter: AdapterId): Promise<Uint8Array>;
  /** Judged questions as training samples, in the form of LLM-Embedder and FlagEmbedding. */
  exportSamples(): Promise<ExportFile[]>;
  /** Samples of that form, one JSON object a line, to learn from along with the feedback. @throws EngineError 'invalid' with the line */
  importSamples(text: string): Promise<{ samples: number }>;
  /** Forgets all imported samples. */
  removeImportedSamples(): Promise<void>;

  close(): Promise<void>;
}

/** The verbs that answer with a stream; `rpc.ts` needs to know before it calls. */
export const STREAMS = ['changes', 'ask'] as const satisfies readonly (keyof Engine)[];

/** An error the interface can tell apart. `message` is a sentence a person can act on. */
export class EngineError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = 'EngineError';
    this.code = code;
  }
}

/** `closed`: the engine went away during the call, asking again after it is back is safe. */
export type ErrorCode = 'closed' | 'cancelled' | 'not-found' | 'invalid' | 'busy' | 'failed' | FailureCode;

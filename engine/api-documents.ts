/** The nouns of documents and their places; `api.ts` carries them on. */

import type { DocumentId, LibraryId, TurnId } from './api.ts';

export type DocumentType = 'pdf' | 'docx' | 'pptx' | 'xlsx' | 'opendocument' | 'rtf' | 'epub' | 'email' | 'webarchive' | 'notebook' | 'markdown' | 'html' | 'text';

/** A rectangle on a page in PDF points (1/72 inch), origin at the top left of the page as it is displayed. */
export interface Box { page: number; x: number; y: number; width: number; height: number }

/** Where something stands in its document: a span of the document's text, and what a person would call that spot. */
export interface Place {
  start: number;
  end: number;
  /** Headings above it, outermost first. */
  headings: string[];
  /** First page, counted from 1, where the format has pages. */
  page?: number;
  /** Rectangles that cover the span, where the format has a layout. */
  boxes?: Box[];
}

export type BlockKind = 'heading' | 'paragraph' | 'list-item' | 'table' | 'code' | 'quote';

/** A styled stretch of a block, offsets within the block's text. */
export interface Mark { start: number; end: number; kind: 'strong' | 'emphasis' | 'code' | 'link' }

/** One paragraph, heading, list item, table or listing of a document, in reading order. */
export interface Block {
  kind: BlockKind;
  /** The text a person sees. Of a table: rows on lines, cells parted by tabs. */
  text: string;
  place: Place;
  /** 1…6 of a heading; depth of a list item, from 1. */
  level?: number;
  /** Of a table: how many of its first rows are header rows. */
  headerRows?: number;
  marks?: Mark[];
}

/** Why a document could not be taken in. The interface has a sentence in each language for every code. */
export type FailureCode =
  | 'empty' | 'encrypted' | 'wrong-password' | 'damaged' | 'no-text' | 'unsupported' | 'mismatched' | 'too-large' | 'too-slow'
  | 'too-much-memory' | 'missing' | 'unreadable';

export type DocumentState =
  | { kind: 'waiting' }
  | { kind: 'reading' }
  /** Answerable by words; by meaning as far as `embedded` of `chunks` says. */
  | { kind: 'ready'; chunks: number; embedded: number; pages?: number }
  /** `kept`: an earlier version of the file is still answerable. */
  | { kind: 'failed'; code: FailureCode; reason: string; kept: boolean };

export interface Document {
  id: DocumentId;
  library: LibraryId;
  name: string;
  /** Where the file lies; absent for a file that was dropped into a browser and lives inside Lodestone. */
  path?: string;
  type?: DocumentType;
  bytes: number;
  added: number;
  /** Whether questions may be answered from it. */
  included: boolean;
  state: DocumentState;
  /** A person said so of what it holds; it goes when the file changes. */
  outdated?: Outdated;
}

/** When a person said that a document is outdated, and of the answer to which question. Its passages then count a little less, and are found all the same. */
export interface Outdated { at: number; turn: TurnId; question: string }

export interface Library {
  id: LibraryId;
  name: string;
  documents: number;
  ready: number;
  waiting: number;
  failed: number;
  chunks: number;
  /** Chunks findable by meaning. */
  embedded: number;
}

export interface DocumentQuery {
  library: LibraryId;
  /** Part of the name. */
  name?: string;
  state?: DocumentState['kind'];
  offset: number;
  limit: number;
}

export interface Progress {
  paused: boolean;
  /** Nothing is being read, embedded, looked for or cleared away at this moment. */
  resting: boolean;
  /** There is no room left on the disk; it goes on by itself once there is. */
  diskFull: boolean;
  /** Documents still to be read, the one being read included. */
  waiting: number;
  /** Chunks still to be embedded. */
  unembedded: number;
  /** The name of the file being read. */
  reading?: string;
  /** Chunks embedded per second, lately. */
  chunksPerSecond?: number;
}

/** What `add` found: `refused` are paths that do not exist or cannot be opened. */
export interface Added { documents: DocumentId[]; unchanged: number; refused: { path: string; reason: string }[] }
